/*
 * Our own readers against every vector of tests/vectors (see its README.md).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/guarded.h"
#include "crypto/digest.h"
#include "crypto/keyset.h"
#include "crypto/minisign.h"
#include "crypto/wrap.h"
#include "tests/unit/crypto/opening.h"
#include "tests/unit/crypto/vector_list.h"

/* The text that opening.c would write down for these parts. */
static void
check_parts(const cJSON *v, const struct opening *o)
{
	const uint8_t *p = o->text.p;
	size_t left = o->text.len;
	const cJSON *part;

	cJSON_ArrayForEach(part, cJSON_GetObjectItemCaseSensitive(v, "parts"))
	{
		const char *const name = vector_text(part, "name_hex");
		const size_t name_len = strlen(name) / 2;
		const uint64_t size = vector_number(part, "size");
		uint8_t expected[1024], digest[32], found[32];

		assert_true(left >= 5 + 8 + name_len + size + 3 + 8);
		assert_memory_equal(p,
		    strcmp(vector_text(part, "kind"), "file") == 0 ? "file:"
								   : "field",
		    5);
		vector_hex(part, "name_hex", expected, name_len);
		assert_memory_equal(p + 13, expected, name_len);
		vector_hex(part, "sha256", digest, sizeof(digest));
		p += 13 + name_len;
		(void)crypto_hash_sha256(found, p, size);
		assert_memory_equal(found, digest, sizeof(digest));
		assert_memory_equal(p + size, "end", 3);
		p += size + 11;
		left -= 13 + name_len + size + 11;
	}
	assert_int_equal(left, 0);
}

static void
check_tip(const cJSON *v, const struct people *people)
{
	static const char *const names[] = {"alice", "bob"};
	const char *const file = vector_text(v, "file");
	struct bytes b = vector_file(file);

	for (size_t i = 0; i < 2; i++) {
		/* Whole, and byte for byte. */
		for (size_t step = 1; step != 0; step = step == 1 ? 99999 : 0) {
			struct opening o = {
			    .key = &people->key[i], .known = people};
			enum status st = opening_run(&o, b.p, b.len, step);
			uint8_t digest[32], found[32];

			vector_must_be(st, vector_text(v, names[i]), file);
			if (st == ST_OK) {
				check_parts(v, &o);
				assert_int_equal(
				    o.report.epoch, vector_number(v, "epoch"));
				vector_hex(v, "digest", digest, sizeof(digest));
				(void)crypto_hash_sha256(found, b.p, b.len);
				assert_memory_equal(found, digest, 32);
			}
			bytes_free(&o.text);
		}
	}
	bytes_free(&b);
}

static void
every_tip_opens_or_is_refused_as_listed(void **state)
{
	cJSON *const keys = vector_list("keys.json");
	cJSON *const tips = vector_list("tip.json");
	struct people people;
	const cJSON *v;

	(void)state;
	people_make(&people);
	for (int i = 0; i < 2; i++) {
		v = cJSON_GetArrayItem(keys, i);
		vector_hex(v, "secret", people.secret[i], SECRET_KEY_LEN);
		epoch_key_public(people.secret[i], people.public_key[i]);
		vector_hex(v, "id", people.key[i].id, KEY_ID_LEN);
	}
	cJSON_ArrayForEach(v, tips)
	{
		check_tip(v, &people);
	}
	cJSON_Delete(tips);
	cJSON_Delete(keys);
	people_free(&people);
	assert_int_equal(guarded_live(), 0);
}

static void
check_good_keyset(const cJSON *v, const struct keyset *set)
{
	uint8_t id[KEY_ID_LEN];

	assert_true(set->sequence == vector_number(v, "sequence"));
	assert_int_equal(set->from, vector_number(v, "from"));
	assert_int_equal(set->until, vector_number(v, "until"));
	assert_int_equal(set->signers, vector_number(v, "signers"));
	assert_int_equal(set->epochs, vector_number(v, "epochs"));
	vector_hex(v, "server", id, sizeof(id));
	assert_memory_equal(set->server.id, id, sizeof(id));
}

static void
every_key_set_is_taken_or_refused_in_words(void **state)
{
	cJSON *const sets = vector_list("keyset.json");
	const cJSON *v;

	(void)state;
	cJSON_ArrayForEach(v, sets)
	{
		struct bytes b = vector_file(vector_text(v, "file"));
		struct keyset set;
		unsigned line;
		const char *why;
		const enum status st =
		    keyset_parse(b.p, b.len, &set, &line, &why);

		if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(v, "good"))) {
			vector_must_be(st, "ok", vector_text(v, "file"));
			check_good_keyset(v, &set);
		} else {
			if (st != ST_MALFORMED && st != ST_VERSION)
				fail_msg("%s is taken", vector_text(v, "file"));
			assert_string_equal(why, vector_text(v, "why"));
			assert_int_equal(line, vector_number(v, "line"));
			assert_null(set.epoch);
		}
		keyset_free(&set);
		bytes_free(&b);
	}
	cJSON_Delete(sets);
}

static void
every_signature_is_taken_or_refused_as_listed(void **state)
{
	cJSON *const sigs = vector_list("minisign.json");
	const cJSON *v;

	(void)state;
	cJSON_ArrayForEach(v, sigs)
	{
		struct bytes sig = vector_file(vector_text(v, "file"));
		struct bytes root = vector_file(vector_text(v, "root"));
		struct bytes message = vector_file(vector_text(v, "message"));
		struct minisign_key key;
		enum status st = minisign_key_parse(root.p, root.len, &key);

		if (st == ST_OK)
			st = minisign_verify(
			    &key, message.p, message.len, sig.p, sig.len);
		vector_must_be(
		    st, vector_text(v, "status"), vector_text(v, "file"));
		bytes_free(&sig);
		bytes_free(&root);
		bytes_free(&message);
	}
	cJSON_Delete(sigs);
}

static enum status
check_master(const cJSON *v, const struct bytes *b)
{
	const char *const passphrase = vector_text(v, "passphrase");
	uint8_t master[MASTER_KEY_LEN], expected[MASTER_KEY_LEN];
	const enum status st =
	    master_open(passphrase, strlen(passphrase), b->p, b->len, master);

	if (st == ST_OK) {
		vector_hex(v, "master", expected, sizeof(expected));
		assert_memory_equal(master, expected, sizeof(expected));
	}
	return st;
}

static enum status
check_secret(const cJSON *v, const struct bytes *b)
{
	static const char *const roles[] = {"", "root", "signer", "epoch"};
	uint8_t master[MASTER_KEY_LEN], secret[32], expected[32];
	struct secret_info info;
	enum status st;

	vector_hex(v, "master", master, sizeof(master));
	st = secret_open(master, b->p, b->len, &info, secret);
	if (st != ST_OK)
		return st;
	vector_hex(v, "secret", expected, 32);
	assert_memory_equal(secret, expected, 32);
	vector_hex(v, "id", expected, KEY_ID_LEN);
	assert_memory_equal(info.id, expected, KEY_ID_LEN);
	assert_string_equal(roles[info.role], vector_text(v, "role"));
	assert_int_equal(info.epoch, vector_number(v, "epoch"));
	assert_int_equal(info.from, vector_number(v, "from"));
	assert_int_equal(info.until, vector_number(v, "until"));
	return st;
}

static void
every_secret_file_opens_or_is_refused_as_listed(void **state)
{
	cJSON *const secrets = vector_list("secret.json");
	const cJSON *v;

	(void)state;
	cJSON_ArrayForEach(v, secrets)
	{
		struct bytes b = vector_file(vector_text(v, "file"));

		vector_must_be(strcmp(vector_text(v, "kind"), "master") == 0
			? check_master(v, &b)
			: check_secret(v, &b),
		    vector_text(v, "status"), vector_text(v, "file"));
		bytes_free(&b);
	}
	cJSON_Delete(secrets);
	assert_int_equal(guarded_live(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_tip_opens_or_is_refused_as_listed),
	    cmocka_unit_test(every_key_set_is_taken_or_refused_in_words),
	    cmocka_unit_test(every_signature_is_taken_or_refused_as_listed),
	    cmocka_unit_test(every_secret_file_opens_or_is_refused_as_listed),
	};

	if (crypto_room_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
}
