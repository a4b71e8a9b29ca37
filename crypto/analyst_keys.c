#include "crypto/analyst_keys.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/lines.h"
#include "crypto/sign.h"

#define DOMAIN "tipline-anakeys-1"
#define SIGNATURE_TEXT_LEN                                                     \
	sodium_base64_ENCODED_LEN(SIGNATURE_LEN, sodium_base64_VARIANT_ORIGINAL)

/* What is signed: the domain's tag and the lines. */
static enum status
signed_text(const void *lines, size_t len, struct bytes *out)
{
	enum status st;

	if ((st = bytes_append_text(out, DOMAIN)) != ST_OK)
		return st;
	return bytes_append(out, lines, len);
}

/* The lines before the signature. */
static enum status
write_body(const struct analyst_keys *keys, struct bytes *out)
{
	const struct keyset_signer *const s = &keys->signer;
	enum status st;

	st = bytes_append_text(out, "tipline-analyst-keys 1\n");
	if (st == ST_OK)
		st = lines_put_key(out, "signer", s->id, s->name, s->key);
	for (size_t i = 0; st == ST_OK && i < keys->count; i++) {
		const struct analyst_key *const k = &keys->key[i];

		if ((st = lines_put_epoch(out, k->epoch, k->from, k->until)) ==
		    ST_OK)
			st = lines_put_key(out, "key", k->id, s->name, k->key);
	}
	return st;
}

static enum status
put_signature(const uint8_t sig[static SIGNATURE_LEN], struct bytes *out)
{
	char text[SIGNATURE_TEXT_LEN];

	(void)sodium_bin2base64(text, sizeof(text), sig, SIGNATURE_LEN,
	    sodium_base64_VARIANT_ORIGINAL);
	return bytes_printf(out, "signature %s\n", text);
}

enum status
analyst_keys_write(const struct analyst_keys *keys,
    const uint8_t seed[static SECRET_KEY_LEN], struct bytes *out)
{
	struct bytes body = BYTES_INIT(KEYSET_MAX);
	struct bytes message = BYTES_INIT(KEYSET_MAX + sizeof(DOMAIN));
	uint8_t public_key[PUBLIC_KEY_LEN], sig[SIGNATURE_LEN];
	enum status st;

	if (keys->count == 0 || keys->count > KEYSET_EPOCHS_MAX)
		return ST_LIMIT;
	sign_key_public(seed, public_key);
	if (memcmp(public_key, keys->signer.key, PUBLIC_KEY_LEN) != 0)
		return ST_WRONG_KEY;
	if ((st = write_body(keys, &body)) != ST_OK ||
	    (st = signed_text(body.p, body.len, &message)) != ST_OK)
		goto out;
	sign_make(seed, message.p, message.len, sig);
	if ((st = put_signature(sig, &body)) == ST_OK)
		st = bytes_append(out, body.p, body.len);
out:
	bytes_free(&body);
	bytes_free(&message);
	return st;
}

/* The two lines of one epoch. */
static enum status
read_key(struct lines *l, struct analyst_keys *keys, struct recipients *before)
{
	struct analyst_key *const k = &keys->key[keys->count];
	char name[KEY_NAME_MAX + 1];
	struct recipients to = {0};
	enum status st;

	if ((st = lines_epoch(l, keys->count > 0 ? before : NULL, &to)) !=
	    ST_OK)
		return st;
	if (keys->count == KEYSET_EPOCHS_MAX)
		return lines_bad(l, "more than 520 epochs");
	if ((st = lines_next(l, "key", 4)) != ST_OK ||
	    (st = lines_name(l, 2, name)) != ST_OK ||
	    (st = lines_key(l, KEY_ROLE_EPOCH, k->id, k->key)) != ST_OK)
		return st;
	if (strcmp(name, keys->signer.name) != 0)
		return lines_bad(l, "the key has another name than its signer");
	for (size_t i = 0; i < keys->count; i++) {
		if (memcmp(keys->key[i].id, k->id, KEY_ID_LEN) == 0)
			return lines_bad(l, "this key stands twice");
	}
	k->epoch = to.epoch;
	k->from = to.from;
	k->until = to.until;
	*before = to;
	keys->count++;
	return ST_OK;
}

static enum status
read_lines(struct lines *l, struct analyst_keys *keys,
    uint8_t sig[static SIGNATURE_LEN], const char **end)
{
	struct keyset_signer *const s = &keys->signer;
	struct recipients before = {0};
	enum status st;

	if ((st = lines_version(l, "tipline-analyst-keys")) != ST_OK ||
	    (st = lines_next(l, "signer", 4)) != ST_OK ||
	    (st = lines_name(l, 2, s->name)) != ST_OK ||
	    (st = lines_key(l, KEY_ROLE_SIGNER, s->id, s->key)) != ST_OK)
		return st;
	do {
		if ((st = read_key(l, keys, &before)) != ST_OK)
			return st;
	} while (lines_peek(l, "epoch"));
	*end = l->p;
	if ((st = lines_next(l, "signature", 2)) != ST_OK ||
	    (st = lines_raw(l, 1, sig, SIGNATURE_LEN)) != ST_OK)
		return st;
	return lines_end(l);
}

static enum status
check_signature(const struct analyst_keys *keys, const void *text, size_t len,
    const uint8_t sig[static SIGNATURE_LEN])
{
	struct bytes message = BYTES_INIT(KEYSET_MAX + sizeof(DOMAIN));
	enum status st;

	if ((st = signed_text(text, len, &message)) == ST_OK)
		st = sign_check(keys->signer.key, message.p, message.len, sig);
	bytes_free(&message);
	return st;
}

static enum status
parse(struct lines *l, const char *text, size_t len, struct analyst_keys *keys)
{
	struct bytes again = BYTES_INIT(KEYSET_MAX);
	uint8_t sig[SIGNATURE_LEN];
	const char *end = NULL;
	enum status st;

	keys->key = calloc(KEYSET_EPOCHS_MAX, sizeof(*keys->key));
	if (keys->key == NULL)
		return ST_NOMEM;
	if ((st = lines_begin(l, text, len)) != ST_OK ||
	    (st = read_lines(l, keys, sig, &end)) != ST_OK)
		goto out;
	if ((st = write_body(keys, &again)) != ST_OK ||
	    (st = put_signature(sig, &again)) != ST_OK ||
	    (st = lines_canonical(l, text, len, &again)) != ST_OK)
		goto out;
	st = check_signature(keys, text, (size_t)(end - text), sig);
out:
	bytes_free(&again);
	return st;
}

enum status
analyst_keys_parse(const void *text, size_t len, struct analyst_keys *keys,
    unsigned *line, const char **why)
{
	struct lines l = {0};
	enum status st;

	memset(keys, 0, sizeof(*keys));
	*line = 0;
	*why = "";
	if (len > KEYSET_MAX) {
		*why = "the file is longer than 64 KiB";
		return ST_MALFORMED;
	}
	if ((st = parse(&l, text, len, keys)) == ST_OK)
		return ST_OK;
	analyst_keys_free(keys);
	if (st == ST_MALFORMED || st == ST_VERSION) {
		*line = l.number;
		*why = l.why;
	}
	return st;
}

void
analyst_keys_free(struct analyst_keys *keys)
{
	if (keys == NULL)
		return;
	free(keys->key);
	memset(keys, 0, sizeof(*keys));
}
