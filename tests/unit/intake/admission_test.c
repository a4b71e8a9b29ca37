#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "intake/admission.h"
#include "intake/limits.h"
#include "tests/unit/fault.h"

static const struct admission_limits limits = {6, 3, 2};

static void
one_circuit_cannot_use_up_what_others_need(void **state)
{
	struct circuit *a[3], *b, *none;
	struct admission *adm;

	(void)state;
	assert_int_equal(admission_new(&limits, &adm), ST_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(admission_enter(adm, 7, &a[i]), ST_OK);
	assert_int_equal(admission_enter(adm, 7, &none), ST_LIMIT);
	assert_null(none);
	assert_int_equal(admission_enter(adm, 8, &b), ST_OK);

	assert_int_equal(admission_upload_begin(adm, a[0]), ST_OK);
	assert_int_equal(admission_upload_begin(adm, a[1]), ST_OK);
	assert_int_equal(admission_upload_begin(adm, a[2]), ST_LIMIT);
	assert_int_equal(admission_upload_begin(adm, b), ST_OK);
	assert_int_equal(admission_upload_begin(adm, NULL), ST_OK);
	admission_upload_end(NULL);
	admission_upload_end(b);
	admission_upload_end(a[0]);
	assert_int_equal(admission_upload_begin(adm, a[2]), ST_OK);
	admission_upload_end(a[1]);
	admission_upload_end(a[2]);

	admission_leave(adm, a[0]);
	assert_int_equal(admission_enter(adm, 7, &a[0]), ST_OK);
	for (int i = 0; i < 3; i++)
		admission_leave(adm, a[i]);
	admission_leave(adm, b);
	admission_leave(adm, NULL);
	admission_free(adm);
}

/* Numbers that share a bucket come and go in every order. */
static void
circuits_are_forgotten_when_their_last_connection_ends(void **state)
{
	static const uint32_t numbers[] = {0, 8, 16, 24, 0xfffffff8, 1};
	struct circuit *c[6], *none;
	struct admission *adm;

	(void)state;
	assert_int_equal(admission_new(&limits, &adm), ST_OK);
	for (int round = 0; round < 100; round++) {
		for (int i = 0; i < 6; i++)
			assert_int_equal(
			    admission_enter(adm, numbers[i], &c[i]), ST_OK);
		/* as many circuits as connections were said to be open */
		assert_int_equal(admission_enter(adm, 99, &none), ST_LIMIT);
		for (int i = 0; i < 6; i++)
			admission_leave(adm, c[(i * 5 + round) % 6]);
	}
	admission_free(adm);
}

#define MIB (UINT64_C(1) << 20)

static void
room_is_counted_once_for_every_upload_under_way(void **state)
{
	struct claim big, text, none = {0};
	struct admission *adm;

	(void)state;
	assert_int_equal(admission_new(&limits, &adm), ST_OK);
	assert_true(admission_files_room(adm) == UINT64_MAX);
	admission_set_room(adm, 1000, 2000);
	admission_claim(adm, &big, 600, true);
	assert_true(admission_files_room(adm) == 400);
	assert_true(admission_text_room(adm) == 1400);
	admission_claim(adm, &text, 600, false);
	assert_true(admission_files_room(adm) == 400);
	assert_true(admission_text_room(adm) == 800);
	admission_came(adm, &big, 500);
	assert_true(admission_files_room(adm) == 900);
	admission_came(adm, &big, 500); /* more than was claimed */
	assert_true(admission_files_room(adm) == 1000);
	admission_unclaim(adm, &big);
	admission_unclaim(adm, &text);
	admission_unclaim(adm, &none);
	assert_true(admission_text_room(adm) == 2000);
	admission_free(adm);
}

static void
who_announces_much_and_sends_little_holds_little(void **state)
{
	struct claim claim[64];
	struct admission *adm;

	(void)state;
	assert_int_equal(admission_new(&limits, &adm), ST_OK);
	admission_set_room(adm, 4096 * MIB, 5000 * MIB);
	for (int i = 0; i < 64; i++)
		admission_claim(adm, &claim[i], 1024 * MIB, true);
	assert_true(admission_files_room(adm) >= 4000 * MIB);
	/* A sixteenth of it has come: now it holds the rest. */
	admission_came(adm, &claim[0], 64 * MIB);
	assert_true(admission_files_room(adm) < (4096 - 960) * MIB);
	for (int i = 0; i < 64; i++)
		admission_unclaim(adm, &claim[i]);
	assert_true(admission_files_room(adm) == 4096 * MIB);
	admission_free(adm);
}

/* However much files hold, the room that is only for text is left. */
static void
files_cannot_hold_the_room_of_text(void **state)
{
	struct claim claim[8], text;
	struct admission *adm;

	(void)state;
	assert_int_equal(admission_new(&limits, &adm), ST_OK);
	admission_set_room(adm, 100 * MIB, 110 * MIB);
	for (int i = 0; i < 8; i++) {
		admission_claim(adm, &claim[i], 90 * MIB, true);
		admission_came(adm, &claim[i], 10 * MIB);
	}
	assert_true(admission_files_room(adm) == 0);
	assert_false(admission_files_full(adm));
	assert_true(admission_text_room(adm) == 10 * MIB);
	admission_set_room(adm, 0, 10 * MIB);
	assert_true(admission_files_full(adm));
	assert_true(admission_text_room(adm) == 10 * MIB);
	admission_claim(adm, &text, 16384, false);
	assert_true(admission_text_room(adm) == 10 * MIB - 16384);
	admission_unclaim(adm, &text);
	for (int i = 0; i < 8; i++)
		admission_unclaim(adm, &claim[i]);
	admission_free(adm);
}

static void
a_failing_allocation_is_told(void **state)
{
	struct admission *adm;
	enum status st;

	(void)state;
	FAULT_EACH(FAULT_ALLOC)
	{
		st = admission_new(&limits, &adm);
		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		assert_int_equal(adm == NULL, fault_fired());
		admission_free(adm);
	}
}

static void
a_circuit_looks_so_often_at_a_time_and_no_more(void **state)
{
	const struct admission_limits few = {10, 5, 5};
	struct circuit *a, *b;
	struct admission *adm;

	(void)state;
	assert_int_equal(admission_new(&few, &adm), ST_OK);
	assert_int_equal(admission_enter(adm, 1, &a), ST_OK);
	assert_int_equal(admission_enter(adm, 2, &b), ST_OK);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < LIMIT_CIRCUIT_MAILS; i++)
			assert_int_equal(admission_mail_begin(a), ST_OK);
		assert_int_equal(admission_mail_begin(a), ST_LIMIT);
		/* Another, and who has no circuit, may all the same. */
		assert_int_equal(admission_mail_begin(b), ST_OK);
		assert_int_equal(admission_mail_begin(NULL), ST_OK);
		admission_mail_end(NULL);
		admission_mail_end(b);
		for (int i = 0; i < LIMIT_CIRCUIT_MAILS; i++)
			admission_mail_end(a);
	}
	admission_leave(adm, a);
	admission_leave(adm, b);
	admission_free(adm);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_circuit_cannot_use_up_what_others_need),
	    cmocka_unit_test(
		circuits_are_forgotten_when_their_last_connection_ends),
	    cmocka_unit_test(room_is_counted_once_for_every_upload_under_way),
	    cmocka_unit_test(who_announces_much_and_sends_little_holds_little),
	    cmocka_unit_test(files_cannot_hold_the_room_of_text),
	    cmocka_unit_test(a_failing_allocation_is_told),
	    cmocka_unit_test(a_circuit_looks_so_often_at_a_time_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
