/*
 * durable: small files that are whole or not there, and reads with a bound.
 *
 * A file is written beside its place under a temporary name, flushed, moved
 * into place and the folder flushed, so that a crash leaves the old file or
 * the new one.  Names are plain file names inside an open folder (dirfd) or,
 * with AT_FDCWD, paths.  Symbolic links are never followed for the last
 * component.
 */
#ifndef TIPLINE_BASE_DURABLE_H
#define TIPLINE_BASE_DURABLE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/status.h"

enum durable_mode {
	DURABLE_NEW,     /* refuse if the name is taken: ST_EXISTS */
	DURABLE_REPLACE, /* put in the place of what is there */
};

/* Write a whole file with permission bits perm.  ST_OK, ST_EXISTS,
 * ST_DENIED, ST_ABSENT (no such folder), ST_FULL, ST_NOMEM, ST_BUG (no name)
 * or ST_IO (errno kept; the temporary file is removed).  If only the folder's
 * flush failed, the new file is whole in its place. */
MUST_CHECK enum status durable_write(int dirfd, const char *name, const void *p,
    size_t len, mode_t perm, enum durable_mode mode);

/*
 * Append a whole regular file to *out, whose max bounds it.  ST_OK,
 * ST_ABSENT, ST_DENIED, ST_LIMIT (larger), ST_NOMEM, ST_IO, ST_MALFORMED
 * (not a regular file).
 */
MUST_CHECK enum status durable_read(
    int dirfd, const char *name, struct bytes *out);

/* As durable_read, but ST_DENIED when group or others may read the file. */
MUST_CHECK enum status durable_read_secret(
    int dirfd, const char *name, struct bytes *out);

/* Write all of p to fd, going on after signals.  ST_OK, ST_FULL or ST_IO. */
MUST_CHECK enum status write_all(int fd, const void *p, size_t len);

/* Read exactly len bytes.  ST_OK, ST_EOF (none), ST_SHORT (some), ST_IO. */
MUST_CHECK enum status read_all(int fd, void *p, size_t len);

/* fsync the folder itself.  ST_OK or ST_IO. */
MUST_CHECK enum status durable_sync_dir(int dirfd);

/*
 * A large file in the making: opens name.part for writing (in the place of
 * one that a cut run left), and durable_stream_finish moves it into place
 * with mode as above, or removes it if that fails.  durable_stream_drop
 * removes it.  Both close *fd and set it to -1.  The same statuses, and from
 * begin ST_BUSY while another process makes a file of that name.
 */
MUST_CHECK enum status durable_stream_begin(
    int dirfd, const char *name, mode_t perm, enum durable_mode mode, int *fd);
MUST_CHECK enum status durable_stream_finish(
    int dirfd, const char *name, enum durable_mode mode, int *fd);
void durable_stream_drop(int dirfd, const char *name, int *fd);

/*
 * Go on with the name.part that a cut run left, instead of beginning it: *fd
 * reads and writes, at its start.  ST_ABSENT if there is none, ST_MALFORMED if
 * it is no file of one name; else as begin.
 * To leave it for another run, close the descriptor.
 */
MUST_CHECK enum status durable_stream_resume(
    int dirfd, const char *name, enum durable_mode mode, int *fd);

#endif
