#include "crypto/return_code.h"

#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "crypto/digest.h"

#define WORD_BITS 11
#define CHECK_BITS 4

_Static_assert(RETURN_WORDS *WORD_BITS == RETURN_CODE_LEN * 8 + CHECK_BITS,
    "twelve words hold the code and its checksum");
_Static_assert(1 << WORD_BITS == RETURN_LIST_LEN, "a word is 11 bits");

void
return_code_new(uint8_t code[static RETURN_CODE_LEN])
{
	randombytes_buf(code, RETURN_CODE_LEN);
}

/* BIP39: the first bits of the code's SHA-256, one for each 32 of it. */
static uint8_t
checksum(const uint8_t code[static RETURN_CODE_LEN])
{
	uint8_t digest[crypto_hash_sha256_BYTES];
	uint8_t check;

	(void)crypto_hash_sha256(digest, code, RETURN_CODE_LEN);
	check = digest[0] >> (8 - CHECK_BITS);
	wipe(digest, sizeof(digest));
	return check;
}

void
return_code_words(const uint8_t code[static RETURN_CODE_LEN],
    uint16_t word[static RETURN_WORDS])
{
	/* 132 bits, the first one highest; room to read 3 bytes at once. */
	uint8_t bits[RETURN_CODE_LEN + 2] = {0};

	memcpy(bits, code, RETURN_CODE_LEN);
	bits[RETURN_CODE_LEN] = (uint8_t)(checksum(code) << (8 - CHECK_BITS));
	for (size_t i = 0; i < RETURN_WORDS; i++) {
		const size_t at = i * WORD_BITS / 8, off = i * WORD_BITS % 8;
		const uint32_t three = (uint32_t)bits[at] << 16 |
		    (uint32_t)bits[at + 1] << 8 | bits[at + 2];

		word[i] =
		    three >> (24 - WORD_BITS - off) & (RETURN_LIST_LEN - 1);
	}
	wipe(bits, sizeof(bits));
}

enum status
return_code_read(const uint16_t word[static RETURN_WORDS],
    uint8_t code[static RETURN_CODE_LEN])
{
	uint32_t held = 0;
	size_t n = 0, out = 0;
	enum status st = ST_OK;

	memset(code, 0, RETURN_CODE_LEN);
	for (size_t i = 0; i < RETURN_WORDS; i++) {
		if (word[i] >= RETURN_LIST_LEN)
			st = ST_MALFORMED;
	}
	for (size_t i = 0; st == ST_OK && i < RETURN_WORDS; i++) {
		held = held << WORD_BITS | word[i];
		for (n += WORD_BITS; n >= 8 && out < RETURN_CODE_LEN; n -= 8)
			code[out++] = (uint8_t)(held >> (n - 8));
	}
	/* What is left over is the checksum. */
	if (st == ST_OK && (held & ((1U << CHECK_BITS) - 1)) != checksum(code))
		st = ST_FORGED;
	if (st != ST_OK)
		wipe(code, RETURN_CODE_LEN);
	wipe(&held, sizeof(held));
	return st;
}

void
return_code_mailbox(const uint8_t code[static RETURN_CODE_LEN],
    struct mailbox *box, uint8_t *secret)
{
	uint8_t id[DIGEST_LEN], own[SECRET_KEY_LEN];

	/* Half of the digest is published; nothing of it leads back. */
	blake2b("tipline-mailboxi", code, RETURN_CODE_LEN, NULL, 0, id);
	memcpy(box->id, id, MAILBOX_ID_LEN);
	blake2b("tipline-mailboxk", code, RETURN_CODE_LEN, NULL, 0, own);
	(void)crypto_scalarmult_base(box->key, own);
	if (secret != NULL)
		memcpy(secret, own, SECRET_KEY_LEN);
	wipe(id, sizeof(id));
	wipe(own, sizeof(own));
}

void
mailbox_field_write(
    const struct mailbox *box, uint8_t out[static MAILBOX_FIELD_LEN])
{
	memcpy(out, box->id, MAILBOX_ID_LEN);
	memcpy(out + MAILBOX_ID_LEN, box->key, PUBLIC_KEY_LEN);
}

enum status
mailbox_field_parse(const uint8_t *p, size_t len, struct mailbox *box)
{
	memset(box, 0, sizeof(*box));
	if (len != MAILBOX_FIELD_LEN ||
	    !key_usable(KEY_ROLE_EPOCH, p + MAILBOX_ID_LEN))
		return ST_MALFORMED;
	memcpy(box->id, p, MAILBOX_ID_LEN);
	memcpy(box->key, p + MAILBOX_ID_LEN, PUBLIC_KEY_LEN);
	return ST_OK;
}
