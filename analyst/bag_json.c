/*
 * bag: tip.json; see bag.h.
 *
 *	{
 *	  "tipline": "tip 1",
 *	  "number": 17, "server": "0123456789abcdef", "epoch": 3,
 *	  "proved": true,
 *	  "sealed_digest": "HEX", "sealed_len": 65684,
 *	  "first_line": "of the message, cleaned",
 *	  "message": {"file": "data/message.txt", "bytes": 5, "sha256": "HEX"},
 *	  "files": [{"name": "cleaned", "name_hex": "as it came",
 *	             "file": "data/file-01.pdf", "bytes": 9, "sha256": "HEX"}],
 *	  "fields": [{"name": ..., as above}],
 *	  "topic": "harbour",
 *	  "answers": [{"id": "region", "text": "cleaned, in one line",
 *	               "file": "data/field-02.txt", "bytes": 5,
 *	               "sha256": "HEX"}],
 *	  "mailbox": {"id": "HEX", "key": "HEX"}, "thread": "0123456789abcdef",
 *	  "sentinel": false
 *	}
 *
 * proved tells whether the server's signature covers the tip; message is
 * null when there was none; mailbox and thread are when it cannot be answered;
 * topic is when none was chosen.  fields are those that are nothing else here.
 * All tips of one thread have one mailbox.  sentinel marks a test tip of our
 * own.  A cleaned name may hide what it was,
 * so the bytes themselves stand beside it in hex, which no program shows by
 * mistake.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "analyst/bag_form.h"
#include "analyst/bag_parts.h"
#include "analyst/clean.h"

#define NAME_TEXT_MAX (ENVELOPE_NAME_MAX * 3 + 1)
#define ANSWER_TEXT_MAX (BAG_FORM_ANSWER_MAX * 3 + 1)

/* Numbers as their digits: cJSON's own are doubles. */
static bool
add_number(cJSON *to, const char *key, uint64_t v)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, v);
	return cJSON_AddRawToObject(to, key, text) != NULL;
}

/* Add what out holds as a string, and empty it. */
static bool
add_bytes(cJSON *to, const char *key, enum status st, struct bytes *out)
{
	bool added = st == ST_OK && bytes_append(out, "", 1) == ST_OK &&
	    cJSON_AddStringToObject(to, key, (char *)out->p) != NULL;

	bytes_free(out);
	return added;
}

static bool
add_hex(cJSON *to, const char *key, const uint8_t *p, size_t len)
{
	struct bytes hex = BYTES_INIT(NAME_TEXT_MAX);

	return add_bytes(to, key, clean_hex(p, len, &hex), &hex);
}

/* Where a part lies and what it is. */
static bool
add_place(cJSON *to, const struct bag_part *part)
{
	char file[BAG_FILE_LEN + 8];

	(void)snprintf(file, sizeof(file), "data/%s", part->file);
	return cJSON_AddStringToObject(to, "file", file) != NULL &&
	    add_number(to, "bytes", part->size) &&
	    add_hex(to, "sha256", part->digest, DIGEST_LEN);
}

static bool
add_named(cJSON *o, const struct bag_part *part)
{
	struct bytes name = BYTES_INIT(NAME_TEXT_MAX);
	enum status st;

	st = clean_name(part->name, part->name_len, &name);
	return add_bytes(o, "name", st, &name) &&
	    add_hex(o, "name_hex", part->name, part->name_len) &&
	    add_place(o, part);
}

static bool
add_answer(cJSON *o, const struct bag_part *part)
{
	struct bytes id = BYTES_INIT(BAG_ID_MAX + 1);
	struct bytes text = BYTES_INIT(ANSWER_TEXT_MAX);
	size_t len;
	const char *p = bag_form_question(part, &len);

	if (!add_bytes(o, "id", bytes_append(&id, p, len), &id))
		return false;
	return add_bytes(o, "text",
		   clean_line(part->text.p, part->text.len, &text), &text) &&
	    add_place(o, part);
}

static bool
add_part(cJSON *list, const struct bag_part *part)
{
	cJSON *o = cJSON_CreateObject();

	if (o == NULL || !cJSON_AddItemToArray(list, o)) {
		cJSON_Delete(o);
		return false;
	}
	return part->kind == BAG_ANSWER ? add_answer(o, part)
					: add_named(o, part);
}

static bool
add_list(cJSON *to, const char *key, enum bag_kind kind,
    const struct bag_parts *parts)
{
	cJSON *list = cJSON_AddArrayToObject(to, key);
	bool added = list != NULL;

	for (size_t i = 0; i < parts->count && added; i++) {
		if (parts->part[i].kind == kind)
			added = add_part(list, &parts->part[i]);
	}
	return added;
}

static bool
add_message(cJSON *to, const struct bag_parts *parts)
{
	struct bytes line = BYTES_INIT(BAG_LINE_MAX * 4 + 8);
	cJSON *o;
	enum status st;

	st = clean_first_line(
	    parts->shown.p, parts->shown.len, BAG_LINE_MAX, &line);
	if (!add_bytes(to, "first_line", st, &line))
		return false;
	for (size_t i = 0; i < parts->count; i++) {
		if (parts->part[i].kind != BAG_MESSAGE)
			continue;
		o = cJSON_AddObjectToObject(to, "message");
		return o != NULL && add_place(o, &parts->part[i]);
	}
	return cJSON_AddNullToObject(to, "message") != NULL;
}

static bool
add_topic(cJSON *to, const struct bag_parts *parts)
{
	const struct bag_part *topic = bag_form_topic(parts);
	struct bytes id = BYTES_INIT(BAG_ID_MAX + 1);

	if (topic == NULL)
		return cJSON_AddNullToObject(to, BAG_FORM_TOPIC) != NULL;
	return add_bytes(to, BAG_FORM_TOPIC,
	    bytes_append(&id, topic->text.p, topic->text.len), &id);
}

/* Where an answer goes, and which tips belong together by it. */
static bool
add_mailbox(cJSON *to, const struct bag_parts *parts)
{
	cJSON *o;

	if (!parts->has_mailbox)
		return cJSON_AddNullToObject(to, "mailbox") != NULL &&
		    cJSON_AddNullToObject(to, "thread") != NULL;
	o = cJSON_AddObjectToObject(to, "mailbox");
	return o != NULL &&
	    add_hex(o, "id", parts->mailbox.id, MAILBOX_ID_LEN) &&
	    add_hex(o, "key", parts->mailbox.key, PUBLIC_KEY_LEN) &&
	    add_hex(to, "thread", parts->mailbox.id, BAG_THREAD_LEN);
}

enum status
bag_json(const struct bag_about *about, const struct bag_parts *parts,
    struct bytes *out)
{
	cJSON *o = cJSON_CreateObject();
	char *text = NULL;
	enum status st = ST_NOMEM;

	if (o == NULL ||
	    cJSON_AddStringToObject(o, "tipline", "tip 1") == NULL ||
	    !add_number(o, "number", about->number) ||
	    !add_hex(o, "server", about->server, KEY_ID_LEN) ||
	    !add_number(o, "epoch", about->epoch) ||
	    cJSON_AddBoolToObject(o, "proved", about->proved) == NULL ||
	    !add_hex(o, "sealed_digest", about->sealed_digest, DIGEST_LEN) ||
	    !add_number(o, "sealed_len", about->sealed_len) ||
	    !add_message(o, parts) || !add_list(o, "files", BAG_FILE, parts) ||
	    !add_list(o, "fields", BAG_FIELD, parts) || !add_topic(o, parts) ||
	    !add_list(o, "answers", BAG_ANSWER, parts) ||
	    !add_mailbox(o, parts) ||
	    cJSON_AddBoolToObject(o, "sentinel", about->sentinel) == NULL)
		goto out;
	if ((text = cJSON_Print(o)) == NULL)
		goto out;
	if ((st = bytes_append_text(out, text)) == ST_OK)
		st = bytes_append_text(out, "\n");
out:
	if (text != NULL)
		cJSON_free(text);
	cJSON_Delete(o);
	return st;
}
