/*
 * keyring_known: whom the key sets of a keyring name, epoch by epoch; all of
 * them that were ever made or taken, after keyring_load_epochs().
 */
#ifndef TIPLINE_ANALYST_KEYRING_KNOWN_H
#define TIPLINE_ANALYST_KEYRING_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyst/keyring.h"
#include "crypto/recipients.h"

/* Whom a key set named for an epoch. */
struct keyring_named {
	uint32_t epoch;
	uint64_t sequence; /* of the newest key set that says so */
	size_t count;
	struct {
		uint8_t id[KEY_ID_LEN];
		char name[KEY_NAME_MAX + 1];
	} who[RECIPIENTS_MAX]; /* by rising id */
};

/*
 * Did a key set that was ever made or taken name exactly these keys for that
 * epoch?  A tip sealed to others, or to fewer, was not sealed as the root's
 * keeper has signed it.
 */
bool keyring_names_exactly(const struct keyring *kr, uint32_t epoch,
    const uint8_t (*ids)[KEY_ID_LEN], size_t count);

/* What the newest key set that knows that epoch says of it, borrowed until
 * keyring_close(); NULL if none does. */
const struct keyring_named *keyring_named(
    const struct keyring *kr, uint32_t epoch);

#endif
