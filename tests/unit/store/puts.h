/*
 * puts: tips of bench.h written through store.h.
 */
#ifndef TIPLINE_TESTS_UNIT_STORE_PUTS_H
#define TIPLINE_TESTS_UNIT_STORE_PUTS_H

#include "tests/unit/store/bench.h"

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
