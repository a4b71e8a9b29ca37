/*
 * topics: see topics.h.
 */
#include "analyst/topics.h"

#include <string.h>

#include "analyst/bag_form.h"

uint8_t
topics_place(struct topics *topics, const char *id)
{
	if (*id == '\0')
		return TOPICS_NONE;
	for (size_t i = 0; i < topics->n; i++) {
		if (strcmp(topics->id[i], id) == 0)
			return (uint8_t)(i + 1);
	}
	if (topics->n == TOPICS_MAX || strlen(id) > BAG_ID_MAX)
		return TOPICS_OTHER;
	memcpy(topics->id[topics->n], id, strlen(id) + 1);
	return (uint8_t)++topics->n;
}

bool
topics_has(const struct topics *topics, uint8_t place)
{
	return place <= topics->n || place == TOPICS_OTHER;
}

void
topics_put(const struct topics *topics, uint8_t p[static TOPICS_LEN])
{
	memset(p, 0, TOPICS_LEN);
	for (size_t i = 0; i < topics->n; i++)
		memcpy(
		    p + i * BAG_ID_MAX, topics->id[i], strlen(topics->id[i]));
}

bool
topics_get(struct topics *topics, const uint8_t p[static TOPICS_LEN])
{
	*topics = (struct topics){0};
	for (size_t i = 0; i < TOPICS_MAX && p[i * BAG_ID_MAX] != 0; i++) {
		char *id = topics->id[i];

		memcpy(id, p + i * BAG_ID_MAX, BAG_ID_MAX);
		if (!bag_form_id_ok(id, strlen(id)))
			return false;
		topics->n++;
	}
	return true;
}

uint8_t
topics_next(const struct topics *topics, uint8_t place)
{
	size_t best = TOPICS_NONE;

	for (size_t i = 1; i <= topics->n; i++) {
		const char *id = topics->id[i - 1];

		if (place != TOPICS_NONE &&
		    strcmp(id, topics->id[place - 1]) <= 0)
			continue;
		if (best == TOPICS_NONE || strcmp(id, topics->id[best - 1]) < 0)
			best = i;
	}
	return (uint8_t)best;
}
