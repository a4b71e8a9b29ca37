/*
 * backup_box: the sealed file of a backup of keys (docs/FORMATS.md section
 * 5).  Offline only.
 */
#ifndef TIPLINE_CRYPTO_BACKUP_BOX_H
#define TIPLINE_CRYPTO_BACKUP_BOX_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/shares.h"

#define BACKUP_BOX_MORE 72 /* bytes that sealing adds: 32, nonce, tag */

/* Make a key (into guarded memory) and an id for a new backup. */
void backup_box_new(
    uint8_t key[static SHARE_KEY_LEN], uint8_t backup[static SHARE_BACKUP_LEN]);

/* Append plain, sealed under key.  ST_OK, ST_LIMIT, ST_NOMEM. */
MUST_CHECK enum status backup_box_seal(const uint8_t key[static SHARE_KEY_LEN],
    const uint8_t backup[static SHARE_BACKUP_LEN], const uint8_t *plain,
    size_t len, struct bytes *out);

/* Read the id in front.  ST_OK, ST_MALFORMED, ST_VERSION. */
MUST_CHECK enum status backup_box_id(
    const uint8_t *file, size_t len, uint8_t backup[static SHARE_BACKUP_LEN]);

/* Open it into plain (guarded), which has room for len - BACKUP_BOX_MORE
 * bytes.  ST_OK, ST_MALFORMED, ST_VERSION, ST_FORGED (or another key). */
MUST_CHECK enum status backup_box_open(const uint8_t key[static SHARE_KEY_LEN],
    const uint8_t *file, size_t len, uint8_t *plain);

#endif
