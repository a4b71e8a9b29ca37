#include "crypto/lines.h"

#include <sodium.h>
#include <string.h>

#include "base/num.h"

static const char *const words[] = {"tipline-keyset", "tipline-server", "onion",
    "sequence", "from", "until", "server", "signer", "epoch", "key"};

enum status
lines_bad(struct lines *l, const char *why)
{
	l->why = why;
	return ST_MALFORMED;
}

enum status
lines_begin(struct lines *l, const void *text, size_t len)
{
	const char *const p = text;

	memset(l, 0, sizeof(*l));
	l->p = p;
	l->left = len;
	l->number = 1;
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '\n')
			l->number++;
		else if (p[i] < 0x20 || p[i] > 0x7e)
			return lines_bad(
			    l, "a character that is not printable ASCII");
	}
	l->number = 0;
	return ST_OK;
}

static bool
is_word(const struct lines_field *f, const char *word)
{
	return f->len == strlen(word) && memcmp(f->p, word, f->len) == 0;
}

/* Part the line at its spaces; more than LINES_FIELDS_MAX are counted only. */
static void
split(struct lines *l, const char *p, size_t len)
{
	const char *const end = p + len;

	l->fields = 0;
	for (;;) {
		const char *space =
		    p < end ? memchr(p, ' ', (size_t)(end - p)) : NULL;
		const char *stop = space != NULL ? space : end;

		if (l->fields < LINES_FIELDS_MAX)
			l->field[l->fields] =
			    (struct lines_field){p, (size_t)(stop - p)};
		l->fields++;
		if (space == NULL)
			return;
		p = space + 1;
	}
}

static enum status
take_line(struct lines *l)
{
	const char *lf;
	size_t len;

	l->number++;
	if (l->left == 0)
		return lines_bad(l, "the text ends here, but more must follow");
	if ((lf = memchr(l->p, '\n', l->left)) == NULL)
		return lines_bad(l, "the line does not end");
	len = (size_t)(lf - l->p);
	if (len > LINES_LEN_MAX)
		return lines_bad(l, "the line is longer than 200 characters");
	split(l, l->p, len);
	l->p += len + 1;
	l->left -= len + 1;
	return ST_OK;
}

enum status
lines_next(struct lines *l, const char *word, size_t fields)
{
	enum status st;

	if ((st = take_line(l)) != ST_OK)
		return st;
	if (!is_word(&l->field[0], word)) {
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			if (is_word(&l->field[0], words[i]))
				return lines_bad(
				    l, "this line stands in the wrong place");
		}
		return lines_bad(l, "unknown field");
	}
	if (l->fields != fields)
		return lines_bad(l, "too few or too many words in the line");
	return ST_OK;
}

enum status
lines_version(struct lines *l, const char *word)
{
	enum status st;

	if ((st = lines_next(l, word, 2)) != ST_OK)
		return st;
	if (is_word(&l->field[1], "1"))
		return ST_OK;
	l->why = "a version this program does not know";
	return ST_VERSION;
}

bool
lines_peek(const struct lines *l, const char *word)
{
	const size_t n = strlen(word);

	return l->left > n && memcmp(l->p, word, n) == 0 && l->p[n] == ' ';
}

enum status
lines_end(struct lines *l)
{
	if (l->left == 0)
		return ST_OK;
	l->number++;
	return lines_bad(l, "more follows where the text should end");
}

enum status
lines_number(struct lines *l, size_t i, uint64_t max, uint64_t *out)
{
	if (num_parse(l->field[i].p, l->field[i].len, max, out) != ST_OK)
		return lines_bad(l, "not a number, or too large a one");
	return ST_OK;
}

enum status
lines_time(struct lines *l, size_t i, uint64_t *out)
{
	if (time_parse(l->field[i].p, l->field[i].len, out) != ST_OK)
		return lines_bad(l, "not a time like 2026-11-23T00:00:00Z");
	return ST_OK;
}

enum status
lines_name(struct lines *l, size_t i, char out[static KEY_NAME_MAX + 1])
{
	const struct lines_field *const f = &l->field[i];

	if (f->len == 0 || f->len > KEY_NAME_MAX)
		return lines_bad(l, "a name is 1 to 32 characters long");
	for (size_t k = 0; k < f->len; k++) {
		const char c = f->p[k];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-')
			return lines_bad(
			    l, "a name has only a-z, 0-9 and - in it");
	}
	memcpy(out, f->p, f->len);
	out[f->len] = '\0';
	return ST_OK;
}

enum status
lines_key(struct lines *l, enum key_role role, uint8_t id[static KEY_ID_LEN],
    uint8_t key[static PUBLIC_KEY_LEN])
{
	const struct lines_field *const f = &l->field[l->fields - 1];
	char text[KEY_ID_TEXT_LEN + 1];
	const char *end;
	size_t got;

	if (sodium_base642bin(key, PUBLIC_KEY_LEN, f->p, f->len, NULL, &got,
		&end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    got != PUBLIC_KEY_LEN || end != f->p + f->len)
		return lines_bad(l, "the key is not 32 bytes in base64");
	if (!key_usable(role, key))
		return lines_bad(l, "the key is none that can be used");
	key_id(role, key, id);
	key_id_text(id, text);
	if (!is_word(&l->field[1], text))
		return lines_bad(l, "the id is not that of the key");
	return ST_OK;
}

enum status
lines_onion(struct lines *l, struct server_identity *server)
{
	const struct lines_field *f;
	enum status st;

	if ((st = lines_next(l, "onion", 2)) != ST_OK)
		return st;
	f = &l->field[1];
	server->onion[0] = '\0';
	if (is_word(f, "none"))
		return ST_OK;
	if (f->len != ONION_TEXT_LEN)
		return lines_bad(l, "not an onion address of version 3");
	memcpy(server->onion, f->p, ONION_TEXT_LEN);
	server->onion[ONION_TEXT_LEN] = '\0';
	switch (st = onion_check(server->onion)) {
	case ST_MALFORMED:
		return lines_bad(l, "not an onion address of version 3");
	case ST_FORGED:
		return lines_bad(
		    l, "the onion address is mistyped: its checksum is wrong");
	default:
		return st;
	}
}

enum status
lines_server(struct lines *l, struct server_identity *server)
{
	enum status st;

	if ((st = lines_next(l, "server", 3)) != ST_OK)
		return st;
	return lines_key(l, KEY_ROLE_SERVER, server->id, server->key);
}

void
lines_key_text(const uint8_t key[static PUBLIC_KEY_LEN],
    char text[static KEY_TEXT_LEN + 1])
{
	(void)sodium_bin2base64(text, KEY_TEXT_LEN + 1, key, PUBLIC_KEY_LEN,
	    sodium_base64_VARIANT_ORIGINAL);
}

enum status
lines_put_onion(struct bytes *out, const struct server_identity *server)
{
	return bytes_printf(out, "onion %s\n",
	    server->onion[0] != '\0' ? server->onion : "none");
}

enum status
lines_put_server(struct bytes *out, const struct server_identity *server)
{
	char id[KEY_ID_TEXT_LEN + 1], key[KEY_TEXT_LEN + 1];

	key_id_text(server->id, id);
	lines_key_text(server->key, key);
	return bytes_printf(out, "server %s %s\n", id, key);
}

enum status
lines_canonical(
    struct lines *l, const void *text, size_t len, const struct bytes *again)
{
	const char *const p = text;

	if (again->len == len && memcmp(again->p, text, len) == 0)
		return ST_OK;
	l->number = 1;
	for (size_t i = 0; i < len && i < again->len; i++) {
		if ((uint8_t)p[i] != again->p[i])
			break;
		if (p[i] == '\n')
			l->number++;
	}
	return lines_bad(l, "not written in the one canonical form");
}
