/*
 * Our own readers against every vector of tests/vectors (see its README.md).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/durable.h"
#include "base/guarded.h"
#include "crypto/digest.h"
#include "crypto/keyset.h"
#include "crypto/minisign.h"
#include "crypto/wrap.h"
#include "tests/unit/crypto/opening.h"

#define FILE_MAX (1 << 20)

static struct bytes
file_read(const char *name)
{
	struct bytes b = BYTES_INIT(FILE_MAX);
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", VECTORS, name);
	assert_int_equal(durable_read(AT_FDCWD, path, &b), ST_OK);
	return b;
}

static cJSON *
list_read(const char *name)
{
	struct bytes b = file_read(name);
	cJSON *list = cJSON_ParseWithLength((const char *)b.p, b.len);

	assert_true(cJSON_IsArray(list));
	assert_true(cJSON_GetArraySize(list) > 0);
	bytes_free(&b);
	return list;
}

static const char *
text(const cJSON *v, const char *name)
{
	const cJSON *const s = cJSON_GetObjectItemCaseSensitive(v, name);

	assert_true(cJSON_IsString(s));
	return s->valuestring;
}

static uint64_t
number(const cJSON *v, const char *name)
{
	const cJSON *const n = cJSON_GetObjectItemCaseSensitive(v, name);

	assert_true(cJSON_IsNumber(n));
	return n->valuedouble >= 18446744073709551615.0
	    ? UINT64_MAX
	    : (uint64_t)n->valuedouble;
}

static void
hex(const cJSON *v, const char *name, uint8_t *out, size_t len)
{
	const char *const s = text(v, name);
	size_t got;

	assert_int_equal(
	    sodium_hex2bin(out, len, s, strlen(s), NULL, &got, NULL), 0);
	assert_int_equal(got, len);
}

/* Says which file a failure is about, since cmocka only names the line. */
static void
must_be(enum status st, const char *expected, const char *file)
{
	static const struct {
		const char *name;
		enum status st;
	} names[] = {{"ok", ST_OK}, {"malformed", ST_MALFORMED},
	    {"version", ST_VERSION}, {"wrong-key", ST_WRONG_KEY},
	    {"forged", ST_FORGED}, {"short", ST_SHORT}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].name, expected) != 0)
			continue;
		if (st != names[i].st)
			fail_msg("%s: expected %s, got %s", file, expected,
			    status_text(st));
		return;
	}
	fail_msg("%s: no such status: %s", file, expected);
}

/* The text that opening.c would write down for these parts. */
static void
check_parts(const cJSON *v, const struct opening *o)
{
	const uint8_t *p = o->text.p;
	size_t left = o->text.len;
	const cJSON *part;

	cJSON_ArrayForEach(part, cJSON_GetObjectItemCaseSensitive(v, "parts"))
	{
		const char *const name = text(part, "name_hex");
		const size_t name_len = strlen(name) / 2;
		const uint64_t size = number(part, "size");
		uint8_t expected[1024], digest[32], found[32];

		assert_true(left >= 5 + 8 + name_len + size + 3 + 8);
		assert_memory_equal(p,
		    strcmp(text(part, "kind"), "file") == 0 ? "file:" : "field",
		    5);
		hex(part, "name_hex", expected, name_len);
		assert_memory_equal(p + 13, expected, name_len);
		hex(part, "sha256", digest, sizeof(digest));
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
	const char *const file = text(v, "file");
	struct bytes b = file_read(file);

	for (size_t i = 0; i < 2; i++) {
		/* Whole, and byte for byte. */
		for (size_t step = 1; step != 0; step = step == 1 ? 99999 : 0) {
			struct opening o = {
			    .key = &people->key[i], .known = people};
			enum status st = opening_run(&o, b.p, b.len, step);
			uint8_t digest[32], found[32];

			must_be(st, text(v, names[i]), file);
			if (st == ST_OK) {
				check_parts(v, &o);
				assert_int_equal(
				    o.report.epoch, number(v, "epoch"));
				hex(v, "digest", digest, sizeof(digest));
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
	cJSON *const keys = list_read("keys.json");
	cJSON *const tips = list_read("tip.json");
	struct people people;
	const cJSON *v;

	(void)state;
	people_make(&people);
	for (int i = 0; i < 2; i++) {
		v = cJSON_GetArrayItem(keys, i);
		hex(v, "secret", people.secret[i], SECRET_KEY_LEN);
		epoch_key_public(people.secret[i], people.public_key[i]);
		hex(v, "id", people.key[i].id, KEY_ID_LEN);
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

	assert_true(set->sequence == number(v, "sequence"));
	assert_int_equal(set->from, number(v, "from"));
	assert_int_equal(set->until, number(v, "until"));
	assert_int_equal(set->signers, number(v, "signers"));
	assert_int_equal(set->epochs, number(v, "epochs"));
	hex(v, "server", id, sizeof(id));
	assert_memory_equal(set->server.id, id, sizeof(id));
}

static void
every_key_set_is_taken_or_refused_in_words(void **state)
{
	cJSON *const sets = list_read("keyset.json");
	const cJSON *v;

	(void)state;
	cJSON_ArrayForEach(v, sets)
	{
		struct bytes b = file_read(text(v, "file"));
		struct keyset set;
		unsigned line;
		const char *why;
		const enum status st =
		    keyset_parse(b.p, b.len, &set, &line, &why);

		if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(v, "good"))) {
			must_be(st, "ok", text(v, "file"));
			check_good_keyset(v, &set);
		} else {
			if (st != ST_MALFORMED && st != ST_VERSION)
				fail_msg("%s is taken", text(v, "file"));
			assert_string_equal(why, text(v, "why"));
			assert_int_equal(line, number(v, "line"));
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
	cJSON *const sigs = list_read("minisign.json");
	const cJSON *v;

	(void)state;
	cJSON_ArrayForEach(v, sigs)
	{
		struct bytes sig = file_read(text(v, "file"));
		struct bytes root = file_read(text(v, "root"));
		struct bytes message = file_read(text(v, "message"));
		struct minisign_key key;
		enum status st = minisign_key_parse(root.p, root.len, &key);

		if (st == ST_OK)
			st = minisign_verify(
			    &key, message.p, message.len, sig.p, sig.len);
		must_be(st, text(v, "status"), text(v, "file"));
		bytes_free(&sig);
		bytes_free(&root);
		bytes_free(&message);
	}
	cJSON_Delete(sigs);
}

static enum status
check_master(const cJSON *v, const struct bytes *b)
{
	const char *const passphrase = text(v, "passphrase");
	uint8_t master[MASTER_KEY_LEN], expected[MASTER_KEY_LEN];
	const enum status st =
	    master_open(passphrase, strlen(passphrase), b->p, b->len, master);

	if (st == ST_OK) {
		hex(v, "master", expected, sizeof(expected));
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

	hex(v, "master", master, sizeof(master));
	st = secret_open(master, b->p, b->len, &info, secret);
	if (st != ST_OK)
		return st;
	hex(v, "secret", expected, 32);
	assert_memory_equal(secret, expected, 32);
	hex(v, "id", expected, KEY_ID_LEN);
	assert_memory_equal(info.id, expected, KEY_ID_LEN);
	assert_string_equal(roles[info.role], text(v, "role"));
	assert_int_equal(info.epoch, number(v, "epoch"));
	assert_int_equal(info.from, number(v, "from"));
	assert_int_equal(info.until, number(v, "until"));
	return st;
}

static void
every_secret_file_opens_or_is_refused_as_listed(void **state)
{
	cJSON *const secrets = list_read("secret.json");
	const cJSON *v;

	(void)state;
	cJSON_ArrayForEach(v, secrets)
	{
		struct bytes b = file_read(text(v, "file"));

		must_be(strcmp(text(v, "kind"), "master") == 0
			? check_master(v, &b)
			: check_secret(v, &b),
		    text(v, "status"), text(v, "file"));
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
