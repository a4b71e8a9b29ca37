/*
 * Reading bundles: whole, split, flipped, cut.  What a courier can do with
 * more than one bundle is in bundle_courier_test.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/bytes.h"
#include "base/num.h"
#include "handoff/bundle.h"
#include "tests/unit/handoff/bundling.h"
#include "tests/unit/sample.h"

#define WHOLE "1next= 2next= 3next/= 4next= 5next= 6next="
#define DATA "1helloHELLOworldthe last one and the longest"

static void
assert_text(const struct bytes *b, const char *want)
{
	if (b->len != strlen(want) ||
	    (b->len > 0 && memcmp(b->p, want, b->len) != 0))
		fail_msg("'%.*s' is not '%s'", (int)b->len, (char *)b->p, want);
}

static void
a_bundle_reads_as_it_was_written(void **state)
{
	const struct bench *b = *state;
	struct source s = {.p = b->whole.p, .len = b->whole.len};
	struct events e;

	assert_int_equal(b->whole.len,
	    HEAD_LEN + TIPS * ENTRY_LEN + sizeof(DATA) - 1 + TRAILER_LEN);
	assert_int_equal(bundling_read(b, &s, &e), ST_OK);
	assert_text(&e.said, WHOLE);
	assert_text(&e.data, DATA);
	assert_int_equal(e.tips, TIPS);
	assert_memory_equal(&e.after, &b->after, sizeof(e.after));
	assert_int_equal(e.missing.len, 0);
	events_free(&e);
}

static void
the_head_tells_all_that_it_holds(void **state)
{
	const struct bench *b = *state;
	struct source s = {.p = b->whole.p, .len = b->whole.len};
	uint8_t id[KEY_ID_LEN];
	enum bundle_problem problem;
	struct bundle_reader *r;
	struct bundle_head head;

	assert_int_equal(
	    bundle_reader_begin(piping_get, &s, b->key, &head, &problem, &r),
	    ST_OK);
	key_id(KEY_ROLE_SERVER, b->key, id);
	assert_memory_equal(head.server, id, sizeof(id));
	assert_int_equal(head.start.bundle, b->start.bundle);
	assert_int_equal(head.start.last, TIPS);
	assert_int_equal(head.start.epoch, 2968);
	assert_int_equal(head.start.before.number, 0);
	assert_memory_equal(
	    head.start.before.head, b->start.before.head, DIGEST_LEN);
	assert_int_equal(bundle_reader_offset(r), HEAD_LEN);
	bundle_reader_free(r);
}

/* The link of each is the chain behind it. */
static void
the_links_are_those_of_the_chain(void **state)
{
	const struct bench *b = *state;
	struct source s = {.p = b->whole.p, .len = b->whole.len};
	struct chain chain = b->start.before;
	enum bundle_problem problem;
	struct bundle_reader *r;
	struct bundle_head head;
	struct bundle_tip t;

	assert_int_equal(
	    bundle_reader_begin(piping_get, &s, b->key, &head, &problem, &r),
	    ST_OK);
	for (uint64_t n = 1; n <= TIPS; n++) {
		assert_int_equal(bundle_reader_next(r, &t), ST_OK);
		chain_add(&chain, t.len, t.digest);
		assert_true(t.has_link && t.proved);
		assert_int_equal(t.number, n);
		assert_int_equal(t.len, strlen(bundling_tip[n]));
		assert_memory_equal(t.link, chain.head, DIGEST_LEN);
	}
	bundle_reader_free(r);
}

static void
every_split_of_the_source_reads_the_same(void **state)
{
	const struct bench *b = *state;
	struct events e;

	for (size_t cut = 1; cut <= b->whole.len; cut += sample_step()) {
		/* In two pieces, and in pieces of this size. */
		for (int way = 0; way < 2; way++) {
			struct source at = {.p = b->whole.p,
			    .len = b->whole.len,
			    .cut = way == 0 ? cut : 0,
			    .step = way == 1 ? cut : 0};

			assert_int_equal(bundling_read(b, &at, &e), ST_OK);
			assert_text(&e.said, WHOLE);
			assert_text(&e.data, DATA);
			events_free(&e);
		}
	}
}

/* Where byte i of the bundle lies. */
enum where { HEAD, ENTRY, LENGTH, KIND, BYTES, TRAILER };

static enum where
where_is(const struct bench *b, size_t i)
{
	if (i < HEAD_LEN)
		return HEAD;
	for (uint64_t n = 1; n <= TIPS; n++) {
		const size_t at = bundling_at(b, n);

		if (i >= bundling_at(b, n + 1))
			continue;
		if (i == at)
			return KIND;
		if (i >= at + 9 && i < at + 17)
			return LENGTH;
		return i < at + ENTRY_LEN ? ENTRY : BYTES;
	}
	return i == bundling_at(b, TIPS + 1) ? KIND : TRAILER;
}

/*
 * Each bit, and what each is named.  Only what the reader was told in vain
 * may differ: an altered tip leaves the list of tips as it was.
 */
static void
every_flipped_bit_is_named(void **state)
{
	const struct bench *b = *state;
	uint8_t copy[4096];
	struct events e;

	for (size_t i = 0; i < b->whole.len * 8; i += sample_step()) {
		struct source s = {.p = copy, .len = b->whole.len};
		enum status st;

		memcpy(copy, b->whole.p, b->whole.len);
		copy[i / 8] ^= (uint8_t)(1 << i % 8);
		st = bundling_read(b, &s, &e);
		switch (where_is(b, i / 8)) {
		case HEAD:
			assert_true(st == ST_FORGED || st == ST_VERSION ||
			    st == ST_MALFORMED || st == ST_WRONG_KEY);
			assert_int_equal(e.tips, 0);
			break;
		case ENTRY:
			/* One tip is not proved and so is missing. */
			assert_int_equal(st, ST_FORGED);
			assert_int_equal(e.problem, BUNDLE_INCOMPLETE);
			assert_true(e.tips + e.altered == TIPS);
			assert_int_equal(e.missing.len, 3);
			break;
		case KIND:
		case LENGTH:
			assert_int_not_equal(st, ST_OK);
			assert_int_not_equal(e.problem, BUNDLE_FINE);
			break;
		case BYTES:
			assert_int_equal(st, ST_OK);
			assert_int_equal(e.tips, TIPS - 1);
			assert_int_equal(e.altered, 1);
			assert_int_equal(e.missing.len, 0);
			break;
		case TRAILER:
			assert_int_equal(st, ST_FORGED);
			assert_int_equal(e.problem, BUNDLE_END_FORGED);
			assert_int_equal(e.tips, TIPS);
			assert_int_equal(e.missing.len, 0);
			break;
		}
		events_free(&e);
	}
}

static void
no_cut_bundle_reads_as_a_whole_one(void **state)
{
	const struct bench *b = *state;
	struct events e;

	for (size_t len = 0; len < b->whole.len; len += sample_step()) {
		struct source s = {.p = b->whole.p, .len = len};
		size_t tips = 0;

		assert_int_equal(bundling_read(b, &s, &e), ST_SHORT);
		assert_int_equal(e.problem, BUNDLE_CUT);
		/* All that came whole was read, and nothing seems missing
		 * between. */
		while (tips < TIPS && bundling_at(b, tips + 2) <= len)
			tips++;
		assert_int_equal(e.tips, tips);
		assert_int_equal(e.missing.len, 0);
		events_free(&e);
	}
}

static void
a_source_that_fails_is_never_the_end(void **state)
{
	const struct bench *b = *state;
	struct events e;

	for (size_t len = 0; len <= b->whole.len; len += sample_step()) {
		struct source s = {
		    .p = b->whole.p, .len = len, .fails_at_end = true};

		assert_int_equal(bundling_read(b, &s, &e), ST_IO);
		assert_int_equal(e.problem, BUNDLE_UNREADABLE);
		events_free(&e);
	}
}

/* A caller who does not look at a tip's bytes comes to the next all the
 * same, and learns nothing wrong of it. */
static void
a_tip_may_be_left_unread(void **state)
{
	const struct bench *b = *state;

	for (size_t step = 1; step < 300; step++) {
		struct source s = {
		    .p = b->whole.p, .len = b->whole.len, .step = step};
		enum bundle_problem problem;
		struct bundle_reader *r;
		struct bundle_head head;
		struct bundle_tip t;
		struct chain after;
		const uint8_t *p;
		size_t n;

		assert_int_equal(bundle_reader_begin(piping_get, &s, b->key,
				     &head, &problem, &r),
		    ST_OK);
		for (int i = 0; i < TIPS; i++) {
			assert_int_equal(bundle_reader_next(r, &t), ST_OK);
			if (i % 2 == 1)
				assert_int_equal(
				    bundle_reader_data(r, &p, &n), ST_OK);
		}
		assert_int_equal(bundle_reader_next(r, &t), ST_EOF);
		assert_int_equal(bundle_reader_finish(r, &after), ST_OK);
		assert_memory_equal(&after, &b->after, sizeof(after));
		assert_int_equal(bundle_reader_offset(r), b->whole.len);
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
	    bundle_writer_begin(&b->start, b->seed, piping_put, &k, &w), ST_OK);
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
			/* 0 is the unflipped one; the last byte is one. */
			const size_t place = HEAD_LEN + ENTRY_LEN + at - 1;
			struct events e;

			out.p[place] ^= at > 0;
			assert_int_equal(bundling_read(b, &s, &e), ST_OK);
			assert_text(&e.said,
			    at > 0 ? "1next=! 2next=" : "1next= 2next=");
			events_free(&e);
			out.p[place] ^= at > 0;
		}
	}
	bytes_free(&large);
	bytes_free(&out);
}

/* Lengths that no tip has end the reading at once, signed or not. */
static void
a_length_out_of_bounds_is_never_read(void **state)
{
	static const struct {
		uint64_t len;
		enum bundle_problem problem;
	} lengths[] = {{0, BUNDLE_LAYOUT}, {BUNDLE_TIP_MAX, BUNDLE_CUT},
	    {BUNDLE_TIP_MAX + 1, BUNDLE_LAYOUT}, {UINT64_MAX, BUNDLE_LAYOUT}};
	const struct bench *b = *state;
	uint8_t copy[4096], message[20 + 8 + 49] = "tipline-bun-tip-0002";

	for (size_t i = 0; i < 2 * sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct source s = {.p = copy, .len = b->whole.len};
		uint8_t *entry = copy + HEAD_LEN;
		struct events e;

		memcpy(copy, b->whole.p, b->whole.len);
		/* Behind one of none, reading could go on. */
		memcpy(entry + ENTRY_LEN,
		    b->whole.p + b->whole.len - TRAILER_LEN, TRAILER_LEN);
		le64_put(entry + 9, lengths[i / 2].len);
		memcpy(message + 20, copy + 20, 8);
		memcpy(message + 28, entry, 49);
		if (i % 2 == 0)
			sign_make(
			    b->seed, message, sizeof(message), entry + 49);
		assert_int_not_equal(bundling_read(b, &s, &e), ST_OK);
		assert_int_equal(e.problem, lengths[i / 2].problem);
		events_free(&e);
	}
}

/* The trailer of a server that counts what cannot be, though signed. */
static void
a_true_trailer_must_count_the_tips(void **state)
{
	static const struct {
		uint64_t count;
		enum bundle_problem problem;
	} counts[] = {{TIPS, BUNDLE_FINE}, {TIPS - 1, BUNDLE_INCOMPLETE},
	    {0, BUNDLE_INCOMPLETE}, {TIPS + 1, BUNDLE_LAYOUT},
	    {UINT64_MAX, BUNDLE_LAYOUT}};
	const struct bench *b = *state;
	uint8_t copy[4096], message[20 + 92 + 40] = "tipline-bun-end-0002";

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct source s = {.p = copy, .len = b->whole.len};
		uint8_t *trailer = copy + b->whole.len - TRAILER_LEN;
		struct events e;

		memcpy(copy, b->whole.p, b->whole.len);
		le64_put(trailer + 1, counts[i].count);
		memcpy(message + 20, copy, 92);
		memcpy(message + 112, trailer + 1, 40);
		sign_make(b->seed, message, sizeof(message), trailer + 41);
		assert_int_equal(bundling_read(b, &s, &e) == ST_OK, i == 0);
		assert_int_equal(e.problem, counts[i].problem);
		assert_int_equal(e.missing.len, 0);
		events_free(&e);
	}
}

static void
another_servers_key_is_told_from_a_forged_bundle(void **state)
{
	struct bench b = *(struct bench *)*state;
	struct source s = {.p = b.whole.p, .len = b.whole.len};
	enum bundle_problem problem;
	struct bundle_reader *r;
	struct bundle_head head;

	b.key[0] ^= 1;
	assert_int_equal(
	    bundle_reader_begin(piping_get, &s, b.key, &head, &problem, &r),
	    ST_WRONG_KEY);
	assert_null(r);
	assert_int_equal(problem, BUNDLE_OTHER_SERVER);
	/* Whose it says to be is told. */
	assert_memory_equal(head.server, b.whole.p + 20, KEY_ID_LEN);
	assert_int_equal(head.start.last, TIPS);
}

static void
what_is_no_bundle_is_told_from_a_cut_one(void **state)
{
	static const struct {
		const char *text;
		enum status st;
		enum bundle_problem problem;
	} bad[] = {
	    {"", ST_SHORT, BUNDLE_CUT},
	    {"tipline-bu", ST_SHORT, BUNDLE_CUT},
	    {"tipline-bundle-00002", ST_SHORT, BUNDLE_CUT},
	    {"tipline-bx", ST_MALFORMED, BUNDLE_NONE},
	    {"Dear analyst", ST_MALFORMED, BUNDLE_NONE},
	    {"tipline-return-00001 and more", ST_MALFORMED, BUNDLE_NONE},
	    {"tipline-bundle-00001 and more", ST_VERSION, BUNDLE_OTHER_VERSION},
	    {"tipline-bundle-00003 and more", ST_VERSION, BUNDLE_OTHER_VERSION},
	};
	const struct bench *b = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct source s = {.p = (const uint8_t *)bad[i].text,
		    .len = strlen(bad[i].text)};
		struct events e;

		assert_int_equal(bundling_read(b, &s, &e), bad[i].st);
		assert_int_equal(e.problem, bad[i].problem);
		events_free(&e);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_bundle_reads_as_it_was_written),
	    cmocka_unit_test(the_head_tells_all_that_it_holds),
	    cmocka_unit_test(the_links_are_those_of_the_chain),
	    cmocka_unit_test(every_split_of_the_source_reads_the_same),
	    cmocka_unit_test(every_flipped_bit_is_named),
	    cmocka_unit_test(no_cut_bundle_reads_as_a_whole_one),
	    cmocka_unit_test(a_source_that_fails_is_never_the_end),
	    cmocka_unit_test(a_tip_may_be_left_unread),
	    cmocka_unit_test(a_large_tip_is_read_and_checked_like_a_small_one),
	    cmocka_unit_test(a_length_out_of_bounds_is_never_read),
	    cmocka_unit_test(a_true_trailer_must_count_the_tips),
	    cmocka_unit_test(another_servers_key_is_told_from_a_forged_bundle),
	    cmocka_unit_test(what_is_no_bundle_is_told_from_a_cut_one),
	};

	return cmocka_run_group_tests(
	    tests, bundling_set_up, bundling_tear_down);
}
