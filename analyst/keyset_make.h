/*
 * keyset_make: put a new key set together and sign it.
 */
#ifndef TIPLINE_ANALYST_KEYSET_MAKE_H
#define TIPLINE_ANALYST_KEYSET_MAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyst/keyring.h"
#include "base/bytes.h"
#include "base/status.h"
#include "crypto/keyset.h"

struct keyset_wish {
	const struct server_identity *server;
	uint64_t now; /* seconds since 1970 */
	size_t weeks;
	const char *name;    /* of the analyst */
	bool replace_server; /* the last set may be another server's */
};

struct keyset_made {
	struct keyset set;
	struct bytes text, sig; /* set up by the caller */
};

/* Is name 1 to KEY_NAME_MAX of a-z 0-9 -? */
bool keyset_make_name_is_good(const char *name);

/*
 * Make the epoch keys still wanted in kr, which is unlocked, use up the next
 * sequence number, and write and sign the key set.  When this returns, every
 * secret the set names is on disk.  On ST_OK or not, the caller calls
 * keyset_made_free().  ST_DENIED (another server), ST_LIMIT (more than a key
 * set may hold), and as keyring_add_epoch() and keyring_secret().  All said
 * aloud.
 */
MUST_CHECK enum status keyset_make(struct keyring *kr,
    const struct keyset_wish *wish, struct keyset_made *made);

void keyset_made_free(struct keyset_made *made);

#endif
