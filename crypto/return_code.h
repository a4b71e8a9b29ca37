/*
 * return_code: the secret by which a submitter finds the answer again.
 *
 * 128 random bits, shown as 12 words of a BIP39 list (bip-0039; the words
 * themselves are site/words).  From it follow a mailbox's id and key pair
 * (docs/FORMATS.md section 6).  The server keeps nothing of it: the code and
 * the secret key live in guarded memory for one request and are wiped.
 */
#ifndef TIPLINE_CRYPTO_RETURN_CODE_H
#define TIPLINE_CRYPTO_RETURN_CODE_H

#include <stdint.h>

#include "base/status.h"
#include "crypto/recipients.h"

#define RETURN_CODE_LEN 16
#define RETURN_WORDS 12
#define RETURN_LIST_LEN 2048 /* words of a list; a word is 0 to 2047 */

#define MAILBOX_ID_LEN 16
#define MAILBOX_FIELD "mailbox" /* in a sealed tip */
#define MAILBOX_FIELD_LEN (MAILBOX_ID_LEN + PUBLIC_KEY_LEN)

struct mailbox {
	uint8_t id[MAILBOX_ID_LEN];
	uint8_t key[PUBLIC_KEY_LEN]; /* X25519 */
};

void return_code_new(uint8_t code[static RETURN_CODE_LEN]);

/* The code as words, and back.  ST_OK, or ST_FORGED: the words do not fit
 * together (the checksum; *code is then zero).  ST_MALFORMED: one is not of
 * the list. */
void return_code_words(const uint8_t code[static RETURN_CODE_LEN],
    uint16_t word[static RETURN_WORDS]);
MUST_CHECK enum status return_code_read(
    const uint16_t word[static RETURN_WORDS],
    uint8_t code[static RETURN_CODE_LEN]);

/* The mailbox of a code; secret (guarded) may be NULL. */
void return_code_mailbox(const uint8_t code[static RETURN_CODE_LEN],
    struct mailbox *box, uint8_t *secret);

/* The value of MAILBOX_FIELD, and back.  ST_OK, or ST_MALFORMED (length, or a
 * key that nothing can be sealed to). */
void mailbox_field_write(
    const struct mailbox *box, uint8_t out[static MAILBOX_FIELD_LEN]);
MUST_CHECK enum status mailbox_field_parse(
    const uint8_t *p, size_t len, struct mailbox *box);

#endif
