/*
 * line_root: the root key that a line trusts, and another in its place.
 *
 * root.pub is pinned with the first key set.  From then on the old root names
 * the next one, or, when it was lost or stolen, an operator does by hand.
 */
#ifndef TIPLINE_LINE_LINE_ROOT_H
#define TIPLINE_LINE_LINE_ROOT_H

#include "crypto/root_change.h"
#include "line/line.h"

/* The pinned root and the number of the last change that led to it (0: it was
 * pinned by hand).  ST_OK, ST_ABSENT (none is), ST_MALFORMED, ST_IO, ST_NOMEM;
 * why as above. */
MUST_CHECK enum status line_root(const struct line *line,
    struct minisign_key *root, uint32_t *changes,
    char why[static LINE_WHY_LEN]);

/*
 * Follow a change of the root (crypto/root_change.h), signed by the pinned
 * one, which is replaced.  The installed key set stays in use although the
 * old root signed it; the next must be signed by the new one.  A crash leaves
 * the old root or the new.  ST_OK and as root_change_read(), ST_ABSENT (no
 * root is pinned), ST_IO, ST_FULL; why as above.
 */
MUST_CHECK enum status line_root_change(const struct line *line,
    const struct root_change_files *files, char why[static LINE_WHY_LEN]);

/*
 * Pin another root by hand, for a root that was lost or stolen.  The key set
 * in use is given up: the form closes until one signed by the new root is
 * installed.  The sequence number stays.  ST_OK, ST_EXISTS (that one is
 * pinned), ST_ABSENT (none is), ST_IO, ST_FULL; why as above.
 */
MUST_CHECK enum status line_root_replace(const struct line *line,
    const struct minisign_key *root, char why[static LINE_WHY_LEN]);

#endif
