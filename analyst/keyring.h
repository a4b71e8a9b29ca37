/*
 * keyring: the analysts' folder of keys.
 *
 *	KEYS/master.key              opens all others, under the passphrase
 *	KEYS/root.key, root.pub      signs key sets (minisign)
 *	KEYS/root.next.key, .pub     a root being changed: keyring_root.h
 *	KEYS/signer.key, signer.pub  signs what goes back to the server
 *	KEYS/epochs/2968.key ...     one week's secret each
 *	KEYS/sequence                highest sequence number ever used
 *	KEYS/server.pub              the server the key sets are for
 *	KEYS/keyset.txt, .minisig    the last key set made
 *	KEYS/keyset.next             its text, written first: keyring_sets.c
 *	KEYS/keysets/000007.txt      every key set ever made or taken, by number
 *	KEYS/name                    the analyst's name, written last of all
 *	KEYS/roots/0001.key, .txt    roots that were changed, and the changes
 *	KEYS/destroyed/2968          epochs whose key is never made again
 *	KEYS/backups/ID              which backups there are, and of what
 *	KEYS/ledger-ID               what was seen and opened (ledger.h)
 *	KEYS/sentinels               test tips that must come back (sentinels.h)
 *	KEYS/outbox/                 sealed replies that wait (outbox.h)
 *	KEYS/returned                number of the last return bundle
 *
 * An analyst who does not keep the root has root.pub alone, pinned when the
 * first key set was taken.
 *
 * The folder and its secrets are readable by their owner alone, or they are
 * refused.  Secrets lie in guarded memory.  Whatever fails is said aloud
 * here, where it is first known.
 */
#ifndef TIPLINE_ANALYST_KEYRING_H
#define TIPLINE_ANALYST_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/passphrase.h"
#include "base/status.h"
#include "crypto/keyset.h"
#include "crypto/minisign.h"
#include "crypto/opener.h"
#include "crypto/wrap.h"

#define KEYRING_EPOCHS_MAX 4096
#define KEYRING_FILE_MAX 4096

struct keyring_epoch {
	struct secret_info info;
	uint8_t public_key[PUBLIC_KEY_LEN];
	struct opener_key key; /* points into this struct and to secrets */
};

struct keyring {
	int dirfd; /* locked while it is open */
	char name[KEY_NAME_MAX + 1];
	bool has_root;   /* root.pub is there */
	bool keeps_root; /* and root.key that belongs to it */
	struct minisign_key root;
	uint32_t changes; /* number of the last change of the root */
	bool has_set;
	struct keyset set;       /* the last one, its signature checked */
	uint8_t *master;         /* guarded; NULL until keyring_unlock() */
	uint8_t *secrets;        /* guarded, of all epochs */
	struct recipient *known; /* by rising id */
	size_t known_count;
	struct keyring_named *named; /* keyring_known.h */
	size_t named_count;
	struct keyring_epoch *epoch;
	size_t epochs;
};

struct keyring_wish {
	const struct passphrase *pass;
	const struct wrap_cost *cost;
	const char *name;
	bool with_root;
};

/*
 * Make a keyring in path, which must be empty or not there.  On ST_OK signer
 * is the id of its signing key and, if it has one, root its root's public
 * key.  ST_EXISTS, ST_DENIED, ST_FULL, ST_IO, ST_NOMEM.
 */
MUST_CHECK enum status keyring_create(const char *path,
    const struct keyring_wish *wish, uint8_t signer[static KEY_ID_LEN],
    struct minisign_key *root);

/* Is name 1 to KEY_NAME_MAX of a-z 0-9 -? */
bool keyring_name_is_good(const char *name);

/*
 * Open the folder, wait for its lock, read root.pub and the last key set if
 * they are there, and finish a change of the root that was cut.  On ST_OK or
 * not, the caller calls keyring_close().  ST_ABSENT, ST_DENIED (others can
 * read it), ST_MALFORMED, ST_FORGED (the key set), ST_WRONG_KEY, ST_VERSION,
 * ST_IO, ST_NOMEM.
 */
MUST_CHECK enum status keyring_open(const char *path, struct keyring *kr);

/* Open the master key.  ST_OK, ST_WRONG_KEY (passphrase), ST_ABSENT,
 * ST_DENIED, ST_MALFORMED, ST_IO, ST_NOMEM. */
MUST_CHECK enum status keyring_unlock(
    struct keyring *kr, const struct passphrase *pass);

/*
 * Open all epoch keys, in rising order of their epochs, and load the public
 * keys of all key sets.  A damaged file is named and left out, since the
 * others still open their tips.  ST_OK, ST_LIMIT, ST_IO, ST_NOMEM.
 */
MUST_CHECK enum status keyring_load_epochs(struct keyring *kr);

/* Return the epoch key of that id, borrowed, or NULL. */
const struct opener_key *keyring_find(
    const struct keyring *kr, const uint8_t id[static KEY_ID_LEN]);

/*
 * Return the X25519 public key of that id from any key set ever made or
 * taken, borrowed until keyring_close(), or NULL: for opener_known, after
 * keyring_load_epochs().
 */
const uint8_t *keyring_known(
    const struct keyring *kr, const uint8_t id[static KEY_ID_LEN]);

/* The signer's seed into guarded memory, and its public key's id.  As
 * keyring_secret(). */
MUST_CHECK enum status keyring_signer(struct keyring *kr,
    uint8_t seed[static SECRET_KEY_LEN], uint8_t id[static KEY_ID_LEN]);

/*
 * Make the key of one more epoch (a week of plan.h) and put it durably on
 * disk, before it is added to kr->epoch (which keyring_load_epochs() has
 * filled).  ST_OK, ST_EXISTS, ST_EXPIRED (destroyed before), ST_LIMIT,
 * ST_FULL, ST_DENIED, ST_IO, ST_NOMEM.
 */
MUST_CHECK enum status keyring_add_epoch(struct keyring *kr, uint32_t epoch);

/* Wipe all. */
void keyring_close(struct keyring *kr);

#endif
