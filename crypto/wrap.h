/*
 * wrap: secret keys at rest (docs/FORMATS.md section 5).
 *
 * One master key under a passphrase (Argon2id); every other secret in a file
 * of its own under the master key, so that one can be destroyed alone.
 * Offline only.  Master keys and secrets are in guarded memory of the
 * caller's.
 */
#ifndef TIPLINE_CRYPTO_WRAP_H
#define TIPLINE_CRYPTO_WRAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/recipients.h"

#define MASTER_KEY_LEN 32
#define MASTER_FILE_LEN 112
#define SECRET_FILE_LEN 128

enum secret_role { SECRET_ROOT = 1, SECRET_SIGNER, SECRET_EPOCH };

struct secret_info {
	enum secret_role role;
	uint8_t id[KEY_ID_LEN];
	uint32_t epoch;
	uint64_t from, until;
};

/* What Argon2id costs; wrap_cost_default is libsodium's MODERATE. */
struct wrap_cost {
	uint32_t ops, mem_kib;
};
extern const struct wrap_cost wrap_cost_default;

/* Make a master key and its file.  ST_OK, ST_NOMEM (Argon2id's memory). */
MUST_CHECK enum status master_new(const void *passphrase, size_t len,
    const struct wrap_cost *cost, uint8_t master[static MASTER_KEY_LEN],
    uint8_t file[static MASTER_FILE_LEN]);

/* Open it.  ST_OK, ST_MALFORMED, ST_NOMEM, ST_WRONG_KEY (passphrase). */
MUST_CHECK enum status master_open(const void *passphrase, size_t len,
    const uint8_t *file, size_t file_len,
    uint8_t master[static MASTER_KEY_LEN]);

void secret_wrap(const uint8_t master[static MASTER_KEY_LEN],
    const struct secret_info *info, const uint8_t secret[static SECRET_KEY_LEN],
    uint8_t file[static SECRET_FILE_LEN]);

/* Read the open part of a secret file.  ST_OK or ST_MALFORMED. */
MUST_CHECK enum status secret_info_parse(
    const uint8_t *file, size_t len, struct secret_info *info);

/* Open it.  ST_OK, ST_MALFORMED, ST_FORGED (or the id is not that of the
 * secret's public half; the root's is not compared). */
MUST_CHECK enum status secret_open(const uint8_t master[static MASTER_KEY_LEN],
    const uint8_t *file, size_t len, struct secret_info *info,
    uint8_t secret[static SECRET_KEY_LEN]);

#endif
