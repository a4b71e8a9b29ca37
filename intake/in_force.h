/*
 * in_force: which epochs the receiver may seal to, as the clock goes on.
 *
 * The receiver chooses by its own clock at each upload.  The supervisor looks
 * at least once a minute, and when an epoch begins: it remembers the highest
 * epoch that was ever in force (LINE/epoch), so that no clock brings an older
 * key back, and tells the receiver when what it knows is no longer right.
 */
#ifndef TIPLINE_INTAKE_IN_FORCE_H
#define TIPLINE_INTAKE_IN_FORCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "intake/control.h"
#include "intake/setup.h"

struct in_force {
	uint32_t floor;   /* the highest epoch ever in force */
	bool floor_kept;  /* it is on the disk */
	bool behind;      /* said: the clock is behind the floor's epoch */
	bool failed;      /* said: the floor cannot be kept */
	uint64_t keep_at; /* when to try that again; these are milliseconds */
	uint64_t age_at;  /* when to speak of the key set's age again */
	uint64_t look_at; /* when to look again */
	size_t len;       /* of the message to the receiver */
	uint8_t message[CONTROL_EPOCHS_LEN_MAX];
};

/* Begin with the floor that s has read. */
void in_force_begin(struct in_force *f, const struct setup *s);

/*
 * Look at the clock and the key set of s; now_ms is a clock that nobody sets.
 * Says in the log what has changed.  True if f->message is another one than
 * before.
 */
bool in_force_look(struct in_force *f, const struct setup *s, uint64_t now_ms);

#endif
