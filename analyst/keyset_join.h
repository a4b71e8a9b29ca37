/*
 * keyset_join: the weeks for which every analyst of a key set has a key.
 *
 * A week that one of them lacks is left out of the set: its tips would be
 * lost to that analyst, and nobody would know.  Pure, but for what it says.
 */
#ifndef TIPLINE_ANALYST_KEYSET_JOIN_H
#define TIPLINE_ANALYST_KEYSET_JOIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/analyst_keys.h"
#include "crypto/keyset.h"

/* How many weeks of so many analysts fit into a set, whatever their names. */
size_t keyset_join_room(size_t analysts);

/*
 * Check that all can stand in one set: no signer and no name twice, weeks
 * those of plan.h.  ST_OK, ST_EXISTS, ST_MALFORMED, ST_LIMIT; said aloud.
 */
MUST_CHECK enum status keyset_join_check(
    const struct analyst_keys *all, size_t count);

/*
 * Fill set's signers, epochs (from epoch first on), from and until.  What is
 * left out and why is said aloud.  On ST_OK or not, the caller calls
 * keyset_free().  ST_OK; ST_EARLY (the first is not covered, or none is; said
 * aloud); ST_NOMEM.
 */
MUST_CHECK enum status keyset_join(const struct analyst_keys *all, size_t count,
    uint32_t first, struct keyset *set);

#endif
