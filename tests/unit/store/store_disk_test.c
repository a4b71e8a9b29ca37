/* What lies on the disk: its size, its shape, what was changed behind our back.
 */
#include "tests/unit/store/case.h"

#include <sqlite3.h>

static struct store *
open_reader(void)
{
	struct store *store;

	assert_int_equal(store_open(folder, STORE_READ, NULL, &store), ST_OK);
	return store;
}

/* A statement that is not ours, on a plain connection. */
static int
plain(const char *sql)
{
	char path[300];
	sqlite3 *db;
	int rc;

	(void)snprintf(path, sizeof(path), "%s/" STORE_FILE, folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return rc;
}

static void
numbers_never_come_again(void **state)
{
	struct store *store = open_writer();
	uint64_t upload, next;

	(void)state;
	assert_int_equal(keep_tip(store, 1, 10), ST_OK);
	assert_int_equal(keep_tip(store, 2, 10), ST_OK);
	assert_int_equal(store_upload(store, &upload), ST_OK);
	assert_int_equal(store_begin(store, false), ST_OK);
	assert_int_equal(put_part(store, upload, 3, 0, 10), ST_OK);
	assert_int_equal(store_commit(store), ST_OK);
	store_close(store);
	store = open_writer(); /* what was cut is not cleared yet */
	assert_int_equal(store_upload(store, &next), ST_OK);
	assert_true(next > upload);
	store_close(store);
	/* The row of the last tip is the memory of its number. */
	assert_int_equal(
	    plain("DELETE FROM tip WHERE number = 2"), SQLITE_CONSTRAINT);
	assert_int_equal(plain("DELETE FROM tip"), SQLITE_CONSTRAINT);
	assert_int_equal(plain("DELETE FROM tip WHERE number = 1"), SQLITE_OK);
	assert_int_equal(plain("UPDATE tip SET upload = NULL"), SQLITE_OK);
	assert_int_equal(plain("DELETE FROM chunk"), SQLITE_OK);
	store = open_writer();
	assert_int_equal(keep_tip(store, 4, 10), ST_OK);
	{
		struct store_tip tip;

		assert_int_equal(store_next(store, 2, &tip), ST_OK);
		assert_int_equal(tip.number, 3);
	}
	store_close(store);
}

static void
a_database_that_is_not_quite_ours_is_refused(void **state)
{
	static const struct {
		const char *change;
		enum status want;
	} bad[] = {
	    {"CREATE VIEW v AS SELECT 1", ST_MALFORMED},
	    {"CREATE INDEX i ON tip (len)", ST_MALFORMED},
	    {"DROP TRIGGER tip_last", ST_MALFORMED},
	    {"ALTER TABLE tip ADD COLUMN time INTEGER", ST_MALFORMED},
	    {"PRAGMA user_version = 1", ST_VERSION}, /* an older one */
	    {"PRAGMA user_version = 3", ST_VERSION},
	    {"DROP INDEX reply_day", ST_MALFORMED},
	    {"PRAGMA application_id = 1", ST_VERSION},
	    {"PRAGMA journal_mode = DELETE", ST_VERSION},
	    {"PRAGMA journal_mode = DELETE; PRAGMA page_size = 4096; VACUUM;"
	     "PRAGMA journal_mode = WAL",
		ST_VERSION},
	};
	struct store *store;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		empty_folder(folder);
		assert_int_equal(store_create(folder), ST_OK);
		assert_int_equal(plain(bad[i].change), SQLITE_OK);
		assert_int_equal(store_open(folder, STORE_WRITE, &wide, &store),
		    bad[i].want);
		assert_null(store);
		assert_int_equal(
		    store_open(folder, STORE_READ, NULL, &store), bad[i].want);
	}
	empty_folder(folder);
	{
		char path[300];
		FILE *f;

		(void)snprintf(path, sizeof(path), "%s/" STORE_FILE, folder);
		assert_non_null(f = fopen(path, "w"));
		for (int i = 0; i < 70000; i++)
			(void)fputc('x', f);
		assert_int_equal(fclose(f), 0);
		assert_int_equal(
		    store_open(folder, STORE_READ, NULL, &store), ST_MALFORMED);
		assert_int_equal(unlink(path), 0);
		assert_int_equal(symlink("/etc/passwd", path), 0);
		assert_int_equal(
		    store_open(folder, STORE_READ, NULL, &store), ST_MALFORMED);
	}
}

static void
missing_and_swollen_chunks_are_told(void **state)
{
	static const char *const harm[] = {
	    "DELETE FROM chunk WHERE id & 0xffffff = 0",
	    "DELETE FROM chunk WHERE id & 0xffffff = 1",
	    "DELETE FROM chunk WHERE id & 0xffffff = 2",
	    "UPDATE chunk SET sealed = zeroblob(131073) WHERE id & 3 = 2",
	    "UPDATE chunk SET sealed = x'' WHERE id & 0xffffff = 1",
	    "UPDATE chunk SET sealed = x'00' WHERE id & 0xffffff = 1",
	    "INSERT INTO chunk SELECT max(id) + 1, x'00' FROM chunk",
	    "UPDATE tip SET upload = -1",
	    "UPDATE tip SET upload = 99",
	    "UPDATE tip SET len = len + 1",
	    "UPDATE tip SET len = len - 1",
	    "UPDATE tip SET digest = x'00'",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(harm) / sizeof(harm[0]); i++) {
		struct store *store;
		struct store_tip tip;
		struct reading r = {1, 0, true};
		enum status st;

		empty_folder(folder);
		assert_int_equal(store_create(folder), ST_OK);
		store = open_writer();
		assert_int_equal(keep_tip(store, 1, 300000), ST_OK);
		store_close(store);
		assert_int_equal(plain(harm[i]), SQLITE_OK);
		store = open_reader();
		st = store_next(store, 0, &tip);
		if (st == ST_OK)
			st = store_read(store, &tip, compare, &r);
		if (st != ST_MALFORMED)
			print_error("%s\n", harm[i]);
		assert_int_equal(st, ST_MALFORMED);
		store_close(store);
	}
}

static uint64_t
log_len(void)
{
	char path[300];
	struct stat sb;

	(void)snprintf(path, sizeof(path), "%s/" STORE_FILE "-wal", folder);
	assert_int_equal(stat(path, &sb), 0);
	return (uint64_t)sb.st_size;
}

static void
the_log_stays_small_and_is_used_again(void **state)
{
	struct store *store = open_writer(), *reader = open_reader();
	uint64_t len = 0;

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		assert_int_equal(keep_tip(store, i, MIB), ST_OK);
		assert_true(log_len() >= len); /* never truncated */
		len = log_len();
		if (i % 10 == 0) /* somebody reads beside it */
			(void)check_tips(reader, NULL, 0);
	}
	assert_true(len > 8 * MIB);
	assert_true(len < 16 * MIB);
	store_close(reader);
	store_close(store);
}

/* A reader that was stopped in the middle of a row, for a while. */
static void
a_reader_holding_the_log_only_delays_emptying_it(void **state)
{
	struct store *store = open_writer();
	sqlite3_stmt *stmt;
	char path[300];
	sqlite3 *db;

	(void)state;
	assert_int_equal(keep_tip(store, 0, 1000), ST_OK);
	(void)snprintf(path, sizeof(path), "%s/" STORE_FILE, folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db, "SELECT * FROM chunk", -1, &stmt, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	for (uint32_t i = 1; i < 11; i++)
		assert_int_equal(keep_tip(store, i, MIB), ST_OK);
	assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
	for (uint32_t i = 11; i < 40; i++)
		assert_int_equal(keep_tip(store, i, MIB), ST_OK);
	assert_true(log_len() < 16 * MIB);
	assert_int_equal(check_tips(store, NULL, 0), 40);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	store_close(store);
}

/* secure_delete: no page that was freed keeps what it held. */
static void
what_is_cleared_is_overwritten(void **state)
{
	static char mark[] = "a sealed byte row that is looked for";
	struct store *store = open_writer();
	static uint8_t buf[100000];
	uint64_t upload;
	char path[300];
	FILE *f;

	(void)state;
	for (size_t i = 0; i + sizeof(mark) < sizeof(buf); i += sizeof(mark))
		memcpy(buf + i, mark, sizeof(mark));
	for (int turn = 0; turn < 2; turn++) {
		size_t found = 0, len;
		static char all[4 << 20];

		if (turn == 0) {
			assert_int_equal(store_upload(store, &upload), ST_OK);
			assert_int_equal(store_begin(store, false), ST_OK);
			assert_int_equal(
			    store_put(store, upload, buf, sizeof(buf)), ST_OK);
			assert_int_equal(store_commit(store), ST_OK);
		} else {
			store = open_writer();
			assert_int_equal(clear_all(store), ST_OK);
		}
		store_close(store);
		(void)snprintf(path, sizeof(path), "%s/" STORE_FILE, folder);
		assert_non_null(f = fopen(path, "rb"));
		len = fread(all, 1, sizeof(all), f);
		assert_int_equal(fclose(f), 0);
		for (size_t i = 0; i + sizeof(mark) <= len; i++)
			found += memcmp(all + i, mark, sizeof(mark)) == 0;
		if (turn == 0)
			assert_true(found > 2000);
		else
			assert_int_equal(found, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(numbers_never_come_again),
	    T(a_database_that_is_not_quite_ours_is_refused),
	    T(missing_and_swollen_chunks_are_told),
	    T(the_log_stays_small_and_is_used_again),
	    T(a_reader_holding_the_log_only_delays_emptying_it),
	    T(what_is_cleared_is_overwritten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
