/*
 * Return bundles: each rule of the format, held by reader and writer; every
 * call that fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/bytes.h"
#include "base/num.h"
#include "tests/unit/fault.h"
#include "tests/unit/handoff/returning.h"

/* An item by hand: c FIRST LAST, l NUMBER LENGTH, r; or any kind alone. */
struct item {
	char kind;
	uint64_t a, b;
};

/*
 * A bundle of these items, whatever they are, that its signer signed;
 * counting so many more of them than there are.
 */
static void
sign_items(struct bytes *out, const struct item *item, size_t items,
    uint64_t number, uint64_t more)
{
	static const uint8_t zero[REPLY_ITEM_LEN];
	uint8_t message[20 + DIGEST_LEN] = "tipline-return-sig-1";
	uint8_t sig[SIGNATURE_LEN], head[HEAD_LEN] = "tipline-return-00001";
	struct sha256 *sha;
	size_t at;

	key_id(KEY_ROLE_SIGNER, returning_key, head + 28);
	le64_put(head + 36, number);
	assert_int_equal(bytes_append(out, head, sizeof(head)), ST_OK);
	for (size_t i = 0; i < items; i++) {
		const char kind = item[i].kind;
		const size_t len = kind == 'c' ? CONFIRMED_LEN
		    : kind == 'l'              ? LINK_LEN
		    : kind == 'r'              ? REPLY_ITEM_LEN
					       : 1;

		at = out->len;
		assert_int_equal(bytes_append(out, zero, len), ST_OK);
		out->p[at] = (uint8_t)(kind == 'c' ? 1
			: kind == 'l'              ? 2
			: kind == 'r'              ? 3
						   : kind);
		if (kind == 'c' || kind == 'l') {
			le64_put(out->p + at + 1, item[i].a);
			le64_put(out->p + at + 9, item[i].b);
		}
	}
	at = out->len;
	assert_int_equal(bytes_append(out, zero, 9), ST_OK);
	out->p[at] = 4;
	le64_put(out->p + at + 1, items + more);
	assert_int_equal(sha256_new(&sha), ST_OK);
	assert_int_equal(sha256_update(sha, out->p, out->len), ST_OK);
	assert_int_equal(sha256_final(sha, message + 20), ST_OK);
	sha256_free(sha);
	sign_make(returning_seed, message, sizeof(message), sig);
	assert_int_equal(bytes_append(out, sig, sizeof(sig)), ST_OK);
}

#define RANGE "a range of confirmed tips that is none"
#define TOUCH "ranges of confirmed tips that touch or do not rise"
#define NO_TIP "a link of no tip"
#define JUMP "links that do not rise by one"
#define COUNT "it counts other items"
#define NO_ITEM "it holds something that is no item"
#define BIG (UINT64_C(1) << 63)

static const struct {
	struct item item[4];
	const char *why; /* NULL: good */
	uint64_t more;
} rules[] = {
    {{{'c', 1, 1}}, NULL, 0},
    {{{'c', 3, 9}, {'c', 11, 11}}, NULL, 0},
    {{{'c', 1, BIG - 1}}, NULL, 0},
    {{{'l', 3, 1}, {'l', 4, BUNDLE_TIP_MAX}}, NULL, 0},
    {{{'l', BIG - 1, 1}}, NULL, 0},
    {{{'r', 0, 0}, {'l', 8, 1}, {'c', 1, 2}, {'l', 9, 1}}, NULL, 0},
    {{{'c', 0, 1}}, RANGE, 0},
    {{{'c', 0, 0}}, RANGE, 0},
    {{{'c', 2, 1}}, RANGE, 0},
    {{{'c', 1, BIG}}, RANGE, 0},
    {{{'c', 1, UINT64_MAX}}, RANGE, 0},
    {{{'c', UINT64_MAX, UINT64_MAX}}, RANGE, 0},
    {{{'c', 1, 3}, {'c', 4, 5}}, TOUCH, 0},
    {{{'c', 1, 3}, {'c', 3, 5}}, TOUCH, 0},
    {{{'c', 1, 3}, {'c', 1, 3}}, TOUCH, 0},
    {{{'c', 5, 6}, {'c', 1, 2}}, TOUCH, 0},
    {{{'c', 1, 1}, {'c', 5, 5}, {'c', 3, 3}}, TOUCH, 0},
    {{{'c', 1, 3}, {'r', 0, 0}, {'l', 1, 1}, {'c', 4, 4}}, TOUCH, 0},
    {{{'l', 0, 1}}, NO_TIP, 0},
    {{{'l', BIG, 1}}, NO_TIP, 0},
    {{{'l', 1, 0}}, NO_TIP, 0},
    {{{'l', 1, BUNDLE_TIP_MAX + 1}}, NO_TIP, 0},
    {{{'l', 1, 1}, {'l', 3, 1}}, JUMP, 0},
    {{{'l', 1, 1}, {'l', 1, 1}}, JUMP, 0},
    {{{'l', 2, 1}, {'l', 1, 1}}, JUMP, 0},
    {{{'l', 2, 1}, {'c', 1, 1}, {'l', 4, 1}}, JUMP, 0},
    {{{'c', 1, 1}}, COUNT, 1},
    {{{'c', 1, 1}}, COUNT, UINT64_MAX},
    {{{'c', 1, 1}, {5, 0, 0}}, NO_ITEM, 0},
    {{{'x', 0, 0}}, NO_ITEM, 0},
};

/* Even under a true signature. */
static void
each_rule_of_the_format_is_held_by_the_reader(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct bytes b = BYTES_INIT(1 << 16);
		const char *why;
		size_t items = 0;
		enum status st;

		while (items < 4 && rules[i].item[items].kind != 0)
			items++;
		sign_items(&b, rules[i].item, items, 1, rules[i].more);
		st = returning_read_bytes(&b, NULL, &why);
		assert_int_equal(
		    st, rules[i].why == NULL ? ST_OK : ST_MALFORMED);
		assert_string_equal(
		    why, rules[i].why == NULL ? "" : rules[i].why);
		bytes_free(&b);
	}
	for (int good = 0; good < 3; good++) {
		static const uint64_t number[] = {0, BIG, BIG - 1};
		struct bytes b = BYTES_INIT(1 << 16);
		const char *why;

		sign_items(&b, NULL, 0, number[good], 0);
		assert_int_equal(returning_read_bytes(&b, NULL, &why),
		    good == 2 ? ST_OK : ST_MALFORMED);
		bytes_free(&b);
	}
}

/* What a reader would refuse is never written, and nothing is in its place. */
static void
each_rule_of_the_format_is_held_by_the_writer(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct bytes b = BYTES_INIT(1 << 16);
		struct sink s = {&b, 0, 0};
		struct returns_head head = {.number = 1};
		struct returns_writer *w;
		const char *why;
		enum status st = ST_OK;

		if (rules[i].why != NULL &&
		    (strcmp(rules[i].why, COUNT) == 0 ||
			strcmp(rules[i].why, NO_ITEM) == 0))
			continue;
		assert_int_equal(returns_writer_begin(
				     &head, returning_seed, piping_put, &s, &w),
		    ST_OK);
		for (size_t k = 0; k < 4 && st == ST_OK; k++) {
			const struct item *item = &rules[i].item[k];

			if (item->kind == 'c')
				st = returning_confirmed(w, item->a, item->b);
			else if (item->kind == 'l')
				st = returning_link(w, item->a, item->b);
			else if (item->kind == 'r')
				st = returning_reply(w, 1, 1);
		}
		assert_int_equal(st, rules[i].why == NULL ? ST_OK : ST_BUG);
		assert_int_equal(returns_writer_finish(w), ST_OK);
		assert_int_equal(returning_read_bytes(&b, NULL, &why), ST_OK);
		returns_writer_free(w);
		bytes_free(&b);
	}
}

static void
calls_out_of_order_are_bugs(void **state)
{
	static const uint64_t none[] = {0, BIG, UINT64_MAX};
	struct bytes b = BYTES_INIT(1 << 16);
	struct sink s = {&b, 0, 0};
	struct returns_head head = {.number = 1};
	struct returns_writer *w;

	(void)state;
	assert_int_equal(
	    returns_writer_begin(&head, returning_seed, piping_put, &s, &w),
	    ST_OK);
	assert_int_equal(returns_writer_finish(w), ST_OK);
	assert_int_equal(returning_confirmed(w, 1, 1), ST_BUG);
	assert_int_equal(returning_link(w, 1, 1), ST_BUG);
	assert_int_equal(returning_reply(w, 1, 1), ST_BUG);
	assert_int_equal(returns_writer_finish(w), ST_BUG);
	returns_writer_free(w);
	returns_writer_free(NULL);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		head.number = none[i];
		assert_int_equal(returns_writer_begin(
				     &head, returning_seed, piping_put, &s, &w),
		    ST_BUG);
		assert_null(w);
	}
	bytes_free(&b);
}

static void
there_are_no_more_items_than_the_bound(void **state)
{
	struct bytes b = BYTES_INIT(64 << 20);
	struct sink s = {&b, 0, 0};
	struct returns_head head = {.number = 1};
	struct returns_writer *w;
	const char *why;
	uint8_t link[LINK_LEN];

	(void)state;
	assert_int_equal(
	    returns_writer_begin(&head, returning_seed, piping_put, &s, &w),
	    ST_OK);
	for (uint64_t i = 1; i <= RETURNS_ITEMS_MAX; i++)
		if (returning_link(w, i, 16521) != ST_OK)
			fail();
	assert_int_equal(returning_link(w, RETURNS_ITEMS_MAX + 1, 1), ST_LIMIT);
	assert_int_equal(returning_confirmed(w, 1, 1), ST_LIMIT);
	assert_int_equal(returning_reply(w, 1, 1), ST_LIMIT);
	assert_int_equal(returns_writer_finish(w), ST_OK);
	returns_writer_free(w);
	assert_int_equal(returning_read_bytes(&b, NULL, &why), ST_OK);
	/* One more, by hand. */
	b.len -= TRAILER_LEN;
	memcpy(link, b.p + b.len - LINK_LEN, sizeof(link));
	le64_put(link + 1, RETURNS_ITEMS_MAX + 1);
	assert_int_equal(bytes_append(&b, link, sizeof(link)), ST_OK);
	assert_int_equal(returning_read_bytes(&b, NULL, &why), ST_LIMIT);
	assert_string_equal(why, "it holds too many items");
	bytes_free(&b);
}

static void
a_failing_sink_is_told_and_never_called_again(void **state)
{
	struct bytes b = BYTES_INIT(1 << 16);
	struct sink whole = {&b, 0, 0};

	(void)state;
	assert_int_equal(returning_write(&whole), ST_OK);
	for (int at = 1; at <= whole.calls; at++) {
		struct sink s = {&b, 0, at};

		bytes_clear(&b);
		assert_int_equal(returning_write(&s), ST_FULL);
		assert_int_equal(s.calls, at);
	}
	/* Nor is anything added by a caller who does not listen. */
	for (int at = 2; at <= 4; at++) {
		struct sink s = {&b, 0, at};
		struct returns_head head = {.number = 1};
		struct returns_writer *w;

		assert_int_equal(returns_writer_begin(
				     &head, returning_seed, piping_put, &s, &w),
		    ST_OK);
		(void)!returning_link(w, 1, 1);
		(void)!returning_reply(w, 1, 1);
		assert_int_equal(returns_writer_finish(w), ST_BUG);
		assert_int_equal(s.calls, at);
		returns_writer_free(w);
	}
	bytes_free(&b);
}

static void
every_failing_allocation_is_told(void **state)
{
	struct bytes b = returning_whole();
	const char *why;

	(void)state;
	FAULT_EACH(FAULT_ALLOC | FAULT_GUARDED)
	{
		enum status st = returning_read_bytes(&b, NULL, &why);

		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		assert_true(st == ST_OK || *why != '\0');
	}
	FAULT_EACH(FAULT_ALLOC | FAULT_GUARDED)
	{
		static uint8_t place[16384];
		struct bytes out = {place, 0, sizeof(place), sizeof(place)};
		struct sink s = {&out, 0, 0};
		enum status st = returning_write(&s);

		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
	}
	bytes_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_rule_of_the_format_is_held_by_the_reader),
	    cmocka_unit_test(each_rule_of_the_format_is_held_by_the_writer),
	    cmocka_unit_test(calls_out_of_order_are_bugs),
	    cmocka_unit_test(there_are_no_more_items_than_the_bound),
	    cmocka_unit_test(a_failing_sink_is_told_and_never_called_again),
	    cmocka_unit_test(every_failing_allocation_is_told),
	};

	return cmocka_run_group_tests(
	    tests, returning_set_up, returning_tear_down);
}
