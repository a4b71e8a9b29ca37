/*
 * Reading bundles: whole, split, cut, altered, forged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/bytes.h"
#include "handoff/bundle.h"
#include "tests/unit/handoff/bundling.h"

static void
a_bundle_reads_as_it_was_written(void **state)
{
	static const char want[] = "[1:0][2:5]hello[3:19]a third, longer tip";
	const struct bench *b = *state;
	struct source s = {.p = b->whole.p, .len = b->whole.len};
	struct events e;

	assert_int_equal(b->whole.len,
	    HEAD_LEN + TIPS * TIP_HEAD_LEN + 5 + 19 + TRAILER_LEN);
	assert_int_equal(bundling_read(b, &s, &e), ST_OK);
	assert_int_equal(e.data.len, sizeof(want) - 1);
	assert_memory_equal(e.data.p, want, e.data.len);
	assert_int_equal(e.tips, TIPS);
	assert_memory_equal(&e.after, &b->after, sizeof(e.after));
	bytes_free(&e.data);
}

static void
every_split_of_the_source_reads_the_same(void **state)
{
	const struct bench *b = *state;
	struct source s = {.p = b->whole.p, .len = b->whole.len};
	struct events whole, e;

	assert_int_equal(bundling_read(b, &s, &whole), ST_OK);
	for (size_t cut = 1; cut <= b->whole.len; cut++) {
		/* In two pieces, and in pieces of this size. */
		for (int way = 0; way < 2; way++) {
			struct source at = {.p = b->whole.p,
			    .len = b->whole.len,
			    .cut = way == 0 ? cut : 0,
			    .step = way == 1 ? cut : 0};

			assert_int_equal(bundling_read(b, &at, &e), ST_OK);
			assert_int_equal(e.data.len, whole.data.len);
			assert_memory_equal(e.data.p, whole.data.p, e.data.len);
			bytes_free(&e.data);
		}
	}
	bytes_free(&whole.data);
}

static void
no_mutant_reads_as_a_good_bundle(void **state)
{
	const struct bench *b = *state;
	uint8_t copy[4096];
	struct events e;

	for (size_t i = 0; i < b->whole.len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			struct source s = {.p = copy, .len = b->whole.len};

			memcpy(copy, b->whole.p, b->whole.len);
			copy[i] ^= (uint8_t)(1 << bit);
			assert_int_not_equal(bundling_read(b, &s, &e), ST_OK);
			assert_int_not_equal(e.problem, BUNDLE_FINE);
			bytes_free(&e.data);
		}
	}
}

static void
no_cut_bundle_reads_as_a_whole_one(void **state)
{
	const struct bench *b = *state;
	struct events e;

	for (size_t len = 0; len < b->whole.len; len++) {
		struct source s = {.p = b->whole.p, .len = len};

		assert_int_equal(bundling_read(b, &s, &e), ST_SHORT);
		assert_int_equal(e.problem, BUNDLE_CUT);
		bytes_free(&e.data);
	}
}

static void
a_source_that_fails_is_never_the_end(void **state)
{
	const struct bench *b = *state;
	struct events e;

	for (size_t len = 0; len <= b->whole.len; len++) {
		struct source s = {
		    .p = b->whole.p, .len = len, .fails_at_end = true};

		assert_int_equal(bundling_read(b, &s, &e), ST_IO);
		assert_int_equal(e.problem, BUNDLE_UNREADABLE);
		bytes_free(&e.data);
	}
}

static void
what_follows_the_end_is_refused(void **state)
{
	const struct bench *b = *state;
	uint8_t copy[4096] = {0};
	struct source s = {.p = copy, .len = b->whole.len + 1};
	struct events e;

	memcpy(copy, b->whole.p, b->whole.len);
	assert_int_equal(bundling_read(b, &s, &e), ST_MALFORMED);
	assert_int_equal(e.problem, BUNDLE_MORE);
	bytes_free(&e.data);
}

/* An altered tip is told, and the tips behind it are still read. */
static void
an_altered_tip_hides_no_other(void **state)
{
	const struct bench *b = *state;
	const size_t at = HEAD_LEN + 2 * TIP_HEAD_LEN; /* 'h' of hello */
	uint8_t copy[4096];
	struct source s = {.p = copy, .len = b->whole.len};
	struct events e;

	memcpy(copy, b->whole.p, b->whole.len);
	assert_int_equal(copy[at], 'h');
	copy[at] = 'H';
	assert_int_equal(bundling_read(b, &s, &e), ST_FORGED);
	assert_int_equal(e.problem, BUNDLE_ALTERED);
	assert_int_equal(e.tips, TIPS - 1);
	assert_int_equal(e.altered, 1);
	bytes_free(&e.data);
}

/* Even when the caller never looks at its bytes. */
static void
a_skipped_tip_is_checked_all_the_same(void **state)
{
	const struct bench *b = *state;
	uint8_t copy[4096];

	memcpy(copy, b->whole.p, b->whole.len);
	for (int altered = 0; altered < 2; altered++) {
		struct source s = {.p = copy, .len = b->whole.len};
		struct bundle_reader *r;
		enum bundle_problem problem;
		struct bundle_head head;
		struct bundle_tip t;

		copy[HEAD_LEN + 2 * TIP_HEAD_LEN] ^= (uint8_t)altered;
		assert_int_equal(
		    bundle_reader_begin(bundling_get, &s, &head, &problem, &r),
		    ST_OK);
		for (int i = 0; i < TIPS; i++)
			assert_int_equal(bundle_reader_next(r, &t), ST_OK);
		assert_int_equal(bundle_reader_next(r, &t), ST_EOF);
		assert_int_equal(bundle_reader_finish(r, b->key, NULL),
		    altered ? ST_FORGED : ST_OK);
		bundle_reader_free(r);
	}
}

/* A tip so large that its digest is computed in a thread. */
static void
a_large_tip_is_read_and_checked_like_a_small_one(void **state)
{
	enum { LEN = 3 * 1024 * 1024 + 5 };
	const struct bench *b = *state;
	struct bytes large = BYTES_INIT(LEN), out = BYTES_INIT(3 * LEN);
	struct sink k = {&out, 0, 0};
	struct bundle_writer *w;
	uint8_t digest[DIGEST_LEN];

	for (uint32_t i = 0; large.len < LEN; i++)
		assert_int_equal(bytes_append(&large, &i, 1), ST_OK);
	bundling_digest(large.p, LEN, digest);
	assert_int_equal(
	    bundle_writer_begin(&b->before, b->seed, bundling_put, &k, &w),
	    ST_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(bundle_writer_tip(w, LEN, digest), ST_OK);
		assert_int_equal(bundle_writer_data(w, large.p, LEN), ST_OK);
		assert_int_equal(bundle_writer_tip_end(w), ST_OK);
	}
	assert_int_equal(bundle_writer_finish(w, NULL), ST_OK);
	bundle_writer_free(w);
	for (size_t step = 0; step < 300000; step += 99991) {
		for (size_t at = 0; at <= LEN; at += LEN / 5) {
			struct source s = {
			    .p = out.p, .len = out.len, .step = step};
			const size_t place = HEAD_LEN + TIP_HEAD_LEN + at;
			struct events e;

			out.p[place] ^= at > 0;
			assert_int_equal(bundling_read(b, &s, &e),
			    at > 0 ? ST_FORGED : ST_OK);
			assert_int_equal(e.tips, at > 0 ? 1 : 2);
			bytes_free(&e.data);
			out.p[place] ^= at > 0;
		}
	}
	bytes_free(&large);
	bytes_free(&out);
}

static enum status
hop_over(void *ctx, uint64_t len, uint64_t *skipped)
{
	struct source *s = ctx;

	*skipped = s->len - s->at < len ? s->len - s->at : len;
	s->at += (size_t)*skipped;
	return s->fails_at_end ? ST_IO : ST_OK;
}

/* Hop from head to head; *tips and *problem tell how far it came. */
static enum status
hop_through(const struct bench *b, struct source *s, size_t *tips,
    enum bundle_problem *problem)
{
	struct bundle_reader *r;
	struct bundle_head head;
	struct bundle_tip t;
	enum status st;

	*tips = 0;
	st = bundle_reader_begin(bundling_get, s, &head, problem, &r);
	if (st != ST_OK)
		return st;
	while ((st = bundle_reader_next(r, &t)) == ST_OK &&
	    (st = bundle_reader_skip(r, hop_over)) == ST_OK)
		++*tips;
	if (st == ST_EOF)
		st = bundle_reader_finish(r, b->key, NULL);
	*problem = bundle_reader_problem(r);
	/* What a fault says of its place is where reading would find it. */
	assert_true(bundle_reader_offset(r) <= s->len);
	if (*problem == BUNDLE_CUT)
		assert_int_equal(bundle_reader_offset(r), s->len);
	bundle_reader_free(r);
	return st;
}

static void
hopping_over_the_data_proves_the_list(void **state)
{
	const struct bench *b = *state;
	uint8_t copy[4096];
	enum bundle_problem problem;
	size_t tips;

	for (size_t step = 1; step <= b->whole.len; step++) {
		struct source s = {
		    .p = b->whole.p, .len = b->whole.len, .step = step};

		assert_int_equal(hop_through(b, &s, &tips, &problem), ST_OK);
		assert_int_equal(tips, TIPS);
	}
	/* Every mutant but those of the data is told. */
	for (size_t i = 0; i < b->whole.len; i++) {
		const size_t hello = HEAD_LEN + 2 * TIP_HEAD_LEN;
		const size_t third = hello + 5 + TIP_HEAD_LEN;
		const bool data = (i >= hello && i < hello + 5) ||
		    (i >= third && i < third + 19);
		struct source s = {
		    .p = copy, .len = b->whole.len, .step = 1 + i % 200};

		memcpy(copy, b->whole.p, b->whole.len);
		copy[i] ^= 1;
		assert_int_equal(
		    hop_through(b, &s, &tips, &problem) == ST_OK, data);
	}
}

static void
no_cut_bundle_is_hopped_through(void **state)
{
	const struct bench *b = *state;
	enum bundle_problem problem;
	size_t tips;

	for (size_t len = 0; len < b->whole.len; len++) {
		for (size_t step = 0; step < 80; step += 13) {
			struct source s = {
			    .p = b->whole.p, .len = len, .step = step};

			assert_int_equal(
			    hop_through(b, &s, &tips, &problem), ST_SHORT);
			assert_int_equal(problem, BUNDLE_CUT);
		}
	}
	for (size_t step = 1; step < 80; step++) {
		struct source s = {.p = b->whole.p,
		    .len = b->whole.len,
		    .step = step,
		    .fails_at_end = true};

		assert_int_equal(hop_through(b, &s, &tips, &problem), ST_IO);
		assert_int_equal(problem, BUNDLE_UNREADABLE);
	}
}

/* The digest of a tip that was read in part would spoil the next. */
static void
a_tip_is_skipped_whole_or_not_at_all(void **state)
{
	const struct bench *b = *state;
	struct source s = {.p = b->whole.p, .len = b->whole.len};
	struct bundle_reader *r;
	enum bundle_problem problem;
	struct bundle_head head;
	struct bundle_tip t;
	const uint8_t *p;
	size_t n;

	assert_int_equal(
	    bundle_reader_begin(bundling_get, &s, &head, &problem, &r), ST_OK);
	assert_int_equal(bundle_reader_skip(r, hop_over), ST_BUG);
	assert_int_equal(bundle_reader_next(r, &t), ST_OK);
	assert_int_equal(bundle_reader_skip(r, hop_over), ST_OK);
	assert_int_equal(bundle_reader_skip(r, hop_over), ST_BUG);
	assert_int_equal(bundle_reader_next(r, &t), ST_OK);
	assert_int_equal(bundle_reader_data(r, &p, &n), ST_OK);
	assert_int_equal(bundle_reader_skip(r, hop_over), ST_BUG);
	assert_int_equal(bundle_reader_tip_end(r), ST_OK);
	bundle_reader_free(r);
}

static void
another_servers_key_is_told_from_a_forged_bundle(void **state)
{
	struct bench b = *(struct bench *)*state;
	struct source s = {.p = b.whole.p, .len = b.whole.len};
	struct events e;

	b.key[0] ^= 1;
	assert_int_equal(bundling_read(&b, &s, &e), ST_WRONG_KEY);
	assert_int_equal(e.problem, BUNDLE_OTHER_SERVER);
	bytes_free(&e.data);
}

static void
a_jump_in_the_numbers_is_named(void **state)
{
	const struct bench *b = *state;
	uint8_t copy[4096];
	struct source s = {.p = copy, .len = b->whole.len};
	struct bundle_reader *r;
	enum bundle_problem problem;
	struct bundle_head head;
	struct bundle_tip t;

	memcpy(copy, b->whole.p, b->whole.len);
	copy[HEAD_LEN + 1] = 7;
	assert_int_equal(
	    bundle_reader_begin(bundling_get, &s, &head, &problem, &r), ST_OK);
	assert_int_equal(bundle_reader_next(r, &t), ST_MALFORMED);
	assert_int_equal(bundle_reader_problem(r), BUNDLE_JUMP);
	assert_int_equal(t.number, 7);
	/* A fault of the layout is final. */
	assert_int_equal(bundle_reader_next(r, &t), ST_MALFORMED);
	bundle_reader_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_bundle_reads_as_it_was_written),
	    cmocka_unit_test(every_split_of_the_source_reads_the_same),
	    cmocka_unit_test(no_mutant_reads_as_a_good_bundle),
	    cmocka_unit_test(no_cut_bundle_reads_as_a_whole_one),
	    cmocka_unit_test(a_source_that_fails_is_never_the_end),
	    cmocka_unit_test(what_follows_the_end_is_refused),
	    cmocka_unit_test(an_altered_tip_hides_no_other),
	    cmocka_unit_test(a_skipped_tip_is_checked_all_the_same),
	    cmocka_unit_test(a_large_tip_is_read_and_checked_like_a_small_one),
	    cmocka_unit_test(hopping_over_the_data_proves_the_list),
	    cmocka_unit_test(no_cut_bundle_is_hopped_through),
	    cmocka_unit_test(a_tip_is_skipped_whole_or_not_at_all),
	    cmocka_unit_test(another_servers_key_is_told_from_a_forged_bundle),
	    cmocka_unit_test(a_jump_in_the_numbers_is_named),
	};

	return cmocka_run_group_tests(
	    tests, bundling_set_up, bundling_tear_down);
}
