/* What was purged or deleted is nowhere any more: database and log are
 * searched for it. */
#include "tests/unit/sample.h"
#include "tests/unit/store/replies.h"

#include <sqlite3.h>

#define SEEDS 400

static uint32_t dice;

static uint32_t
roll(uint32_t sides)
{
	dice = dice * 1664525 + 1013904223;
	return (dice >> 8) % sides;
}

/* Lengths that crowd each other on a page. */
static size_t
some_length(void)
{
	static const size_t lens[] = {
	    300, 700, 3000, 5000, 7000, 16000, 16569, 20000, 70000};

	return lens[roll(sizeof(lens) / sizeof(lens[0]))] + roll(200);
}

struct crowd {
	struct trace now[8]; /* uploads side by side */
	uint32_t begun;
	uint64_t number[SEEDS];
	bool dead[SEEDS], alive[SEEDS];
};

/* One chunk of one of the uploads, so that rows are put between others. */
static void
crowd_put(struct store *store, struct crowd *c)
{
	struct trace *t = &c->now[roll(8)];

	if (t->len == 0 && c->begun < SEEDS)
		*t = (struct trace){
		    .seed = c->begun++, .len = some_length() + some_length()};
	if (t->len == 0)
		return;
	trace_put(store, t, some_length());
	if (t->number == 0)
		return;
	c->number[t->seed] = t->number;
	c->alive[t->seed] = true;
	t->len = 0;
}

static void
crowd_purge(struct store *tender, struct crowd *c)
{
	uint32_t seed = roll(SEEDS);

	if (!c->alive[seed])
		return;
	(void)purge_tip(tender, c->number[seed], 1 + roll(50000));
	c->alive[seed] = false;
	c->dead[seed] = true;
}

static void
of_a_purged_tip_no_byte_is_left(void **state)
{
	struct store *store = open_writer(), *tender = open_tender();
	static struct crowd c;
	unsigned living = 0;

	(void)state;
	dice = 1;
	for (int i = 0; i < 5 * SEEDS; i++) {
		crowd_put(store, &c);
		crowd_purge(tender, &c);
		if (i % (100 * (int)sample_step()) == 99) {
			assert_int_equal(store_scrub(tender), ST_OK);
			assert_int_equal(traces(folder, c.dead, SEEDS), 0);
		}
	}
	for (uint32_t i = 0; i < SEEDS; i++)
		living += c.alive[i];
	assert_true(living > 10 && living < SEEDS - 100);
	/* The search does find what is there. */
	assert_int_equal(traces(folder, c.alive, SEEDS), living);
	store_close(tender);
	assert_int_equal(store_verify(store), ST_OK);
	store_close(store);
}

static void
of_a_deleted_reply_no_byte_is_left(void **state)
{
	static uint8_t sealed[STORE_REPLY_LEN];
	struct store *store = open_writer();
	bool dead[SEEDS] = {false}, alive[SEEDS] = {false};

	(void)state;
	dice = 2;
	for (uint32_t i = 0; i < SEEDS; i++) {
		struct store_reply out[STORE_REPLIES_MAX];
		uint8_t mailbox[STORE_MAILBOX_LEN] = {0};
		uint32_t n = roll(i + 1);
		size_t count;

		trace_fill(i, sealed, sizeof(sealed));
		le32_put(mailbox, i);
		assert_int_equal(
		    store_reply_put(store, mailbox, i, sealed), ST_OK);
		alive[i] = true;
		if (!alive[n] || roll(3) == 0)
			continue;
		le32_put(mailbox, n);
		assert_int_equal(
		    store_replies(store, mailbox, out, &count), ST_OK);
		assert_int_equal(count, 1);
		assert_int_equal(
		    store_reply_delete(store, mailbox, out[0].id), ST_OK);
		alive[n] = false;
		dead[n] = true;
		if (i % (20 * sample_step()) == 0) {
			assert_int_equal(store_scrub(store), ST_OK);
			assert_int_equal(traces(folder, dead, SEEDS), 0);
		}
	}
	for (uint32_t i = 0; i < 200; i++) {
		dead[i] = dead[i] || alive[i]; /* their last day was before */
		alive[i] = false;
	}
	for (size_t count = 1; count > 0;)
		assert_int_equal(
		    store_replies_expire(store, 200, 7, &count), ST_OK);
	assert_int_equal(store_scrub(store), ST_OK);
	assert_int_equal(traces(folder, dead, SEEDS), 0);
	assert_true(traces(folder, alive, SEEDS) > 40);
	store_close(store);
}

/* A statement that is not ours, on a plain connection. */
static void
plain(const char *sql)
{
	char path[300];
	sqlite3 *db;

	(void)snprintf(path, sizeof(path), "%s/" STORE_FILE, folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The same deletions by somebody who does not overwrite: the search can
 * fail. */
static void
without_secure_delete_the_search_finds_them(void **state)
{
	static uint8_t sealed[STORE_REPLY_LEN];
	struct store *store = open_writer();
	uint8_t mailbox[STORE_MAILBOX_LEN] = {0};
	bool dead[32] = {false};

	(void)state;
	for (uint32_t i = 0; i < 16; i++) {
		trace_keep(store, i, 50000);
		trace_fill(16 + i, sealed, sizeof(sealed));
		assert_int_equal(
		    store_reply_put(store, mailbox, i, sealed), ST_OK);
		dead[i] = dead[16 + i] = true;
	}
	store_close(store);
	plain("PRAGMA secure_delete = OFF; UPDATE tip SET upload = NULL;"
	      "DELETE FROM chunk; DELETE FROM reply;"
	      "PRAGMA wal_checkpoint(TRUNCATE)");
	assert_true(traces(folder, dead, 32) > 16);
}

/* Before the log is emptied, it still has them: why store_scrub() is. */
static void
before_the_scrub_the_log_has_them(void **state)
{
	struct store *store = open_writer(), *tender = open_tender();
	bool dead[1] = {true};

	(void)state;
	trace_keep(store, 0, 50000);
	(void)purge_tip(tender, 1, MIB);
	assert_int_equal(traces(folder, dead, 1), 1);
	assert_int_equal(store_scrub(tender), ST_OK);
	assert_int_equal(traces(folder, dead, 1), 0);
	store_close(tender);
	store_close(store);
}

/* A transaction that is held open keeps the log as it is. */
static void
a_scrub_that_a_reader_hinders_says_so(void **state)
{
	struct store *store = open_writer(), *tender = open_tender();
	bool dead[1] = {true};
	char path[300];
	sqlite3 *db;

	(void)state;
	trace_keep(store, 0, 50000);
	(void)snprintf(path, sizeof(path), "%s/" STORE_FILE, folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM tip",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	(void)purge_tip(tender, 1, MIB);
	assert_int_equal(store_scrub(tender), ST_BUSY);
	assert_int_equal(store_scrub(store), ST_BUSY);
	assert_int_equal(keep_tip(store, 1, 5000), ST_OK); /* goes on */
	assert_int_equal(
	    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store_scrub(tender), ST_OK);
	assert_int_equal(traces(folder, dead, 1), 0);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	store_close(tender);
	store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(of_a_purged_tip_no_byte_is_left),
	    T(of_a_deleted_reply_no_byte_is_left),
	    T(without_secure_delete_the_search_finds_them),
	    T(before_the_scrub_the_log_has_them),
	    T(a_scrub_that_a_reader_hinders_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
