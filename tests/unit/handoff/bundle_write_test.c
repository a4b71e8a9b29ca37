/*
 * Writing bundles, and all that may fail meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/bytes.h"
#include "handoff/bundle.h"
#include "tests/unit/fault.h"
#include "tests/unit/handoff/bundling.h"

/* Signed by the right key, but with a chain that does not begin there. */
static void
the_first_tip_must_follow_the_genesis(void **state)
{
	struct bench b = *(struct bench *)*state;
	struct bytes out = BYTES_INIT(1 << 16);
	struct sink k = {&out, 0, 0};
	struct source s;
	struct events e;

	b.before.head[0] ^= 1;
	assert_int_equal(bundling_write(&b, &k, NULL), ST_OK);
	s = (struct source){.p = out.p, .len = out.len};
	assert_int_equal(bundling_read(&b, &s, &e), ST_FORGED);
	assert_int_equal(e.problem, BUNDLE_CHAIN);
	bytes_free(&e.data);
	bytes_free(&out);
}

static void
a_bundle_without_tips_is_a_bundle(void **state)
{
	const struct bench *b = *state;
	struct bytes out = BYTES_INIT(1 << 16);
	struct sink k = {&out, 0, 0};
	struct bundle_writer *w;
	struct source s;
	struct events e;
	struct chain after;

	assert_int_equal(
	    bundle_writer_begin(&b->after, b->seed, bundling_put, &k, &w),
	    ST_OK);
	assert_int_equal(bundle_writer_finish(w, &after), ST_OK);
	assert_memory_equal(&after, &b->after, sizeof(after));
	assert_int_equal(bundle_writer_finish(w, NULL), ST_BUG);
	bundle_writer_free(w);
	s = (struct source){.p = out.p, .len = out.len};
	assert_int_equal(bundling_read(b, &s, &e), ST_OK);
	assert_int_equal(e.tips, 0);
	bytes_free(&e.data);
	bytes_free(&out);
}

/* The store has lost the end of a tip: the others still come over. */
static void
a_tip_that_the_store_damaged_stops_no_bundle(void **state)
{
	const struct bench *b = *state;
	struct bytes out = BYTES_INIT(1 << 16);
	struct sink k = {&out, 0, 0};
	struct bundle_writer *w;
	uint8_t digest[DIGEST_LEN];
	struct source s;
	struct events e;

	bundling_digest("hello", 5, digest);
	assert_int_equal(
	    bundle_writer_begin(&b->before, b->seed, bundling_put, &k, &w),
	    ST_OK);
	for (size_t kept = 0; kept <= 5; kept++) {
		assert_int_equal(bundle_writer_tip(w, 5, digest), ST_OK);
		assert_int_equal(
		    bundle_writer_data(w, (const uint8_t *)"hello", kept),
		    ST_OK);
		assert_int_equal(
		    bundle_writer_data(w, digest, 6 - kept), ST_BUG);
		assert_int_equal(
		    bundle_writer_tip_end(w), kept == 5 ? ST_OK : ST_FORGED);
	}
	assert_int_equal(bundle_writer_finish(w, NULL), ST_OK);
	bundle_writer_free(w);
	s = (struct source){.p = out.p, .len = out.len};
	assert_int_equal(bundling_read(b, &s, &e), ST_FORGED);
	assert_int_equal(e.problem, BUNDLE_ALTERED);
	assert_int_equal(e.tips, 1);
	assert_int_equal(e.altered, 5);
	bytes_free(&e.data);
	bytes_free(&out);
}

static void
calls_out_of_order_are_bugs(void **state)
{
	const struct bench *b = *state;
	struct bytes out = BYTES_INIT(1 << 16);
	struct sink k = {&out, 0, 0};
	struct source s = {.p = b->whole.p, .len = b->whole.len};
	struct bundle_writer *w;
	struct bundle_reader *r;
	enum bundle_problem problem;
	struct bundle_head head;
	uint8_t digest[DIGEST_LEN] = {0};
	const uint8_t *p;
	size_t n;

	assert_int_equal(
	    bundle_writer_begin(&b->before, b->seed, bundling_put, &k, &w),
	    ST_OK);
	assert_int_equal(bundle_writer_data(w, digest, 1), ST_BUG);
	assert_int_equal(bundle_writer_tip_end(w), ST_BUG);
	assert_int_equal(
	    bundle_writer_tip(w, BUNDLE_TIP_MAX + 1, digest), ST_BUG);
	assert_int_equal(bundle_writer_tip(w, 3, digest), ST_OK);
	assert_int_equal(bundle_writer_tip(w, 3, digest), ST_BUG);
	assert_int_equal(bundle_writer_finish(w, NULL), ST_BUG);
	bundle_writer_free(w);
	bytes_free(&out);

	assert_int_equal(
	    bundle_reader_begin(bundling_get, &s, &head, &problem, &r), ST_OK);
	assert_int_equal(bundle_reader_data(r, &p, &n), ST_BUG);
	assert_int_equal(bundle_reader_tip_end(r), ST_BUG);
	assert_int_equal(bundle_reader_finish(r, b->key, NULL), ST_BUG);
	bundle_reader_free(r);
}

static void
a_failing_sink_is_told_and_never_called_again(void **state)
{
	const struct bench *b = *state;
	struct bytes out = BYTES_INIT(1 << 16);
	struct sink whole = {&out, 0, 0};

	assert_int_equal(bundling_write(b, &whole, NULL), ST_OK);
	for (int at = 1; at <= whole.calls; at++) {
		struct sink k = {&out, 0, at};

		bytes_clear(&out);
		assert_int_equal(bundling_write(b, &k, NULL), ST_FULL);
		assert_int_equal(k.calls, at);
	}
	bytes_free(&out);
}

static void
every_failing_allocation_is_told(void **state)
{
	const struct bench *b = *state;

	FAULT_EACH(FAULT_ALLOC | FAULT_GUARDED)
	{
		struct source s = {.p = b->whole.p, .len = b->whole.len};
		struct events e;
		enum status st = bundling_read(b, &s, &e);

		fault_off();
		bytes_free(&e.data);
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
	}
	FAULT_EACH(FAULT_ALLOC | FAULT_GUARDED)
	{
		static uint8_t room[4096];
		struct bytes out = {room, 0, sizeof(room), sizeof(room)};
		struct sink k = {&out, 0, 0};
		struct bundle_writer *w = NULL;
		enum status st = bundle_writer_begin(
		    &b->before, b->seed, bundling_put, &k, &w);

		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		assert_true(st == ST_OK || w == NULL);
		bundle_writer_free(w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_tip_must_follow_the_genesis),
	    cmocka_unit_test(a_bundle_without_tips_is_a_bundle),
	    cmocka_unit_test(a_tip_that_the_store_damaged_stops_no_bundle),
	    cmocka_unit_test(calls_out_of_order_are_bugs),
	    cmocka_unit_test(a_failing_sink_is_told_and_never_called_again),
	    cmocka_unit_test(every_failing_allocation_is_told),
	};

	return cmocka_run_group_tests(
	    tests, bundling_set_up, bundling_tear_down);
}
