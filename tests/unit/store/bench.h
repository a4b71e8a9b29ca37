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

/* Put len bytes from at of the tip with this seed. */
static inline enum status
put_part(struct store *store, uint64_t upload, uint32_t seed, uint64_t at,
    size_t len)
{
	static uint8_t buf[STORE_CHUNK_MAX];
	enum status st = ST_OK;

	while (st == ST_OK && len > 0) {
		size_t n = len < sizeof(buf) ? len : sizeof(buf);

		tip_fill(seed, at, buf, n);
		st = store_put(store, upload, buf, n);
		at += n;
		len -= n;
	}
	return st;
}

/* Begin and finish a tip within the open transaction. */
static inline enum status
add_tip(struct store *store, uint32_t seed, size_t len, uint64_t *number)
{
	uint8_t digest[STORE_DIGEST_LEN];
	uint64_t upload;
	enum status st;

	*number = 0;
	tip_digest(seed, digest);
	if ((st = store_upload(store, &upload)) != ST_OK)
		return st;
	if ((st = put_part(store, upload, seed, 0, len)) == ST_OK)
		st = store_finish(store, upload, len, digest, number);
	if (st != ST_OK)
		(void)!store_drop(store, upload);
	return st;
}

/* A tip in a durable transaction of its own. */
static inline enum status
keep_tip(struct store *store, uint32_t seed, size_t len)
{
	uint64_t number;
	enum status st;

	if ((st = store_begin(store, true)) != ST_OK)
		return st;
	st = add_tip(store, seed, len, &number);
	if (st == ST_OK)
		return store_commit(store);
	store_rollback(store);
	return st;
}

static inline enum status
clear_all(struct store *store)
{
	enum status st;
	bool more = true;
	int turns = 0;

	do
		st = store_clear(store, 1 << 20, &more);
	while (st == ST_OK && more && ++turns < 1000);
	return st;
}

/* Pages in use by an empty store plus what tips of ours need at most. */
static inline uint64_t
used(struct store *store)
{
	struct store_usage usage;

	assert_int_equal(store_usage(store, &usage), ST_OK);
	return usage.used;
}

#endif
