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
#include "crypto/analyst_keys.h"
#include "crypto/keyset.h"

struct keyset_wish {
	const struct server_identity *server;
	uint64_t now;        /* seconds since 1970 */
	uint64_t sequence;   /* 0: the next one */
	bool replace_server; /* the last set may be another server's */
	bool own;            /* this keyring's analyst stands in it */
	size_t weeks;        /* to make own keys for */
	const struct analyst_keys *analyst; /* the others; borrowed */
	size_t analysts;
};

struct keyset_made {
	struct keyset set;
	struct bytes text, sig; /* set up by the caller */
};

/*
 * Make the own keys still wanted for so many weeks, this one first, in kr,
 * whose epochs are loaded.  As keyring_add_epoch(); a week whose key was
 * destroyed is said and left out.
 */
MUST_CHECK enum status keyset_make_keys(
    struct keyring *kr, uint64_t now, size_t weeks);

/* The public half of kr's keys from this week on, at most weeks of them.  On
 * ST_OK or not, the caller calls analyst_keys_free().  ST_NOMEM and as
 * keyring_signer(). */
MUST_CHECK enum status keyset_make_own(
    struct keyring *kr, uint64_t now, size_t weeks, struct analyst_keys *own);

/*
 * Make the own keys still wanted in kr, which is unlocked, use up the next
 * sequence number, and write and sign the key set.  When this returns, every
 * own secret the set names is on disk.  On ST_OK or not, the caller calls
 * keyset_made_free().  ST_ABSENT (no root key here), ST_DENIED (another
 * server), ST_EXISTS (the sequence number), and as keyset_join.h,
 * keyring_add_epoch() and keyring_secret().  All said aloud.
 */
MUST_CHECK enum status keyset_make(struct keyring *kr,
    const struct keyset_wish *wish, struct keyset_made *made);

void keyset_made_free(struct keyset_made *made);

#endif
