/*
 * in_force: choose among epochs (docs/FORMATS.md section 3, "The key in
 * force").  Show them one after the other, in rising order; inside crypto/
 * only, behind epoch_in_force() and keyset_in_force().
 */
#ifndef TIPLINE_CRYPTO_IN_FORCE_H
#define TIPLINE_CRYPTO_IN_FORCE_H

#include "crypto/recipients.h"

struct in_force {
	uint64_t now;
	uint32_t floor; /* the highest number ever in force, 0 for none */
	const struct recipients *clock, *ahead; /* so far; NULL at first */
	uint64_t opens;                         /* so far; 0 at first */
};

void in_force_see(struct in_force *f, const struct recipients *epoch);

/* What epoch_in_force() gives. */
const struct recipients *in_force_choose(
    const struct in_force *f, enum epoch_state *state, uint64_t *opens);

#endif
