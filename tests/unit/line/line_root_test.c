/*
 * Another root: named by the old one, or by hand; and a line that comes from
 * a backup.  Whatever fails leaves the old state or the new.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/fault.h"
#include "tests/unit/line/keyset_bench.h"

#define ALL (FAULT_FILES | FAULT_ALLOC)

static const struct root *
pinned(const struct bench *b, uint32_t *changes)
{
	char why[LINE_WHY_LEN];
	struct minisign_key key;

	if (line_root(&b->line, &key, changes, why) != ST_OK)
		return NULL;
	if (memcmp(&key, &b->root.key, sizeof(key)) == 0)
		return &b->root;
	if (memcmp(&key, &b->other.key, sizeof(key)) == 0)
		return &b->other;
	assert_memory_equal(&key, &b->third.key, sizeof(key));
	return &b->third;
}

static void
expect_root(const struct bench *b, const struct root *want, uint32_t number)
{
	uint32_t changes = 99;

	assert_ptr_equal(pinned(b, &changes), want);
	assert_int_equal(changes, number);
}

static enum status
install_signed(struct bench *b, const struct root *root, uint64_t sequence)
{
	char why[LINE_WHY_LEN];
	struct made m;
	enum status st;

	bench_begin(b, sequence, &m);
	bench_sign(root, &m);
	st = bench_install(b, &m, NULL, why);
	bench_free(&m);
	return st;
}

static void
the_set_in_use_outlives_changes_and_the_next_needs_the_new_root(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct changed one, two;

	bench_change(1, &b->root, &b->other, &one);
	bench_change(2, &b->other, &b->third, &two);
	assert_int_equal(bench_follow(b, &one, why), ST_ABSENT);
	assert_non_null(strstr(why, "--root"));
	bench_install_first(b, 5);
	expect_root(b, &b->root, 0);
	assert_int_equal(bench_follow(b, &one, why), ST_OK);
	expect_root(b, &b->other, 1);
	assert_int_equal(bench_in_use(b), 5);
	assert_int_equal(install_signed(b, &b->root, 6), ST_WRONG_KEY);
	/* A second change before there was a new set. */
	assert_int_equal(bench_follow(b, &two, why), ST_OK);
	expect_root(b, &b->third, 2);
	assert_int_equal(bench_in_use(b), 5);
	/* Numbers still never go back. */
	assert_int_equal(install_signed(b, &b->third, 4), ST_DENIED);
	assert_int_equal(install_signed(b, &b->other, 6), ST_WRONG_KEY);
	assert_int_equal(install_signed(b, &b->third, 6), ST_OK);
	assert_int_equal(bench_in_use(b), 6);
	bench_changed_free(&one);
	bench_changed_free(&two);
}

/* The old root may be in a thief's hands by now: only the very set that was
 * taken up with it is still good, not one that he puts in its place. */
static void
an_old_root_vouches_only_for_the_set_taken_up_last(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct changed one;
	struct made m;

	bench_install_first(b, 5);
	bench_change(1, &b->root, &b->other, &one);
	assert_int_equal(bench_follow(b, &one, why), ST_OK);
	bench_make(b, 7, &m);
	bench_put(b, LINE_KEYSET, m.text.p, m.text.len);
	bench_put(b, LINE_KEYSET_SIG, m.sig.p, m.sig.len);
	assert_int_equal(bench_in_use(b), 0);
	bench_free(&m);
	bench_changed_free(&one);
}

static void
what_is_no_change_of_this_root_is_refused_with_words(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct changed one, two, foreign;

	bench_install_first(b, 5);
	bench_change(1, &b->root, &b->other, &one);
	bench_change(3, &b->other, &b->third, &two);
	bench_change(1, &b->third, &b->other, &foreign);
	assert_int_equal(bench_follow(b, &foreign, why), ST_WRONG_KEY);
	assert_non_null(strstr(why, "another root key than the pinned"));
	for (size_t i = 0; i < one.text.len; i++) {
		one.text.p[i] ^= 1;
		assert_int_not_equal(bench_follow(b, &one, why), ST_OK);
		assert_int_not_equal(why[0], '\0');
		one.text.p[i] ^= 1;
	}
	one.sig.p[80] ^= 1;
	assert_int_not_equal(bench_follow(b, &one, why), ST_OK);
	one.sig.p[80] ^= 1;
	one.sig_new.p[80] ^= 1;
	assert_int_not_equal(bench_follow(b, &one, why), ST_OK);
	one.sig_new.p[80] ^= 1;
	expect_root(b, &b->root, 0);
	assert_int_equal(bench_follow(b, &one, why), ST_OK);
	assert_int_equal(bench_follow(b, &one, why), ST_EXISTS);
	assert_non_null(strstr(why, "changed 1 time already"));
	assert_int_equal(bench_follow(b, &two, why), ST_EARLY);
	assert_non_null(strstr(why, "change 2 comes next"));
	expect_root(b, &b->other, 1);
	bench_changed_free(&one);
	bench_changed_free(&two);
	bench_changed_free(&foreign);
}

/* A line set up when the root had changed often already. */
static void
a_root_pinned_by_hand_begins_at_the_number_it_signs(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct changed seventh, eighth;

	bench_install_first(b, 1);
	bench_change(7, &b->root, &b->other, &seventh);
	bench_change(8, &b->other, &b->third, &eighth);
	assert_int_equal(bench_follow(b, &seventh, why), ST_OK);
	expect_root(b, &b->other, 7);
	assert_int_equal(bench_follow(b, &eighth, why), ST_OK);
	expect_root(b, &b->third, 8);
	assert_int_equal(bench_in_use(b), 1);
	bench_changed_free(&seventh);
	bench_changed_free(&eighth);
}

static void
a_root_replaced_by_hand_gives_up_the_set_but_not_its_number(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct changed one;

	assert_int_equal(
	    line_root_replace(&b->line, &b->other.key, why), ST_ABSENT);
	bench_install_first(b, 5);
	assert_int_equal(
	    line_root_replace(&b->line, &b->root.key, why), ST_EXISTS);
	assert_int_equal(bench_in_use(b), 5);
	bench_change(1, &b->root, &b->other, &one);
	assert_int_equal(bench_follow(b, &one, why), ST_OK);
	assert_int_equal(
	    line_root_replace(&b->line, &b->third.key, why), ST_OK);
	expect_root(b, &b->third, 0);
	assert_int_equal(bench_in_use(b), 0);
	assert_int_equal(install_signed(b, &b->root, 6), ST_WRONG_KEY);
	assert_int_equal(install_signed(b, &b->other, 6), ST_WRONG_KEY);
	assert_int_equal(install_signed(b, &b->third, 4), ST_DENIED);
	assert_int_equal(install_signed(b, &b->third, 6), ST_OK);
	assert_int_equal(bench_in_use(b), 6);
	bench_changed_free(&one);
}

static void
a_failure_at_any_call_leaves_the_old_root_or_the_new(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct changed one;
	const struct root *now;
	uint32_t number;
	enum status st;
	bool more = true;

	bench_change(1, &b->root, &b->other, &one);
	for (unsigned long n = 1; more; n++) {
		for (int forever = 0; forever < 2; forever++) {
			bench_empty(b);
			bench_install_first(b, 5);
			if (forever)
				fault_from(ALL, n);
			else
				fault_at(ALL, n);
			st = bench_follow(b, &one, why);
			fault_off();
			more = fault_fired();
			assert_true(more || st == ST_OK);
			if (st != ST_OK)
				assert_int_not_equal(why[0], '\0');
			assert_int_equal(bench_in_use(b), 5);
			now = pinned(b, &number);
			assert_true(now == &b->root || now == &b->other);
			assert_int_equal(number, now == &b->other);
			if (st == ST_OK)
				assert_ptr_equal(now, &b->other);
			st = bench_follow(b, &one, why);
			assert_int_equal(
			    st, now == &b->other ? ST_EXISTS : ST_OK);
			expect_root(b, &b->other, 1);
			assert_int_equal(bench_in_use(b), 5);
			assert_int_equal(
			    install_signed(b, &b->other, 6), ST_OK);
		}
	}
	bench_changed_free(&one);
}

static void
a_failing_replacement_leaves_the_old_root_or_the_new(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	uint32_t number;
	enum status st;

	FAULT_EACH(ALL)
	{
		fault_off();
		bench_empty(b);
		bench_install_first(b, 5);
		fault_at(ALL, fault_n_);
		st = line_root_replace(&b->line, &b->other.key, why);
		fault_off();
		if (st == ST_OK)
			expect_root(b, &b->other, 0);
		assert_int_equal(
		    bench_in_use(b), pinned(b, &number) == &b->other ? 0 : 5);
	}
}

static void
restore(const struct bench *b)
{
	bench_put(b, LINE_RESTORED, "", 0);
}

static void
a_restored_line_wants_the_number_the_analysts_name(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct keyset set;
	struct made old, newer;

	bench_install_first(b, 5);
	restore(b);
	assert_true(line_is_restored(&b->line));
	assert_int_equal(line_keyset_load(&b->line, &set, why), ST_ABSENT);
	assert_non_null(strstr(why, "restored from a backup"));
	bench_make(b, 5, &old);
	bench_make(b, 9, &newer);
	assert_int_equal(bench_install(b, &newer, NULL, why), ST_DENIED);
	assert_non_null(strstr(why, "keys list"));
	/* One that came before the newest, and one older than the backup. */
	bench_free(&old);
	bench_make(b, 7, &old);
	assert_int_equal(bench_install_wanted(b, &old, 9, why), ST_DENIED);
	assert_non_null(strstr(why, "not the one the analysts named"));
	bench_free(&old);
	bench_make(b, 4, &old);
	assert_int_equal(bench_install_wanted(b, &old, 4, why), ST_DENIED);
	assert_int_equal(bench_in_use(b), 0);
	assert_true(line_is_restored(&b->line));
	assert_int_equal(bench_install_wanted(b, &newer, 9, why), ST_OK);
	assert_false(line_is_restored(&b->line));
	assert_int_equal(bench_in_use(b), 9);
	bench_free(&old);
	bench_free(&newer);
}

/* The backup may hold the newest set already. */
static void
a_failure_at_any_call_leaves_the_line_restored_or_with_the_set(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct made m;
	enum status st;
	bool more;

	for (uint64_t backup = 1; backup <= 2; backup++) {
		bench_make(b, 2, &m);
		more = true;
		for (unsigned long n = 1; more; n++) {
			bench_empty(b);
			bench_install_first(b, backup);
			/* As the backup's, not as this bench's. */
			if (backup == 2)
				assert_int_equal(
				    bench_install(b, &m, NULL, why), ST_EXISTS);
			restore(b);
			if (backup == 2) {
				bench_put(b, LINE_KEYSET, m.text.p, m.text.len);
				bench_put(
				    b, LINE_KEYSET_SIG, m.sig.p, m.sig.len);
			}
			fault_at(ALL, n);
			st = bench_install_wanted(b, &m, 2, why);
			fault_off();
			more = fault_fired();
			assert_true(more || st == ST_OK);
			if (line_is_restored(&b->line))
				assert_int_equal(bench_in_use(b), 0);
			else
				assert_int_equal(bench_in_use(b), 2);
			assert_int_equal(
			    bench_install_wanted(b, &m, 2, why), ST_OK);
			assert_int_equal(bench_in_use(b), 2);
		}
		bench_free(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup(f, bench_setup_each)
	    T(the_set_in_use_outlives_changes_and_the_next_needs_the_new_root),
	    T(an_old_root_vouches_only_for_the_set_taken_up_last),
	    T(what_is_no_change_of_this_root_is_refused_with_words),
	    T(a_root_pinned_by_hand_begins_at_the_number_it_signs),
	    T(a_root_replaced_by_hand_gives_up_the_set_but_not_its_number),
	    T(a_failure_at_any_call_leaves_the_old_root_or_the_new),
	    T(a_failing_replacement_leaves_the_old_root_or_the_new),
	    T(a_restored_line_wants_the_number_the_analysts_name),
	    T(a_failure_at_any_call_leaves_the_line_restored_or_with_the_set),
	};

	return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
