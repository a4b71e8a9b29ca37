/*
 * pieces: texts that may be longer than a message, from the supervisor to the
 * receiver.
 *
 * A few texts belong together and take effect together, when the last byte of
 * the last one has come.  Each message is u8 which text, from 0 | u8
 * PIECES_FIRST and PIECES_LAST of that text or neither | bytes.  They come in
 * order; the first piece of text 0 begins all anew.  An empty text is one
 * piece, first and last.
 */
#ifndef TIPLINE_INTAKE_PIECES_H
#define TIPLINE_INTAKE_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

#define PIECES_TEXTS 3   /* so many together at most */
#define PIECES_LEN 32768 /* bytes of text in a message */
#define PIECES_HEAD_LEN 2
#define PIECES_FIRST 1
#define PIECES_LAST 2

struct pieces_out {
	uint8_t type; /* enum control_type */
	size_t count;
	const struct bytes *text[PIECES_TEXTS]; /* borrowed */
	bool due;                               /* not all of it is sent */
	size_t which, at;                       /* what comes next */
};

/* Send all of it, again from its beginning; also whenever a text is changed. */
void pieces_begin(struct pieces_out *out);

/* Send what is due, as far as fd takes it.  ST_OK (all is sent), ST_AGAIN,
 * ST_EOF, ST_IO, as ipc_send(). */
MUST_CHECK enum status pieces_send(struct pieces_out *out, int fd);

struct pieces_in {
	size_t count;
	struct bytes text[PIECES_TEXTS]; /* their max bounds what comes */
	size_t which; /* the text that goes on or comes next */
	bool open;    /* it has begun */
};

/*
 * Take one message.  *whole: all texts are there, for the caller to take or to
 * leave until the next message.  ST_OK, ST_NOMEM; ST_MALFORMED: out of order,
 * too long, or no such text.
 */
MUST_CHECK enum status pieces_take(
    struct pieces_in *in, const uint8_t *p, size_t len, bool *whole);
void pieces_free(struct pieces_in *in);

#endif
