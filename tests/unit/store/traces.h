/*
 * traces: sealed bytes that can be found again, and the search for them.
 *
 * Each tip or reply is a row of units of 16 bytes: a tag of its own, and the
 * unit's number.  Whatever is left of it, a whole unit is enough to show it.
 */
#ifndef TIPLINE_TESTS_UNIT_STORE_TRACES_H
#define TIPLINE_TESTS_UNIT_STORE_TRACES_H

#include "base/num.h"
#include "tests/unit/store/puts.h"

#define TRACE_MAX (1 << 20)

static inline uint64_t
trace_tag(uint32_t seed)
{
	return (seed + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);
}

static inline void
trace_fill(uint32_t seed, uint8_t *p, size_t len)
{
	for (size_t at = 0; at < len; at += 16) {
		uint8_t unit[16];

		le64_put(unit, trace_tag(seed));
		le64_put(unit + 8, at);
		memcpy(p + at, unit, len - at < 16 ? len - at : 16);
	}
}

/* A tip on its way; number once it is whole. */
struct trace {
	uint32_t seed;
	size_t len, at;
	uint64_t upload, number;
};

/* Put the next n bytes of it at most, in a transaction of its own. */
static inline void
trace_put(struct store *store, struct trace *t, size_t n)
{
	static uint8_t buf[TRACE_MAX];
	uint8_t digest[STORE_DIGEST_LEN];
	bool last;

	assert_true(t->len <= sizeof(buf));
	if (n > t->len - t->at)
		n = t->len - t->at;
	last = t->at + n == t->len;
	trace_fill(t->seed, buf, t->len);
	tip_digest(t->seed, digest);
	if (t->upload == 0)
		assert_int_equal(store_upload(store, &t->upload), ST_OK);
	assert_int_equal(store_begin(store, last), ST_OK);
	assert_int_equal(store_put(store, t->upload, buf + t->at, n), ST_OK);
	if (last)
		assert_int_equal(
		    store_finish(store, t->upload, t->len, digest, &t->number),
		    ST_OK);
	assert_int_equal(store_commit(store), ST_OK);
	t->at += n;
}

/* A whole tip. */
static inline void
trace_keep(struct store *store, uint32_t seed, size_t len)
{
	struct trace t = {.seed = seed, .len = len};

	while (t.number == 0)
		trace_put(store, &t, STORE_CHUNK_MAX);
}

struct haystack {
	uint8_t *p;
	size_t len;
};

static inline void
trace_load(struct haystack *hay, const char *dir, const char *name)
{
	char path[300];
	FILE *f;
	long len;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	*hay = (struct haystack){NULL, 0};
	if ((f = fopen(path, "rb")) == NULL)
		return;
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	assert_true((len = ftell(f)) >= 0);
	rewind(f);
	hay->len = (size_t)len;
	assert_non_null(hay->p = malloc(hay->len + 1));
	hay->len = fread(hay->p, 1, hay->len, f); /* it may be cut meanwhile */
	(void)fclose(f);
}

static inline bool
trace_is_in(const struct haystack *hay, uint32_t seed)
{
	uint8_t tag[8];
	const uint8_t *at = hay->p, *end = hay->p + hay->len;

	le64_put(tag, trace_tag(seed));
	while (at != NULL && end - at >= 8 &&
	    (at = memchr(at, tag[0], (size_t)(end - at - 7))) != NULL) {
		if (memcmp(at, tag, 8) == 0)
			return true;
		at++;
	}
	return false;
}

/* How many of these seeds left something in the database or in its log. */
static inline unsigned
traces(const char *dir, const bool *of, uint32_t seeds)
{
	struct haystack file, log;
	unsigned found = 0;

	trace_load(&file, dir, STORE_FILE);
	trace_load(&log, dir, STORE_FILE "-wal");
	for (uint32_t i = 0; i < seeds; i++)
		if (of[i])
			found += trace_is_in(&file, i) || trace_is_in(&log, i);
	free(file.p);
	free(log.p);
	return found;
}

#endif
