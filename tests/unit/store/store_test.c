/* What the store promises while everything goes well, or nearly. */
#include "tests/unit/store/case.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

static struct store *
open_reader(void)
{
	struct store *store;

	assert_int_equal(store_open(folder, STORE_READ, NULL, &store), ST_OK);
	return store;
}

static void
tips_come_back_in_the_order_of_their_commits(void **state)
{
	static const size_t lens[] = {1, 16649, STORE_CHUNK_MAX,
	    STORE_CHUNK_MAX + 1, 3 * STORE_CHUNK_MAX - 1};
	struct store *store = open_writer();
	uint64_t seen[8] = {0};

	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(keep_tip(store, i, lens[i]), ST_OK);
	assert_int_equal(check_tips(store, seen, 8), 5);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(seen[i], i + 1);
	store_close(store);
	store = open_reader();
	memset(seen, 0, sizeof(seen));
	assert_int_equal(check_tips(store, seen, 8), 5);
	assert_int_equal(store_verify(store), ST_OK);
	store_close(store);
}

static void
a_store_is_made_once_and_only_for_us(void **state)
{
	char path[300];
	struct stat sb;
	struct store *store;

	(void)state;
	assert_int_equal(store_create(folder), ST_EXISTS);
	(void)snprintf(path, sizeof(path), "%s/" STORE_FILE, folder);
	assert_int_equal(stat(path, &sb), 0);
	assert_int_equal(sb.st_mode & 0777, 0600);
	assert_int_equal(store_create("/nowhere/at/all"), ST_ABSENT);
	assert_int_equal(
	    store_open("/nowhere", STORE_READ, NULL, &store), ST_ABSENT);
	assert_null(store);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(
	    store_open(folder, STORE_READ, NULL, &store), ST_ABSENT);
	/* What a cut run of store_create left is in nobody's way. */
	(void)snprintf(path, sizeof(path), "%s/" STORE_FILE ".part", folder);
	assert_int_equal(close(creat(path, 0600)), 0);
	assert_int_equal(store_create(folder), ST_OK);
	assert_int_equal(access(path, F_OK), -1);
}

static void
a_second_writer_is_refused_and_readers_are_not(void **state)
{
	struct store *store = open_writer(), *other;

	(void)state;
	assert_int_equal(
	    store_open(folder, STORE_WRITE, &wide, &other), ST_BUSY);
	assert_null(other);
	other = open_reader();
	assert_int_equal(keep_tip(store, 1, 20000), ST_OK);
	assert_int_equal(check_tips(other, NULL, 0), 1);
	assert_int_equal(store_begin(other, true), ST_BUG);
	store_close(other);
	store_close(store);
	store_close(open_writer());
}

static void
nobody_sees_an_upload_before_it_is_committed(void **state)
{
	struct store *store = open_writer(), *reader = open_reader();
	uint8_t digest[STORE_DIGEST_LEN];
	uint64_t upload, number;

	(void)state;
	tip_digest(3, digest);
	assert_int_equal(store_upload(store, &upload), ST_OK);
	assert_int_equal(store_begin(store, false), ST_OK);
	assert_int_equal(put_part(store, upload, 3, 0, 300000), ST_OK);
	assert_int_equal(store_finish(store, upload, 300000, digest, &number),
	    ST_BUG); /* not durable */
	assert_int_equal(store_commit(store), ST_OK);
	assert_int_equal(check_tips(reader, NULL, 0), 0);
	assert_int_equal(store_begin(store, true), ST_OK);
	assert_int_equal(put_part(store, upload, 3, 300000, 5), ST_OK);
	assert_int_equal(
	    store_finish(store, upload, 300004, digest, &number), ST_MALFORMED);
	assert_int_equal(
	    store_finish(store, upload, 300005, digest, &number), ST_OK);
	assert_int_equal(number, 1);
	assert_int_equal(check_tips(reader, NULL, 0), 0);
	assert_int_equal(store_commit(store), ST_OK);
	assert_int_equal(check_tips(reader, NULL, 0), 1);
	store_close(reader);
	store_close(store);
}

static void
a_rollback_takes_back_everything(void **state)
{
	struct store *store = open_writer();
	uint8_t digest[STORE_DIGEST_LEN];
	uint64_t upload, number;

	(void)state;
	tip_digest(9, digest);
	assert_int_equal(store_upload(store, &upload), ST_OK);
	assert_int_equal(store_begin(store, false), ST_OK);
	assert_int_equal(put_part(store, upload, 9, 0, 1000), ST_OK);
	assert_int_equal(store_commit(store), ST_OK);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(store_begin(store, true), ST_OK);
		assert_int_equal(put_part(store, upload, 9, 1000, 500), ST_OK);
		assert_int_equal(
		    store_finish(store, upload, 1500, digest, &number), ST_OK);
		assert_int_equal(number, 1);
		if (i < 2)
			store_rollback(store);
	}
	assert_int_equal(store_commit(store), ST_OK);
	assert_int_equal(check_tips(store, NULL, 0), 1);
	store_close(store);
}

/* Two uploads dropped, one open, one cut off by the end of the process. */
static void
what_was_given_up_is_cleared_and_nothing_else(void **state)
{
	struct store *store = open_writer();
	uint64_t up[4], before, number;
	uint8_t digest[STORE_DIGEST_LEN];
	bool more;

	(void)state;
	assert_int_equal(keep_tip(store, 1, 100000), ST_OK);
	assert_int_equal(clear_all(store), ST_OK);
	before = used(store);
	for (int i = 0; i < 4; i++)
		assert_int_equal(store_upload(store, &up[i]), ST_OK);
	assert_int_equal(store_begin(store, false), ST_OK);
	for (int i = 0; i < 4; i++)
		assert_int_equal(put_part(store, up[i], 5, 0, 900000), ST_OK);
	assert_int_equal(store_drop(store, up[0]), ST_OK);
	assert_int_equal(store_commit(store), ST_OK);
	assert_int_equal(store_drop(store, up[1]), ST_OK);
	assert_int_equal(store_clear(store, 400000, &more), ST_OK);
	assert_true(more); /* in steps */
	assert_int_equal(clear_all(store), ST_OK);
	assert_true(used(store) > before + 1800000);
	assert_true(used(store) < before + 2000000);
	assert_int_equal(store_begin(store, true), ST_OK);
	tip_digest(5, digest);
	assert_int_equal(
	    store_finish(store, up[2], 900000, digest, &number), ST_OK);
	assert_int_equal(store_commit(store), ST_OK);
	store_close(store);
	store = open_writer();
	assert_int_equal(clear_all(store), ST_OK);
	assert_true(used(store) < before + 1000000);
	assert_int_equal(check_tips(store, NULL, 0), 2);
	assert_int_equal(store_verify(store), ST_OK);
	store_close(store);
}

static enum status
refuse(void *ctx, const uint8_t *p, size_t len)
{
	(void)ctx;
	(void)p;
	(void)len;
	return ST_LIMIT;
}

static void
a_sinks_status_is_handed_on(void **state)
{
	struct store *store = open_writer();
	struct store_tip tip;

	(void)state;
	assert_int_equal(keep_tip(store, 1, 300000), ST_OK);
	assert_int_equal(store_next(store, 0, &tip), ST_OK);
	assert_int_equal(store_read(store, &tip, refuse, NULL), ST_LIMIT);
	store_close(store);
}

static void
the_quota_holds_and_room_comes_back(void **state)
{
	const struct store_limits small = {8 * MIB, 0};
	struct store_usage usage;
	struct store *store;
	uint64_t upload, number, last_room = UINT64_MAX;
	enum status st = ST_OK;
	uint32_t kept = 0;

	(void)state;
	assert_int_equal(
	    store_open(folder, STORE_WRITE, &small, &store), ST_OK);
	while (st == ST_OK) {
		assert_int_equal(store_usage(store, &usage), ST_OK);
		assert_true(usage.files_room <= usage.text_room);
		assert_true(usage.text_room <= usage.room);
		assert_true(usage.room <= last_room);
		last_room = usage.room;
		if ((st = keep_tip(store, kept, 300000)) == ST_OK)
			kept++;
	}
	assert_int_equal(st, ST_FULL);
	assert_true(kept >= 24 && kept <= 28);
	assert_int_equal(usage.files_room, 0);
	assert_true(usage.room < 300000 * 10 / 9);
	assert_int_equal(check_tips(store, NULL, 0), kept);
	/* It goes on after a refusal: small ones still fit. */
	assert_int_equal(keep_tip(store, 99, 2000), ST_OK);
	/* An upload that does not fit is dropped, and its room comes back. */
	assert_int_equal(store_upload(store, &upload), ST_OK);
	assert_int_equal(store_begin(store, false), ST_OK);
	assert_int_equal(put_part(store, upload, 7, 0, 30000), ST_OK);
	assert_int_equal(store_commit(store), ST_OK);
	assert_int_equal(store_begin(store, true), ST_OK);
	assert_int_equal(put_part(store, upload, 7, 30000, MIB), ST_FULL);
	store_rollback(store);
	assert_int_equal(store_drop(store, upload), ST_OK);
	number = used(store);
	assert_int_equal(clear_all(store), ST_OK);
	assert_true(used(store) < number);
	assert_int_equal(store_verify(store), ST_OK);
	store_close(store);
}

static void
the_reserve_of_the_disk_counts(void **state)
{
	const struct store_limits greedy = {4096 * MIB, UINT64_C(1) << 50};
	struct store_usage usage;
	struct store *store;

	(void)state;
	assert_int_equal(
	    store_open(folder, STORE_WRITE, &greedy, &store), ST_OK);
	assert_int_equal(store_usage(store, &usage), ST_OK);
	assert_true(usage.disk_free > 0);
	assert_int_equal(usage.files_room, 0);
	assert_int_equal(usage.text_room, 0);
	assert_int_equal(usage.room, 0);
	store_close(store);
}

/* On a disk smaller than the quota, too, files leave a rest for text. */
static void
text_has_room_of_its_own_on_a_small_disk(void **state)
{
	struct store_limits tight = {UINT64_C(1) << 46, 0};
	struct store_usage usage;
	struct store *store;

	(void)state;
	assert_int_equal(
	    store_open(folder, STORE_WRITE, &tight, &store), ST_OK);
	assert_int_equal(store_usage(store, &usage), ST_OK);
	store_close(store);
	/* Half of what is free is to stay free. */
	tight.reserve = usage.disk_free / 2;
	assert_int_equal(
	    store_open(folder, STORE_WRITE, &tight, &store), ST_OK);
	assert_int_equal(store_usage(store, &usage), ST_OK);
	assert_true(usage.files_room > 0);
	assert_true(usage.files_room < usage.text_room / 100 * 93);
	assert_true(usage.text_room < usage.room);
	store_close(store);
}

/* Killed without a word, the log and a half upload left behind. */
static void
after_a_kill_readers_and_writers_find_all_that_was_kept(void **state)
{
	struct store *store;
	uint64_t before;
	int status;
	pid_t pid;

	(void)state;
	store = open_writer();
	assert_int_equal(keep_tip(store, 0, 50000), ST_OK);
	before = used(store);
	store_close(store);
	if ((pid = fork()) == 0) {
		uint64_t upload;

		store = open_writer();
		if (keep_tip(store, 1, 100000) != ST_OK ||
		    store_upload(store, &upload) != ST_OK ||
		    store_begin(store, false) != ST_OK ||
		    put_part(store, upload, 2, 0, 700000) != ST_OK ||
		    store_commit(store) != ST_OK ||
		    store_begin(store, true) != ST_OK ||
		    put_part(store, upload, 2, 700000, 500) != ST_OK)
			_exit(1);
		(void)kill(getpid(), 9);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	store = open_reader(); /* no writer is there to help */
	assert_int_equal(check_tips(store, NULL, 0), 2);
	store_close(store);
	store = open_writer();
	assert_int_equal(check_tips(store, NULL, 0), 2);
	assert_true(used(store) > before + 700000);
	assert_int_equal(clear_all(store), ST_OK);
	assert_true(used(store) < before + 200000);
	store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(tips_come_back_in_the_order_of_their_commits),
	    T(a_store_is_made_once_and_only_for_us),
	    T(a_second_writer_is_refused_and_readers_are_not),
	    T(nobody_sees_an_upload_before_it_is_committed),
	    T(a_rollback_takes_back_everything),
	    T(what_was_given_up_is_cleared_and_nothing_else),
	    T(a_sinks_status_is_handed_on),
	    T(the_quota_holds_and_room_comes_back),
	    T(text_has_room_of_its_own_on_a_small_disk),
	    T(the_reserve_of_the_disk_counts),
	    T(after_a_kill_readers_and_writers_find_all_that_was_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
