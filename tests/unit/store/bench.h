/*
 * bench: a folder with a store in it, tips made from a seed, and the check
 * that every test of this room ends with.
 */
#ifndef TIPLINE_TESTS_UNIT_STORE_BENCH_H
#define TIPLINE_TESTS_UNIT_STORE_BENCH_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/store.h"

#define MIB (UINT64_C(1) << 20)

static const struct store_limits wide = {4096 * MIB, 0};

static inline void
empty_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	char path[600];

	assert_non_null(dir);
	while ((e = readdir(dir)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		if (e->d_name[0] != '.')
			(void)unlink(path);
	}
	closedir(dir);
}

static inline char *
make_folder(void)
{
	char *folder = strdup("/tmp/tipline-store-XXXXXX");

	assert_non_null(folder);
	assert_non_null(mkdtemp(folder));
	return folder;
}

static inline void
remove_folder(char *folder)
{
	empty_folder(folder);
	(void)rmdir(folder);
	free(folder);
}

/* Byte at of the tip with this seed. */
static inline uint8_t
tip_byte(uint32_t seed, uint64_t at)
{
	return (uint8_t)((at * 31 + seed * 7 + (at >> 8)) ^ seed);
}

static inline void
tip_fill(uint32_t seed, uint64_t at, uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = tip_byte(seed, at + i);
}

/* The digest only carries the seed: the store does not look into it. */
static inline void
tip_digest(uint32_t seed, uint8_t out[static STORE_DIGEST_LEN])
{
	memset(out, 0xd1, STORE_DIGEST_LEN);
	memcpy(out, &seed, sizeof(seed));
}

struct reading {
	uint32_t seed;
	uint64_t at;
	bool same;
};

static inline enum status
compare(void *ctx, const uint8_t *p, size_t len)
{
	struct reading *r = ctx;

	for (size_t i = 0; i < len; i++)
		r->same = r->same && p[i] == tip_byte(r->seed, r->at + i);
	r->at += len;
	return ST_OK;
}

/*
 * Read every tip: numbers without a gap from 1, each whole and its own.
 * seen[seed] (if seed is below max) becomes its number.  Gives the count.
 */
static inline uint64_t
check_tips(struct store *store, uint64_t *seen, uint32_t max)
{
	struct store_tip tip = {0};
	enum status st;
	uint64_t count = 0;

	while ((st = store_next(store, tip.number, &tip)) == ST_OK) {
		struct reading r = {0, 0, true};

		assert_int_equal(tip.number, ++count);
		memcpy(&r.seed, tip.digest, sizeof(r.seed));
		assert_int_equal(store_read(store, &tip, compare, &r), ST_OK);
		assert_true(r.same);
		assert_int_equal(r.at, tip.len);
		if (r.seed < max) {
			assert_int_equal(seen[r.seed], 0); /* not twice */
			seen[r.seed] = tip.number;
		}
	}
	assert_int_equal(st, ST_EOF);
	return count;
}

#endif
