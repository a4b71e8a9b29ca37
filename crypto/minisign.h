/*
 * minisign: check signatures and public keys in minisign's format.
 *
 * As documented at https://jedisct1.github.io/minisign/ and written by
 * Debian's minisign.  Both the prehashed ("ED") and the older ("Ed")
 * algorithm are accepted; the global signature over the trusted comment is
 * always checked.  Signing is crypto/minisign_sign.h, offline only.
 */
#ifndef TIPLINE_CRYPTO_MINISIGN_H
#define TIPLINE_CRYPTO_MINISIGN_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

#define MINISIGN_ID_LEN 8
#define MINISIGN_FILE_MAX 4096

struct minisign_key {
	uint8_t id[MINISIGN_ID_LEN];
	uint8_t key[32]; /* Ed25519 */
};

/* Read a public key file (two lines).  ST_OK or ST_MALFORMED. */
MUST_CHECK enum status minisign_key_parse(
    const void *text, size_t len, struct minisign_key *key);

/* Append key as a public key file.  ST_OK, ST_LIMIT or ST_NOMEM. */
MUST_CHECK enum status minisign_key_write(
    const struct minisign_key *key, struct bytes *out);

/*
 * Check that sig, a whole .minisig file, signs message with key.  ST_OK;
 * ST_MALFORMED; ST_WRONG_KEY (made with another key id); ST_FORGED.
 */
MUST_CHECK enum status minisign_verify(const struct minisign_key *key,
    const void *message, size_t len, const void *sig, size_t sig_len);

/* The key's fingerprint for print and voice: SHA-256 of the 32 bytes, in 8
 * groups of 4 hex digits (its first 128 bits), and a NUL. */
#define FINGERPRINT_TEXT_LEN 39
void minisign_fingerprint(
    const struct minisign_key *key, char text[static FINGERPRINT_TEXT_LEN + 1]);

#endif
