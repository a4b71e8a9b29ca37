/*
 * bag_form: the fields of a tip that answer what an operator asks: its topic,
 * and the answers to questions.  docs/FORMATS.md section 1 says what they may
 * hold; all else is a field like any other.
 */
#ifndef TIPLINE_ANALYST_BAG_FORM_H
#define TIPLINE_ANALYST_BAG_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyst/bag_parts.h"
#include "base/status.h"

#define BAG_FORM_TOPIC "topic"
#define BAG_FORM_QUESTION "q-"
#define BAG_FORM_ANSWER_MAX 2000 /* bytes */

/* Is it the id of a topic, a question or a choice: 1 to BAG_ID_MAX of
 * a-z 0-9 -? */
bool bag_form_id_ok(const void *id, size_t len);

/* What the field part, the last of parts so far, is by its name: BAG_TOPIC,
 * BAG_ANSWER, or BAG_FIELD; also BAG_FIELD where that topic or answer is
 * there already. */
enum bag_kind bag_form_kind(
    const struct bag_parts *parts, const struct bag_part *part);

/* Hold the bytes of a topic or an answer in part->text; where they are too
 * many, it becomes BAG_FIELD.  Other parts stay as they are.  ST_OK,
 * ST_NOMEM. */
MUST_CHECK enum status bag_form_data(
    struct bag_part *part, const uint8_t *p, size_t len);

/* The part is whole: a topic that is no id, or an empty answer, becomes
 * BAG_FIELD. */
void bag_form_end(struct bag_part *part);

/* The part that is the topic, or NULL; borrowed. */
const struct bag_part *bag_form_topic(const struct bag_parts *parts);

/* The id of an answer's question, *len bytes of part->name; borrowed. */
const char *bag_form_question(const struct bag_part *part, size_t *len);

#endif
