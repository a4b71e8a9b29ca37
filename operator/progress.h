/*
 * progress: how far a long command is, on a terminal and nowhere else.
 */
#ifndef TIPLINE_OPERATOR_PROGRESS_H
#define TIPLINE_OPERATOR_PROGRESS_H

#include <stdint.h>

/* "doing tip 7 of 39, 12.0 MiB"; drawn a few times a second. */
void progress_tip(
    const char *doing, uint64_t number, uint64_t last, uint64_t bytes);

/* Take the line away, before anything else is said. */
void progress_end(void);

#endif
