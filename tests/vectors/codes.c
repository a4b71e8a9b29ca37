/*
 * Return codes in words, with BIP39's own test vectors of 128 bits, and
 * replies to the mailboxes that follow from them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "crypto/reply.h"
#include "crypto/return_code.h"
#include "crypto/sign.h"
#include "tests/vectors/seeded.h"
#include "tests/vectors/vectors.h"

#define DAY 20780 /* 2026-11-23 */

static char words[RETURN_LIST_LEN][16];

static void
read_words(void)
{
	FILE *f = fopen(WORD_LIST, "r");

	vectors_must(f != NULL, WORD_LIST);
	for (size_t i = 0; i < RETURN_LIST_LEN; i++)
		vectors_must(fscanf(f, "%15s", words[i]) == 1, WORD_LIST);
	(void)fclose(f);
}

/* A code, and its words as https://github.com/trezor/python-mnemonic has
 * them; NULL: there is no such vector, and ours are written. */
static const struct code_case {
	const char *name, *code, *words;
} codes[] = {
    {"zeros", "00000000000000000000000000000000",
	"abandon abandon abandon abandon abandon abandon abandon abandon "
	"abandon abandon abandon about"},
    {"seven-f", "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
	"legal winner thank year wave sausage worth useful legal winner thank "
	"yellow"},
    {"eighty", "80808080808080808080808080808080",
	"letter advice cage absurd amount doctor acoustic avoid letter advice "
	"cage above"},
    {"ones", "ffffffffffffffffffffffffffffffff",
	"zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong"},
    {"ozone", "9e885d952ad362caeb4efe34a8e91bd2",
	"ozone drill grab fiber curtain grace pudding thank cruise elder eight "
	"picnic"},
    {"scheme", "c0ba5a8e914111210f2bd131f3d5e08d",
	"scheme spot photo card baby mountain device kick cradle pact join "
	"borrow"},
    {"cat", "23db8160a31d3e0dca3688ed941adbf3",
	"cat swing flag economy stadium alone churn speed unique patch report "
	"train"},
    {"vessel", "f30f8c1da665478f49b001d94c5fc452",
	"vessel ladder alter error federal sibling chat ability sun glass "
	"valve picture"},
    {"counted", "000102030405060708090a0b0c0d0e0f", NULL},
};

/* Words that are no code. */
static const struct {
	const char *name, *words, *status;
} bad_codes[] = {
    {"checksum",
	"abandon abandon abandon abandon abandon abandon abandon abandon "
	"abandon abandon abandon abandon",
	"forged"},
    {"exchanged",
	"winner legal thank year wave sausage worth useful legal winner thank "
	"yellow",
	"forged"},
    {"eleven", "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong", "malformed"},
    {"thirteen", "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong wrong",
	"malformed"},
    {"no-word", "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrung",
	"malformed"},
};

static void
write_words(FILE *f, const char *name, const char *text, const char *status)
{
	char file[64], line[256];

	snprintf(file, sizeof(file), "return_code/%s.txt", name);
	snprintf(line, sizeof(line), "%s\n", text);
	vectors_file(file, line, strlen(line));
	vectors_next(f, file);
	vectors_text(f, "status", status);
}

static void
write_code(FILE *f, const struct code_case *c)
{
	uint8_t code[RETURN_CODE_LEN], secret[SECRET_KEY_LEN];
	uint16_t word[RETURN_WORDS];
	struct mailbox box;
	char text[256] = "";
	size_t len = 0;

	(void)sodium_hex2bin(
	    code, sizeof(code), c->code, strlen(c->code), NULL, NULL, NULL);
	return_code_words(code, word);
	for (size_t i = 0; i < RETURN_WORDS; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
		    i > 0 ? " " : "", words[word[i]]);
	vectors_must(c->words == NULL || strcmp(text, c->words) == 0,
	    "other words than BIP39's test vectors have");
	return_code_mailbox(code, &box, secret);
	write_words(f, c->name, text, "ok");
	vectors_hex(f, "code", code, sizeof(code));
	vectors_hex(f, "mailbox", box.id, sizeof(box.id));
	vectors_hex(f, "public", box.key, sizeof(box.key));
	vectors_hex(f, "secret", secret, sizeof(secret));
	fprintf(f, "}");
}

void
vectors_codes(void)
{
	FILE *f = vectors_list("return_code");

	read_words();
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		write_code(f, &codes[i]);
	for (size_t i = 0; i < sizeof(bad_codes) / sizeof(bad_codes[0]); i++) {
		write_words(f, bad_codes[i].name, bad_codes[i].words,
		    bad_codes[i].status);
		fprintf(f, "}");
	}
	vectors_end(f);
}

/* One reply under way, laid out by hand. */
struct made {
	uint8_t code[RETURN_CODE_LEN];
	struct mailbox box;
	uint8_t signer[32], pair[64];
	uint8_t plain[4096], sealed[REPLY_LEN + 1];
	size_t len;
};

static void
lay_out(struct made *m, const char *name, const char *text, size_t len)
{
	uint8_t id[8];

	seeded_start(name);
	memset(m, 0, sizeof(*m));
	randombytes_buf(m->code, sizeof(m->code));
	return_code_mailbox(m->code, &m->box, NULL);
	(void)crypto_sign_keypair(m->signer, m->pair);
	key_id(KEY_ROLE_SIGNER, m->signer, id);
	memcpy(m->plain, "tipline-reply-01", 16);
	memcpy(m->plain + 16, m->box.id, 16);
	le32_put(m->plain + 32, DAY);
	memcpy(m->plain + 36, id, 8);
	le16_put(m->plain + 44, (uint16_t)len);
	if (len <= REPLY_TEXT_MAX)
		memcpy(m->plain + 46, text, len);
	m->len = REPLY_LEN;
}

static void
sign_and_seal(struct made *m)
{
	(void)crypto_sign_detached(
	    m->plain + 4032, NULL, m->plain, 4032, m->pair);
	vectors_must(crypto_box_seal(m->sealed, m->plain, sizeof(m->plain),
			 m->box.key) == 0,
	    "reply");
}

static void
write_reply(FILE *f, const struct made *m, const char *name, const char *why,
    const char *status, bool authentic)
{
	char file[64];

	snprintf(file, sizeof(file), "reply/%s.reply", name);
	vectors_file(file, m->sealed, m->len);
	vectors_next(f, file);
	vectors_text(f, "why", why);
	vectors_hex(f, "code", m->code, sizeof(m->code));
	vectors_text(f, "status", status);
	if (strcmp(status, "ok") == 0) {
		fprintf(f, ", \"day\": %d, \"signature\": %s", DAY,
		    authentic ? "true" : "false");
		vectors_hex(f, "signer", m->signer, sizeof(m->signer));
		vectors_hex(
		    f, "text_hex", m->plain + 46, le16_get(m->plain + 44));
	}
	fprintf(f, "}");
}

/* Sealed rightly, but one byte inside is another one. */
static const struct inner_case {
	const char *name, *why;
	size_t at;
	uint8_t value;
} inner[] = {
    {"magic", "another magic", 15, '2'},
    {"mailbox", "another mailbox inside than it is sealed to", 16, 0},
    {"empty", "a text of 0 bytes", 44, 0},
    {"too-long", "a text of more than 3900 bytes", 45, 0xff},
    {"behind", "not zero behind the text", 60, 1},
    {"behind-last", "not zero just before the signature", 4031, 1},
    {"control", "an escape character in the text", 46, 0x1b},
    {"tab", "a control character in the text", 47, '\t'},
    {"utf-8", "no UTF-8", 48, 0xc3},
};

static void
write_inner(FILE *f)
{
	struct made m;

	for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++) {
		lay_out(&m, inner[i].name, "come to the", 11);
		m.plain[inner[i].at] = inner[i].value;
		sign_and_seal(&m);
		write_reply(
		    f, &m, inner[i].name, inner[i].why, "malformed", true);
	}
}

static void
write_outer(FILE *f)
{
	struct made m;

	lay_out(&m, "box", "come to the", 11);
	sign_and_seal(&m);
	m.sealed[100] ^= 1;
	write_reply(f, &m, "box", "a bit of the box", "forged", true);
	m.sealed[100] ^= 1;
	m.code[0] ^= 1;
	write_reply(f, &m, "foreign", "to another code", "forged", true);
	m.code[0] ^= 1;
	m.len = REPLY_LEN - 1;
	write_reply(f, &m, "cut", "a byte less", "malformed", true);
	m.len = REPLY_LEN + 1;
	write_reply(f, &m, "longer", "a byte more", "malformed", true);
	m.len = REPLY_LEN;
	memset(m.sealed, 0, sizeof(m.sealed));
	write_reply(f, &m, "zeros", "nothing waits", "forged", true);
}

void
vectors_replies(void)
{
	static const char korean[] = "\xea\xb3\xa0\xeb\xa7\x99\xec\x8a\xb5"
				     "\xeb\x8b\x88\xeb\x8b\xa4.\nMore?";
	FILE *f = vectors_list("reply");
	static char longest[REPLY_TEXT_MAX];
	struct made m;

	lay_out(&m, "good", korean, sizeof(korean) - 1);
	sign_and_seal(&m);
	write_reply(f, &m, "good", "two lines", "ok", true);
	memset(longest, 'x', sizeof(longest));
	lay_out(&m, "longest", longest, sizeof(longest));
	sign_and_seal(&m);
	write_reply(f, &m, "longest", "3900 bytes", "ok", true);
	lay_out(&m, "signature", "go away", 7);
	m.pair[40] ^= 1; /* of the public half: another signature */
	sign_and_seal(&m);
	write_reply(f, &m, "signature",
	    "opens, but no signer of that key wrote it", "ok", false);
	write_inner(f);
	write_outer(f);
	vectors_end(f);
}
