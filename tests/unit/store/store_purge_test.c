/* Tips purged beside a keeper: what stays, what goes, who may do what. */
#include "tests/unit/store/replies.h"

#include <sqlite3.h>
#include <sys/wait.h>

#include "store/store_db.h"

static struct store *
open_reader(void)
{
	struct store *store;

	assert_int_equal(store_open(folder, STORE_READ, NULL, &store), ST_OK);
	return store;
}

static struct store_tip
tip_of(struct store *store, uint64_t number)
{
	struct store_tip tip;

	assert_int_equal(store_next(store, number - 1, &tip), ST_OK);
	assert_int_equal(tip.number, number);
	return tip;
}

static enum status
reading(struct store *store, uint64_t number, uint32_t seed)
{
	struct store_tip tip = tip_of(store, number);
	struct reading r = {seed, 0, true};
	enum status st = store_read(store, &tip, compare, &r);

	if (st == ST_OK)
		assert_true(r.same && r.at == tip.len);
	return st;
}

static void
a_purged_tip_keeps_its_row_and_loses_its_bytes(void **state)
{
	struct store *store = open_writer(), *tender = open_tender();
	struct store *reader = open_reader();
	struct store_usage usage;
	struct store_tip tip;
	uint64_t before, bytes;
	bool more;

	(void)state;
	before = used(store);
	for (uint32_t i = 1; i <= 3; i++)
		assert_int_equal(keep_tip(store, i, 400000 + i), ST_OK);
	assert_int_equal(purge_tip(tender, 2, 100000), 400002);
	tip = tip_of(reader, 2);
	assert_true(tip.purged);
	assert_int_equal(tip.len, 400002);
	assert_int_equal(tip.digest[0], 2);
	assert_int_equal(reading(reader, 1, 1), ST_OK);
	assert_int_equal(reading(reader, 2, 2), ST_ABSENT);
	assert_int_equal(reading(store, 2, 2), ST_ABSENT);
	assert_false(tip_of(reader, 3).purged);
	assert_int_equal(store_usage(reader, &usage), ST_OK);
	assert_int_equal(usage.tips, 2);
	assert_int_equal(usage.last, 3);
	/* Again: nothing to do.  Others: not there. */
	assert_int_equal(store_purge(tender, 2, 1, &bytes, &more), ST_OK);
	assert_int_equal(bytes, 0);
	assert_false(more);
	assert_int_equal(store_purge(tender, 4, 1, &bytes, &more), ST_ABSENT);
	assert_int_equal(store_purge(tender, 0, 1, &bytes, &more), ST_ABSENT);
	assert_int_equal(
	    store_purge(tender, UINT64_MAX, 1, &bytes, &more), ST_ABSENT);
	assert_int_equal(store_purge(tender, 1, 0, &bytes, &more), ST_BUG);
	assert_int_equal(store_purge(store, 1, 1, &bytes, &more), ST_BUG);
	assert_int_equal(store_purge(reader, 1, 1, &bytes, &more), ST_BUG);
	assert_int_equal(store_scrub(reader), ST_BUG);
	/* All of them, the last one too: numbers go on. */
	assert_int_equal(purge_tip(tender, 3, MIB), 400003);
	assert_int_equal(purge_tip(tender, 1, 1), 400001);
	assert_true(used(store) < before + 100000);
	assert_int_equal(keep_tip(store, 4, 1000), ST_OK);
	assert_int_equal(reading(reader, 4, 4), ST_OK);
	store_close(reader);
	store_close(tender);
	store_close(store);
	store = open_writer();
	assert_int_equal(keep_tip(store, 5, 1000), ST_OK);
	assert_int_equal(reading(store, 5, 5), ST_OK);
	assert_int_equal(store_verify(store), ST_OK);
	store_close(store);
}

static uint64_t
pending_rows(struct store *store)
{
	uint64_t last;

	assert_int_equal(store_number(store, SQL_LAST_PENDING, &last), ST_OK);
	return last;
}

/* Cut off after its first step; the keeper's clearing does the rest. */
static void
a_purge_that_was_cut_is_finished_by_clearing(void **state)
{
	struct store *store = open_writer(), *tender = open_tender();
	uint64_t bytes, before = used(store);
	bool more;

	(void)state;
	assert_int_equal(keep_tip(store, 1, 900000), ST_OK);
	assert_int_equal(store_purge(tender, 1, 200000, &bytes, &more), ST_OK);
	assert_true(more && bytes >= 200000 && bytes < 400000);
	assert_true(tip_of(store, 1).purged);
	assert_int_equal(reading(store, 1, 1), ST_ABSENT);
	store_close(tender);
	assert_int_not_equal(pending_rows(store), 0);
	assert_int_equal(clear_all(store), ST_OK);
	assert_int_equal(pending_rows(store), 0);
	assert_true(used(store) < before + 100000);
	store_close(store);
}

/*
 * The keeper clears what a purge is still at, starts anew, and gives the
 * upload's number to another tip: that one must not be purged.
 */
static void
a_number_used_again_meanwhile_is_left_alone(void **state)
{
	struct store *store = open_writer(), *tender = open_tender();
	uint64_t bytes, upload, again;
	bool more;

	(void)state;
	assert_int_equal(keep_tip(store, 1, 900000), ST_OK);
	assert_int_equal(store_purge(tender, 1, 200000, &bytes, &more), ST_OK);
	assert_true(more);
	upload = pending_rows(store);
	assert_int_equal(clear_all(store), ST_OK);
	store_close(store);
	store = open_writer();
	assert_int_equal(keep_tip(store, 2, 900000), ST_OK);
	store_bind(store, SQL_UPLOAD_OF, 1, 2);
	assert_int_equal(store_number(store, SQL_UPLOAD_OF, &again), ST_OK);
	assert_int_equal(again, upload); /* or this test shows nothing */
	assert_int_equal(store_purge(tender, 1, 200000, &bytes, &more), ST_OK);
	assert_false(more);
	assert_int_equal(bytes, 0);
	assert_int_equal(reading(store, 2, 2), ST_OK);
	store_close(tender);
	store_close(store);
}

static enum status
purge_while_reading(void *ctx, const uint8_t *p, size_t len)
{
	struct store *tender = ctx;

	(void)p;
	(void)len;
	(void)purge_tip(tender, 1, MIB);
	return ST_OK;
}

static void
a_tip_purged_while_it_is_read_is_absent_not_damaged(void **state)
{
	struct store *store = open_writer(), *tender = open_tender();
	struct store_tip tip;

	(void)state;
	assert_int_equal(keep_tip(store, 1, 400000), ST_OK);
	tip = tip_of(store, 1);
	assert_int_equal(
	    store_read(store, &tip, purge_while_reading, tender), ST_ABSENT);
	store_close(tender);
	store_close(store);
}

static void
links_without_bytes_continue_the_numbers(void **state)
{
	struct store *store = open_writer();
	struct store_tip tip = {.number = 2, .len = 5000};

	(void)state;
	tip_digest(9, tip.digest);
	assert_int_equal(keep_tip(store, 1, 100), ST_OK);
	assert_int_equal(store_link(store, &tip), ST_BUG); /* outside */
	assert_int_equal(store_begin(store, false), ST_OK);
	assert_int_equal(store_link(store, &tip), ST_BUG); /* not durable */
	store_rollback(store);
	assert_int_equal(store_begin(store, true), ST_OK);
	tip.number = 3;
	assert_int_equal(store_link(store, &tip), ST_BUG);
	tip.number = 1;
	assert_int_equal(store_link(store, &tip), ST_BUG);
	for (tip.number = 2; tip.number <= 4; tip.number++)
		assert_int_equal(store_link(store, &tip), ST_OK);
	store_rollback(store);
	assert_int_equal(store_begin(store, true), ST_OK);
	for (tip.number = 2; tip.number <= 3; tip.number++)
		assert_int_equal(store_link(store, &tip), ST_OK);
	assert_int_equal(store_commit(store), ST_OK);
	assert_int_equal(keep_tip(store, 4, 100), ST_OK);
	tip = tip_of(store, 3);
	assert_true(tip.purged);
	assert_int_equal(tip.len, 5000);
	assert_int_equal(tip.digest[0], 9);
	assert_int_equal(reading(store, 3, 9), ST_ABSENT);
	assert_int_equal(reading(store, 4, 4), ST_OK);
	store_close(store);
	store = open_tender();
	assert_int_equal(store_link(store, &tip), ST_BUG);
	store_close(store);
}

/* What each mode may not, asked of SQLite itself. */
static void
nobody_may_more_than_he_must(void **state)
{
	enum { W = BY_WRITE, R = BY_READ, T = BY_TEND };
	static const struct {
		unsigned may;
		const char *sql;
	} what[] = {
	    {W | R | T, "SELECT * FROM tip"},
	    {W | R | T, "SELECT * FROM chunk"},
	    {W | R | T, "SELECT * FROM pending"},
	    {W | R | T, "SELECT * FROM reply"},
	    {W, "INSERT INTO tip VALUES (1, 1, 1, x'00')"},
	    {W, "INSERT INTO chunk VALUES (1, x'00')"},
	    {W | T, "INSERT INTO pending VALUES (1)"},
	    {W | T, "INSERT INTO reply VALUES (1, x'00', 1, x'00')"},
	    {0, "DELETE FROM tip"},
	    {W | T, "DELETE FROM chunk WHERE id = 1"},
	    {W | T, "DELETE FROM pending WHERE upload = 1"},
	    {W | T, "DELETE FROM reply WHERE id = 1"},
	    {T, "UPDATE tip SET upload = NULL WHERE number = 1"},
	    {0, "UPDATE tip SET number = 7 WHERE number = 1"},
	    {0, "UPDATE tip SET len = 7 WHERE number = 1"},
	    {0, "UPDATE tip SET digest = x'00' WHERE number = 1"},
	    {0, "UPDATE tip SET upload = NULL, len = 1 WHERE number = 1"},
	    {0, "UPDATE chunk SET sealed = x'00'"},
	    {0, "UPDATE chunk SET id = 9"},
	    {0, "UPDATE pending SET upload = 9"},
	    {0, "UPDATE reply SET day = 9"},
	    {0, "UPDATE reply SET mailbox = x'00'"},
	    {0, "CREATE TABLE t (a)"},
	    {0, "CREATE TEMP TABLE t (a)"},
	    {0, "CREATE INDEX i ON reply (sealed)"},
	    {0, "DROP TABLE reply"},
	    {0, "DROP TRIGGER tip_last"},
	    {0, "DELETE FROM sqlite_master"},
	    {0, "PRAGMA user_version = 3"},
	    {0, "PRAGMA secure_delete = OFF"},
	    {0, "PRAGMA journal_mode = DELETE"},
	    {0, "PRAGMA writable_schema = 1"},
	    {0, "ATTACH ':memory:' AS a"},
	    {0, "VACUUM"},
	    {0, "REINDEX"},
	    {0, "SELECT hex(mailbox) FROM reply"},
	    {0, "SELECT randomblob(8)"},
	    {0, "SELECT load_extension('x')"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++)
		for (int mode = 0; mode < 3; mode++) {
			sqlite3_stmt *stmt = NULL;
			struct store *store;
			int rc;

			assert_int_equal(
			    store_open(
				folder, (enum store_mode)mode, NULL, &store),
			    ST_OK);
			rc = sqlite3_prepare_v2(
			    store->db, what[i].sql, -1, &stmt, NULL);
			if (rc == SQLITE_OK && what[i].may == 0)
				rc = sqlite3_step(stmt);
			if ((rc == SQLITE_OK) !=
			    ((what[i].may & (1U << mode)) != 0))
				print_error(
				    "%d: %s: %d\n", mode, what[i].sql, rc);
			assert_int_equal(
			    rc == SQLITE_OK, (what[i].may & (1U << mode)) != 0);
			(void)sqlite3_finalize(stmt);
			store_close(store);
		}
}

#define ROUNDS 300

static void
two_processes_write_at_once(void **state)
{
	static const struct beside beside = {ROUNDS, 20000, 7, 20, false};
	struct store *store;
	int status;
	pid_t pid;

	(void)state;
	if ((pid = fork()) == 0)
		_exit(tend_beside(&beside));
	store = open_writer();
	for (uint32_t i = 1; i <= ROUNDS; i++) {
		struct store_usage usage;
		uint64_t upload;
		bool more;

		assert_int_equal(keep_tip(store, i, 30000 + i), ST_OK);
		assert_int_equal(store_usage(store, &usage), ST_OK);
		assert_int_equal(usage.last, i);
		/* Given up, and cleared between its purges. */
		assert_int_equal(store_upload(store, &upload), ST_OK);
		assert_int_equal(store_begin(store, false), ST_OK);
		assert_int_equal(put_part(store, upload, 5, 0, 9000), ST_OK);
		assert_int_equal(store_commit(store), ST_OK);
		assert_int_equal(store_drop(store, upload), ST_OK);
		assert_int_equal(store_clear(store, 5000, &more), ST_OK);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	for (uint32_t i = 1; i <= ROUNDS; i++)
		assert_int_equal(
		    reading(store, i, i), i % 3 == 0 ? ST_OK : ST_ABSENT);
	for (uint32_t i = 0; i < 7; i++)
		assert_int_equal(count_replies(store, i), STORE_REPLIES_MAX);
	assert_int_equal(clear_all(store), ST_OK);
	assert_int_equal(pending_rows(store), 0);
	assert_true(used(store) < ROUNDS / 3 * 60000 + MIB);
	assert_int_equal(store_verify(store), ST_OK);
	store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_purged_tip_keeps_its_row_and_loses_its_bytes),
	    T(a_purge_that_was_cut_is_finished_by_clearing),
	    T(a_number_used_again_meanwhile_is_left_alone),
	    T(a_tip_purged_while_it_is_read_is_absent_not_damaged),
	    T(links_without_bytes_continue_the_numbers),
	    T(nobody_may_more_than_he_must),
	    T(two_processes_write_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
