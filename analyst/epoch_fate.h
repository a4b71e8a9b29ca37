/*
 * epoch_fate: what became of each week's key, and whether it may go.
 *
 * A key may be destroyed when no tip can depend on it any more: its week has
 * ended, for every server that any key set named it to all tips of the week
 * are opened, none of the numbers is unknown, and a bundle was seen that the
 * server made at least one whole week after the week's end, since a slow
 * upload ends under the key it began with.
 */
#ifndef TIPLINE_ANALYST_EPOCH_FATE_H
#define TIPLINE_ANALYST_EPOCH_FATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyst/keyring_files.h"
#include "base/bytes.h"
#include "base/status.h"

#define EPOCH_FATE_WHY_MAX 4096

struct epoch_fate; /* opaque */

struct epoch_fate_row {
	const struct keyring_item *item;
	uint64_t opened, unopened; /* tips of that week; of all servers */
	bool published;            /* stands in a key set */
};

/* Gather for kr's keys what key sets and ledgers tell.  What is wrong is said
 * aloud.  ST_OK (*out is the caller's), ST_LIMIT, ST_NOMEM, and as
 * ledger_open() and ledger_walk(). */
MUST_CHECK enum status epoch_fate_open(
    struct keyring *kr, struct epoch_fate **out);
void epoch_fate_close(struct epoch_fate *fate);

/* The keys, by rising epoch, borrowed; one of several files stands once for
 * each file. */
size_t epoch_fate_count(const struct epoch_fate *fate);
struct epoch_fate_row epoch_fate_row(const struct epoch_fate *fate, size_t i);

/* May the key in row i be destroyed at now?  ST_OK; ST_DENIED, then why has
 * the reasons, a line each; ST_IO, ST_MALFORMED, ST_NOMEM of a ledger. */
MUST_CHECK enum status epoch_fate_may_go(
    struct epoch_fate *fate, size_t i, uint64_t now, struct bytes *why);

/*
 * Destroy all files of that epoch's key: mark it destroyed, overwrite with
 * random bytes, truncate, remove.  Going on where a cut run ended is the same
 * call.  What is wrong is said aloud.  ST_OK, ST_FULL, ST_IO, ST_DENIED.
 */
MUST_CHECK enum status epoch_fate_destroy(struct epoch_fate *fate,
    struct keyring *kr, uint32_t epoch, uint64_t now, bool forced);

#endif
