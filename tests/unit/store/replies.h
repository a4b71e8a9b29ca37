/*
 * replies: mailboxes and replies made from a seed, for the tests of this room.
 */
#ifndef TIPLINE_TESTS_UNIT_STORE_REPLIES_H
#define TIPLINE_TESTS_UNIT_STORE_REPLIES_H

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

#endif
