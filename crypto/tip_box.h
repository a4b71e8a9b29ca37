/*
 * tip_box: the box in which one recipient gets the tip key.
 *
 * crypto_box_seal_open() opens it, but its ephemeral key follows from the tip
 * key, so that whoever opened one box can make all others again and compare
 * (docs/FORMATS.md section 1, "Tip key").  Inside crypto/ only.
 */
#ifndef TIPLINE_CRYPTO_TIP_BOX_H
#define TIPLINE_CRYPTO_TIP_BOX_H

#include "base/status.h"
#include "crypto/recipients.h"

#define TIP_KEY_LEN 32
#define TIP_BOX_LEN 80
#define TIP_BOX_NONCE_LEN 24

/* tip_key is in guarded memory.  ST_OK, or ST_MALFORMED: nothing can be
 * sealed to this public key. */
MUST_CHECK enum status tip_box_make(const uint8_t tip_key[static TIP_KEY_LEN],
    const uint8_t to[static PUBLIC_KEY_LEN], uint8_t box[static TIP_BOX_LEN]);

/* The nonce of a sealed box between these public keys, as libsodium makes it
 * for any (crypto_box_seal()). */
void tip_box_nonce(const uint8_t ephemeral[static PUBLIC_KEY_LEN],
    const uint8_t to[static PUBLIC_KEY_LEN],
    uint8_t nonce[static TIP_BOX_NONCE_LEN]);

#endif
