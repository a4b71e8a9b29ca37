/*
 * Return bundles: round trips, every byte flipped, every length cut.  The
 * rules of the format are in returns_rules_test.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/unit/handoff/returning.h"

static void
a_return_bundle_reads_as_it_was_written(void **state)
{
	struct bytes b = returning_whole();
	struct source s = {.p = b.p, .len = b.len};
	struct returns_head head;
	struct heard h = {0};
	uint8_t id[KEY_ID_LEN];
	const char *why;

	(void)state;
	assert_int_equal(b.len,
	    HEAD_LEN + 2 * (CONFIRMED_LEN + LINK_LEN + REPLY_ITEM_LEN) +
		TRAILER_LEN);
	assert_int_equal(returning_read(&s, &h, &head, &why), ST_OK);
	returning_assert_said(&h, RETURNING_ALL);
	assert_string_equal(why, "");
	key_id(KEY_ROLE_SIGNER, returning_key, id);
	assert_memory_equal(
	    head.server, returning_server, sizeof(returning_server));
	assert_memory_equal(head.signer, id, sizeof(id));
	assert_int_equal(head.number, 4);
	bytes_free(&h.said);
	/* Who only checks hears nothing. */
	assert_int_equal(returning_read_bytes(&b, NULL, &why), ST_OK);
	bytes_free(&b);
}

static void
events_that_nobody_asked_for_are_passed_over(void **state)
{
	struct bytes b = returning_whole();
	struct source s = {.p = b.p, .len = b.len};
	struct heard h = {.said = BYTES_INIT(1 << 16)};
	const struct returns_input in = {
	    .source = piping_get, .signer = returning_signer, .source_ctx = &s};
	struct returns_head head;
	const char *why;

	(void)state;
	for (int which = 0; which < 3; which++) {
		static const char *const want[] = {
		    "confirmed 1 3 1541, confirmed 5 5 1541",
		    "link 5 16521 7, link 6 1 7",
		    "reply 9 20800 2313, reply 8 1 2056"};
		const struct returns_events events = {
		    which == 0 ? returning_hear_confirmed : NULL,
		    which == 1 ? returning_hear_link : NULL,
		    which == 2 ? returning_hear_reply : NULL, &h};

		s.at = 0;
		assert_int_equal(
		    returns_read(&in, &events, &head, &why), ST_OK);
		returning_assert_said(&h, want[which]);
		bytes_clear(&h.said);
	}
	bytes_free(&h.said);
	bytes_free(&b);
}

static void
one_without_items_is_one(void **state)
{
	struct bytes b = BYTES_INIT(1 << 16);
	struct sink s = {&b, 0, 0};
	struct returns_head head = {.number = INT64_MAX};
	struct returns_writer *w;
	struct heard h = {0};
	const char *why;

	(void)state;
	assert_int_equal(
	    returns_writer_begin(&head, returning_seed, piping_put, &s, &w),
	    ST_OK);
	assert_int_equal(returns_writer_finish(w), ST_OK);
	returns_writer_free(w);
	assert_int_equal(b.len, HEAD_LEN + TRAILER_LEN);
	assert_int_equal(returning_read_bytes(&b, &h, &why), ST_OK);
	returning_assert_said(&h, "");
	bytes_free(&h.said);
	bytes_free(&b);
}

static void
every_split_of_the_source_reads_the_same(void **state)
{
	struct bytes b = returning_whole();
	struct returns_head head;
	const char *why;

	(void)state;
	for (size_t step = 1; step <= b.len; step += step < 200 ? 1 : 97) {
		struct source s = {.p = b.p, .len = b.len, .step = step};
		struct heard h = {0};

		assert_int_equal(returning_read(&s, &h, &head, &why), ST_OK);
		returning_assert_said(&h, RETURNING_ALL);
		bytes_free(&h.said);
	}
	bytes_free(&b);
}

static void
every_flipped_byte_is_refused(void **state)
{
	struct bytes b = returning_whole();
	const char *why;

	(void)state;
	for (size_t i = 0; i < b.len; i++) {
		enum status st;

		b.p[i] ^= (uint8_t)(1 << i % 8);
		st = returning_read_bytes(&b, NULL, &why);
		assert_int_not_equal(st, ST_OK);
		assert_string_not_equal(why, "");
		if (i < 15)
			assert_int_equal(st, ST_MALFORMED);
		else if (i < 20)
			assert_int_equal(st, ST_VERSION);
		else if (i >= 28 && i < 36)
			assert_int_equal(st, ST_WRONG_KEY);
		else if (i < 28 || i >= b.len - TRAILER_LEN + 1)
			assert_int_equal(st, ST_FORGED);
		b.p[i] ^= (uint8_t)(1 << i % 8);
	}
	assert_int_equal(returning_read_bytes(&b, NULL, &why), ST_OK);
	bytes_free(&b);
}

static void
every_cut_length_is_refused_as_cut(void **state)
{
	struct bytes b = returning_whole();
	struct returns_head head;
	const char *why;

	(void)state;
	for (size_t len = 0; len < b.len; len++) {
		struct source s = {.p = b.p, .len = len};
		struct heard h = {0};

		assert_int_equal(returning_read(&s, &h, &head, &why), ST_SHORT);
		assert_string_equal(why, "it was cut");
		bytes_free(&h.said);
	}
	bytes_free(&b);
}

static void
a_source_that_fails_is_never_the_end(void **state)
{
	struct bytes b = returning_whole();
	struct returns_head head;
	const char *why;

	(void)state;
	for (size_t len = 0; len <= b.len; len += len < 400 ? 1 : 13) {
		struct source s = {.p = b.p, .len = len, .fails_at_end = true};

		assert_int_equal(returning_read(&s, NULL, &head, &why), ST_IO);
		assert_string_not_equal(why, "");
	}
	bytes_free(&b);
}

static void
what_follows_the_end_is_refused(void **state)
{
	struct bytes b = returning_whole();
	const char *why;

	(void)state;
	assert_int_equal(bytes_append(&b, "", 1), ST_OK);
	assert_int_equal(returning_read_bytes(&b, NULL, &why), ST_MALFORMED);
	assert_string_equal(why, "something follows its end");
	bytes_free(&b);
}

static void
what_an_event_says_stops_the_reading(void **state)
{
	struct bytes b = returning_whole();
	const char *why;

	(void)state;
	for (int at = 1; at <= 6; at++) {
		struct heard h = {.fail_at = at};

		assert_int_equal(returning_read_bytes(&b, &h, &why), ST_FULL);
		assert_int_equal(h.calls, at);
		bytes_free(&h.said);
	}
	bytes_free(&b);
}

static void
what_is_no_return_bundle_is_told_from_a_cut_one(void **state)
{
	static const struct {
		const char *text;
		enum status st;
	} bad[] = {
	    {"", ST_SHORT},
	    {"tipline-re", ST_SHORT},
	    {"tipline-return-000", ST_SHORT},
	    {"tipline-return-00001", ST_SHORT},
	    {"tipline-rx", ST_MALFORMED},
	    {"Dear server", ST_MALFORMED},
	    {"tipline-bundle-00002 and more", ST_MALFORMED},
	    {"tipline-return-00002 and more", ST_VERSION},
	    {"tipline-return-1", ST_VERSION},
	};
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bytes b = BYTES_INIT(100);

		assert_int_equal(bytes_append_text(&b, bad[i].text), ST_OK);
		assert_int_equal(
		    returning_read_bytes(&b, NULL, &why), bad[i].st);
		assert_string_not_equal(why, "");
		bytes_free(&b);
	}
}

/* By an analyst's key, but a stranger's; by another under a known id. */
static void
only_a_known_signer_is_believed(void **state)
{
	struct bytes b = BYTES_INIT(1 << 16);
	struct sink s = {&b, 0, 0};
	struct returns_head head = {.number = 1};
	struct returns_writer *w;
	const char *why;

	(void)state;
	assert_int_equal(returns_writer_begin(
			     &head, returning_other_seed, piping_put, &s, &w),
	    ST_OK);
	assert_int_equal(returns_writer_finish(w), ST_OK);
	returns_writer_free(w);
	assert_int_equal(returning_read_bytes(&b, NULL, &why), ST_WRONG_KEY);
	assert_string_equal(why, "its signer is not known");
	key_id(KEY_ROLE_SIGNER, returning_key, b.p + 28);
	assert_int_equal(returning_read_bytes(&b, NULL, &why), ST_FORGED);
	assert_string_equal(why, "its signature is wrong");
	bytes_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_return_bundle_reads_as_it_was_written),
	    cmocka_unit_test(events_that_nobody_asked_for_are_passed_over),
	    cmocka_unit_test(one_without_items_is_one),
	    cmocka_unit_test(every_split_of_the_source_reads_the_same),
	    cmocka_unit_test(every_flipped_byte_is_refused),
	    cmocka_unit_test(every_cut_length_is_refused_as_cut),
	    cmocka_unit_test(a_source_that_fails_is_never_the_end),
	    cmocka_unit_test(what_follows_the_end_is_refused),
	    cmocka_unit_test(what_an_event_says_stops_the_reading),
	    cmocka_unit_test(what_is_no_return_bundle_is_told_from_a_cut_one),
	    cmocka_unit_test(only_a_known_signer_is_believed),
	};

	return cmocka_run_group_tests(
	    tests, returning_set_up, returning_tear_down);
}
