/*
 * backup_key: the public half of an operators' backup key, as a file
 * (docs/FORMATS.md section 8).
 *
 * The server seals its backups to such keys; the secret half stays where
 * tipline-restore is run.
 */
#ifndef TIPLINE_CRYPTO_BACKUP_KEY_H
#define TIPLINE_CRYPTO_BACKUP_KEY_H

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/recipients.h"

#define BACKUP_KEY_FILE_MAX 256

/* Read the file.  ST_OK, ST_VERSION, ST_MALFORMED, ST_LIMIT, ST_NOMEM. */
MUST_CHECK enum status backup_key_parse(
    const void *text, size_t len, struct recipient *key);

/* Append the file; key->id is not read.  ST_OK, ST_LIMIT, ST_NOMEM. */
MUST_CHECK enum status backup_key_write(
    const struct recipient *key, struct bytes *out);

#endif
