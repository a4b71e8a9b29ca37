/*
 * replies: mailboxes and replies made from a seed, for the tests of this room.
 */
#ifndef TIPLINE_TESTS_UNIT_STORE_REPLIES_H
#define TIPLINE_TESTS_UNIT_STORE_REPLIES_H

#include <poll.h>

#include "tests/unit/store/case.h"
#include "tests/unit/store/traces.h"

#define FAR_DAY 60000 /* in the year 2134 */

static inline void
mailbox_of(uint32_t seed, uint8_t out[static STORE_MAILBOX_LEN])
{
	memset(out, 0x4d, STORE_MAILBOX_LEN);
	le32_put(out, seed);
}

/* A reply of this seed in the mailbox of another. */
static inline enum status
put_reply(
    struct store *store, uint32_t mailbox, uint32_t seed, uint32_t last_day)
{
	uint8_t box[STORE_MAILBOX_LEN], sealed[STORE_REPLY_LEN];

	mailbox_of(mailbox, box);
	trace_fill(seed, sealed, sizeof(sealed));
	return store_reply_put(store, box, last_day, sealed);
}

static inline bool
is_reply(const uint8_t sealed[static STORE_REPLY_LEN], uint32_t seed)
{
	uint8_t want[STORE_REPLY_LEN];

	trace_fill(seed, want, sizeof(want));
	return memcmp(sealed, want, sizeof(want)) == 0;
}

static inline size_t
count_replies(struct store *store, uint32_t mailbox)
{
	struct store_reply out[STORE_REPLIES_MAX];
	uint8_t box[STORE_MAILBOX_LEN];
	size_t count;

	mailbox_of(mailbox, box);
	assert_int_equal(store_replies(store, box, out, &count), ST_OK);
	return count;
}

static inline struct store *
open_tender(void)
{
	struct store *store;

	assert_int_equal(store_open(folder, STORE_TEND, NULL, &store), ST_OK);
	return store;
}

/* All steps of a purge; the bytes that went. */
static inline uint64_t
purge_tip(struct store *tender, uint64_t number, size_t max)
{
	uint64_t bytes, all = 0;
	bool more = true;

	while (more) {
		assert_int_equal(
		    store_purge(tender, number, max, &bytes, &more), ST_OK);
		all += bytes;
	}
	return all;
}

/* An operator beside a keeper that takes tips. */
struct beside {
	uint64_t tips;   /* all but each third of so many are purged ... */
	size_t max;      /* ... in such steps; with each a reply is put */
	uint32_t boxes;  /* into one of so many mailboxes */
	uint64_t scrubs; /* after each so many tips */
	bool may_wait;   /* a scrub may be told to try again */
};

/* Do so, in a child, until all tips were seen.  Its exit code. */
static inline int
tend_beside(const struct beside *b)
{
	struct store *tender;
	uint64_t next = 1, bytes;
	int patience = 200000;

	if (store_open(folder, STORE_TEND, NULL, &tender) != ST_OK)
		return 1;
	while (next <= b->tips && --patience > 0) {
		struct store_tip tip;
		bool more = next % 3 != 0;
		enum status st = store_next(tender, next - 1, &tip);

		if (st == ST_EOF) {
			(void)poll(NULL, 0, 1);
			continue;
		}
		if (st != ST_OK || tip.number != next)
			return 2;
		while (more)
			if (store_purge(tender, next, b->max, &bytes, &more) !=
			    ST_OK)
				return 3;
		if (put_reply(tender, (uint32_t)next % b->boxes, (uint32_t)next,
			FAR_DAY) != ST_OK)
			return 4;
		st = next % b->scrubs == 0 ? store_scrub(tender) : ST_OK;
		if (st != ST_OK && (st != ST_BUSY || !b->may_wait))
			return 5;
		next++;
	}
	store_close(tender);
	return next > b->tips ? 0 : 6;
}

#endif
