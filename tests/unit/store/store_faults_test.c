/*
 * Every call to the disk, and every allocation, fails once, and once for good:
 * what was reported as kept is there, nothing half is, and it goes on.
 */
#include "tests/unit/store/workload.h"

#include <sqlite3.h>

#include "tests/unit/fault.h"
#include "tests/unit/store/shim.h"
#include "tests/unit/store/starve.h"

static char *folder;

static void
anew(void)
{
	empty_folder(folder);
	assert_int_equal(store_create(folder), ST_OK);
}

/* After a fault: reopened without any, all is in order and is cleared. */
static void
check_after(const struct work *w)
{
	struct store *store;

	assert_int_equal(store_open(folder, STORE_WRITE, &wide, &store), ST_OK);
	assert_int_equal(work_lost(store, w), 0);
	assert_int_equal(clear_all(store), ST_OK);
	assert_int_equal(keep_tip(store, SEEDS, 5000), ST_OK);
	assert_int_equal(store_verify(store), ST_OK);
	assert_true(used(store) < 8 * 16384 + 30 * 49152 + 5 * 100000);
	store_close(store);
}

static unsigned long
try_each(unsigned kinds, bool for_good, bool full)
{
	unsigned long n = 0;
	unsigned kept_last = 0;

	do {
		struct work w = {.big = 90000};
		struct store *store;
		enum status st;

		n += sample_step();
		anew();
		shim_fail(kinds, n, for_good, full);
		st = store_open(folder, STORE_WRITE, &wide, &store);
		if (st == ST_OK) {
			work_run(store, &w);
			/* Once only: what follows the fault works again. */
			if (!for_good)
				assert_true(
				    w.kept[24] || w.kept[20] || w.kept[0]);
			shim_off();
			assert_int_equal(work_lost(store, &w), 0);
			store_close(store);
		} else {
			assert_true(shim_fired());
			assert_null(store);
		}
		shim_off();
		check_after(&w);
		kept_last = 0;
		for (uint32_t i = 0; i < SEEDS; i++)
			kept_last += w.kept[i];
	} while (shim_fired());
	assert_int_equal(kept_last, 27); /* the last run had no fault */
	return n - 1;
}

static void
every_failing_write_once(void **state)
{
	(void)state;
	assert_true(try_each(SHIM_WRITE, false, false) > 100);
}

static void
every_failing_flush_once(void **state)
{
	(void)state;
	assert_true(try_each(SHIM_SYNC, false, false) > 10);
}

static void
every_write_from_the_nth_on_fails(void **state)
{
	(void)state;
	assert_true(try_each(SHIM_WRITE | SHIM_SYNC, true, false) > 100);
}

static void
every_write_from_the_nth_on_finds_no_room(void **state)
{
	(void)state;
	assert_true(try_each(SHIM_WRITE, true, true) > 100);
}

static void
every_other_failing_call_once(void **state)
{
	(void)state;
	assert_true(try_each(SHIM_TRUNCATE | SHIM_READ | SHIM_SIZE | SHIM_OPEN |
			    SHIM_DELETE | SHIM_LOCK | SHIM_SHM,
			false, false) > 20);
}

/* Reading: the status tells, or all of it is right. */
static void
every_failing_read_of_a_reader_is_told(void **state)
{
	struct work w = {.big = 90000};
	struct store *store;
	unsigned long n = 0, told = 0;

	(void)state;
	anew();
	assert_int_equal(store_open(folder, STORE_WRITE, &wide, &store), ST_OK);
	work_run(store, &w);
	store_close(store);
	do {
		struct store_tip tip = {0};
		struct reading r;
		enum status st;

		shim_fail(SHIM_ALL, ++n, false, false);
		st = store_open(folder, STORE_READ, NULL, &store);
		while (st == ST_OK) {
			st = store_next(store, tip.number, &tip);
			if (st != ST_OK)
				break;
			r = (struct reading){0, 0, true};
			memcpy(&r.seed, tip.digest, sizeof(r.seed));
			st = store_read(store, &tip, compare, &r);
			if (st == ST_OK)
				assert_true(r.same && r.at == tip.len);
		}
		shim_off();
		store_close(store);
		told += st != ST_EOF;
		if (st == ST_EOF)
			assert_int_equal(tip.number == 0, 1);
	} while (shim_fired());
	assert_true(told > 10);
}

static void
every_failing_call_of_create_leaves_all_or_nothing(void **state)
{
	unsigned long n = 0;

	(void)state;
	do {
		struct store *store;
		enum status st, again;

		empty_folder(folder);
		shim_fail(SHIM_ALL, ++n, false, false);
		st = store_create(folder);
		shim_off();
		again = store_create(folder);
		assert_int_equal(again, st == ST_OK ? ST_EXISTS : ST_OK);
		assert_int_equal(
		    store_open(folder, STORE_WRITE, &wide, &store), ST_OK);
		store_close(store);
	} while (shim_fired());
	assert_true(n > 20);
	FAULT_EACH(FAULT_FILES)
	{
		enum status st;

		empty_folder(folder);
		st = store_create(folder);
		fault_off();
		if (st != ST_OK && store_create(folder) != ST_OK)
			/* Only the last flush of the folder comes late. */
			assert_int_equal(store_create(folder), ST_EXISTS);
	}
}

static void
every_failing_allocation_of_sqlite(void **state)
{
	unsigned long n = 0;

	(void)state;
	do {
		struct work w = {.big = 90000};
		struct store *store;
		enum status st;

		anew();
		starve_at(++n);
		st = store_open(folder, STORE_WRITE, &wide, &store);
		if (st == ST_OK)
			work_run(store, &w);
		starve_at(0);
		if (st == ST_OK)
			assert_int_equal(work_lost(store, &w), 0);
		store_close(store);
		assert_int_equal(sqlite3_memory_used(), 0);
		check_after(&w);
		/* The first ones are all of opening; later every third. */
		n += (n > 300 ? 3 : 1) * sample_step() - 1;
	} while (starve_fired);
	assert_true(n > 300);
}

static void
every_failing_allocation_of_ours(void **state)
{
	(void)state;
	FAULT_EACH(FAULT_ALLOC)
	{
		struct work w = {.big = 9000};
		struct store *store = NULL;
		enum status st;

		fault_off();
		anew();
		fault_at(FAULT_ALLOC, fault_n_);
		st = store_open(folder, STORE_WRITE, &wide, &store);
		if (st == ST_OK)
			work_run(store, &w);
		fault_off();
		if (st == ST_OK)
			assert_int_equal(work_lost(store, &w), 0);
		store_close(store);
		check_after(&w);
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

static int
end(void **state)
{
	(void)state;
	remove_folder(folder);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_failing_write_once),
	    cmocka_unit_test(every_failing_flush_once),
	    cmocka_unit_test(every_write_from_the_nth_on_fails),
	    cmocka_unit_test(every_write_from_the_nth_on_finds_no_room),
	    cmocka_unit_test(every_other_failing_call_once),
	    cmocka_unit_test(every_failing_read_of_a_reader_is_told),
	    cmocka_unit_test(
		every_failing_call_of_create_leaves_all_or_nothing),
	    cmocka_unit_test(every_failing_allocation_of_sqlite),
	    cmocka_unit_test(every_failing_allocation_of_ours),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
