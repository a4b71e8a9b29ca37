#include "base/status.h"

#include <stddef.h>

static const char *const phrases[] = {
    [ST_OK] = "done",
    [ST_NOMEM] = "not enough memory",
    [ST_IO] = "the system could not read or write",
    [ST_FULL] = "the quota or the disk is full",
    [ST_LIMIT] = "larger or more than is allowed",
    [ST_AGAIN] = "not ready yet",
    [ST_EOF] = "at the end",
    [ST_SHORT] = "cut short",
    [ST_MALFORMED] = "not in the form it should have",
    [ST_VERSION] = "of a version this program does not know",
    [ST_FORGED] = "damaged or forged",
    [ST_WRONG_KEY] = "made for or with a key that is not here",
    [ST_EXPIRED] = "no longer valid",
    [ST_EARLY] = "not yet valid",
    [ST_ABSENT] = "not found",
    [ST_EXISTS] = "already there, and not overwritten",
    [ST_DENIED] = "permission denied, or readable by others",
    [ST_BUSY] = "in use by another process",
    [ST_BUG] = "a bug in tipline",
};

_Static_assert(sizeof(phrases) / sizeof(phrases[0]) == ST_COUNT,
    "each status needs a phrase");

const char *
status_text(enum status st)
{
	if ((unsigned)st >= ST_COUNT)
		return "unknown status";
	return phrases[st];
}
