/*
 * Bundles of three tiny tips (the bundle does not look inside a tip).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "base/guarded.h"
#include "handoff/bundle.h"
#include "tests/unit/fault.h"

#define TIPS 3
#define HEAD_LEN 68
#define TIP_HEAD_LEN 49
#define TRAILER_LEN 105

static const char *const tip[TIPS] = {"", "hello", "a third, longer tip"};

struct bench {
	uint8_t *seed; /* guarded */
	uint8_t key[PUBLIC_KEY_LEN];
	struct chain before, after;
	struct bytes whole;
};

/* A sink into bytes that fails at its fail_at-th call. */
struct sink {
	struct bytes *to;
	int calls, fail_at;
};

static enum status
put(void *ctx, const void *p, size_t len)
{
	struct sink *s = ctx;

	return ++s->calls == s->fail_at ? ST_FULL : bytes_append(s->to, p, len);
}

/* A source over memory, in pieces: up to cut, then the rest, or of step. */
struct source {
	const uint8_t *p;
	size_t len, at, cut, step;
	bool fails_at_end;
};

static enum status
get(void *ctx, void *p, size_t len, size_t *got)
{
	struct source *s = ctx;
	size_t n = s->len - s->at;

	*got = 0;
	if (s->at < s->cut && n > s->cut - s->at)
		n = s->cut - s->at;
	if (s->step > 0 && n > s->step)
		n = s->step;
	if (n > len)
		n = len;
	if (n == 0 && s->fails_at_end)
		return ST_IO;
	memcpy(p, s->p + s->at, n);
	s->at += n;
	*got = n;
	return ST_OK;
}

static void
digest_of(const void *p, size_t len, uint8_t digest[static DIGEST_LEN])
{
	struct sha256 *sha;

	assert_int_equal(sha256_new(&sha), ST_OK);
	assert_int_equal(sha256_update(sha, p, len), ST_OK);
	assert_int_equal(sha256_final(sha, digest), ST_OK);
	sha256_free(sha);
}

static enum status
write_bundle(const struct bench *b, struct sink *s, struct chain *after)
{
	uint8_t digest[DIGEST_LEN];
	struct bundle_writer *w = NULL;
	enum status st;

	st = bundle_writer_begin(&b->before, b->seed, put, s, &w);
	for (size_t i = 0; i < TIPS && st == ST_OK; i++) {
		const size_t len = strlen(tip[i]);

		digest_of(tip[i], len, digest);
		if ((st = bundle_writer_tip(w, len, digest)) == ST_OK)
			st =
			    bundle_writer_data(w, (const uint8_t *)tip[i], len);
		if (st == ST_OK)
			st = bundle_writer_tip_end(w);
	}
	if (st == ST_OK)
		st = bundle_writer_finish(w, after);
	bundle_writer_free(w);
	return st;
}

static int
set_up(void **state)
{
	static struct bench b;
	struct sink s = {&b.whole, 0, 0};

	b = (struct bench){.whole = BYTES_INIT(1 << 16)};
	if (crypto_room_init() != ST_OK ||
	    (b.seed = guarded_new(SECRET_KEY_LEN)) == NULL)
		return -1;
	sign_key_new(b.key, b.seed);
	chain_genesis(&b.before, b.key);
	*state = &b;
	return write_bundle(&b, &s, &b.after) == ST_OK ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct bench *b = *state;

	guarded_free(b->seed);
	bytes_free(&b->whole);
	return guarded_live() == 0 ? 0 : -1;
}

/* What reading gave, to be compared. */
struct events {
	struct bytes data; /* of all tips, with their numbers */
	size_t tips, altered;
	enum bundle_problem problem;
	struct chain after;
};

static enum status
read_tip(struct bundle_reader *r, struct events *e)
{
	const uint8_t *p;
	size_t n;
	enum status st;

	do {
		if ((st = bundle_reader_data(r, &p, &n)) != ST_OK)
			return st;
		if (n > 0 && (st = bytes_append(&e->data, p, n)) != ST_OK)
			return st;
	} while (n > 0);
	st = bundle_reader_tip_end(r);
	if (st == ST_OK)
		e->tips++;
	if (st == ST_FORGED)
		e->altered++;
	return st == ST_FORGED ? ST_OK : st;
}

/* Read it all; e->data is freed by the caller. */
static enum status
read_bundle(const struct bench *b, struct source *s, struct events *e)
{
	struct bundle_reader *r = NULL;
	struct bundle_head head;
	struct bundle_tip t;
	enum status st;

	*e = (struct events){.data = BYTES_INIT(1 << 24)};
	st = bundle_reader_begin(get, s, &head, &e->problem, &r);
	if (st != ST_OK) {
		assert_null(r);
		return st;
	}
	while ((st = bundle_reader_next(r, &t)) == ST_OK) {
		if ((st = bytes_printf(&e->data, "[%u:%u]", (unsigned)t.number,
			 (unsigned)t.len)) != ST_OK ||
		    (st = read_tip(r, e)) != ST_OK)
			break;
	}
	if (st == ST_EOF)
		st = bundle_reader_finish(r, b->key, &e->after);
	e->problem = bundle_reader_problem(r);
	bundle_reader_free(r);
	return st;
}

static void
a_bundle_reads_as_it_was_written(void **state)
{
	static const char want[] = "[1:0][2:5]hello[3:19]a third, longer tip";
	const struct bench *b = *state;
	struct source s = {.p = b->whole.p, .len = b->whole.len};
	struct events e;

	assert_int_equal(b->whole.len,
	    HEAD_LEN + TIPS * TIP_HEAD_LEN + 5 + 19 + TRAILER_LEN);
	assert_int_equal(read_bundle(b, &s, &e), ST_OK);
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

	assert_int_equal(read_bundle(b, &s, &whole), ST_OK);
	for (size_t cut = 1; cut <= b->whole.len; cut++) {
		/* In two pieces, and in pieces of this size. */
		for (int way = 0; way < 2; way++) {
			struct source at = {.p = b->whole.p,
			    .len = b->whole.len,
			    .cut = way == 0 ? cut : 0,
			    .step = way == 1 ? cut : 0};

			assert_int_equal(read_bundle(b, &at, &e), ST_OK);
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
			assert_int_not_equal(read_bundle(b, &s, &e), ST_OK);
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

		assert_int_equal(read_bundle(b, &s, &e), ST_SHORT);
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

		assert_int_equal(read_bundle(b, &s, &e), ST_IO);
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
	assert_int_equal(read_bundle(b, &s, &e), ST_MALFORMED);
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
	assert_int_equal(read_bundle(b, &s, &e), ST_FORGED);
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
		    bundle_reader_begin(get, &s, &head, &problem, &r), ST_OK);
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
	digest_of(large.p, LEN, digest);
	assert_int_equal(
	    bundle_writer_begin(&b->before, b->seed, put, &k, &w), ST_OK);
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
			assert_int_equal(
			    read_bundle(b, &s, &e), at > 0 ? ST_FORGED : ST_OK);
			assert_int_equal(e.tips, at > 0 ? 1 : 2);
			bytes_free(&e.data);
			out.p[place] ^= at > 0;
		}
	}
	bytes_free(&large);
	bytes_free(&out);
}

static void
another_servers_key_is_told_from_a_forged_bundle(void **state)
{
	struct bench b = *(struct bench *)*state;
	struct source s = {.p = b.whole.p, .len = b.whole.len};
	struct events e;

	b.key[0] ^= 1;
	assert_int_equal(read_bundle(&b, &s, &e), ST_WRONG_KEY);
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
	    bundle_reader_begin(get, &s, &head, &problem, &r), ST_OK);
	assert_int_equal(bundle_reader_next(r, &t), ST_MALFORMED);
	assert_int_equal(bundle_reader_problem(r), BUNDLE_JUMP);
	assert_int_equal(t.number, 7);
	/* A fault of the layout is final. */
	assert_int_equal(bundle_reader_next(r, &t), ST_MALFORMED);
	bundle_reader_free(r);
}

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
	assert_int_equal(write_bundle(&b, &k, NULL), ST_OK);
	s = (struct source){.p = out.p, .len = out.len};
	assert_int_equal(read_bundle(&b, &s, &e), ST_FORGED);
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
	    bundle_writer_begin(&b->after, b->seed, put, &k, &w), ST_OK);
	assert_int_equal(bundle_writer_finish(w, &after), ST_OK);
	assert_memory_equal(&after, &b->after, sizeof(after));
	assert_int_equal(bundle_writer_finish(w, NULL), ST_BUG);
	bundle_writer_free(w);
	s = (struct source){.p = out.p, .len = out.len};
	assert_int_equal(read_bundle(b, &s, &e), ST_OK);
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

	digest_of("hello", 5, digest);
	assert_int_equal(
	    bundle_writer_begin(&b->before, b->seed, put, &k, &w), ST_OK);
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
	assert_int_equal(read_bundle(b, &s, &e), ST_FORGED);
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
	    bundle_writer_begin(&b->before, b->seed, put, &k, &w), ST_OK);
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
	    bundle_reader_begin(get, &s, &head, &problem, &r), ST_OK);
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

	assert_int_equal(write_bundle(b, &whole, NULL), ST_OK);
	for (int at = 1; at <= whole.calls; at++) {
		struct sink k = {&out, 0, at};

		bytes_clear(&out);
		assert_int_equal(write_bundle(b, &k, NULL), ST_FULL);
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
		enum status st = read_bundle(b, &s, &e);

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
		enum status st =
		    bundle_writer_begin(&b->before, b->seed, put, &k, &w);

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
	    cmocka_unit_test(a_bundle_reads_as_it_was_written),
	    cmocka_unit_test(every_split_of_the_source_reads_the_same),
	    cmocka_unit_test(no_mutant_reads_as_a_good_bundle),
	    cmocka_unit_test(no_cut_bundle_reads_as_a_whole_one),
	    cmocka_unit_test(a_source_that_fails_is_never_the_end),
	    cmocka_unit_test(what_follows_the_end_is_refused),
	    cmocka_unit_test(an_altered_tip_hides_no_other),
	    cmocka_unit_test(a_skipped_tip_is_checked_all_the_same),
	    cmocka_unit_test(a_large_tip_is_read_and_checked_like_a_small_one),
	    cmocka_unit_test(another_servers_key_is_told_from_a_forged_bundle),
	    cmocka_unit_test(a_jump_in_the_numbers_is_named),
	    cmocka_unit_test(the_first_tip_must_follow_the_genesis),
	    cmocka_unit_test(a_bundle_without_tips_is_a_bundle),
	    cmocka_unit_test(a_tip_that_the_store_damaged_stops_no_bundle),
	    cmocka_unit_test(calls_out_of_order_are_bugs),
	    cmocka_unit_test(a_failing_sink_is_told_and_never_called_again),
	    cmocka_unit_test(every_failing_allocation_is_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
