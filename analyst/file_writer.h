/*
 * file_writer: write one file after another, each with its SHA-256.
 *
 * A small file is written by the caller's own thread.  From
 * FILE_WRITER_SMALL bytes on, blocks go to two threads beside the caller's,
 * one for the digest and one for the disk, past the page cache where the
 * file system allows (O_DIRECT, open(2)): measured at twice the speed, and
 * the flush at the end finds nothing left to do.
 */
#ifndef TIPLINE_ANALYST_FILE_WRITER_H
#define TIPLINE_ANALYST_FILE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/digest.h"

#define FILE_WRITER_SMALL ((size_t)256 * 1024)

struct file_writer; /* opaque */

/* ST_OK or ST_NOMEM. */
MUST_CHECK enum status file_writer_new(struct file_writer **out);

/* Begin a file in fd, which is new and empty, and closed by _end or _free. */
void file_writer_begin(struct file_writer *w, int fd);

/* Add bytes.  ST_OK, ST_FULL, ST_IO, ST_NOMEM. */
MUST_CHECK enum status file_writer_data(
    struct file_writer *w, const uint8_t *p, size_t len);

/* End the file: write what is left, close it, give its digest.  As above. */
MUST_CHECK enum status file_writer_end(
    struct file_writer *w, uint8_t digest[static DIGEST_LEN]);

/* Wipe and free; NULL is allowed. */
void file_writer_free(struct file_writer *w);

#endif
