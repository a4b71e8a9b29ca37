/*
 * workload: what a keeper does in a busy minute, on a store that may fail at
 * any call.  What was reported as committed is noted in kept[].
 */
#ifndef TIPLINE_TESTS_UNIT_STORE_WORKLOAD_H
#define TIPLINE_TESTS_UNIT_STORE_WORKLOAD_H

#include "tests/unit/store/puts.h"

#define SEEDS 64
#define LONG_SEED 50

struct work {
	bool kept[SEEDS];
	size_t big; /* bytes of each part of the long upload */
};

/* Some tips, two by two in a transaction. */
static inline void
work_tips(struct store *store, struct work *w, uint32_t first, uint32_t n)
{
	for (uint32_t i = first; i < first + n; i += 2) {
		uint64_t number;
		enum status st = store_begin(store, true);

		if (st != ST_OK)
			continue;
		if ((st = add_tip(store, i, 1000 + i, &number)) == ST_OK)
			st = add_tip(store, i + 1, 20000 + i, &number);
		if (st == ST_OK)
			st = store_commit(store);
		else
			store_rollback(store);
		w->kept[i] = w->kept[i + 1] = st == ST_OK;
	}
}

/* One part of an upload in a transaction that is not flushed. */
static inline enum status
work_part(struct store *store, uint64_t upload, uint32_t seed, uint64_t at,
    size_t len)
{
	enum status st = store_begin(store, false);

	if (st != ST_OK)
		return st;
	if ((st = put_part(store, upload, seed, at, len)) == ST_OK)
		return store_commit(store);
	store_rollback(store);
	return st;
}

static inline void
work_finish(struct store *store, struct work *w, uint64_t upload, uint64_t len)
{
	uint8_t digest[STORE_DIGEST_LEN];
	uint64_t number;
	enum status st;

	tip_digest(LONG_SEED, digest);
	if (store_begin(store, true) != ST_OK)
		return;
	st = store_finish(store, upload, len, digest, &number);
	if (st == ST_OK)
		st = store_commit(store);
	else
		store_rollback(store);
	w->kept[LONG_SEED] = st == ST_OK;
}

/* The long upload goes on between tips; another is given up halfway. */
static inline void
work_run(struct store *store, struct work *w)
{
	uint64_t up = 0, lost = 0, at = 0;
	enum status st;
	bool more;

	work_tips(store, w, 0, 4);
	st = store_upload(store, &up);
	(void)!store_upload(store, &lost);
	for (uint32_t i = 0; i < 4; i++) {
		if (st == ST_OK)
			st = work_part(store, up, LONG_SEED, at, w->big);
		at += w->big;
		(void)!work_part(store, lost, 9, i * 70000, 70000);
		work_tips(store, w, 4 + 4 * i, 4);
	}
	(void)!store_drop(store, lost);
	(void)!store_clear(store, 100000, &more);
	if (st == ST_OK)
		work_finish(store, w, up, at);
	work_tips(store, w, 20, 4);
	(void)!store_clear(store, 1 << 20, &more);
	work_tips(store, w, 24, 2);
}

/* Every tip that was kept is there, whole; no half one is. */
static inline unsigned
work_lost(struct store *store, const struct work *w)
{
	uint64_t seen[SEEDS] = {0};
	unsigned lost = 0;

	(void)check_tips(store, seen, SEEDS);
	for (uint32_t i = 0; i < SEEDS; i++)
		lost += w->kept[i] && seen[i] == 0;
	return lost;
}

#endif
