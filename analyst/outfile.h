/*
 * outfile: files that a command reads or writes beside the keyring; whatever
 * fails is said aloud.
 */
#ifndef TIPLINE_ANALYST_OUTFILE_H
#define TIPLINE_ANALYST_OUTFILE_H

#include <limits.h>

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/minisign.h"

/* ST_OK if nothing has that name yet, else ST_EXISTS. */
MUST_CHECK enum status outfile_is_free(const char *path);

/* Write a new file, readable by all.  As durable_write(). */
MUST_CHECK enum status outfile_write(
    const char *path, const struct bytes *content);

/* The folder that holds path, for command_confine(). */
void outfile_folder(const char *path, char folder[static PATH_MAX]);

/* Join path and ending; ST_LIMIT if that is too long. */
MUST_CHECK enum status outfile_name(
    const char *path, const char *ending, char name[static PATH_MAX]);

/* Read a whole file, of at most in->max bytes.  As durable_read(). */
MUST_CHECK enum status outfile_read(const char *path, struct bytes *in);

/* Read a root.pub.  As above and minisign_key_parse(). */
MUST_CHECK enum status outfile_read_root(
    const char *path, struct minisign_key *root);

#endif
