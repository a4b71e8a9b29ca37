/* Replies in the store. */
#include "tests/unit/store/replies.h"

#include <sqlite3.h>
#include <time.h>

static void
replies_come_back_by_their_ids(void **state)
{
	struct store *store = open_writer();
	struct store_reply out[STORE_REPLIES_MAX];
	struct store_kept_reply kept = {.reply = {.id = 0}};
	uint8_t box[STORE_MAILBOX_LEN];
	uint64_t last = 0;
	unsigned seen = 0, all = 0;
	size_t count;

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(put_reply(store, 1, i, 100 + i), ST_OK);
	for (uint32_t i = 4; i < 30; i++)
		assert_int_equal(put_reply(store, i, i, 100 + i), ST_OK);
	mailbox_of(1, box);
	assert_int_equal(store_replies(store, box, out, &count), ST_OK);
	assert_int_equal(count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_true(out[i].id > last && out[i].id <= INT64_MAX);
		last = out[i].id;
		for (uint32_t j = 0; j < 4; j++)
			seen |= is_reply(out[i].sealed, j) ? 1U << j : 0;
	}
	assert_int_equal(seen, 15);
	for (size_t i = 4; i < STORE_REPLIES_MAX; i++) {
		static const struct store_reply none;

		assert_memory_equal(&out[i], &none, sizeof(none));
	}
	while (store_reply_next(store, kept.reply.id, &kept) == ST_OK) {
		uint32_t seed = kept.last_day - 100;

		assert_true(is_reply(kept.reply.sealed, seed));
		mailbox_of(seed < 4 ? 1 : seed, box);
		assert_memory_equal(kept.mailbox, box, sizeof(box));
		all++;
	}
	assert_int_equal(all, 30);
	assert_int_equal(store_reply_next(store, UINT64_MAX, &kept), ST_EOF);
	assert_int_equal(store_reply_next(store, INT64_MAX, &kept), ST_EOF);
	assert_int_equal(count_replies(store, 99), 0);
	store_close(store);
}

static void
a_full_mailbox_loses_what_would_end_first(void **state)
{
	static const uint32_t days[] = {105, 102, 109, 101, 107, 104, 103, 108};
	struct store *store = open_tender();
	struct store_kept_reply kept = {.reply = {.id = 0}};
	struct store_usage usage;
	unsigned seen = 0;

	(void)state;
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(put_reply(store, 1, i, days[i]), ST_OK);
	assert_int_equal(put_reply(store, 2, 50, 1), ST_OK); /* another's */
	assert_int_equal(put_reply(store, 1, 8, 110), ST_OK);
	assert_int_equal(put_reply(store, 1, 9, 1), ST_OK); /* new ones stay */
	assert_int_equal(count_replies(store, 1), 8);
	assert_int_equal(count_replies(store, 2), 1);
	while (store_reply_next(store, kept.reply.id, &kept) == ST_OK)
		if (kept.last_day > 100)
			seen |= 1U << (kept.last_day - 100);
	assert_int_equal(seen, 0x7b8); /* not 101, 102 */
	assert_int_equal(store_usage(store, &usage), ST_OK);
	assert_int_equal(usage.replies, 9);
	store_close(store);
}

/* An import that was cut begins from the front again. */
static void
the_same_reply_twice_is_one(void **state)
{
	struct store *store = open_tender();

	(void)state;
	for (int i = 0; i < 12; i++)
		assert_int_equal(put_reply(store, 1, 1, 100), ST_OK);
	assert_int_equal(count_replies(store, 1), 1);
	assert_int_equal(put_reply(store, 2, 1, 100), ST_OK);
	assert_int_equal(count_replies(store, 2), 1);
	store_close(store);
}

static void
many_in_one_transaction_stand_or_fall_together(void **state)
{
	struct store *store = open_tender(), *reader;
	struct store_usage usage;

	(void)state;
	for (int how = 0; how < 2; how++) {
		assert_int_equal(store_begin(store, true), ST_OK);
		for (uint32_t i = 0; i < 50; i++)
			assert_int_equal(put_reply(store, i, i, 9), ST_OK);
		if (how == 0)
			store_rollback(store);
		else
			assert_int_equal(store_commit(store), ST_OK);
		assert_int_equal(
		    store_open(folder, STORE_READ, NULL, &reader), ST_OK);
		assert_int_equal(store_usage(reader, &usage), ST_OK);
		assert_int_equal(usage.replies, how == 0 ? 0 : 50);
		assert_int_equal(put_reply(reader, 1, 1, 1), ST_BUG);
		store_close(reader);
	}
	store_close(store);
}

static void
only_days_that_are_over_expire(void **state)
{
	struct store *store = open_writer();
	size_t count, all = 0;

	(void)state;
	for (uint32_t i = 0; i < 30; i++)
		assert_int_equal(put_reply(store, i, i, 1000 + i), ST_OK);
	assert_int_equal(put_reply(store, 99, 99, UINT32_MAX), ST_OK);
	assert_int_equal(store_replies_expire(store, 0, 100, &count), ST_OK);
	assert_int_equal(count, 0);
	assert_int_equal(store_replies_expire(store, 1000, 100, &count), ST_OK);
	assert_int_equal(count, 0);
	do {
		assert_int_equal(
		    store_replies_expire(store, 1020, 6, &count), ST_OK);
		assert_true(count <= 6);
		all += count;
	} while (count > 0);
	assert_int_equal(all, 20);
	for (uint32_t i = 0; i < 30; i++)
		assert_int_equal(count_replies(store, i), i < 20 ? 0 : 1);
	assert_int_equal(
	    store_replies_expire(store, UINT32_MAX, 100, &count), ST_OK);
	assert_int_equal(count, 10);
	assert_int_equal(count_replies(store, 99), 1);
	store_close(store);
}

static void
a_row_of_another_shape_is_told(void **state)
{
	static const char *const harm[] = {
	    "UPDATE reply SET sealed = zeroblob(4143)",
	    "UPDATE reply SET sealed = zeroblob(4145)",
	    "UPDATE reply SET sealed = x''",
	    "UPDATE reply SET day = -1",
	    "UPDATE reply SET day = 4294967296",
	    "UPDATE reply SET id = 0",
	    "UPDATE reply SET id = -5",
	    "UPDATE reply SET mailbox = x'00'",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(harm) / sizeof(harm[0]); i++) {
		struct store_reply out[STORE_REPLIES_MAX];
		struct store_kept_reply kept;
		uint8_t box[STORE_MAILBOX_LEN];
		struct store *store;
		char path[300];
		size_t count;
		sqlite3 *db;

		empty_folder(folder);
		assert_int_equal(store_create(folder), ST_OK);
		store = open_writer();
		assert_int_equal(put_reply(store, 1, 1, 100), ST_OK);
		store_close(store);
		(void)snprintf(path, sizeof(path), "%s/" STORE_FILE, folder);
		assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
		assert_int_equal(
		    sqlite3_exec(db, harm[i], NULL, NULL, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_close(db), SQLITE_OK);
		store = open_writer();
		if (i != 5 && i != 6) /* ids from 1 on are looked at */
			assert_int_equal(
			    store_reply_next(store, 0, &kept), ST_MALFORMED);
		mailbox_of(1, box);
		if (i < 5)
			assert_int_equal(store_replies(store, box, out, &count),
			    ST_MALFORMED);
		store_close(store);
	}
}

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The best of many, in turns: the machine is shared. */
static void
with_and_without_replies_takes_the_same_time(void **state)
{
	struct store *store = open_writer();
	double best[2] = {1e9, 1e9};

	(void)state;
	assert_int_equal(store_begin(store, true), ST_OK);
	for (uint32_t i = 0; i < 400; i++)
		assert_int_equal(put_reply(store, i / 8, i, FAR_DAY), ST_OK);
	assert_int_equal(store_commit(store), ST_OK);
	for (int i = 0; i < 4000; i++) {
		struct store_reply out[STORE_REPLIES_MAX];
		uint8_t box[STORE_MAILBOX_LEN];
		double begin, took;
		size_t count;

		mailbox_of(i % 2 == 0 ? (uint32_t)i / 2 % 50 : 1000, box);
		begin = now();
		assert_int_equal(store_replies(store, box, out, &count), ST_OK);
		took = now() - begin;
		assert_int_equal(count, i % 2 == 0 ? 8 : 0);
		if (took < best[i % 2])
			best[i % 2] = took;
	}
	if (best[0] > best[1] * 1.5 || best[1] > best[0] * 1.5)
		print_error("%.1f us with, %.1f without\n", best[0], best[1]);
	assert_true(best[0] < best[1] * 1.5 && best[1] < best[0] * 1.5);
	store_close(store);
}

/* Bytes that a deletion writes to the log, whether there was one or not. */
static long
log_after(struct store *store, uint32_t mailbox, uint64_t id)
{
	uint8_t box[STORE_MAILBOX_LEN];
	struct haystack log;

	mailbox_of(mailbox, box);
	assert_int_equal(store_scrub(store), ST_OK);
	assert_int_equal(store_reply_delete(store, box, id), ST_OK);
	trace_load(&log, folder, STORE_FILE "-wal");
	free(log.p);
	return (long)log.len;
}

static void
deleting_what_is_not_there_writes_as_much(void **state)
{
	struct store *store = open_writer();
	long with = 0, without = 0;

	(void)state;
	for (uint32_t i = 0; i < 400; i++)
		assert_int_equal(put_reply(store, i, i, FAR_DAY), ST_OK);
	for (uint32_t i = 0; i < 100; i++) {
		struct store_reply out[STORE_REPLIES_MAX];
		uint8_t box[STORE_MAILBOX_LEN];
		size_t count;

		mailbox_of(i, box);
		assert_int_equal(store_replies(store, box, out, &count), ST_OK);
		assert_int_equal(count, 1);
		without += log_after(store, i, out[0].id ^ 1);
		with += log_after(store, i, out[0].id);
		assert_int_equal(count_replies(store, i), 0);
	}
	if (with > without * 3 / 2 || without > with * 3 / 2)
		print_error("%ld with, %ld without\n", with, without);
	assert_true(with < without * 3 / 2 && without < with * 3 / 2);
	store_close(store);
}

static void
a_full_database_still_forgets(void **state)
{
	const struct store_limits small = {MIB, 0};
	struct store_reply out[STORE_REPLIES_MAX];
	uint8_t box[STORE_MAILBOX_LEN];
	struct store *store;
	enum status st = ST_OK;
	uint32_t n = 0;
	size_t count;

	(void)state;
	assert_int_equal(
	    store_open(folder, STORE_WRITE, &small, &store), ST_OK);
	while (st == ST_OK && n < 1000) {
		st = put_reply(store, n, n, FAR_DAY);
		n++;
	}
	assert_int_equal(st, ST_FULL);
	assert_true(n > 100);
	while (keep_tip(store, 1, 100) == ST_OK)
		;
	mailbox_of(3, box);
	assert_int_equal(store_reply_delete(store, box, 5), ST_OK);
	assert_int_equal(store_replies(store, box, out, &count), ST_OK);
	assert_int_equal(count, 1);
	assert_int_equal(store_reply_delete(store, box, out[0].id), ST_OK);
	assert_int_equal(count_replies(store, 3), 0);
	store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(replies_come_back_by_their_ids),
	    T(a_full_mailbox_loses_what_would_end_first),
	    T(the_same_reply_twice_is_one),
	    T(many_in_one_transaction_stand_or_fall_together),
	    T(only_days_that_are_over_expire),
	    T(a_row_of_another_shape_is_told),
	    T(with_and_without_replies_takes_the_same_time),
	    T(deleting_what_is_not_there_writes_as_much),
	    T(a_full_database_still_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
