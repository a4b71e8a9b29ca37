/*
 * desk: what the commands of daily work begin with: the keyring, the server
 * it is for, and the ledger of what was seen.
 */
#ifndef TIPLINE_ANALYST_DESK_H
#define TIPLINE_ANALYST_DESK_H

#include "analyst/keyring.h"
#include "analyst/ledger.h"
#include "base/status.h"

struct desk {
	struct keyring kr;
	struct server_identity server; /* the newest key set's, or a bundle's */
	struct ledger *ledger;
};

#define DESK_INIT ((struct desk){.kr = {.dirfd = -1}})

/*
 * Open the keyring and the ledger of its server.  What is wrong is said
 * aloud.  On ST_OK or not, the caller calls desk_close().  ST_ABSENT (no key
 * set yet), and as keyring_open() and ledger_open().
 */
MUST_CHECK enum status desk_open(const char *keys, struct desk *desk);

/*
 * Turn to the server that the bundle at path names, and its ledger, if that is
 * one which an older key set named: its last bundles may still be on their
 * way when the next server is there.  Anything else changes nothing; what a
 * bundle is worth, inbox.h finds.  As desk_open().
 */
MUST_CHECK enum status desk_turn_to(struct desk *desk, const char *path);

void desk_close(struct desk *desk);

#endif
