/*
 * What the vectors' edits of one text do not show: limits, times, mutants
 * under a signature.  The good[] and bad[] tables are tests/vectors/keyset.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guarded.h"
#include "crypto/keyset.h"
#include "crypto/minisign_sign.h"
#include "crypto/opener.h"
#include "crypto/sign.h"

#define DAY 86400
#define START 1795392000 /* 2026-11-23 */

static unsigned line;
static const char *why;

/* A key set in memory, of weekly epochs with so many keys each. */
static void
make(struct keyset *set, size_t signers, size_t epochs, size_t keys)
{
	uint8_t secret[32];

	memset(set, 0, sizeof(*set));
	set->sequence = 3;
	set->from = START;
	set->until = START + epochs * 7 * DAY;
	sign_key_new(set->server.key, secret);
	key_id(KEY_ROLE_SERVER, set->server.key, set->server.id);
	set->signers = signers;
	for (size_t i = 0; i < signers; i++) {
		struct keyset_signer *const s = &set->signer[i];

		snprintf(s->name, sizeof(s->name), "signer-%zu", i);
		sign_key_new(s->key, secret);
		key_id(KEY_ROLE_SIGNER, s->key, s->id);
	}
	set->epochs = epochs;
	set->epoch = calloc(epochs, sizeof(*set->epoch));
	assert_non_null(set->epoch);
	for (size_t i = 0; i < epochs; i++) {
		struct recipients *const to = &set->epoch[i].to;

		to->epoch = (uint32_t)i + 1;
		to->from = START + i * 7 * DAY;
		to->until = to->from + 7 * DAY;
		to->count = keys;
		for (size_t k = 0; k < keys; k++) {
			snprintf(
			    set->epoch[i].name[k], KEY_NAME_MAX, "k%zu", k);
			epoch_key_new(to->r[k].key, secret);
			key_id(KEY_ROLE_EPOCH, to->r[k].key, to->r[k].id);
		}
	}
}

static struct bytes
text_of(const struct keyset *set)
{
	struct bytes b = BYTES_INIT(4 * KEYSET_MAX);

	assert_int_equal(keyset_write(set, &b), ST_OK);
	return b;
}

static void
a_key_set_written_and_read_is_the_same(void **state)
{
	struct keyset set, again;
	struct bytes a, b;

	(void)state;
	make(&set, RECIPIENTS_MAX, 40, RECIPIENTS_MAX);
	a = text_of(&set);
	assert_true(a.len < KEYSET_MAX);
	assert_int_equal(keyset_parse(a.p, a.len, &again, &line, &why), ST_OK);
	b = text_of(&again);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.p, b.p, a.len);
	assert_int_equal(again.signers, RECIPIENTS_MAX);
	assert_memory_equal(again.epoch, set.epoch, 40 * sizeof(*set.epoch));
	bytes_free(&a);
	bytes_free(&b);
	keyset_free(&set);
	keyset_free(&again);
}

/* Put one line more before the line that begins with where. */
static void
refuse_one_more(size_t signers, size_t keys, const char *where,
    const char *more, unsigned expected_line, const char *expected)
{
	struct bytes text, longer = BYTES_INIT(KEYSET_MAX);
	struct keyset set, again;
	const char *p, *at;

	make(&set, signers, 2, keys);
	text = text_of(&set);
	assert_int_equal(bytes_append(&text, "", 1), ST_OK);
	p = (const char *)text.p;
	at = strstr(p, where);
	assert_non_null(at);
	assert_int_equal(
	    bytes_printf(&longer, "%.*s%s%s", (int)(at - p), p, more, at),
	    ST_OK);
	assert_int_equal(
	    keyset_parse(longer.p, longer.len, &again, &line, &why),
	    ST_MALFORMED);
	assert_string_equal(why, expected);
	assert_int_equal(line, expected_line);
	bytes_free(&text);
	bytes_free(&longer);
	keyset_free(&set);
}

static void
a_seventeenth_signer_or_key_is_one_too_many(void **state)
{
	(void)state;
	refuse_one_more(
	    16, 1, "epoch 1", "signer x y z\n", 7 + 16, "more than 16 signers");
	refuse_one_more(1, 16, "epoch 2", "key x y z\n", 9 + 16,
	    "more than 16 keys in an epoch");
}

static void
five_hundred_and_twenty_epochs_and_no_more(void **state)
{
	(void)state;
	for (size_t n = KEYSET_EPOCHS_MAX; n <= KEYSET_EPOCHS_MAX + 1; n++) {
		struct keyset set, again;
		struct bytes b;
		enum status st;

		make(&set, 1, n, 1);
		b = text_of(&set);
		st = keyset_parse(b.p, b.len, &again, &line, &why);
		if (n == KEYSET_EPOCHS_MAX) {
			assert_int_equal(st, ST_OK);
		} else {
			assert_int_equal(st, ST_MALFORMED);
			assert_string_equal(why, "more than 520 epochs");
			assert_int_equal(line, 8 + 2 * KEYSET_EPOCHS_MAX);
		}
		keyset_free(&again);
		keyset_free(&set);
		bytes_free(&b);
	}
}

static void
a_text_longer_than_the_limit_is_not_read(void **state)
{
	static char text[KEYSET_MAX + 1];
	struct keyset set;

	(void)state;
	assert_int_equal(
	    keyset_parse(text, sizeof(text), &set, &line, &why), ST_MALFORMED);
	assert_int_equal(line, 0);
	assert_string_equal(why, "the key set is longer than 64 KiB");
}

/* Flip each byte, cut each length: neither text nor signature holds. */
static void
no_mutant_of_a_signed_key_set_is_taken(void **state)
{
	struct minisign_key root;
	struct bytes text, sig = BYTES_INIT(MINISIGN_FILE_MAX);
	struct keyset set, again;
	uint8_t seed[32];

	(void)state;
	make(&set, 1, 2, 2);
	text = text_of(&set);
	keyset_free(&set);
	minisign_key_new(&root, seed);
	assert_int_equal(minisign_sign(&root, seed, text.p, text.len,
			     "tipline keyset sequence 3", &sig),
	    ST_OK);
	assert_int_equal(
	    minisign_verify(&root, text.p, text.len, sig.p, sig.len), ST_OK);
	for (size_t i = 0; i < text.len; i++) {
		enum status st;

		text.p[i] ^= (uint8_t)(1U << i % 8);
		assert_int_equal(
		    minisign_verify(&root, text.p, text.len, sig.p, sig.len),
		    ST_FORGED);
		/* Nor does the parser fall over what it might be given. */
		st = keyset_parse(text.p, text.len, &again, &line, &why);
		if (st == ST_OK)
			keyset_free(&again);
		else
			assert_true(line > 0 && why[0] != '\0');
		text.p[i] ^= (uint8_t)(1U << i % 8);
	}
	for (size_t len = 0; len < text.len; len++) {
		assert_int_equal(
		    minisign_verify(&root, text.p, len, sig.p, sig.len),
		    ST_FORGED);
		if (keyset_parse(text.p, len, &again, &line, &why) == ST_OK) {
			/* A whole number of keys fewer is a key set too. */
			assert_int_equal(text.p[len - 1], '\n');
			keyset_free(&again);
		}
	}
	bytes_free(&text);
	bytes_free(&sig);
}

static void
server_pub_is_read_as_it_was_written(void **state)
{
	static const char onion[] = "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaf"
				    "tt6twagswzczad.onion";
	struct server_identity a = {0}, b;
	struct bytes text = BYTES_INIT(SERVER_FILE_MAX);
	uint8_t seed[32];

	(void)state;
	for (int with = 0; with < 2; with++) {
		bytes_clear(&text);
		if (with)
			memcpy(a.onion, onion, sizeof(onion));
		sign_key_new(a.key, seed);
		key_id(KEY_ROLE_SERVER, a.key, a.id);
		assert_int_equal(server_identity_write(&a, &text), ST_OK);
		assert_int_equal(
		    server_identity_parse(text.p, text.len, &b), ST_OK);
		assert_memory_equal(&a, &b, sizeof(a));
		for (size_t len = 0; len < text.len; len++)
			assert_int_equal(server_identity_parse(text.p, len, &b),
			    ST_MALFORMED);
		for (size_t i = 0; i < text.len; i++) {
			text.p[i] ^= 1;
			assert_int_not_equal(
			    server_identity_parse(text.p, text.len, &b), ST_OK);
			assert_int_equal(b.onion[0], 0);
			text.p[i] ^= 1;
		}
		assert_int_equal(bytes_append_text(&text, "\n"), ST_OK);
		assert_int_equal(
		    server_identity_parse(text.p, text.len, &b), ST_MALFORMED);
	}
	assert_int_equal(
	    server_identity_parse(text.p, SERVER_FILE_MAX + 1, &b), ST_LIMIT);
	assert_int_equal(
	    server_identity_parse("tipline-server 2\n", 17, &b), ST_VERSION);
	bytes_free(&text);
}

static void
a_mistyped_onion_address_is_told_from_a_wrong_one(void **state)
{
	static const struct {
		const char *text;
		enum status st;
	} cases[] = {
#define DDG "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad"
	    {DDG ".onion", ST_OK},
	    {"2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion",
		ST_OK},
	    {"duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczae.onion",
		ST_MALFORMED}, /* version */
	    {"euckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion",
		ST_FORGED},
	    {"Duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion",
		ST_MALFORMED},
	    {"1uckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion",
		ST_MALFORMED},
	    {DDG, ST_MALFORMED},
	    {DDG ".onionx", ST_MALFORMED},
	    {DDG ".0nion", ST_MALFORMED},
	    {"", ST_MALFORMED},
	    {"expyuzz4wqqyqhjn.onion", ST_MALFORMED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(onion_check(cases[i].text), cases[i].st);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_key_set_written_and_read_is_the_same),
	    cmocka_unit_test(a_seventeenth_signer_or_key_is_one_too_many),
	    cmocka_unit_test(five_hundred_and_twenty_epochs_and_no_more),
	    cmocka_unit_test(a_text_longer_than_the_limit_is_not_read),
	    cmocka_unit_test(no_mutant_of_a_signed_key_set_is_taken),
	    cmocka_unit_test(server_pub_is_read_as_it_was_written),
	    cmocka_unit_test(a_mistyped_onion_address_is_told_from_a_wrong_one),
	};

	if (crypto_room_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests_name("keyset", tests, NULL, NULL);
}
