/*
 * confirmed: LINE/confirmed/ID, what the analyst of that signer id opened.
 *
 *	number 3        of the last return bundle taken from this signer
 *	1 16            ranges of tips, rising, not touching
 *	18 39
 *
 * Read and written line by line: there may be very many.
 */
#ifndef TIPLINE_OPERATOR_CONFIRMED_H
#define TIPLINE_OPERATOR_CONFIRMED_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "crypto/recipients.h"
#include "line/line.h"

struct confirmed {
	FILE *file;
	uint64_t number;
	uint64_t first, last; /* the range under the cursor */
	bool end;             /* there is none any more */
};

/*
 * Open the file of a signer and read its number and first range.  ST_OK;
 * ST_ABSENT (nothing came from this one: number 0 and the end);
 * ST_MALFORMED, ST_IO, ST_NOMEM.  confirmed_close() follows in any case.
 */
MUST_CHECK enum status confirmed_open(const struct line *line,
    const uint8_t id[static KEY_ID_LEN], struct confirmed *c);

/* Go on to the next range.  ST_OK, ST_MALFORMED, ST_IO. */
MUST_CHECK enum status confirmed_next(struct confirmed *c);

/* Is this tip confirmed?  Numbers must rise from call to call.  As above. */
MUST_CHECK enum status confirmed_has(
    struct confirmed *c, uint64_t number, bool *has);

void confirmed_close(struct confirmed *c);

/* A new file in the making, beside the one in use. */
struct confirmed_new {
	int dirfd, fd;
	char name[KEY_ID_TEXT_LEN + 1];
	size_t filled;
	char buffer[4096];
};

/* Each: ST_OK or as durable_stream_begin() and write_all(). */
MUST_CHECK enum status confirmed_new_begin(const struct line *line,
    const uint8_t id[static KEY_ID_LEN], uint64_t number,
    struct confirmed_new *n);
MUST_CHECK enum status confirmed_new_range(
    struct confirmed_new *n, uint64_t first, uint64_t last);

/* Put it durably in the place of the old one. */
MUST_CHECK enum status confirmed_new_finish(struct confirmed_new *n);

/* Take it away unless it was finished; in any case the last thing done. */
void confirmed_new_drop(struct confirmed_new *n);

/* The same file with another number. */
MUST_CHECK enum status confirmed_renumber(const struct line *line,
    const uint8_t id[static KEY_ID_LEN], uint64_t number);

#endif
