/*
 * Our own readers against the vectors of return codes, replies, and the
 * small files around key sets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/guarded.h"
#include "crypto/analyst_keys.h"
#include "crypto/reply.h"
#include "crypto/return_code.h"
#include "crypto/root_change.h"
#include "crypto/shares.h"
#include "crypto/sign.h"
#include "tests/unit/crypto/vector_list.h"

static char words[RETURN_LIST_LEN][16];

static void
read_words(void)
{
	FILE *f = fopen(WORD_LIST, "r");

	assert_non_null(f);
	for (size_t i = 0; i < RETURN_LIST_LEN; i++)
		assert_int_equal(fscanf(f, "%15s", words[i]), 1);
	(void)fclose(f);
}

/* The words' places in the list, and how many words there are. */
static size_t
places(const struct bytes *text, uint16_t word[static RETURN_WORDS])
{
	char line[512], *rest = line;
	const char *w;
	size_t n = 0;

	assert_true(text->len < sizeof(line));
	memcpy(line, text->p, text->len);
	line[text->len] = '\0';
	while ((w = strtok_r(rest, " \n", &rest)) != NULL) {
		uint16_t i = 0;

		while (i < RETURN_LIST_LEN && strcmp(words[i], w) != 0)
			i++;
		if (n < RETURN_WORDS)
			word[n] = i;
		n++;
	}
	return n;
}

static void
every_return_code_is_read_or_refused_as_listed(void **state)
{
	cJSON *const codes = vector_list("return_code.json");
	const cJSON *v;

	(void)state;
	read_words();
	cJSON_ArrayForEach(v, codes)
	{
		struct bytes b = vector_file(vector_text(v, "file"));
		uint8_t code[RETURN_CODE_LEN], secret[32], expected[32];
		uint16_t word[RETURN_WORDS], again[RETURN_WORDS];
		struct mailbox box;
		enum status st = places(&b, word) == RETURN_WORDS
		    ? return_code_read(word, code)
		    : ST_MALFORMED;

		vector_must_be(
		    st, vector_text(v, "status"), vector_text(v, "file"));
		bytes_free(&b);
		if (st != ST_OK)
			continue;
		return_code_words(code, again);
		assert_memory_equal(again, word, sizeof(word));
		return_code_mailbox(code, &box, secret);
		vector_hex(v, "code", expected, sizeof(code));
		assert_memory_equal(code, expected, sizeof(code));
		vector_hex(v, "mailbox", expected, sizeof(box.id));
		assert_memory_equal(box.id, expected, sizeof(box.id));
		vector_hex(v, "public", expected, sizeof(box.key));
		assert_memory_equal(box.key, expected, sizeof(box.key));
		vector_hex(v, "secret", expected, sizeof(secret));
		assert_memory_equal(secret, expected, sizeof(secret));
	}
	cJSON_Delete(codes);
}

static void
check_reply(const cJSON *v, const struct reply *reply)
{
	const size_t len = strlen(vector_text(v, "text_hex")) / 2;
	uint8_t text[REPLY_TEXT_MAX], signer[PUBLIC_KEY_LEN], id[KEY_ID_LEN];

	vector_hex(v, "text_hex", text, len);
	assert_int_equal(reply->len, len);
	assert_memory_equal(reply->text, text, len);
	assert_int_equal(reply->day, vector_number(v, "day"));
	vector_hex(v, "signer", signer, sizeof(signer));
	key_id(KEY_ROLE_SIGNER, signer, id);
	assert_memory_equal(reply->signer, id, sizeof(id));
}

static void
every_reply_opens_or_is_refused_as_listed(void **state)
{
	cJSON *const replies = vector_list("reply.json");
	struct reply *reply = guarded_new(sizeof(*reply));
	const cJSON *v;

	(void)state;
	cJSON_ArrayForEach(v, replies)
	{
		struct bytes b = vector_file(vector_text(v, "file"));
		uint8_t code[RETURN_CODE_LEN], secret[SECRET_KEY_LEN];
		struct mailbox box;
		enum status st = ST_MALFORMED; /* what has another length */

		vector_hex(v, "code", code, sizeof(code));
		return_code_mailbox(code, &box, secret);
		if (b.len == REPLY_LEN)
			st = reply_open(&box, secret, b.p, reply);
		vector_must_be(
		    st, vector_text(v, "status"), vector_text(v, "file"));
		if (st == ST_OK)
			check_reply(v, reply);
		bytes_free(&b);
	}
	cJSON_Delete(replies);
	guarded_free(reply);
	assert_int_equal(guarded_live(), 0);
}

static void
every_file_of_analysts_keys_is_taken_or_refused_in_words(void **state)
{
	cJSON *const list = vector_list("analyst_keys.json");
	const cJSON *v;

	(void)state;
	cJSON_ArrayForEach(v, list)
	{
		struct bytes b = vector_file(vector_text(v, "file"));
		struct analyst_keys keys;
		unsigned line;
		const char *why;
		uint8_t id[KEY_ID_LEN];
		const enum status st =
		    analyst_keys_parse(b.p, b.len, &keys, &line, &why);

		vector_must_be(
		    st, vector_text(v, "status"), vector_text(v, "file"));
		if (st == ST_OK) {
			vector_hex(v, "signer", id, sizeof(id));
			assert_memory_equal(keys.signer.id, id, sizeof(id));
			assert_int_equal(
			    keys.count, vector_number(v, "epochs"));
		} else if (st != ST_FORGED) {
			assert_string_equal(why, vector_text(v, "why"));
			assert_int_equal(line, vector_number(v, "line"));
		}
		analyst_keys_free(&keys);
		bytes_free(&b);
	}
	cJSON_Delete(list);
}

static struct bytes
beside(const cJSON *v, const char *suffix)
{
	char name[128];

	snprintf(name, sizeof(name), "%s%s", vector_text(v, "file"), suffix);
	return vector_file(name);
}

static void
every_change_of_root_is_taken_or_refused_as_listed(void **state)
{
	cJSON *const list = vector_list("root_change.json");
	const cJSON *v;

	(void)state;
	cJSON_ArrayForEach(v, list)
	{
		struct bytes b[] = {beside(v, ""), beside(v, ".minisig"),
		    beside(v, ".new.minisig")};
		const struct root_change_files files = {&b[0], &b[1], &b[2]};
		struct minisign_key pinned, next;
		struct root_change change;
		const char *why;
		enum status st;

		vector_hex(v, "pinned_id", pinned.id, sizeof(pinned.id));
		vector_hex(v, "pinned_key", pinned.key, sizeof(pinned.key));
		st = root_change_read(&files, &pinned,
		    (uint32_t)vector_number(v, "count"), &change, &why);
		vector_must_be(
		    st, vector_text(v, "status"), vector_text(v, "file"));
		if (st == ST_OK) {
			vector_hex(v, "new_id", next.id, sizeof(next.id));
			vector_hex(v, "new_key", next.key, sizeof(next.key));
			assert_memory_equal(&change.next, &next, sizeof(next));
		}
		for (size_t i = 0; i < 3; i++)
			bytes_free(&b[i]);
	}
	cJSON_Delete(list);
}

/* The shares of one backup that are good, gathered. */
static void
gather(struct share *all, size_t *count, const cJSON *v, enum status st)
{
	uint8_t value[SHARE_KEY_LEN], key[SHARE_KEY_LEN];

	if (st != ST_OK)
		return;
	if (*count > 0 &&
	    memcmp(all[0].backup, all[*count].backup, SHARE_BACKUP_LEN) != 0) {
		all[0] = all[*count];
		*count = 0;
	}
	vector_hex(v, "value", value, sizeof(value));
	assert_memory_equal(all[*count].value, value, sizeof(value));
	assert_int_equal(all[*count].x, vector_number(v, "x"));
	assert_int_equal(all[*count].need, vector_number(v, "need"));
	(*count)++;
	if (*count < all[0].need) {
		assert_int_equal(shares_join(all, *count, key), ST_SHORT);
		return;
	}
	/* The last ones that came, so that all have their turn. */
	assert_int_equal(
	    shares_join(all + *count - all[0].need, all[0].need, key), ST_OK);
	vector_hex(v, "key", value, sizeof(value));
	assert_memory_equal(key, value, sizeof(key));
}

static void
every_share_is_read_or_refused_and_enough_give_the_key(void **state)
{
	cJSON *const list = vector_list("share.json");
	struct share all[SHARES_MAX];
	size_t count = 0;
	const cJSON *v;

	(void)state;
	cJSON_ArrayForEach(v, list)
	{
		struct bytes b = vector_file(vector_text(v, "file"));
		const enum status st = share_parse(b.p, b.len, &all[count]);

		vector_must_be(
		    st, vector_text(v, "status"), vector_text(v, "file"));
		gather(all, &count, v, st);
		bytes_free(&b);
	}
	assert_int_equal(count, 2);
	cJSON_Delete(list);
	assert_int_equal(guarded_live(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test(f)
	    T(every_return_code_is_read_or_refused_as_listed),
	    T(every_reply_opens_or_is_refused_as_listed),
	    T(every_file_of_analysts_keys_is_taken_or_refused_in_words),
	    T(every_change_of_root_is_taken_or_refused_as_listed),
	    T(every_share_is_read_or_refused_and_enough_give_the_key),
#undef T
	};

	if (crypto_room_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
}
