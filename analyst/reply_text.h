/*
 * reply_text: take in what an analyst answers, in guarded memory.
 */
#ifndef TIPLINE_ANALYST_REPLY_TEXT_H
#define TIPLINE_ANALYST_REPLY_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/reply.h"

/* A page shows & < > " ' as entities, and all pages have one size. */
#define REPLY_TEXT_ESCAPED_MAX 8000

/*
 * Read the text from path, or if that is NULL from standard input, into
 * reply (guarded).  CR LF becomes LF, line ends at the end are taken away.
 * On a terminal it is told after each line how many bytes are left, and a
 * line too long is not taken.  What is wrong is said aloud.  ST_OK,
 * ST_LIMIT (too long), ST_MALFORMED (empty, not UTF-8, control characters),
 * ST_ABSENT, ST_DENIED, ST_IO, ST_NOMEM.
 */
MUST_CHECK enum status reply_text_read(const char *path, struct reply *reply);

#endif
