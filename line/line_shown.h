/*
 * line_shown: what anybody may see of a line's keys, as its files say it.
 */
#ifndef TIPLINE_LINE_LINE_SHOWN_H
#define TIPLINE_LINE_LINE_SHOWN_H

#include "base/bytes.h"
#include "line/line.h"

/* keyset.txt, keyset.txt.minisig, root.pub; what there is none of is empty. */
struct line_shown {
	struct bytes keyset, sig, root;
};

void line_shown_free(struct line_shown *shown);

/*
 * line_keyset_load(), which see, and the text of the set it loads with its
 * signature.  Whatever it returns, *shown is the caller's and has the pinned
 * root key if that can be read.
 */
MUST_CHECK enum status line_shown_load(const struct line *line,
    struct keyset *set, struct line_shown *shown,
    char why[static LINE_WHY_LEN]);

#endif
