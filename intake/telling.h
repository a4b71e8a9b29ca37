/*
 * telling: what the receiver is told, in order, while it takes it.
 */
#ifndef TIPLINE_INTAKE_TELLING_H
#define TIPLINE_INTAKE_TELLING_H

#include <stdbool.h>

#include "base/status.h"
#include "intake/in_force.h"
#include "intake/pieces.h"
#include "intake/setup.h"

struct telling {
	bool config, epochs; /* due, as the pieces may be */
	struct pieces_out texts, keys;
};

/* Begin, with nothing due.  s is borrowed for ever. */
void telling_begin(struct telling *t, const struct setup *s);

/* A new receiver knows nothing. */
void telling_all(struct telling *t);

/* Something is due. */
bool telling_waits(const struct telling *t);

/* Say what is due over control.  ST_OK (all is said), ST_AGAIN, ST_EOF,
 * ST_IO. */
MUST_CHECK enum status telling_go_on(struct telling *t, const struct setup *s,
    const struct in_force *keys, int control);

#endif
