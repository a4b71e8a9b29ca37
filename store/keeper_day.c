/* keeper_day: see keeper_day.h. */
#include "store/keeper_day.h"

#define DAY_MS INT64_C(86400000)

uint32_t
keeper_day(struct keeper_day *d, uint32_t clock, int64_t now)
{
	int64_t most = d->day + (now - d->at) / DAY_MS + 1;

	if (d->day != 0 && clock > most) {
		if (d->leaped_at == 0)
			d->leaped_at = now;
		if (now - d->leaped_at < KEEPER_DAY_LEAP_DAYS * DAY_MS)
			return (uint32_t)most - 1;
	}
	/* A base that went on with each look would creep: a day each time. */
	if (d->day == 0 || clock > most)
		*d = (struct keeper_day){.day = clock, .at = now};
	d->leaped_at = 0;
	return clock;
}
