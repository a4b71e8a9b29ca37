/*
 * ledger: what this keyring has seen and opened of a server's chain.
 *
 *	KEYS/ledger-0123456789abcdef     for the server of that id
 *
 * One record of fixed length for each number, so that nothing is held in
 * memory: whether the tip was seen and opened, its epoch, length, digest,
 * link and the bundle it came in.  Written after the tips themselves are on
 * disk: a crash leaves it behind, never ahead, and opening again mends it.
 */
#ifndef TIPLINE_ANALYST_LEDGER_H
#define TIPLINE_ANALYST_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/keyset.h"
#include "handoff/chain.h"

/* A server that claims more has been taken over: the file has a bound. */
#define LEDGER_NUMBER_MAX UINT64_C(0xffffffff)

struct ledger; /* opaque */

enum ledger_state {
	LEDGER_NOT_SEEN = 0,
	LEDGER_SEEN = 1,   /* proved by the server's signature */
	LEDGER_OPENED = 2, /* and opened into a folder of cases */
	LEDGER_FAILED = 3, /* and could not be opened with these keys */
	LEDGER_ALTERED = 4 /* proved, but only altered bytes of it have come;
			    * epoch is the highest that it can have */
};

struct ledger_tip {
	enum ledger_state state;
	uint32_t epoch; /* 0: not known, no head of it was read */
	uint64_t len, bundle;
	uint8_t digest[DIGEST_LEN];
	bool has_link, purged, answered; /* answered: a reply was written */
	uint8_t link[DIGEST_LEN];
	/* Of a server that went back in time: another tip that it signed with
	 * this number; whether that one still waits to be opened apart, and
	 * whether it is the one that the server has now. */
	uint8_t other[DIGEST_LEN];
	bool other_waits, diverted;
};

/* The highest that any bundle's signed head has said. */
struct ledger_facts {
	uint64_t last, bundle;
	uint32_t epoch;
};

/* Open or make the ledger of that server in the keyring's folder.  Says
 * aloud what is wrong.  ST_OK (*out is the caller's), ST_MALFORMED, ST_DENIED,
 * ST_FULL, ST_IO, ST_NOMEM. */
MUST_CHECK enum status ledger_open(
    int keys_dirfd, const struct server_identity *server, struct ledger **out);
void ledger_close(struct ledger *ledger);

/* Read a record; a number never seen reads as LEDGER_NOT_SEEN, which may
 * still have a link.  ST_OK, ST_IO, ST_MALFORMED. */
MUST_CHECK enum status ledger_get(
    struct ledger *ledger, uint64_t number, struct ledger_tip *tip);

/* Write a record; on disk after ledger_sync().  ST_OK, ST_FULL, ST_IO,
 * ST_LIMIT (0, or above LEDGER_NUMBER_MAX). */
MUST_CHECK enum status ledger_put(
    struct ledger *ledger, uint64_t number, const struct ledger_tip *tip);
MUST_CHECK enum status ledger_sync(struct ledger *ledger);

void ledger_facts(const struct ledger *ledger, struct ledger_facts *facts);
/* Raise the facts; lower values change nothing. */
void ledger_facts_raise(
    struct ledger *ledger, const struct ledger_facts *facts);

/*
 * Call back for each record from number from on, in rising order and with a
 * bounded piece of the file in memory; numbers without one are passed over.
 * ST_OK, ST_IO, ST_MALFORMED, ST_NOMEM, or what the callback returned (ST_EOF
 * ends the walk and is ST_OK).
 */
typedef enum status ledger_visit(
    void *ctx, uint64_t number, const struct ledger_tip *tip);
MUST_CHECK enum status ledger_walk(
    struct ledger *ledger, uint64_t from, ledger_visit *visit, void *ctx);

/* Can an epoch's key be destroyed without losing a tip?  Counts over the
 * whole chain, as far as it is known; tips that were purged without having
 * been opened here count as nothing, since another analyst has them. */
struct ledger_epoch {
	uint64_t opened, unopened; /* tips of that epoch */
	uint64_t first_unopened;   /* 0: none */
	uint64_t unknown; /* numbers not seen, or seen without their epoch */
	uint64_t first_unknown;
	uint64_t others; /* other tips of known numbers, not opened */
	uint64_t first_other;
	uint32_t stated; /* highest epoch any bundle's head has said */
};
MUST_CHECK enum status ledger_epoch(
    struct ledger *ledger, uint32_t epoch, struct ledger_epoch *out);

#endif
