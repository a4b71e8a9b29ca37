#include "intake/upload.h"

#include <string.h>

#include "base/bytes.h"
#include "base/guarded.h"
#include "intake/upload_inner.h"

#define PAGE_LEN 4096 /* guarded blocks are whole pages */
_Static_assert(sizeof(struct upload) < PAGE_LEN &&
	2 * PAGE_LEN + ENVELOPE_RECORD_LEN + 2 * PAGE_LEN < LIMIT_UPLOAD_LEN,
    "an upload, its code, its envelope, and gaps between them");

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
upload_form(struct upload *up, const uint8_t *boundary, size_t len,
    enum words_list list)
{
	up->list = list;
	multipart_begin(&up->parser, boundary, len, &upload_events, up);
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

/* A field that is whole. */
static enum status
seal_field(struct upload *up, const char *name, const void *p, size_t len)
{
	enum status st;

	st = envelope_part(up->env, ENVELOPE_FIELD, name, strlen(name));
	if (st == ST_OK)
		st = envelope_data(up->env, p, len);
	return st == ST_OK ? envelope_part_end(up->env) : st;
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
	st = seal_field(up, MAILBOX_FIELD, field, sizeof(field));
	/* It would tell which tips belong to one person. */
	wipe(field, sizeof(field));
	wipe(&box, sizeof(box));
	return st;
}

enum status
upload_end(struct upload *up)
{
	enum status st = ST_OK;

	if (up->put_off != ST_OK)
		return up->put_off;
	if (!multipart_whole(&up->parser))
		return upload_fail(up, ANSWER_CUT, ST_SHORT);
	if (up->env == NULL)
		return upload_fail(up, ANSWER_EMPTY, ST_ABSENT);
	if (up->topic_len > 0)
		st = seal_field(up, "topic", up->topic, up->topic_len);
	if (st == ST_OK && upload_receipt(up) != ANSWER_RECEIPT_NONE)
		st = seal_mailbox(up);
	return st == ST_OK ? envelope_end(up->env) : st;
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

struct code_text_fault
upload_fault(const struct upload *up)
{
	return up->fault;
}

/* Whoever types a code writes to its thread, wanted or not. */
enum answer
upload_receipt(const struct upload *up)
{
	if (up->again)
		return ANSWER_RECEIPT_AGAIN;
	return up->no_reply ? ANSWER_RECEIPT_NONE : ANSWER_RECEIPT;
}

struct text_back *
upload_take_text(struct upload *up)
{
	struct text_back *text = up->text;

	up->text = NULL; /* now the caller's */
	return text;
}

uint8_t *
upload_take_code(struct upload *up)
{
	uint8_t *code = upload_receipt(up) == ANSWER_RECEIPT ? up->code : NULL;

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
upload_give_up(struct upload *up)
{
	admission_unclaim(up->shop->admission, &up->claim);
	envelope_free(up->env);
	up->env = NULL;
	if (!up->committed)
		keeper_link_leave(up->shop->link, up->number);
	up->number = 0;
}

void
upload_free(struct upload *up)
{
	if (up == NULL)
		return;
	upload_give_up(up);
	text_back_free(up->text);
	guarded_free(up->code);
	guarded_free(up);
}
