/*
 * keyset_take: hold a key set that came from the root's keeper against this
 * keyring, and store it.
 */
#ifndef TIPLINE_ANALYST_KEYSET_TAKE_H
#define TIPLINE_ANALYST_KEYSET_TAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "analyst/keyring.h"
#include "base/bytes.h"
#include "base/status.h"

struct keyset_offer {
	const struct bytes *text, *sig;
	const struct minisign_key *root; /* NULL: none was given */
	uint64_t now;
};

/*
 * Check everything, say what is missing, and store the set.  The first time
 * offer->root is pinned.  A set with a lower number than one taken before,
 * which was never taken itself, was missed: it is kept to open tips of its
 * weeks, and the newest stays in force.  No passphrase is needed.  ST_OK, then
 * *set is the caller's; ST_ABSENT (no root given, none pinned); ST_DENIED
 * (another root than the pinned one, or another key under our name);
 * ST_WRONG_KEY, ST_FORGED (signature); ST_MALFORMED, ST_VERSION; ST_EXPIRED (a
 * lower sequence number, taken before); ST_EXISTS (another set of that number
 * was taken); and as keyring_put().  All said aloud.
 */
MUST_CHECK enum status keyset_take(struct keyring *kr,
    const struct keyset_offer *offer, struct keyset *set, bool *missed);

#endif
