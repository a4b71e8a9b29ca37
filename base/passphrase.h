/*
 * passphrase: ask for a keyring's passphrase, and keep it guarded.
 *
 * For the tools that open keys: tipline-analyst and tipline-restore.
 */
#ifndef TIPLINE_BASE_PASSPHRASE_H
#define TIPLINE_BASE_PASSPHRASE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

#define PASSPHRASE_MAX 1024 /* bytes */
#define PASSPHRASE_MIN 8    /* characters, for a new one */

struct passphrase {
	char *p; /* guarded, no NUL */
	size_t len;
};

/*
 * Ask on /dev/tty, not showing what is typed; or, if file is not NULL, take
 * its first line.  A new one is asked for twice, and refused when it is
 * shorter than PASSPHRASE_MIN characters.  Whatever fails is said aloud.
 * ST_OK (free it with passphrase_free); ST_ABSENT, ST_DENIED (no terminal),
 * ST_MALFORMED (empty, short, not the same twice), ST_LIMIT, ST_IO, ST_NOMEM.
 */
MUST_CHECK enum status passphrase_get(
    const char *file, bool is_new, struct passphrase *out);

/* Wipe and free. */
void passphrase_free(struct passphrase *pass);

#endif
