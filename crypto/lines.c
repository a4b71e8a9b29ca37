#include "crypto/lines.h"

#include <sodium.h>
#include <string.h>

#include "base/num.h"

#define OVERLAP_MAX (24 * 60 * 60)

/* The words that begin a line, in all the files that are read here. */
static const struct {
	const char *word, *must;
} words[] = {
#define WORD(w)                                                                \
	{                                                                      \
		w, "another line than \"" w "\" stands where that must be"     \
	}
    WORD("onion"),
    WORD("sequence"),
    WORD("from"),
    WORD("until"),
    WORD("server"),
    WORD("signer"),
    WORD("epoch"),
    WORD("key"),
    WORD("signature"),
    WORD("number"),
    WORD("old"),
    WORD("new"),
    WORD("backup"),
    WORD("need"),
    WORD("share"),
    WORD("check"),
#undef WORD
};
#define WORDS (sizeof(words) / sizeof(words[0]))

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

static enum status
check_word(struct lines *l, const char *word)
{
	const char *must = "another kind of file, or its first line is missing";
	bool known = false;

	if (is_word(&l->field[0], word))
		return ST_OK;
	for (size_t i = 0; i < WORDS; i++) {
		if (is_word(&l->field[0], words[i].word))
			known = true;
		if (strcmp(word, words[i].word) == 0)
			must = words[i].must;
	}
	if (l->number > 1 && !known)
		must = "unknown field";
	return lines_bad(l, must);
}

enum status
lines_next(struct lines *l, const char *word, size_t fields)
{
	enum status st;

	if ((st = take_line(l)) != ST_OK || (st = check_word(l, word)) != ST_OK)
		return st;
	for (size_t i = 0; i < l->fields && i < LINES_FIELDS_MAX; i++) {
		if (l->field[i].len == 0)
			return lines_bad(l, "a space too many in the line");
	}
	if (l->fields < fields)
		return lines_bad(l, "a word is missing in the line");
	if (l->fields > fields)
		return lines_bad(l, "a word too many in the line");
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
	return lines_bad(l, "an unknown field, or more than there should be");
}

enum status
lines_number(struct lines *l, size_t i, uint64_t max, uint64_t *out)
{
	switch (num_parse(l->field[i].p, l->field[i].len, max, out)) {
	case ST_OK:
		return ST_OK;
	case ST_LIMIT:
		return lines_bad(l, "the number is too large");
	default:
		return lines_bad(
		    l, "not a number: digits only, none but 0 begins with 0");
	}
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
lines_raw(struct lines *l, size_t i, uint8_t *out, size_t len)
{
	const struct lines_field *const f = &l->field[i];
	const char *end;
	size_t got;

	if (sodium_base642bin(out, len, f->p, f->len, NULL, &got, &end,
		sodium_base64_VARIANT_ORIGINAL) == 0 &&
	    got == len && end == f->p + f->len)
		return ST_OK;
	return lines_bad(l,
	    len == PUBLIC_KEY_LEN ? "the key is not 32 bytes in base64"
				  : "not the right number of bytes in base64");
}

enum status
lines_hex(struct lines *l, size_t i, uint8_t *out, size_t len)
{
	const struct lines_field *const f = &l->field[i];
	size_t got;

	if (sodium_hex2bin(out, len, f->p, f->len, NULL, &got, NULL) != 0 ||
	    got != len)
		return lines_bad(l, "not the right number of hex digits");
	return ST_OK;
}

/* The id fits the key in no role, or in another than the one wanted. */
static const char *
wrong_id(enum key_role wanted, const uint8_t *key, const struct lines_field *id)
{
#define A_SERVER "a server's key"
#define A_SIGNER "a signer's key"
#define AN_EPOCH "an epoch's key"
#define A_BACKUP "a backup key"
#define IS(found, want)                                                        \
	"wrong role: this is " found ", and " want " must stand here"
#define ROW(found)                                                             \
	{                                                                      \
		[KEY_ROLE_EPOCH] = IS(found, AN_EPOCH),                        \
		[KEY_ROLE_SERVER] = IS(found, A_SERVER),                       \
		[KEY_ROLE_SIGNER] = IS(found, A_SIGNER),                       \
		[KEY_ROLE_BACKUP] = IS(found, A_BACKUP),                       \
	}
	static const char *const why[][KEY_ROLE_BACKUP + 1] = {
	    [KEY_ROLE_EPOCH] = ROW(AN_EPOCH),
	    [KEY_ROLE_SERVER] = ROW(A_SERVER),
	    [KEY_ROLE_SIGNER] = ROW(A_SIGNER),
	    [KEY_ROLE_BACKUP] = ROW(A_BACKUP),
	};
	char text[KEY_ID_TEXT_LEN + 1];
	uint8_t raw[KEY_ID_LEN];

	for (int role = KEY_ROLE_EPOCH; role <= KEY_ROLE_BACKUP; role++) {
		key_id((enum key_role)role, key, raw);
		key_id_text(raw, text);
		if (is_word(id, text))
			return why[role][wanted];
	}
	return "the id is not that of the key";
#undef ROW
#undef IS
}

enum status
lines_key(struct lines *l, enum key_role role, uint8_t id[static KEY_ID_LEN],
    uint8_t key[static PUBLIC_KEY_LEN])
{
	char text[KEY_ID_TEXT_LEN + 1];
	enum status st;

	if ((st = lines_raw(l, l->fields - 1, key, PUBLIC_KEY_LEN)) != ST_OK)
		return st;
	key_id(role, key, id);
	key_id_text(id, text);
	if (!is_word(&l->field[1], text))
		return lines_bad(l, wrong_id(role, key, &l->field[1]));
	if (!key_usable(role, key))
		return lines_bad(l, "the key is none that can be used");
	return ST_OK;
}

enum status
lines_epoch(
    struct lines *l, const struct recipients *before, struct recipients *to)
{
	uint64_t number;
	enum status st;

	if ((st = lines_next(l, "epoch", 4)) != ST_OK ||
	    (st = lines_number(l, 1, UINT32_MAX, &number)) != ST_OK ||
	    (st = lines_time(l, 2, &to->from)) != ST_OK ||
	    (st = lines_time(l, 3, &to->until)) != ST_OK)
		return st;
	to->epoch = (uint32_t)number;
	if (number == 0)
		return lines_bad(l, "epochs are numbered from 1");
	if (to->from >= to->until)
		return lines_bad(l, "the epoch ends before it begins");
	if (before == NULL)
		return ST_OK;
	if (to->epoch <= before->epoch)
		return lines_bad(l, "the numbers of the epochs do not rise");
	if (to->from <= before->from)
		return lines_bad(
		    l, "the epoch begins no later than the one before");
	if (to->until <= before->until)
		return lines_bad(
		    l, "the epoch ends no later than the one before");
	if (to->from < before->until && before->until - to->from > OVERLAP_MAX)
		return lines_bad(
		    l, "the epoch overlaps the one before by more than a day");
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
	return lines_put_key(out, "server", server->id, NULL, server->key);
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

enum status
lines_put_key(struct bytes *out, const char *word, const uint8_t *id,
    const char *name, const uint8_t *key)
{
	char id_text[KEY_ID_TEXT_LEN + 1], key_text[KEY_TEXT_LEN + 1];

	key_id_text(id, id_text);
	lines_key_text(key, key_text);
	return bytes_printf(out, "%s %s%s%s %s\n", word, id_text,
	    name != NULL ? " " : "", name != NULL ? name : "", key_text);
}

enum status
lines_put_epoch(
    struct bytes *out, uint32_t epoch, uint64_t from, uint64_t until)
{
	char from_text[TIME_TEXT_LEN + 1], until_text[TIME_TEXT_LEN + 1];

	time_format(from, from_text);
	time_format(until, until_text);
	return bytes_printf(out, "epoch %lu %s %s\n", (unsigned long)epoch,
	    from_text, until_text);
}
