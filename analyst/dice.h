/*
 * dice: even choices from the kernel's random numbers.
 */
#ifndef TIPLINE_ANALYST_DICE_H
#define TIPLINE_ANALYST_DICE_H

#include <stdint.h>

#include "base/status.h"

/* Choose one of 0 to n - 1, each as likely as the others; n is at least 1.
 * ST_OK or ST_IO. */
MUST_CHECK enum status dice_below(uint32_t n, uint32_t *out);

#endif
