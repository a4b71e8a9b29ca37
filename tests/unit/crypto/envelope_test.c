#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "base/guarded.h"
#include "crypto/digest.h"
#include "tests/unit/crypto/opening.h"

static struct people people;
static struct recipients to;
static struct sealed out;

static int
set_up(void **state)
{
	(void)state;
	people_make(&people);
	people_recipients(&people, 2, &to);
	out = (struct sealed){.b = BYTES_INIT(TIP_MAX)};
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	bytes_free(&out.b);
	people_free(&people);
	assert_int_equal(guarded_live(), 0);
	return 0;
}

static struct envelope *
begun(void)
{
	struct envelope *env;

	assert_int_equal(envelope_begin(&to, sealed_sink, &out, &env), ST_OK);
	return env;
}

static void
pad_all(struct envelope *env)
{
	bool done = false;

	while (!done)
		assert_int_equal(envelope_pad(env, 7, &done), ST_OK);
}

static void
a_sealed_tip_has_the_length_of_its_class(void **state)
{
	/* Items: 11 + 4 + n + 12 + 8 bytes; a record holds 16384. */
	static const struct {
		size_t data;
		uint64_t records;
	} cases[] = {
	    {0, 1}, {1, 1}, {16349, 1}, {16350, 4}, {65000, 4}, {65800, 16}};
	static uint8_t data[65800];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct envelope *env;
		uint8_t digest[32], expected[32];
		uint64_t len;

		bytes_clear(&out.b);
		env = begun();
		assert_int_equal(
		    envelope_part(env, ENVELOPE_FIELD, "message", 7), ST_OK);
		assert_int_equal(
		    envelope_data(env, data, cases[i].data), ST_OK);
		assert_int_equal(envelope_part_end(env), ST_OK);
		assert_int_equal(envelope_end(env), ST_OK);
		pad_all(env);
		assert_int_equal(envelope_digest(env, digest, &len), ST_OK);
		envelope_free(env);
		assert_int_equal(len,
		    80 + 88 * 2 +
			cases[i].records * ENVELOPE_SEALED_RECORD_LEN);
		assert_int_equal(out.b.len, len);
		(void)crypto_hash_sha256(expected, out.b.p, out.b.len);
		assert_memory_equal(digest, expected, 32);
	}
}

/* Every split of the data into calls: the same items inside. */
static void
data_in_pieces_of_any_size_seals_the_same_items(void **state)
{
	static const size_t steps[] = {
	    1, 2, 3, 4, 5, 7, 4096, 16379, 16380, 16381, 16384, 16385, 33000};
	static uint8_t data[40000];
	struct opening o = {.key = &people.key[ME]};
	struct bytes first = BYTES_INIT(TIP_MAX);

	(void)state;
	randombytes_buf(data, sizeof(data));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct envelope *env;
		size_t at = 0;

		bytes_clear(&out.b);
		env = begun();
		assert_int_equal(
		    envelope_part(env, ENVELOPE_FILE, "", 0), ST_OK);
		while (at < sizeof(data)) {
			size_t n = sizeof(data) - at;

			n = n < steps[i] ? n : steps[i];
			assert_int_equal(
			    envelope_data(env, data + at, n), ST_OK);
			/* An empty piece changes nothing. */
			assert_int_equal(envelope_data(env, data, 0), ST_OK);
			at += n;
		}
		assert_int_equal(envelope_part_end(env), ST_OK);
		assert_int_equal(envelope_end(env), ST_OK);
		pad_all(env);
		envelope_free(env);
		assert_int_equal(
		    opening_run(&o, out.b.p, out.b.len, SIZE_MAX), ST_OK);
		if (i == 0)
			assert_int_equal(
			    bytes_append(&first, o.text.p, o.text.len), ST_OK);
		assert_int_equal(o.text.len, first.len);
		assert_memory_equal(o.text.p, first.p, first.len);
	}
	bytes_free(&first);
	bytes_free(&o.text);
}

/* Every split of one small tip's data in two. */
static void
every_split_of_a_short_message_opens_to_the_same(void **state)
{
	static const char text[] = "they meet at the harbour on the ninth";
	struct opening o = {.key = &people.key[YOU]};

	(void)state;
	for (size_t cut = 0; cut < sizeof(text); cut++) {
		struct envelope *env;
		const uint8_t *const p = (const uint8_t *)text;

		bytes_clear(&out.b);
		env = begun();
		assert_int_equal(
		    envelope_part(env, ENVELOPE_FIELD, "m", 1), ST_OK);
		assert_int_equal(envelope_data(env, p, cut), ST_OK);
		assert_int_equal(
		    envelope_data(env, p + cut, sizeof(text) - cut), ST_OK);
		assert_int_equal(envelope_part_end(env), ST_OK);
		assert_int_equal(envelope_end(env), ST_OK);
		pad_all(env);
		envelope_free(env);
		assert_int_equal(
		    opening_run(&o, out.b.p, out.b.len, SIZE_MAX), ST_OK);
		assert_int_equal(o.text.len, 5 + 8 + 1 + sizeof(text) + 3 + 8);
		assert_memory_equal(o.text.p + 14, text, sizeof(text));
	}
	bytes_free(&o.text);
}

/* Names and data that end just before, at and behind a record's end. */
static void
items_around_a_records_end_open_to_what_was_sealed(void **state)
{
	static uint8_t data[16384], name[1024];
	struct opening o = {.key = &people.key[ME]};

	(void)state;
	for (size_t n = 16384 - 1100; n <= 16384; n++) {
		struct envelope *env;

		bytes_clear(&out.b);
		env = begun();
		assert_int_equal(
		    envelope_part(env, ENVELOPE_FILE, "a", 1), ST_OK);
		assert_int_equal(envelope_data(env, data, n), ST_OK);
		assert_int_equal(envelope_part_end(env), ST_OK);
		assert_int_equal(
		    envelope_part(env, ENVELOPE_FILE, name, sizeof(name)),
		    ST_OK);
		assert_int_equal(envelope_data(env, data, 3), ST_OK);
		assert_int_equal(envelope_part_end(env), ST_OK);
		assert_int_equal(envelope_end(env), ST_OK);
		pad_all(env);
		envelope_free(env);
		assert_int_equal(
		    opening_run(&o, out.b.p, out.b.len, SIZE_MAX), ST_OK);
		assert_int_equal(
		    o.text.len, 2 * (5 + 8 + 3 + 8) + 1 + sizeof(name) + n + 3);
	}
	bytes_free(&o.text);
}

static void
padding_goes_on_in_as_many_steps_as_the_caller_likes(void **state)
{
	struct envelope *env = begun();
	static uint8_t data[16384 * 5];
	bool done;

	(void)state;
	assert_int_equal(envelope_part(env, ENVELOPE_FILE, "", 0), ST_OK);
	assert_int_equal(envelope_data(env, data, sizeof(data)), ST_OK);
	assert_int_equal(envelope_part_end(env), ST_OK);
	assert_int_equal(envelope_end(env), ST_OK);
	assert_int_equal(out.calls, 1 + 5); /* the head and five full ones */
	assert_int_equal(envelope_pad(env, 0, &done), ST_OK);
	assert_false(done);
	assert_int_equal(out.calls, 6);
	for (int i = 1; i <= 11; i++) { /* 16 records */
		assert_int_equal(envelope_pad(env, 1, &done), ST_OK);
		assert_int_equal(out.calls, 6 + i);
		assert_int_equal(done, i == 11);
	}
	assert_int_equal(envelope_pad(env, 1, &done), ST_BUG);
	envelope_free(env);
}

/* A full record waits until it is known whether it is the last. */
static void
a_full_record_is_held_back(void **state)
{
	static uint8_t data[16384];
	struct envelope *env = begun();

	(void)state;
	assert_int_equal(envelope_part(env, ENVELOPE_FILE, "", 0), ST_OK);
	assert_int_equal(envelope_data(env, data, 16384 - 4 - 4), ST_OK);
	assert_int_equal(out.calls, 1);
	assert_int_equal(envelope_data(env, data, 1), ST_OK);
	assert_int_equal(out.calls, 2);
	envelope_free(env);
}

/* Any call in a wrong place is refused, and every call after it. */
static void
calls_out_of_order_are_our_own_bug(void **state)
{
	/* b part, f bad field name, l long name, d data, e part end,
	 * E end, p pad, g digest; the last of each must fail. */
	static const char *const bad[] = {"d", "e", "bb", "bE", "f", "F", "l",
	    "Ed", "Eb", "EE", "bded", "p", "bp", "g", "Eg", "Epp", "Epgg",
	    "Epb", "bee"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct envelope *env = begun();
		enum status st = ST_OK;
		uint8_t digest[32], name[1025] = {0};
		uint64_t len;
		bool done;

		for (const char *p = bad[i]; *p != '\0'; p++) {
			assert_int_equal(st, ST_OK);
			switch (*p) {
			case 'b':
				st = envelope_part(env, ENVELOPE_FIELD, "a", 1);
				break;
			case 'f':
				st = envelope_part(env, ENVELOPE_FIELD, "A", 1);
				break;
			case 'F':
				st = envelope_part(env, ENVELOPE_FIELD, "", 0);
				break;
			case 'l':
				st = envelope_part(
				    env, ENVELOPE_FILE, name, 1025);
				break;
			case 'd':
				st = envelope_data(env, name, 3);
				break;
			case 'e':
				st = envelope_part_end(env);
				break;
			case 'E':
				st = envelope_end(env);
				break;
			case 'p':
				st = envelope_pad(env, 100, &done);
				break;
			default:
				st = envelope_digest(env, digest, &len);
				break;
			}
		}
		assert_int_equal(st, ST_BUG);
		assert_int_equal(
		    envelope_part(env, ENVELOPE_FILE, "", 0), ST_BUG);
		assert_int_equal(envelope_end(env), ST_BUG);
		envelope_free(env);
	}
}

static void
nothing_is_sealed_to_nobody(void **state)
{
	struct envelope *env = (struct envelope *)&to;
	struct recipients none = to;

	(void)state;
	none.count = 0;
	assert_int_equal(
	    envelope_begin(&none, sealed_sink, &out, &env), ST_BUG);
	assert_null(env);
	none.count = RECIPIENTS_MAX + 1;
	assert_int_equal(
	    envelope_begin(&none, sealed_sink, &out, &env), ST_BUG);
	none = to;
	none.epoch = 0;
	assert_int_equal(
	    envelope_begin(&none, sealed_sink, &out, &env), ST_BUG);
	none = to;
	memset(none.r[1].key, 0, PUBLIC_KEY_LEN); /* of low order */
	assert_int_equal(
	    envelope_begin(&none, sealed_sink, &out, &env), ST_BUG);
	assert_null(env);
	assert_int_equal(out.calls, 0);
	assert_int_equal(guarded_live(), PEOPLE);
}

/* A sink may fail at any call: never a leak, never a live handle. */
static void
a_failing_sink_leaves_nothing_behind(void **state)
{
	(void)state;
	assert_int_equal(sealed_make(&out, &people, 2, 40000), ST_OK);
	assert_int_equal(out.calls, 1 + 16);
	for (int at = 1; at <= 1 + 16; at++) {
		out.fail_at = at;
		assert_int_equal(sealed_make(&out, &people, 2, 40000), ST_IO);
		assert_int_equal(guarded_live(), PEOPLE);
	}
}

static bool
holds(const void *where, size_t len, const void *what, size_t what_len)
{
	return memmem(where, len, what, what_len) != NULL;
}

/* Once begin has returned, the envelope no longer holds what could open it. */
static void
the_tip_key_is_gone_once_the_head_is_made(void **state)
{
	struct envelope *env = begun();
	uint8_t tip_key[32], stream_key[32];

	(void)state;
	assert_int_equal(crypto_box_seal_open(tip_key, out.b.p + 24 + 8, 80,
			     people.public_key[ME], people.secret[ME]),
	    0);
	blake2b(
	    "tipline-stream-1", tip_key, 32, out.b.p, 24 + 2 * 88, stream_key);
	/* The search itself works: the head lies in the envelope. */
	assert_true(holds(env, ENVELOPE_RECORD_LEN + 512, out.b.p, 80));
	assert_false(holds(env, ENVELOPE_RECORD_LEN + 512, tip_key, 32));
	assert_false(holds(env, ENVELOPE_RECORD_LEN + 512, stream_key, 32));
	envelope_free(env);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	    T(a_sealed_tip_has_the_length_of_its_class),
	    T(data_in_pieces_of_any_size_seals_the_same_items),
	    T(every_split_of_a_short_message_opens_to_the_same),
	    T(items_around_a_records_end_open_to_what_was_sealed),
	    T(padding_goes_on_in_as_many_steps_as_the_caller_likes),
	    T(a_full_record_is_held_back),
	    T(calls_out_of_order_are_our_own_bug),
	    T(nothing_is_sealed_to_nobody),
	    T(a_failing_sink_leaves_nothing_behind),
	    T(the_tip_key_is_gone_once_the_head_is_made),
#undef T
	};

	if (crypto_room_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests_name("envelope", tests, NULL, NULL);
}
