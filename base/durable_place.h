/*
 * durable_place: what durable.c and durable_stream.c share, for them alone.
 *
 * A place is an open folder and a plain name in it, so that the temporary
 * name, the final name and the fsync all mean the same folder.
 */
#ifndef TIPLINE_BASE_DURABLE_PLACE_H
#define TIPLINE_BASE_DURABLE_PLACE_H

#include <stdbool.h>

#include "base/durable.h"

#define DURABLE_NAME_MAX 256

struct durable_place {
	int dir;
	bool ours; /* dir was opened here and is closed by _leave */
	const char *name;
};

/* Find the folder of a name; name is borrowed until durable_place_leave().
 * ST_OK, or as durable_place_status. */
MUST_CHECK enum status durable_place_find(
    struct durable_place *at, int dirfd, const char *name);

/* Close what _find opened; keeps errno. */
void durable_place_leave(struct durable_place *at);

/* Move made, in the same folder, to the place's own name and flush the
 * folder.  On failure made may still be there.  As durable_write. */
MUST_CHECK enum status durable_place_move(
    const struct durable_place *at, const char *made, enum durable_mode mode);

/* The status for errno as writing to a file leaves it. */
enum status durable_place_status(void);

#endif
