/*
 * topics: the topics that tips of a folder of cases have, each once, so that
 * a tip need only hold a place among them.
 *
 * A server that is not ours any more could give each tip another topic, so
 * there is room for so many and no more.
 */
#ifndef TIPLINE_ANALYST_TOPICS_H
#define TIPLINE_ANALYST_TOPICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyst/bag.h"
#include "base/status.h"

#define TOPICS_MAX 254
#define TOPICS_NONE 0
#define TOPICS_OTHER 255 /* of those for which there was no room */

/* As they stand in a file: ids, zeros behind each up to BAG_ID_MAX. */
#define TOPICS_LEN (TOPICS_MAX * BAG_ID_MAX)

struct topics {
	size_t n;
	char id[TOPICS_MAX][BAG_ID_MAX + 1];
};

/* The place of a topic, from 1, taking it in if it is new: TOPICS_OTHER if
 * there is no room, TOPICS_NONE for an empty id.  id is a valid one. */
uint8_t topics_place(struct topics *topics, const char *id);

/* Is it a place that a tip may hold? */
bool topics_has(const struct topics *topics, uint8_t place);

/* Write them into p, and read what was written; false if it was not. */
void topics_put(const struct topics *topics, uint8_t p[static TOPICS_LEN]);
bool topics_get(struct topics *topics, const uint8_t p[static TOPICS_LEN]);

/* The next place in the order of ids behind place, TOPICS_NONE for the first;
 * TOPICS_NONE behind the last. */
uint8_t topics_next(const struct topics *topics, uint8_t place);

#endif
