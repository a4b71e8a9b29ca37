#include "intake/upload.h"

#include <string.h>

#include "base/bytes.h"
#include "base/guarded.h"
#include "crypto/envelope.h"
#include "crypto/return_code.h"
#include "intake/ascii.h"
#include "intake/code_text.h"
#include "intake/multipart.h"

/* Which part is open. */
enum open_part {
	PART_NONE,
	PART_MESSAGE,   /* begun in the envelope with its first byte */
	PART_CODE,      /* of an earlier tip; never in the envelope */
	PART_FILE,      /* begun */
	PART_FILE_BARE, /* no name and no byte so far: a field left empty */
};

struct upload {
	const struct upload_shop *shop;
	void *owner;
	struct claim claim; /* room at the keeper */
	uint64_t size;      /* bytes of message and files so far */
	uint64_t part_size;
	uint32_t parts, files;
	uint32_t number;
	bool had_message, had_code;
	bool again;    /* the form carried a code */
	uint8_t *code; /* guarded, RETURN_CODE_LEN */
	size_t code_text_len;
	uint8_t code_text[LIMIT_CODE_TEXT];
	bool committed;
	enum open_part open;
	enum answer why;
	struct recipients to;
	struct envelope *env; /* NULL until there is something to keep */
	struct multipart parser;
};

#define PAGE_LEN 4096 /* guarded blocks are whole pages */
_Static_assert(sizeof(struct upload) < PAGE_LEN &&
	2 * PAGE_LEN + ENVELOPE_RECORD_LEN + 2 * PAGE_LEN < LIMIT_UPLOAD_LEN,
    "an upload, its code, its envelope, and gaps between them");

static enum status
fail(struct upload *up, enum answer why, enum status st)
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
		return fail(up, ANSWER_FULL_FILES, ST_FULL);
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
			return fail(up, ANSWER_AWAY, st);
		if (st == ST_LIMIT)
			return fail(up, ANSWER_BUSY, st);
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
		return fail(up, ANSWER_TOO_LARGE, ST_LIMIT);
	/* A short body was let in as text; text may use what files may not. */
	if (admission_files_room(up->shop->admission) == 0)
		return fail(up, ANSWER_FULL_FILES, ST_FULL);
	up->files++;
	up->open = PART_FILE;
	return begin_part(up, ENVELOPE_FILE, name, len);
}

static enum status
on_part(void *ctx, const struct multipart_part *part)
{
	struct upload *up = ctx;

	up->part_size = 0;
	/* Fields left empty are passed over, but not without end. */
	if (up->parts++ == up->shop->files_max + LIMIT_PARTS_EXTRA)
		return fail(up, ANSWER_TOO_LARGE, ST_LIMIT);
	if (named(part, "message") && part->file == NULL && !up->had_message) {
		up->had_message = true;
		up->open = PART_MESSAGE;
		return ST_OK;
	}
	if (named(part, "code") && part->file == NULL && !up->had_code) {
		up->had_code = true;
		up->open = PART_CODE;
		return ST_OK;
	}
	if (!named(part, "file") || part->file == NULL)
		return fail(up, ANSWER_MALFORMED, ST_MALFORMED);
	if (part->file_len > 0)
		return begin_file(up, part->file, part->file_len);
	up->open = PART_FILE_BARE;
	return ST_OK;
}

static enum status
code_data(struct upload *up, const uint8_t *p, size_t len)
{
	if (len > LIMIT_CODE_TEXT - up->code_text_len)
		return fail(up, ANSWER_BAD_CODE, ST_LIMIT);
	memcpy(up->code_text + up->code_text_len, p, len);
	up->code_text_len += len;
	return ST_OK;
}

/* A code of an earlier tip takes the place of the one made for this. */
static enum status
code_end(struct upload *up)
{
	struct code_text_fault why;
	size_t len = up->code_text_len;
	bool empty = true;

	for (size_t i = 0; i < len && empty; i++)
		empty = ascii_among(up->code_text[i], " \t\r\n");
	if (empty)
		return ST_OK;
	if (code_text_read(up->code_text, len, WORDS_ENGLISH, up->code, &why) !=
	    ST_OK)
		return fail(up, ANSWER_BAD_CODE, ST_MALFORMED);
	up->again = true;
	return ST_OK;
}

static enum status
on_data(void *ctx, const uint8_t *p, size_t len)
{
	struct upload *up = ctx;
	enum status st = ST_OK;
	bool first = up->part_size == 0;

	up->size += len;
	up->part_size += len;
	if (up->size > up->shop->upload_max ||
	    (up->open == PART_MESSAGE && up->part_size > LIMIT_MESSAGE_LEN))
		return fail(up, ANSWER_TOO_LARGE, ST_LIMIT);
	if (up->open == PART_CODE)
		return code_data(up, p, len);
	if (first && up->open == PART_MESSAGE)
		st = begin_part(up, ENVELOPE_FIELD, "message", 7);
	else if (up->open == PART_FILE_BARE)
		st = begin_file(up, NULL, 0);
	return st == ST_OK ? envelope_data(up->env, p, len) : st;
}

static enum status
on_part_end(void *ctx)
{
	struct upload *up = ctx;
	enum open_part was = up->open;

	up->open = PART_NONE;
	if (was == PART_CODE)
		return code_end(up);
	/* What was left empty in the form is not there in the tip. */
	if (was == PART_FILE_BARE ||
	    (was == PART_MESSAGE && up->part_size == 0))
		return ST_OK;
	return envelope_part_end(up->env);
}

static const struct multipart_events events = {on_part, on_data, on_part_end};

enum status
upload_new(const struct upload_shop *shop, const struct recipients *to,
    uint64_t body_len, void *owner, struct upload **out)
{
	struct upload *up;

	*out = NULL;
	if ((up = guarded_new(sizeof(*up))) == NULL)
		return ST_NOMEM;
	if ((up->code = guarded_new(RETURN_CODE_LEN)) == NULL) {
		guarded_free(up);
		return ST_NOMEM;
	}
	return_code_new(up->code);
	up->shop = shop;
	up->to = *to;
	up->owner = owner;
	up->why = ANSWER_TROUBLE;
	admission_claim(shop->admission, &up->claim,
	    envelope_bound(body_len, to->count), body_len > UPLOAD_TEXT_MAX);
	*out = up;
	return ST_OK;
}

void
upload_boundary(struct upload *up, const uint8_t *boundary, size_t len)
{
	multipart_begin(&up->parser, boundary, len, &events, up);
}

enum status
upload_feed(struct upload *up, const uint8_t *p, size_t len)
{
	enum status st = multipart_feed(&up->parser, p, len);

	/* The parser's own refusals; all others named their answer. */
	if ((st == ST_MALFORMED || st == ST_LIMIT) && up->why == ANSWER_TROUBLE)
		up->why = ANSWER_MALFORMED;
	return st;
}

/* Where the analysts' answer will wait. */
static enum status
seal_mailbox(struct upload *up)
{
	uint8_t field[MAILBOX_FIELD_LEN];
	struct mailbox box;
	enum status st;

	return_code_mailbox(up->code, &box, NULL);
	mailbox_field_write(&box, field);
	st = envelope_part(
	    up->env, ENVELOPE_FIELD, MAILBOX_FIELD, sizeof(MAILBOX_FIELD) - 1);
	if (st == ST_OK)
		st = envelope_data(up->env, field, sizeof(field));
	if (st == ST_OK)
		st = envelope_part_end(up->env);
	/* It would tell which tips belong to one person. */
	wipe(field, sizeof(field));
	wipe(&box, sizeof(box));
	return st;
}

enum status
upload_end(struct upload *up)
{
	enum status st;

	if (!multipart_whole(&up->parser))
		return fail(up, ANSWER_CUT, ST_SHORT);
	if (up->env == NULL)
		return fail(up, ANSWER_EMPTY, ST_ABSENT);
	if ((st = seal_mailbox(up)) != ST_OK)
		return st;
	return envelope_end(up->env);
}

enum status
upload_pad(struct upload *up, bool *done)
{
	uint8_t digest[TIP_DIGEST_LEN];
	enum status st;
	uint64_t len;

	st = envelope_pad(up->env, UPLOAD_PAD_STEP, done);
	if (st != ST_OK || !*done)
		return st;
	*done = false;
	if ((st = envelope_digest(up->env, digest, &len)) != ST_OK)
		return st;
	st = keeper_link_commit(up->shop->link, up->number, len, digest);
	if (st == ST_OK)
		*done = up->committed = true;
	return st;
}

enum answer
upload_why(const struct upload *up)
{
	return up->why;
}

uint8_t *
upload_take_code(struct upload *up)
{
	uint8_t *code = up->again ? NULL : up->code;

	if (code != NULL)
		up->code = NULL; /* now the caller's */
	return code;
}

uint32_t
upload_number(const struct upload *up)
{
	return up->number;
}

void
upload_free(struct upload *up)
{
	if (up == NULL)
		return;
	admission_unclaim(up->shop->admission, &up->claim);
	envelope_free(up->env);
	guarded_free(up->code);
	if (!up->committed)
		keeper_link_leave(up->shop->link, up->number);
	guarded_free(up);
}
