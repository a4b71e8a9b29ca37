/*
 * minisign_sign: make root keys and sign with them, offline only.
 */
#ifndef TIPLINE_CRYPTO_MINISIGN_SIGN_H
#define TIPLINE_CRYPTO_MINISIGN_SIGN_H

#include "crypto/minisign.h"

/* Make a key pair: a random id, the Ed25519 seed into guarded memory. */
void minisign_key_new(struct minisign_key *key, uint8_t seed[static 32]);

/*
 * Append a .minisig file (prehashed, "ED") for message, with the trusted
 * comment comment (printable ASCII, one line).  ST_OK, ST_MALFORMED
 * (comment), ST_WRONG_KEY (seed does not make key), ST_LIMIT, ST_NOMEM.
 */
MUST_CHECK enum status minisign_sign(const struct minisign_key *key,
    const uint8_t seed[static 32], const void *message, size_t len,
    const char *comment, struct bytes *out);

#endif
