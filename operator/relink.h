/*
 * relink: LINE/links, a line that may still learn what its backup forgot.
 *
 * tipline-restore writes "after N": the backup ended with tip N.  Tips that
 * came after it and reached the analysts are known to them by their links,
 * which import takes up as long as no new tip has come.
 */
#ifndef TIPLINE_OPERATOR_RELINK_H
#define TIPLINE_OPERATOR_RELINK_H

#include <stdbool.h>
#include <stdint.h>

#include "line/line.h"
#include "store/store.h"

#define RELINK_FILE "links"

/* May links be added behind last, the line's last tip?  ST_OK, ST_MALFORMED,
 * ST_IO, ST_NOMEM. */
MUST_CHECK enum status relink_open(
    const struct line *line, struct store *store, uint64_t last, bool *open);

/* Write it for a line whose backup ended with tip after. */
MUST_CHECK enum status relink_write(int dirfd, uint64_t after);

#endif
