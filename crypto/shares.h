/*
 * shares: split a key so that any few of many holders can put it together.
 *
 * Shamir's secret sharing over GF(2^8) by libgfshare, with libsodium's random
 * numbers; the file of a share is docs/FORMATS.md section 5.  Offline only.
 */
#ifndef TIPLINE_CRYPTO_SHARES_H
#define TIPLINE_CRYPTO_SHARES_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

#define SHARES_MAX 16
#define SHARE_KEY_LEN 32
#define SHARE_BACKUP_LEN 16
#define SHARE_FILE_MAX 512

struct share {
	uint8_t backup[SHARE_BACKUP_LEN]; /* which one it is a share of */
	uint8_t need, x;
	uint8_t value[SHARE_KEY_LEN];
};

/* Split key (guarded) into count shares, any need of which restore it; each
 * has backup in it.  2 <= need <= count <= SHARES_MAX.  ST_OK, ST_BUG,
 * ST_NOMEM. */
MUST_CHECK enum status shares_split(const uint8_t key[static SHARE_KEY_LEN],
    const uint8_t backup[static SHARE_BACKUP_LEN], size_t need, size_t count,
    struct share *out);

/* Put it together from count shares.  ST_OK; ST_SHORT (fewer than need);
 * ST_WRONG_KEY (of different backups); ST_EXISTS (one stands twice);
 * ST_NOMEM.  Whether the key is right shows when it opens something. */
MUST_CHECK enum status shares_join(
    const struct share *share, size_t count, uint8_t key[static SHARE_KEY_LEN]);

/* The file of a share.  ST_OK, ST_LIMIT, ST_NOMEM; reading: ST_MALFORMED,
 * ST_VERSION, ST_FORGED (the check: mistyped). */
MUST_CHECK enum status share_write(
    const struct share *share, struct bytes *out);
MUST_CHECK enum status share_parse(
    const void *text, size_t len, struct share *share);

#endif
