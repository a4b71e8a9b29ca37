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

static void
assert_text(const struct bytes *b, const char *want)
{
	if (b->len != strlen(want) || memcmp(b->p, want, b->len) != 0)
		fail_msg("'%.*s' is not '%s'", (int)b->len, (char *)b->p, want);
}

static void
a_bundle_without_tips_is_a_bundle(void **state)
{
	const struct bench *b = *state;
	struct bytes out = BYTES_INIT(1 << 16);
	struct sink k = {&out, 0, 0};
	struct bundle_start start = b->start;
	struct bundle_writer *w;
	struct source s;
	struct events e;
	struct chain after;

	start.before = b->after; /* behind the last, which is allowed */
	assert_int_equal(
	    bundle_writer_begin(&start, b->seed, piping_put, &k, &w), ST_OK);
	assert_int_equal(bundle_writer_finish(w, &after), ST_OK);
	assert_memory_equal(&after, &b->after, sizeof(after));
	assert_int_equal(bundle_writer_finish(w, NULL), ST_BUG);
	bundle_writer_free(w);
	s = (struct source){.p = out.p, .len = out.len};
	assert_int_equal(bundling_read(b, &s, &e), ST_OK);
	assert_int_equal(e.tips, 0);
	assert_int_equal(e.after.number, TIPS);
	events_free(&e);
	bytes_free(&out);
}

/* A range that ends before the server's last tip is complete, too. */
static void
a_bundle_may_end_before_the_servers_last_tip(void **state)
{
	struct bench b = *(struct bench *)*state;
	struct source s;
	struct events e;

	bundling_make(&b, 2, 3);
	s = (struct source){.p = b.whole.p, .len = b.whole.len};
	assert_int_equal(bundling_read(&b, &s, &e), ST_OK);
	assert_text(&e.said, "2next= 3next/= 4next=");
	assert_int_equal(e.missing.len, 0);
	assert_int_equal(e.after.number, 4);
	events_free(&e);
	bytes_free(&b.whole);
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
	    bundle_writer_begin(&b->start, b->seed, piping_put, &k, &w), ST_OK);
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
	assert_int_equal(bundling_read(b, &s, &e), ST_OK);
	assert_text(&e.said, "1next=! 2next=! 3next=! 4next=! 5next=! 6next=");
	events_free(&e);
	bytes_free(&out);
}

/* Go on with the bundle of b after its n-th tip. */
static void
resume_after(const struct bench *b, uint64_t n, struct bytes *out)
{
	struct sink k = {out, 0, 0};
	struct chain at = b->start.before, after;
	struct bundle_writer *w;

	assert_int_equal(
	    bytes_append(out, b->whole.p, bundling_at(b, n + 1)), ST_OK);
	for (uint64_t i = 1; i <= n; i++) {
		uint8_t digest[DIGEST_LEN];

		bundling_digest(
		    bundling_tip[i], strlen(bundling_tip[i]), digest);
		chain_add(&at, strlen(bundling_tip[i]), digest);
	}
	assert_int_equal(
	    bundle_writer_resume(&b->start, &at, b->seed, piping_put, &k, &w),
	    ST_OK);
	assert_int_equal(k.calls, 0);
	for (uint64_t i = n + 1; i <= TIPS; i++)
		assert_int_equal(bundling_write_tip(b, w, i), ST_OK);
	assert_int_equal(bundle_writer_finish(w, &after), ST_OK);
	assert_memory_equal(&after, &b->after, sizeof(after));
	bundle_writer_free(w);
}

static void
resuming_at_every_tip_gives_the_same_bundle(void **state)
{
	const struct bench *b = *state;

	for (uint64_t n = 0; n <= TIPS; n++) {
		struct bytes out = BYTES_INIT(1 << 16);

		resume_after(b, n, &out);
		assert_int_equal(out.len, b->whole.len);
		assert_memory_equal(out.p, b->whole.p, out.len);
		bytes_free(&out);
	}
}

static void
resuming_where_it_cannot_have_been_is_a_bug(void **state)
{
	const struct bench *b = *state;
	struct bytes out = BYTES_INIT(1 << 16);
	struct sink k = {&out, 0, 0};
	struct bundle_start start = b->start;
	struct chain at = b->start.before;
	struct bundle_writer *w;

	/* At the beginning, but with another chain. */
	at.head[0] ^= 1;
	assert_int_equal(
	    bundle_writer_resume(&start, &at, b->seed, piping_put, &k, &w),
	    ST_BUG);
	assert_null(w);
	/* Behind the server's last. */
	at.number = TIPS + 1;
	assert_int_equal(
	    bundle_writer_resume(&start, &at, b->seed, piping_put, &k, &w),
	    ST_BUG);
	/* Before the bundle's first. */
	start.before = b->after;
	at.number = 2;
	assert_int_equal(
	    bundle_writer_resume(&start, &at, b->seed, piping_put, &k, &w),
	    ST_BUG);
	/* A head that no reader takes. */
	start.before.number = TIPS + 1;
	assert_int_equal(
	    bundle_writer_begin(&start, b->seed, piping_put, &k, &w), ST_BUG);
	start = b->start;
	start.last = (uint64_t)INT64_MAX + 1;
	assert_int_equal(
	    bundle_writer_begin(&start, b->seed, piping_put, &k, &w), ST_BUG);
	assert_int_equal(out.len, 0);
}

static void
calls_out_of_order_are_bugs(void **state)
{
	const struct bench *b = *state;
	struct bytes out = BYTES_INIT(1 << 16);
	struct sink k = {&out, 0, 0};
	struct source s = {.p = b->whole.p, .len = b->whole.len};
	struct bundle_start start = b->start;
	struct bundle_writer *w;
	struct bundle_reader *r;
	enum bundle_problem problem;
	struct bundle_head head;
	uint8_t digest[DIGEST_LEN] = {0};
	const uint8_t *p;
	size_t n;

	start.last = 2;
	assert_int_equal(
	    bundle_writer_begin(&start, b->seed, piping_put, &k, &w), ST_OK);
	assert_int_equal(bundle_writer_data(w, digest, 1), ST_BUG);
	assert_int_equal(bundle_writer_tip_end(w), ST_BUG);
	assert_int_equal(
	    bundle_writer_tip(w, BUNDLE_TIP_MAX + 1, digest), ST_BUG);
	assert_int_equal(bundle_writer_tip(w, 0, digest), ST_BUG);
	assert_int_equal(bundle_writer_purged(w, 0, digest), ST_BUG);
	assert_int_equal(bundle_writer_tip(w, 3, digest), ST_OK);
	assert_int_equal(bundle_writer_tip(w, 3, digest), ST_BUG);
	assert_int_equal(bundle_writer_purged(w, 3, digest), ST_BUG);
	assert_int_equal(bundle_writer_finish(w, NULL), ST_BUG);
	assert_int_equal(bundle_writer_tip_end(w), ST_FORGED);
	assert_int_equal(
	    bundle_writer_purged(w, BUNDLE_TIP_MAX, digest), ST_OK);
	/* Of a purged tip no bytes follow; and there is no third. */
	assert_int_equal(bundle_writer_data(w, digest, 1), ST_BUG);
	assert_int_equal(bundle_writer_tip_end(w), ST_BUG);
	assert_int_equal(bundle_writer_tip(w, 3, digest), ST_BUG);
	assert_int_equal(bundle_writer_purged(w, 3, digest), ST_BUG);
	assert_int_equal(bundle_writer_finish(w, NULL), ST_OK);
	assert_int_equal(bundle_writer_finish(w, NULL), ST_BUG);
	bundle_writer_free(w);
	bytes_free(&out);

	assert_int_equal(
	    bundle_reader_begin(piping_get, &s, b->key, &head, &problem, &r),
	    ST_OK);
	assert_int_equal(bundle_reader_data(r, &p, &n), ST_BUG);
	assert_int_equal(bundle_reader_tip_end(r), ST_BUG);
	assert_int_equal(bundle_reader_finish(r, NULL), ST_BUG);
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
		events_free(&e);
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
	}
	FAULT_EACH(FAULT_ALLOC | FAULT_GUARDED)
	{
		static uint8_t room[4096];
		struct bytes out = {room, 0, sizeof(room), sizeof(room)};
		struct sink k = {&out, 0, 0};
		struct bundle_writer *w = NULL;
		enum status st =
		    bundle_writer_begin(&b->start, b->seed, piping_put, &k, &w);

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
	    cmocka_unit_test(a_bundle_without_tips_is_a_bundle),
	    cmocka_unit_test(a_tip_that_the_store_damaged_stops_no_bundle),
	    cmocka_unit_test(a_bundle_may_end_before_the_servers_last_tip),
	    cmocka_unit_test(resuming_at_every_tip_gives_the_same_bundle),
	    cmocka_unit_test(resuming_where_it_cannot_have_been_is_a_bug),
	    cmocka_unit_test(calls_out_of_order_are_bugs),
	    cmocka_unit_test(a_failing_sink_is_told_and_never_called_again),
	    cmocka_unit_test(every_failing_allocation_is_told),
	};

	return cmocka_run_group_tests(
	    tests, bundling_set_up, bundling_tear_down);
}
