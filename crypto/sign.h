/*
 * sign: Ed25519 for what the server and the analysts sign (RFC 8032).
 *
 * The callers put a domain tag before every message; see docs/FORMATS.md.
 */
#ifndef TIPLINE_CRYPTO_SIGN_H
#define TIPLINE_CRYPTO_SIGN_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/recipients.h"

#define SIGNATURE_LEN 64
#define SERVER_KEY_FILE_LEN 48

/* Make a key pair; the seed into guarded memory of the caller's. */
void sign_key_new(uint8_t public_key[static PUBLIC_KEY_LEN],
    uint8_t seed[static SECRET_KEY_LEN]);

/* The public half of a seed. */
void sign_key_public(const uint8_t seed[static SECRET_KEY_LEN],
    uint8_t public_key[static PUBLIC_KEY_LEN]);

void sign_make(const uint8_t seed[static SECRET_KEY_LEN], const void *message,
    size_t len, uint8_t sig[static SIGNATURE_LEN]);

/* ST_OK or ST_FORGED. */
MUST_CHECK enum status sign_check(
    const uint8_t public_key[static PUBLIC_KEY_LEN], const void *message,
    size_t len, const uint8_t sig[static SIGNATURE_LEN]);

/* The file server.key, seed and file in guarded memory of the caller's.
 * ST_OK or ST_MALFORMED. */
void server_key_write(const uint8_t seed[static SECRET_KEY_LEN],
    uint8_t file[static SERVER_KEY_FILE_LEN]);
MUST_CHECK enum status server_key_parse(
    const uint8_t *file, size_t len, uint8_t seed[static SECRET_KEY_LEN]);

#endif
