/*
 * The parts of the form, as they come.
 */
#include <stdio.h>
#include <string.h>

#include "intake/ascii.h"
#include "intake/upload_inner.h"

enum status
upload_fail(struct upload *up, enum answer why, enum status st)
{
	up->why = why;
	return st;
}

/* The envelope's sink. */
static enum status
send_sealed(void *ctx, const uint8_t *sealed, size_t len)
{
	struct upload *up = ctx;

	/* Claims may add up to more than there is, and the last to come
	 * learns it here, before it takes the room of text. */
	if (up->claim.files && admission_files_full(up->shop->admission))
		return upload_fail(up, ANSWER_FULL_FILES, ST_FULL);
	admission_came(up->shop->admission, &up->claim, len);
	return keeper_link_data(up->shop->link, up->number, sealed, len);
}

/* Open the envelope's next part, and the envelope itself before the first. */
static enum status
begin_part(
    struct upload *up, enum envelope_part kind, const void *name, size_t len)
{
	enum status st = ST_OK;

	if (up->env == NULL) {
		st = keeper_link_open(up->shop->link, up->owner, &up->number);
		if (st == ST_AGAIN)
			return upload_fail(up, ANSWER_AWAY, st);
		if (st == ST_LIMIT)
			return upload_fail(up, ANSWER_BUSY, st);
		st = envelope_begin(&up->to, send_sealed, up, &up->env);
	}
	return st == ST_OK ? envelope_part(up->env, kind, name, len) : st;
}

static bool
named(const struct multipart_part *part, const char *name)
{
	return part->name_len == strlen(name) &&
	    memcmp(part->name, name, part->name_len) == 0;
}

static enum status
begin_file(struct upload *up, const uint8_t *name, size_t len)
{
	if (up->files == up->shop->files_max)
		return upload_fail(up, ANSWER_TOO_LARGE, ST_LIMIT);
	/* A short body was let in as text; text may use what files may not. */
	if (admission_files_room(up->shop->admission) == 0)
		return upload_fail(up, ANSWER_FULL_FILES, ST_FULL);
	up->files++;
	up->open = PART_FILE;
	return begin_part(up, ENVELOPE_FILE, name, len);
}

/* A field of text, q-ID among them.  PART_NONE: it is none of ours. */
static enum open_part
field_kind(const struct upload *up, const struct multipart_part *part)
{
	size_t prefix = sizeof(QUESTION_PREFIX) - 1;

	if (part->file != NULL)
		return PART_NONE;
	if (named(part, "message") && !up->had_message)
		return PART_MESSAGE;
	if (named(part, "code") && !up->had_code)
		return PART_CODE;
	if (named(part, "topic") && up->topic_len == 0)
		return PART_TOPIC;
	if (named(part, "no-reply"))
		return PART_NO_REPLY;
	if (named(part, "address"))
		return PART_ADDRESS;
	/* One that the operator has taken away meanwhile is kept as well. */
	if (part->name_len > prefix &&
	    memcmp(part->name, QUESTION_PREFIX, prefix) == 0 &&
	    texts_bad_id((const char *)part->name + prefix,
		part->name_len - prefix) == NULL &&
	    up->questions < TEXTS_QUESTIONS_MAX)
		return PART_QUESTION;
	return PART_NONE;
}

static void
begin_field(
    struct upload *up, const struct multipart_part *part, enum open_part kind)
{
	up->open = kind;
	up->short_len = 0;
	if (kind == PART_MESSAGE)
		up->had_message = true;
	if (kind == PART_CODE)
		up->had_code = true;
	if (kind == PART_QUESTION) {
		up->questions++;
		up->name_len = part->name_len;
		memcpy(up->name, part->name, part->name_len);
	}
}

static enum status
take_part(struct upload *up, const struct multipart_part *part)
{
	enum open_part kind;

	up->part_size = 0;
	/* Fields left empty are passed over, but not without end. */
	if (up->parts++ == up->shop->files_max + LIMIT_PARTS_EXTRA)
		return upload_fail(up, ANSWER_TOO_LARGE, ST_LIMIT);
	if ((kind = field_kind(up, part)) != PART_NONE) {
		begin_field(up, part, kind);
		return ST_OK;
	}
	if (!named(part, "file") || part->file == NULL)
		return upload_fail(up, ANSWER_MALFORMED, ST_MALFORMED);
	if (part->file_len > 0)
		return begin_file(up, part->file, part->file_len);
	up->open = PART_FILE_BARE;
	return ST_OK;
}

/* Of too long a code the beginning is wrong enough. */
static enum status
code_data(struct upload *up, const uint8_t *p, size_t len)
{
	if (len > LIMIT_CODE_TEXT - up->code_text_len)
		len = LIMIT_CODE_TEXT - up->code_text_len;
	if (len > 0)
		memcpy(up->code_text + up->code_text_len, p, len);
	up->code_text_len += len;
	return ST_OK;
}

/* A code of an earlier tip takes the place of the one made for this. */
static enum status
code_end(struct upload *up)
{
	enum status st = code_text_read(
	    up->code_text, up->code_text_len, up->list, up->code, &up->fault);

	if (up->fault.what == CODE_TEXT_EMPTY) {
		return_code_new(up->code);
		return ST_OK;
	}
	if (st != ST_OK)
		return upload_fail(up, ANSWER_BAD_CODE, ST_MALFORMED);
	up->again = true;
	return ST_OK;
}

static bool
short_is(const struct upload *up, const char *word)
{
	return ascii_same(up->short_text, up->short_len, word);
}

static enum status
topic_end(struct upload *up)
{
	const char *id = (const char *)up->short_text;

	if (up->short_len == 0)
		return ST_OK;
	if (texts_bad_id(id, up->short_len) != NULL)
		return upload_fail(up, ANSWER_MALFORMED, ST_MALFORMED);
	memcpy(up->topic, id, up->short_len);
	up->topic_len = up->short_len;
	return ST_OK;
}

/* A short field is whole. */
static enum status
short_end(struct upload *up, enum open_part which)
{
	char own[SHORT_LEN + 1];

	if (which == PART_TOPIC)
		return topic_end(up);
	if (which == PART_NO_REPLY) {
		if (up->short_len > 0 && !short_is(up, "1"))
			return upload_fail(up, ANSWER_MALFORMED, ST_MALFORMED);
		up->no_reply = up->no_reply || up->short_len > 0;
		return ST_OK;
	}
	(void)snprintf(own, sizeof(own), "http://%s", up->shop->onion);
	if (up->shop->onion[0] != '\0' && !short_is(up, own))
		return upload_fail(up, ANSWER_GATEWAY, ST_MALFORMED);
	return ST_OK;
}

static enum status
short_data(struct upload *up, const uint8_t *p, size_t len)
{
	if (len > SHORT_LEN - up->short_len)
		return up->open == PART_ADDRESS
		    ? upload_fail(up, ANSWER_GATEWAY, ST_MALFORMED)
		    : upload_fail(up, ANSWER_MALFORMED, ST_MALFORMED);
	memcpy(up->short_text + up->short_len, p, len);
	up->short_len += len;
	return ST_OK;
}

static bool
is_short(enum open_part part)
{
	return part == PART_TOPIC || part == PART_NO_REPLY ||
	    part == PART_ADDRESS;
}

/* The message, an answer or a file: to be sealed. */
static enum status
content_data(struct upload *up, const uint8_t *p, size_t len, bool first)
{
	enum status st = ST_OK;

	if (first && up->open == PART_MESSAGE)
		st = begin_part(up, ENVELOPE_FIELD, "message", 7);
	else if (first && up->open == PART_QUESTION)
		st = begin_part(up, ENVELOPE_FIELD, up->name, up->name_len);
	else if (up->open == PART_FILE_BARE)
		st = begin_file(up, NULL, 0);
	return st == ST_OK ? envelope_data(up->env, p, len) : st;
}

static enum status
take_data(struct upload *up, const uint8_t *p, size_t len)
{
	bool first = up->part_size == 0;

	up->size += len;
	up->part_size += len;
	if (up->size > up->shop->upload_max ||
	    (up->open == PART_MESSAGE && up->part_size > PAGE_MESSAGE_MAX) ||
	    (up->open == PART_QUESTION && up->part_size > LIMIT_QUESTION_LEN))
		return upload_fail(up, ANSWER_TOO_LARGE, ST_LIMIT);
	if (up->open == PART_CODE)
		return code_data(up, p, len);
	if (is_short(up->open))
		return short_data(up, p, len);
	return content_data(up, p, len, first);
}

static bool
written(enum open_part part)
{
	return part == PART_MESSAGE || part == PART_QUESTION;
}

static enum status
take_part_end(struct upload *up, enum open_part was)
{
	if (was == PART_CODE)
		return code_end(up);
	if (is_short(was))
		return short_end(up, was);
	/* What was left empty in the form is not there in the tip. */
	if (was == PART_FILE_BARE || (written(was) && up->part_size == 0))
		return ST_OK;
	return envelope_part_end(up->env);
}

/*
 * A refusal gives back what was written, and the code stands before that in
 * the form: go on without the keeper until it is there, which files are not
 * waited for.  Whatever names no refusal of this kind ends at once; so does
 * an address that a gateway has changed, which is looked at all the same: that
 * somebody reads along is worse than a slip.
 */
static enum status
put_off(struct upload *up, enum status st)
{
	if (st == ST_OK || !answers_refuses(up->why) ||
	    text_back_full(up->text) || up->open == PART_FILE ||
	    up->open == PART_FILE_BARE)
		return st;
	up->put_off = st;
	upload_give_up(up);
	return ST_OK;
}

static enum status
on_part(void *ctx, const struct multipart_part *part)
{
	struct upload *up = ctx;
	enum open_part kind;
	enum status st;

	if (up->put_off == ST_OK) {
		st = take_part(up, part);
		return part->file != NULL ? st : put_off(up, st);
	}
	if (part->file != NULL)
		return up->put_off;
	kind = field_kind(up, part);
	if (written(kind) || kind == PART_ADDRESS)
		begin_field(up, part, kind);
	return ST_OK;
}

static enum status
on_data(void *ctx, const uint8_t *p, size_t len)
{
	struct upload *up = ctx;

	if (written(up->open))
		text_back_add(up->shop->texts, &up->text, p, len);
	if (up->put_off == ST_OK)
		return put_off(up, take_data(up, p, len));
	if (up->open == PART_ADDRESS)
		return short_data(up, p, len);
	return text_back_full(up->text) ? up->put_off : ST_OK;
}

static enum status
on_part_end(void *ctx)
{
	struct upload *up = ctx;
	enum open_part was = up->open;

	up->open = PART_NONE;
	if (written(was))
		text_back_field_end(up->text);
	if (up->put_off == ST_OK)
		return put_off(up, take_part_end(up, was));
	return was == PART_ADDRESS ? short_end(up, was) : ST_OK;
}

const struct multipart_events upload_events = {on_part, on_data, on_part_end};
