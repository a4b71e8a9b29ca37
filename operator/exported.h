/*
 * exported: LINE/exported, what left this line in bundles.
 *
 *	bundle 4        the highest number that a bundle was begun with
 *	tip 39          the last tip up to which all were exported
 */
#ifndef TIPLINE_OPERATOR_EXPORTED_H
#define TIPLINE_OPERATOR_EXPORTED_H

#include <stdint.h>

#include "line/line.h"

#define EXPORTED_MAX 64

struct exported {
	uint64_t bundle, tip;
};

/* Read it; all 0 when nothing was exported yet.  ST_OK, ST_MALFORMED, ST_IO,
 * ST_NOMEM. */
MUST_CHECK enum status exported_read(
    const struct line *line, struct exported *exported);

/* The text of it.  ST_OK or ST_MALFORMED. */
MUST_CHECK enum status exported_parse(
    const void *text, size_t len, struct exported *exported);

/* Replace it durably, in the folder dirfd.  ST_OK, ST_FULL, ST_IO, ... */
MUST_CHECK enum status exported_write(
    int dirfd, const struct exported *exported);

#endif
