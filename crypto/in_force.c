#include "crypto/in_force.h"

#include <stddef.h>

void
in_force_see(struct in_force *f, const struct recipients *epoch)
{
	/* What is behind the floor ended for good: its key may have been
	 * destroyed. */
	if (epoch->epoch < f->floor || f->now >= epoch->until)
		return;
	if (epoch->epoch == f->floor)
		f->ahead = epoch;
	/* Numbers and times rise: the last that fits is the newest. */
	if (epoch->from <= f->now)
		f->clock = epoch;
	else if (epoch->epoch != f->floor && f->opens == 0)
		f->opens = epoch->from;
}

const struct recipients *
in_force_choose(
    const struct in_force *f, enum epoch_state *state, uint64_t *opens)
{
	*opens = f->opens;
	if (f->clock != NULL) {
		*state = EPOCH_BY_CLOCK;
		return f->clock;
	}
	if (f->ahead != NULL) {
		*state = EPOCH_AHEAD;
		return f->ahead;
	}
	*state = f->opens != 0 ? EPOCH_EARLY : EPOCH_ENDED;
	return NULL;
}
