/*
 * root_change: the old root key names the new one (docs/FORMATS.md section
 * 3, "Root change").  Signing is minisign_sign.h, offline.
 */
#ifndef TIPLINE_CRYPTO_ROOT_CHANGE_H
#define TIPLINE_CRYPTO_ROOT_CHANGE_H

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/minisign.h"

struct root_change {
	uint32_t number; /* of this line's changes, from 1 */
	struct minisign_key old, next;
};

/* Append the text.  ST_OK, ST_LIMIT, ST_NOMEM. */
MUST_CHECK enum status root_change_write(
    const struct root_change *change, struct bytes *out);

/* What a change travels as: FILE, FILE.minisig, FILE.new.minisig. */
struct root_change_files {
	const struct bytes *text, *sig, *sig_new;
};

/*
 * Read a change and check both signatures; pinned is the root that is
 * trusted now, and count how many changes led to it.  ST_OK; ST_MALFORMED,
 * ST_VERSION (*why is a phrase for people); ST_WRONG_KEY (from another root
 * than pinned); ST_FORGED; ST_EXISTS (number is not above count: taken
 * before); ST_EARLY (one before it is missing); ST_NOMEM.  *change is what it
 * says with ST_OK, ST_WRONG_KEY, ST_EXISTS and ST_EARLY, else zeros.
 */
MUST_CHECK enum status root_change_read(const struct root_change_files *files,
    const struct minisign_key *pinned, uint32_t count,
    struct root_change *change, const char **why);

#endif
