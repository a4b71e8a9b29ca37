#include "intake/upload.h"

#include <string.h>

#include "base/guarded.h"
#include "crypto/envelope.h"
#include "intake/multipart.h"

/* Which part is open. */
enum open_part {
	PART_NONE,
	PART_MESSAGE,   /* begun in the envelope with its first byte */
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
	bool had_message;
	bool committed;
	enum open_part open;
	enum answer why;
	struct recipients to;
	struct envelope *env; /* NULL until there is something to keep */
	struct multipart parser;
};

#define PAGE_LEN 4096 /* guarded blocks are whole pages */
_Static_assert(sizeof(struct upload) < PAGE_LEN &&
	PAGE_LEN + ENVELOPE_RECORD_LEN + 2 * PAGE_LEN < LIMIT_UPLOAD_LEN,
    "an upload, its envelope, and gaps between them");

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
	if (!named(part, "file") || part->file == NULL)
		return fail(up, ANSWER_MALFORMED, ST_MALFORMED);
	if (part->file_len > 0)
		return begin_file(up, part->file, part->file_len);
	up->open = PART_FILE_BARE;
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

	if ((*out = up = guarded_new(sizeof(*up))) == NULL)
		return ST_NOMEM;
	up->shop = shop;
	up->to = *to;
	up->owner = owner;
	up->why = ANSWER_TROUBLE;
	admission_claim(shop->admission, &up->claim,
	    envelope_bound(body_len, to->count), body_len > UPLOAD_TEXT_MAX);
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

enum status
upload_end(struct upload *up)
{
	if (!multipart_whole(&up->parser))
		return fail(up, ANSWER_CUT, ST_SHORT);
	if (up->env == NULL)
		return fail(up, ANSWER_EMPTY, ST_ABSENT);
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
	if (!up->committed)
		keeper_link_leave(up->shop->link, up->number);
	guarded_free(up);
}
