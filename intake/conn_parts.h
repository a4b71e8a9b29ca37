/*
 * conn_parts: what the files of conn call of each other.
 */
#ifndef TIPLINE_INTAKE_CONN_PARTS_H
#define TIPLINE_INTAKE_CONN_PARTS_H

#include "intake/conn.h"

/* Move to another of the receiver's lists, as its youngest. */
void conn_move(struct conn *c, struct conn_list *list);
/* Move to a phase, a list and a deadline in seconds. */
void conn_phase(struct conn *c, enum conn_phase phase, struct conn_list *list,
    unsigned seconds);
/* The same with a deadline in milliseconds. */
void conn_phase_ms(
    struct conn *c, enum conn_phase phase, struct conn_list *list, uint64_t ms);
/* Answer, give up any upload, drain what is left of the body. May drop c. */
void conn_answer(struct conn *c, enum answer which);
/* The same for a request whose body is still to come: its message is looked
 * for first, if the answer could give it back: conn_salvage.c. May drop c. */
void conn_refuse(struct conn *c, enum answer which);
void conn_salvage_readable(struct conn *c);
void conn_salvage_end(struct conn *c);
/* What the answer is, once more: conn_page.c.  It lies in rx->page, which the
 * caller wipes, from its byte at on.  *head_len is its head's length. */
const uint8_t *conn_page(struct conn *c, size_t at, size_t *head_len);
/* The list of words of the page's language. */
enum words_list conn_words(const struct conn *c);
/* Bytes of the head are there: conn_head.c.  May drop c. */
void conn_head_readable(struct conn *c);
/* Begin the body of a POST that was let in: conn_body.c.  May drop c. */
void conn_body_begin(struct conn *c);
/* The body can be read.  May drop c. */
void conn_body_readable(struct conn *c);
/* The deadline of BODY has passed.  May drop c. */
void conn_body_deadline(struct conn *c);
/* The upload, if any, ends here; if it was not committed nothing is kept. */
void conn_body_end(struct conn *c);
/* The head's buffer is not needed any more. */
void conn_head_drop(struct conn *c);
/* All was said and all was read: close so that nothing said is lost. */
void conn_said(struct conn *c);
/* What of the body came with the head, *len bytes at *rest: in the head's
 * buffer, which is returned and is the caller's to wiping_free().  c may be
 * gone when they have been taken in, so it does not hold them any more. */
uint8_t *conn_head_take(struct conn *c, const uint8_t **rest, size_t *len);
/* Read at most want bytes of the body into rx->read_buf.  0: none are there,
 * or c is dropped, or its end came too early and cut is the answer. */
size_t conn_body_read(struct conn *c, size_t want, enum answer cut);
/* Milliseconds of a clock that is never set. */
uint64_t conn_now(void);

#endif
