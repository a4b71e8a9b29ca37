/*
 * The file of an analyst's public keys: written, read and refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/analyst_keys.h"
#include "crypto/opener.h"
#include "crypto/sign.h"
#include "tests/unit/crypto/edited.h"

#define WEEK (7 * 86400)
#define MONDAY 1795392000 /* 2026-11-23 */

static unsigned line;
static const char *why;

static uint8_t signer_seed[32];

static void
make_keys(struct analyst_keys *keys, size_t count)
{
	uint8_t secret[32];

	memset(keys, 0, sizeof(*keys));
	strcpy(keys->signer.name, "alice");
	sign_key_new(keys->signer.key, signer_seed);
	key_id(KEY_ROLE_SIGNER, keys->signer.key, keys->signer.id);
	keys->count = count;
	keys->key = calloc(count, sizeof(*keys->key));
	assert_non_null(keys->key);
	for (size_t i = 0; i < count; i++) {
		struct analyst_key *const k = &keys->key[i];

		k->epoch = 2968 + (uint32_t)i;
		k->from = MONDAY + i * WEEK;
		k->until = k->from + WEEK;
		epoch_key_new(k->key, secret);
		key_id(KEY_ROLE_EPOCH, k->key, k->id);
	}
}

static struct bytes
keys_text(const struct analyst_keys *keys)
{
	struct bytes b = BYTES_INIT(KEYSET_MAX);

	assert_int_equal(analyst_keys_write(keys, signer_seed, &b), ST_OK);
	return b;
}

static void
analysts_keys_are_read_as_they_were_written(void **state)
{
	static const size_t counts[] = {1, 2, 52, 380};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct analyst_keys keys, again;
		struct bytes text;

		make_keys(&keys, counts[i]);
		text = keys_text(&keys);
		assert_int_equal(
		    analyst_keys_parse(text.p, text.len, &again, &line, &why),
		    ST_OK);
		assert_memory_equal(
		    &again.signer, &keys.signer, sizeof(keys.signer));
		assert_int_equal(again.count, keys.count);
		assert_memory_equal(
		    again.key, keys.key, keys.count * sizeof(*keys.key));
		analyst_keys_free(&again);
		analyst_keys_free(&keys);
		bytes_free(&text);
	}
}

static void
keys_are_written_by_their_signer_and_as_far_as_they_fit(void **state)
{
	struct analyst_keys keys;
	struct bytes b = BYTES_INIT(KEYSET_MAX);
	uint8_t other[32], public_key[32];

	(void)state;
	make_keys(&keys, 2);
	sign_key_new(public_key, other);
	assert_int_equal(analyst_keys_write(&keys, other, &b), ST_WRONG_KEY);
	keys.count = 0;
	assert_int_equal(analyst_keys_write(&keys, signer_seed, &b), ST_LIMIT);
	keys.count = 2;
	analyst_keys_free(&keys);
	make_keys(&keys, 521);
	assert_int_equal(analyst_keys_write(&keys, signer_seed, &b), ST_LIMIT);
	keys.count = 520;
	memset(keys.signer.name, 'a', KEY_NAME_MAX); /* more than 64 KiB */
	assert_int_equal(analyst_keys_write(&keys, signer_seed, &b), ST_LIMIT);
	analyst_keys_free(&keys);
	bytes_free(&b);
}

static void
no_mutant_of_analysts_keys_is_taken(void **state)
{
	struct analyst_keys keys, again;
	struct bytes text;

	(void)state;
	make_keys(&keys, 3);
	text = keys_text(&keys);
	for (size_t i = 0; i < text.len; i++) {
		enum status st;

		text.p[i] ^= (uint8_t)(1U << i % 7);
		st = analyst_keys_parse(text.p, text.len, &again, &line, &why);
		assert_true(
		    st == ST_FORGED || st == ST_VERSION || st == ST_MALFORMED);
		assert_int_equal(st != ST_FORGED, line > 0);
		assert_null(again.key);
		text.p[i] ^= (uint8_t)(1U << i % 7);
	}
	for (size_t len = 0; len < text.len; len++)
		assert_int_equal(
		    analyst_keys_parse(text.p, len, &again, &line, &why),
		    ST_MALFORMED);
	assert_int_equal(bytes_append_text(&text, "\n"), ST_OK);
	assert_int_equal(
	    analyst_keys_parse(text.p, text.len, &again, &line, &why),
	    ST_MALFORMED);
	assert_int_equal(line, 10);
	text.len = KEYSET_MAX + 1;
	assert_int_equal(
	    analyst_keys_parse(text.p, text.len, &again, &line, &why),
	    ST_MALFORMED);
	assert_int_equal(line, 0);
	text.len = 0;
	analyst_keys_free(&keys);
	bytes_free(&text);
}

static void
analysts_keys_are_refused_in_words(void **state)
{
	static const struct {
		const char *from, *to;
		unsigned line;
		const char *why;
	} cases[] = {
	    {"keys 1", "keys 2", 1, "a version this program does not know"},
	    {"tipline-analyst-keys", "tipline-keyset", 1,
		"another kind of file, or its first line is missing"},
	    {"signer", "server", 2,
		"another line than \"signer\" stands where that must be"},
	    {"alice", "Alice", 2, "a name has only a-z, 0-9 and - in it"},
	    {"alice", "bob", 4, "the key has another name than its signer"},
	    {"epoch 2968", "epoch 0", 3, "epochs are numbered from 1"},
	    {"epoch 2969", "epoch 2968", 5,
		"the numbers of the epochs do not rise"},
	    {"epoch 2969 2026-11-30", "epoch 2969 2026-11-28", 5,
		"the epoch overlaps the one before by more than a day"},
	    {"epoch 2969", "colour red\nepoch 2969", 5, "unknown field"},
	    {"epoch 2969", "", 5, "unknown field"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct analyst_keys keys, again;
		struct bytes text, bad;
		enum status st;

		make_keys(&keys, 3);
		text = keys_text(&keys);
		bad = edited(&text, cases[i].from, cases[i].to);
		st = analyst_keys_parse(bad.p, bad.len, &again, &line, &why);
		assert_int_equal(st, i == 0 ? ST_VERSION : ST_MALFORMED);
		assert_string_equal(why, cases[i].why);
		assert_int_equal(line, cases[i].line);
		analyst_keys_free(&keys);
		bytes_free(&text);
		bytes_free(&bad);
	}
}
/* Destroyed for the one week, it would go on opening the other's tips. */
static void
one_key_is_not_taken_for_two_epochs(void **state)
{
	struct analyst_keys keys, again;
	struct bytes text;

	(void)state;
	make_keys(&keys, 3);
	memcpy(keys.key[2].key, keys.key[0].key, sizeof(keys.key[0].key));
	memcpy(keys.key[2].id, keys.key[0].id, sizeof(keys.key[0].id));
	text = keys_text(&keys);
	assert_int_equal(
	    analyst_keys_parse(text.p, text.len, &again, &line, &why),
	    ST_MALFORMED);
	assert_string_equal(why, "this key stands twice");
	assert_int_equal(line, 8);
	analyst_keys_free(&keys);
	bytes_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(analysts_keys_are_read_as_they_were_written),
	    cmocka_unit_test(
		keys_are_written_by_their_signer_and_as_far_as_they_fit),
	    cmocka_unit_test(no_mutant_of_analysts_keys_is_taken),
	    cmocka_unit_test(analysts_keys_are_refused_in_words),
	    cmocka_unit_test(one_key_is_not_taken_for_two_epochs),
	};

	if (crypto_room_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests_name("analysts' keys", tests, NULL, NULL);
}
