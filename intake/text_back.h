/*
 * text_back: what somebody wrote, kept until the answer is out, so that a
 * refusal can give it back.
 *
 * The beginning of the message and of the answers to questions, one after
 * the other, in guarded memory.  Where there is no more of that, nothing is
 * kept, and a refusal gives nothing back: that is the lesser harm.
 *
 * texts that are held at once are counted on a shelf, so that visitors who
 * read slowly do not take the guarded memory that uploads need.
 */
#ifndef TIPLINE_INTAKE_TEXT_BACK_H
#define TIPLINE_INTAKE_TEXT_BACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "site/site.h"

struct text_shelf {
	uint32_t held, max;
};

struct text_back; /* opaque */

/* Add to *text, which is made when it is NULL.  If there is no place for it,
 * nothing is kept of this text, later neither. */
void text_back_add(struct text_shelf *shelf, struct text_back **text,
    const uint8_t *p, size_t len);

/* One field has ended: an empty line parts it from the next. */
void text_back_field_end(struct text_back *text);

/* What is kept; empty if text is NULL.  *cut: there was more, or its last
 * field has not ended. */
struct site_text text_back_get(const struct text_back *text, bool *cut);

/* No more will be kept: all that there is place for has come. */
bool text_back_full(const struct text_back *text);

/* Wipe and free; NULL is allowed. */
void text_back_free(struct text_back *text);

#endif
