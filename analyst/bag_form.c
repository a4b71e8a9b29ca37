/*
 * bag_form: see bag_form.h.
 */
#include "analyst/bag_form.h"

#include <string.h>

#define QUESTION_LEN (sizeof(BAG_FORM_QUESTION) - 1)

bool
bag_form_id_ok(const void *id, size_t len)
{
	const uint8_t *p = id;

	for (size_t i = 0; i < len; i++) {
		if (!(p[i] >= 'a' && p[i] <= 'z') &&
		    !(p[i] >= '0' && p[i] <= '9') && p[i] != '-')
			return false;
	}
	return len >= 1 && len <= BAG_ID_MAX;
}

static enum bag_kind
kind_of_name(const struct bag_part *part)
{
	const size_t topic = strlen(BAG_FORM_TOPIC);

	if (part->name_len == topic &&
	    memcmp(part->name, BAG_FORM_TOPIC, topic) == 0)
		return BAG_TOPIC;
	if (part->name_len > QUESTION_LEN &&
	    memcmp(part->name, BAG_FORM_QUESTION, QUESTION_LEN) == 0 &&
	    bag_form_id_ok(
		part->name + QUESTION_LEN, part->name_len - QUESTION_LEN))
		return BAG_ANSWER;
	return BAG_FIELD;
}

enum bag_kind
bag_form_kind(const struct bag_parts *parts, const struct bag_part *part)
{
	const enum bag_kind kind = kind_of_name(part);

	for (size_t i = 0; i < parts->count; i++) {
		const struct bag_part *other = &parts->part[i];

		if (other != part && other->kind == kind &&
		    other->name_len == part->name_len &&
		    memcmp(other->name, part->name, part->name_len) == 0)
			return BAG_FIELD;
	}
	return kind;
}

/* It only looked like one. */
static void
give_up(struct bag_part *part)
{
	part->kind = BAG_FIELD;
	bytes_free(&part->text);
}

enum status
bag_form_data(struct bag_part *part, const uint8_t *p, size_t len)
{
	enum status st;

	if (part->kind != BAG_TOPIC && part->kind != BAG_ANSWER)
		return ST_OK;
	part->text.max =
	    part->kind == BAG_TOPIC ? BAG_ID_MAX : BAG_FORM_ANSWER_MAX;
	st = bytes_append(&part->text, p, len);
	if (st != ST_LIMIT)
		return st;
	give_up(part);
	return ST_OK;
}

void
bag_form_end(struct bag_part *part)
{
	const struct bytes *text = &part->text;

	if ((part->kind == BAG_TOPIC && !bag_form_id_ok(text->p, text->len)) ||
	    (part->kind == BAG_ANSWER && text->len == 0))
		give_up(part);
}

const struct bag_part *
bag_form_topic(const struct bag_parts *parts)
{
	for (size_t i = 0; i < parts->count; i++) {
		if (parts->part[i].kind == BAG_TOPIC)
			return &parts->part[i];
	}
	return NULL;
}

const char *
bag_form_question(const struct bag_part *part, size_t *len)
{
	*len = part->name_len - QUESTION_LEN;
	return (const char *)part->name + QUESTION_LEN;
}
