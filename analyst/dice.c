/*
 * dice: see dice.h.
 */
#include "analyst/dice.h"

#include <errno.h>
#include <sys/random.h>

enum status
dice_below(uint32_t n, uint32_t *out)
{
	/* The few highest numbers would favour the lowest choices. */
	const uint32_t bound = UINT32_MAX - UINT32_MAX % n;
	uint32_t v = UINT32_MAX;

	*out = 0;
	while (v >= bound) {
		if (getrandom(&v, sizeof(v), 0) == (ssize_t)sizeof(v))
			continue;
		if (errno != EINTR)
			return ST_IO;
		v = UINT32_MAX;
	}
	*out = v % n;
	return ST_OK;
}
