/*
 * Every call to the disk, and every allocation, fails once while tips are
 * purged and replies come and go: no tip is lost that was not purged, nothing
 * that was reported is untrue, and it goes on.
 */
#include "tests/unit/store/replies.h"

#include <sqlite3.h>

#include "tests/unit/fault.h"
#include "tests/unit/store/shim.h"
#include "tests/unit/store/starve.h"

#define TIPS 6
#define REPLIES 12

/* What was reported. */
struct tended {
	bool purged[TIPS + 1];
	bool put[REPLIES], gone[REPLIES];
	bool scrubbed;
};

/* Six tips, and four replies of which one has had its day. */
static void
anew(struct tended *t)
{
	struct store *store;

	*t = (struct tended){.scrubbed = false};
	empty_folder(folder);
	assert_int_equal(store_create(folder), ST_OK);
	store = open_writer();
	for (uint32_t i = 1; i <= TIPS; i++)
		trace_keep(store, 100 + i, 30000 * i);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(
		    put_reply(store, i, i, i == 3 ? 5 : FAR_DAY), ST_OK);
		t->put[i] = true;
	}
	store_close(store);
}

static void
forget(struct store *store, struct tended *t, uint32_t seed)
{
	struct store_reply out[STORE_REPLIES_MAX];
	uint8_t box[STORE_MAILBOX_LEN];
	size_t count;

	mailbox_of(seed, box);
	if (store_replies(store, box, out, &count) != ST_OK)
		return;
	assert_true(count == 1 && is_reply(out[0].sealed, seed));
	t->gone[seed] = store_reply_delete(store, box, out[0].id) == ST_OK;
}

static void
tend(struct store *store, struct tended *t)
{
	static const uint32_t which[] = {2, 6, 5};
	uint8_t box[STORE_MAILBOX_LEN];
	uint64_t bytes;
	size_t count;
	enum status st;
	bool more;

	for (size_t i = 0; i < 3; i++) {
		more = true;
		do
			st = store_purge(store, which[i], 40000, &bytes, &more);
		while (st == ST_OK && more);
		t->purged[which[i]] = st == ST_OK;
	}
	for (uint32_t i = 4; i < REPLIES; i++)
		t->put[i] = put_reply(store, i, i, FAR_DAY) == ST_OK;
	forget(store, t, 1);
	mailbox_of(2, box);
	(void)!store_reply_delete(store, box, 77); /* there is none */
	if (store_replies_expire(store, 10, 4, &count) == ST_OK)
		t->gone[3] = count == 1;
	t->scrubbed = store_scrub(store) == ST_OK;
}

/* Without faults: what was reported is so, and can be finished. */
static void
check_after(const struct tended *t)
{
	struct store *store = open_writer(), *tender;
	bool dead[TIPS + 101] = {false};
	uint64_t bytes;

	for (uint32_t i = 1; i <= TIPS; i++) {
		struct store_tip tip;

		assert_int_equal(store_next(store, i - 1, &tip), ST_OK);
		assert_int_equal(tip.number, i);
		if (t->purged[i])
			assert_true(tip.purged);
		/* Begun and not reported: as good as purged. */
		if (i != 2 && i != 5 && i != 6)
			assert_false(tip.purged);
	}
	for (uint32_t i = 0; i < REPLIES; i++) {
		size_t count = count_replies(store, i);

		assert_true(count <= 1);
		if (t->put[i] && i != 1 && i != 3)
			assert_int_equal(count, 1);
		if (t->gone[i])
			assert_int_equal(count, 0);
	}
	tender = open_tender();
	for (uint64_t i = 1; i <= TIPS; i++) {
		bytes = purge_tip(tender, i, 1 << 20);
		assert_true(bytes == 0 || bytes == 30000 * i);
		dead[100 + i] = true;
	}
	store_close(tender);
	assert_int_equal(clear_all(store), ST_OK);
	assert_int_equal(store_scrub(store), ST_OK);
	assert_int_equal(traces(folder, dead, TIPS + 101), 0);
	assert_true(used(store) < 30 * 16384);
	assert_int_equal(store_verify(store), ST_OK);
	assert_int_equal(keep_tip(store, 1, 5000), ST_OK);
	store_close(store);
}

/* A mode of its own for each process that may do it. */
static unsigned long
try_each(unsigned kinds, bool for_good, bool full)
{
	unsigned long n = 0;
	struct tended t;

	do {
		struct store *store;
		enum status st;

		n += sample_step();
		anew(&t);
		shim_fail(kinds, n, for_good, full);
		st = store_open(folder, STORE_TEND, &wide, &store);
		if (st == ST_OK)
			tend(store, &t);
		else
			assert_true(shim_fired());
		shim_off();
		store_close(store);
		check_after(&t);
	} while (shim_fired());
	assert_true(t.purged[2] && t.put[4] && t.gone[1] && t.gone[3]);
	assert_true(t.scrubbed);
	return n - 1;
}

static void
every_failing_write_and_flush_once(void **state)
{
	(void)state;
	assert_true(try_each(SHIM_WRITE, false, false) > 30);
	assert_true(try_each(SHIM_SYNC, false, false) > 10);
}

static void
every_write_from_the_nth_on_fails(void **state)
{
	(void)state;
	assert_true(try_each(SHIM_WRITE | SHIM_SYNC, true, false) > 30);
}

static void
every_write_from_the_nth_on_finds_no_room(void **state)
{
	(void)state;
	assert_true(try_each(SHIM_WRITE, true, true) > 30);
}

static void
every_other_failing_call_once(void **state)
{
	(void)state;
	assert_true(try_each(SHIM_TRUNCATE | SHIM_READ | SHIM_SIZE | SHIM_OPEN |
			    SHIM_DELETE | SHIM_LOCK | SHIM_SHM,
			false, false) > 20);
}

static void
every_failing_allocation_of_sqlite(void **state)
{
	unsigned long n = 0;

	(void)state;
	do {
		struct store *store;
		struct tended t;

		anew(&t);
		starve_at(n += (n > 200 ? 5 : 1) * sample_step());
		if (store_open(folder, STORE_TEND, &wide, &store) == ST_OK)
			tend(store, &t);
		starve_at(0);
		store_close(store);
		check_after(&t);
	} while (starve_fired);
	assert_true(n > 200);
}

static void
every_failing_call_of_ours(void **state)
{
	(void)state;
	FAULT_EACH(FAULT_ALLOC | FAULT_RANDOM)
	{
		struct store *store;
		struct tended t;

		fault_off();
		anew(&t);
		fault_at(FAULT_ALLOC | FAULT_RANDOM, fault_n_);
		if (store_open(folder, STORE_TEND, &wide, &store) == ST_OK)
			tend(store, &t);
		fault_off();
		store_close(store);
		check_after(&t);
	}
}

static int
begin(void **state)
{
	(void)state;
	if (!starve_install())
		return -1;
	shim_install();
	folder = make_folder();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_failing_write_and_flush_once),
	    cmocka_unit_test(every_write_from_the_nth_on_fails),
	    cmocka_unit_test(every_write_from_the_nth_on_finds_no_room),
	    cmocka_unit_test(every_other_failing_call_once),
	    cmocka_unit_test(every_failing_allocation_of_sqlite),
	    cmocka_unit_test(every_failing_call_of_ours),
	};

	return cmocka_run_group_tests(tests, begin, gone);
}
