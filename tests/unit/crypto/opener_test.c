#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "base/guarded.h"
#include "tests/unit/crypto/opening.h"
#include "tests/unit/sample.h"
#include "tests/vectors/handmade.h"

static struct people people;
static struct sealed tip;
static struct opening o;

/* A small tip to two people, and what it holds. */
static int
set_up(void **state)
{
	(void)state;
	people_make(&people);
	tip = (struct sealed){.b = BYTES_INIT(TIP_MAX)};
	o = (struct opening){
	    .key = &people.key[ME], .text = BYTES_INIT(TIP_MAX)};
	return sealed_make(&tip, &people, 2, 50) == ST_OK ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	bytes_free(&tip.b);
	bytes_free(&o.text);
	people_free(&people);
	assert_int_equal(guarded_live(), 0);
	return 0;
}

static enum status
open_whole(void)
{
	return opening_run(&o, tip.b.p, tip.b.len, SIZE_MAX);
}

static void
both_recipients_open_to_the_same(void **state)
{
	struct opening yours = {
	    .key = &people.key[YOU], .text = BYTES_INIT(TIP_MAX)};

	(void)state;
	assert_int_equal(open_whole(), ST_OK);
	assert_int_equal(
	    opening_run(&yours, tip.b.p, tip.b.len, SIZE_MAX), ST_OK);
	assert_int_equal(o.text.len, 2 * (5 + 8 + 3 + 8 + 50) + 7 + 5);
	assert_int_equal(yours.text.len, o.text.len);
	assert_memory_equal(yours.text.p, o.text.p, o.text.len);
	assert_int_equal(o.report.epoch, 1);
	assert_int_equal(o.report.record, 1);
	assert_int_equal(o.report.offset, tip.b.len);
	bytes_free(&yours.text);
}

/* Cut in two at every byte. */
static void
every_split_gives_the_same_events(void **state)
{
	struct opener_events events = opening_events;
	struct bytes whole = BYTES_INIT(TIP_MAX);

	(void)state;
	assert_int_equal(open_whole(), ST_OK);
	assert_int_equal(bytes_append(&whole, o.text.p, o.text.len), ST_OK);
	events.ctx = &o;
	for (size_t cut = 0; cut <= tip.b.len; cut += sample_step()) {
		struct opener *op;

		bytes_clear(&o.text);
		assert_int_equal(opener_new(&events, &op), ST_OK);
		assert_int_equal(opener_feed(op, tip.b.p, cut), ST_OK);
		assert_int_equal(
		    opener_feed(op, tip.b.p + cut, tip.b.len - cut), ST_OK);
		assert_int_equal(opener_finish(op), ST_OK);
		opener_free(op);
		assert_int_equal(o.text.len, whole.len);
		assert_memory_equal(o.text.p, whole.p, whole.len);
	}
	bytes_free(&whole);
}

/* Pieces of each of many sizes, through a tip of 16 records. */
static void
pieces_of_any_size_give_the_same_events(void **state)
{
	struct bytes whole = BYTES_INIT(TIP_MAX);

	(void)state;
	assert_int_equal(sealed_make(&tip, &people, 2, 40000), ST_OK);
	assert_int_equal(open_whole(), ST_OK);
	assert_int_equal(bytes_append(&whole, o.text.p, o.text.len), ST_OK);
	for (size_t step = 1; step < 40000; step += 1 + step / 3) {
		assert_int_equal(
		    opening_run(&o, tip.b.p, tip.b.len, step), ST_OK);
		assert_int_equal(o.text.len, whole.len);
		assert_memory_equal(o.text.p, whole.p, whole.len);
	}
	bytes_free(&whole);
}

static void
no_tip_with_one_byte_changed_opens(void **state)
{
	(void)state;
	for (size_t i = 0; i < tip.b.len; i += sample_step()) {
		/* The other person's box and id are bound by the commitment,
		 * so a change there is seen by both. */
		tip.b.p[i] ^= (uint8_t)(1U << i % 8);
		assert_int_not_equal(open_whole(), ST_OK);
		assert_int_equal(o.text.len, 0); /* nothing called back */
		tip.b.p[i] ^= (uint8_t)(1U << i % 8);
	}
	assert_int_equal(open_whole(), ST_OK);
}

static void
no_tip_cut_short_opens(void **state)
{
	(void)state;
	for (size_t len = 0; len < tip.b.len; len += sample_step()) {
		assert_int_equal(
		    opening_run(&o, tip.b.p, len, SIZE_MAX), ST_SHORT);
		assert_int_equal(o.text.len, 0);
		assert_int_equal(o.report.offset, len);
	}
}

static void
no_tip_with_a_byte_more_opens(void **state)
{
	(void)state;
	assert_int_equal(bytes_append(&tip.b, "", 1), ST_OK);
	assert_int_equal(open_whole(), ST_MALFORMED);
	assert_int_equal(o.report.offset, tip.b.len - 1);
}

static void
a_record_changed_is_named_by_its_place(void **state)
{
	(void)state;
	assert_int_equal(sealed_make(&tip, &people, 2, 40000), ST_OK);
	tip.b.p[80 + 2 * 88 + 3 * 16401 + 7] ^= 1;
	assert_int_equal(open_whole(), ST_FORGED);
	assert_int_equal(o.report.record, 3);
	assert_int_equal(o.report.offset, 80 + 2 * 88 + 3 * 16401);
}

static void
a_key_of_somebody_else_is_told_whom_the_tip_is_for(void **state)
{
	(void)state;
	o.key = &people.key[2];
	assert_int_equal(open_whole(), ST_WRONG_KEY);
	assert_int_equal(o.report.epoch, 1);
	assert_int_equal(o.report.recipients, 2);
	assert_memory_equal(o.report.ids[0], people.key[ME].id, KEY_ID_LEN);
	assert_memory_equal(o.report.ids[1], people.key[YOU].id, KEY_ID_LEN);
	o.key = NULL;
	assert_int_equal(open_whole(), ST_WRONG_KEY);
}

/* Two people's boxes, the second one made by change; their own key each. */
static void
each_opens(void (*change)(struct handmade_to *), int changed,
    const struct people *known, const enum status expected[static 2])
{
	struct handmade h;

	handmade_init(&h);
	handmade_to(&h, people.public_key[ME]);
	handmade_to(&h, people.public_key[YOU]);
	change(&h.to[changed]);
	handmade_head(&h);
	handmade_end(&h, 0);
	handmade_record(&h, 3);
	o.known = known;
	for (int i = 0; i < 2; i++) {
		o.key = &people.key[i];
		assert_int_equal(
		    opening_run(&o, h.p, h.len, SIZE_MAX), expected[i]);
		assert_int_equal(o.text.len, 0);
		/* A box that cannot be opened says nothing of others. */
		assert_int_equal(o.report.unequal,
		    expected[i] == ST_FORGED &&
			(i != changed || h.to[changed].random_box));
	}
	handmade_free(&h);
}

static void
another_tip_key(struct handmade_to *to)
{
	randombytes_buf(to->tip_key, sizeof(to->tip_key));
}

static void
random_box(struct handmade_to *to)
{
	to->random_box = true;
}

static void
no_change(struct handmade_to *to)
{
	(void)to;
}

/* The commitment fits one tip key only, so it never opens to two tips; but
 * an analyst who knows nobody else cannot see that others are left out. */
static void
a_tip_cannot_be_two_tips(void **state)
{
	static const enum status expected[2][2] = {
	    {ST_FORGED, ST_OK}, {ST_OK, ST_FORGED}};

	(void)state;
	for (int changed = 0; changed < 2; changed++)
		each_opens(another_tip_key, changed, NULL, expected[changed]);
}

static void
a_tip_that_one_cannot_open_is_refused_by_both(void **state)
{
	static const enum status both[] = {ST_FORGED, ST_FORGED};

	(void)state;
	for (int changed = 0; changed < 2; changed++)
		each_opens(another_tip_key, changed, &people, both);
}

/* It holds the right key, but was not made from it: an opener cannot tell
 * that of others, so nobody takes it. */
static void
a_box_with_a_random_ephemeral_key_is_refused(void **state)
{
	static const enum status both[] = {ST_FORGED, ST_FORGED};
	static const enum status alone[2][2] = {
	    {ST_FORGED, ST_OK}, {ST_OK, ST_FORGED}};

	(void)state;
	for (int changed = 0; changed < 2; changed++) {
		each_opens(random_box, changed, &people, both);
		each_opens(random_box, changed, NULL, alone[changed]);
	}
}

static void
boxes_of_known_recipients_are_counted(void **state)
{
	static const enum status both[] = {ST_OK, ST_OK};

	(void)state;
	each_opens(no_change, 0, &people, both);
	assert_int_equal(o.report.compared, 1);
	each_opens(no_change, 0, NULL, both);
	assert_int_equal(o.report.compared, 0);
	/* And those of the server's own making are equal. */
	o.known = &people;
	assert_int_equal(sealed_make(&tip, &people, PEOPLE, 50), ST_OK);
	for (int i = 0; i < PEOPLE; i++) {
		o.key = &people.key[i];
		assert_int_equal(open_whole(), ST_OK);
		assert_int_equal(o.report.compared, PEOPLE - 1);
		assert_false(o.report.unequal);
	}
}

/* The same, but with a commitment to neither: both refuse. */
static void
a_commitment_to_neither_is_refused_by_both(void **state)
{
	struct handmade h;

	(void)state;
	handmade_init(&h);
	handmade_to(&h, people.public_key[ME]);
	handmade_to(&h, people.public_key[YOU]);
	randombytes_buf(h.to[0].tip_key, 32);
	randombytes_buf(h.to[1].tip_key, 32);
	handmade_head(&h);
	handmade_end(&h, 0);
	handmade_record(&h, 3);
	for (int i = 0; i < 2; i++) {
		o.key = &people.key[i];
		assert_int_equal(
		    opening_run(&o, h.p, h.len, SIZE_MAX), ST_FORGED);
	}
	handmade_free(&h);
}

static void
a_failing_callback_stops_the_opener(void **state)
{
	int calls;

	(void)state;
	assert_int_equal(sealed_make(&tip, &people, 1, 40000), ST_OK);
	assert_int_equal(open_whole(), ST_OK);
	calls = o.calls;
	assert_true(calls > 8);
	for (int at = 1; at <= calls; at++) {
		o.fail_at = at;
		assert_int_equal(open_whole(), ST_IO);
		assert_int_equal(o.calls, at); /* and none after it */
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	    T(both_recipients_open_to_the_same),
	    T(every_split_gives_the_same_events),
	    T(pieces_of_any_size_give_the_same_events),
	    T(no_tip_with_one_byte_changed_opens),
	    T(no_tip_cut_short_opens),
	    T(no_tip_with_a_byte_more_opens),
	    T(a_record_changed_is_named_by_its_place),
	    T(a_key_of_somebody_else_is_told_whom_the_tip_is_for),
	    T(a_tip_cannot_be_two_tips),
	    T(a_tip_that_one_cannot_open_is_refused_by_both),
	    T(a_box_with_a_random_ephemeral_key_is_refused),
	    T(boxes_of_known_recipients_are_counted),
	    T(a_commitment_to_neither_is_refused_by_both),
	    T(a_failing_callback_stops_the_opener),
#undef T
	};

	if (crypto_room_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests_name("opener", tests, NULL, NULL);
}
