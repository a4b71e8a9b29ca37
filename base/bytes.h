/*
 * bytes: a growing buffer with a hard maximum, wiped when it is freed.
 *
 * For what is secret for a short time or comes from outside.  Growth copies
 * into fresh memory and wipes the old, so nothing stays behind in the heap.
 */
#ifndef TIPLINE_BASE_BYTES_H
#define TIPLINE_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct bytes {
	uint8_t *p;
	size_t len, cap, max;
};

/* An empty buffer that never holds more than max bytes. */
#define BYTES_INIT(max_len) ((struct bytes){NULL, 0, 0, (max_len)})

/* Append len bytes.  ST_OK, ST_LIMIT or ST_NOMEM (b is then unchanged). */
MUST_CHECK enum status bytes_append(struct bytes *b, const void *p, size_t len);

/* Append the characters of a string without its NUL; as bytes_append. */
MUST_CHECK enum status bytes_append_text(struct bytes *b, const char *text);

/* Append formatted text without a NUL; as bytes_append. */
MUST_CHECK enum status bytes_printf(struct bytes *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Take len bytes (at most b->len) off the front. */
void bytes_consume(struct bytes *b, size_t len);

/* Wipe and empty b, keeping its memory; b may be used again. */
void bytes_clear(struct bytes *b);

/* Wipe b and give its memory back; b is empty and may be used again. */
void bytes_free(struct bytes *b);

/* Overwrite p[0..len) in a way no compiler leaves out. */
void wipe(void *p, size_t len);

/*
 * malloc, realloc and free that wipe what is freed or moved, for libraries
 * that take such functions (libevent, cJSON).
 */
void *wiping_malloc(size_t len);
void *wiping_realloc(void *p, size_t len);
void wiping_free(void *p);

#endif
