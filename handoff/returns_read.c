/*
 * returns_read: the server's half of returns.h.
 *
 * Nothing is believed before the signature at the end, and yet an item is
 * handed on as soon as it was read, so that memory stays bounded: hence the
 * two runs that the header asks for.
 */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "crypto/digest.h"
#include "handoff/returns.h"
#include "handoff/returns_layout.h"

#define READER_BUFFER_LEN ((size_t)64 * 1024)

struct reader {
	const struct returns_input *in;
	const struct returns_events *events; /* or NULL */
	const char **why;
	struct returns_order order;
	struct sha256 *sha; /* of all that was taken */
	size_t pos, len;    /* of buffer: taken, filled */
	bool at_end;        /* the source has ended */
	struct returns_reply reply;
	uint8_t item[RETURNS_REPLY_LEN];
	uint8_t buffer[READER_BUFFER_LEN];
};

static enum status
refuse(struct reader *r, enum status st, const char *why)
{
	*r->why = why;
	return st;
}

/* Refill an empty buffer.  At the source's end it stays empty. */
static enum status
fill(struct reader *r)
{
	enum status st;

	if (r->pos < r->len || r->at_end)
		return ST_OK;
	r->pos = r->len = 0;
	st = r->in->source(
	    r->in->source_ctx, r->buffer, sizeof(r->buffer), &r->len);
	if (st != ST_OK) {
		r->len = 0;
		return refuse(r, st, "it cannot be read");
	}
	r->at_end = r->len == 0;
	return ST_OK;
}

/* Take up to len bytes; *got is less only at the end. */
static enum status
take_some(struct reader *r, uint8_t *out, size_t len, size_t *got)
{
	enum status st;

	*got = 0;
	while (*got < len) {
		size_t n;

		if ((st = fill(r)) != ST_OK)
			return st;
		if (r->at_end)
			return ST_OK;
		n = r->len - r->pos < len - *got ? r->len - r->pos : len - *got;
		memcpy(out + *got, r->buffer + r->pos, n);
		r->pos += n;
		*got += n;
	}
	return ST_OK;
}

/* Take exactly len bytes; only signed is false for the signature itself. */
static enum status
take(struct reader *r, uint8_t *out, size_t len, bool is_signed)
{
	size_t got;
	enum status st;

	if ((st = take_some(r, out, len, &got)) != ST_OK)
		return st;
	if (got < len)
		return refuse(r, ST_SHORT, "it was cut");
	if (is_signed && (st = sha256_update(r->sha, out, len)) != ST_OK)
		return refuse(r, st, "memory has run out");
	return ST_OK;
}

static enum status
read_head(struct reader *r, struct returns_head *head)
{
	uint8_t bytes[RETURNS_HEAD_LEN];
	size_t got;
	enum status st;

	/* The magic alone first: a short text file is no cut bundle. */
	if ((st = take_some(r, bytes, RETURNS_MAGIC_LEN, &got)) != ST_OK)
		return st;
	if (memcmp(bytes, RETURNS_MAGIC,
		got < RETURNS_MAGIC_STEM_LEN ? got : RETURNS_MAGIC_STEM_LEN) !=
	    0)
		return refuse(r, ST_MALFORMED, "it is no return bundle");
	if (memcmp(bytes, RETURNS_MAGIC, got) != 0)
		return refuse(r, ST_VERSION, "it is of another version");
	if (got < RETURNS_MAGIC_LEN)
		return refuse(r, ST_SHORT, "it was cut");
	if ((st = sha256_update(r->sha, bytes, got)) != ST_OK)
		return refuse(r, st, "memory has run out");
	st = take(r, bytes + RETURNS_MAGIC_LEN,
	    RETURNS_HEAD_LEN - RETURNS_MAGIC_LEN, true);
	if (st != ST_OK)
		return st;
	memcpy(head->server, bytes + RETURNS_AT_SERVER, KEY_ID_LEN);
	memcpy(head->signer, bytes + RETURNS_AT_SIGNER, KEY_ID_LEN);
	head->number = le64_get(bytes + RETURNS_AT_NUMBER);
	if (head->number == 0 || head->number > INT64_MAX)
		return refuse(r, ST_MALFORMED, "its number is none");
	return ST_OK;
}

/* Read an item's len bytes behind its kind into r->item. */
static enum status
take_item(struct reader *r, size_t len)
{
	if (r->order.items == RETURNS_ITEMS_MAX)
		return refuse(r, ST_LIMIT, "it holds too many items");
	r->order.items++;
	return take(r, r->item, len, true);
}

static enum status
read_confirmed(struct reader *r)
{
	struct returns_confirmed item;
	const char *wrong;
	enum status st;

	if ((st = take_item(r, RETURNS_CONFIRMED_LEN)) != ST_OK)
		return st;
	/* Of first 0 comes a number that no last is above. */
	item.before.number = le64_get(r->item) - 1;
	item.last.number = le64_get(r->item + 8);
	memcpy(item.before.head, r->item + 16, DIGEST_LEN);
	memcpy(item.last.head, r->item + 16 + DIGEST_LEN, DIGEST_LEN);
	if ((wrong = returns_order_confirmed(&r->order, &item)) != NULL)
		return refuse(r, ST_MALFORMED, wrong);
	if (r->events == NULL || r->events->confirmed == NULL)
		return ST_OK;
	return r->events->confirmed(r->events->ctx, &item);
}

static enum status
read_link(struct reader *r)
{
	struct returns_link item;
	const char *wrong;
	enum status st;

	if ((st = take_item(r, RETURNS_LINK_LEN)) != ST_OK)
		return st;
	item.number = le64_get(r->item);
	item.len = le64_get(r->item + 8);
	memcpy(item.digest, r->item + 16, DIGEST_LEN);
	if ((wrong = returns_order_link(&r->order, &item)) != NULL)
		return refuse(r, ST_MALFORMED, wrong);
	if (r->events == NULL || r->events->link == NULL)
		return ST_OK;
	return r->events->link(r->events->ctx, &item);
}

static enum status
read_reply(struct reader *r)
{
	enum status st;

	if ((st = take_item(r, RETURNS_REPLY_LEN)) != ST_OK)
		return st;
	if (r->events == NULL || r->events->reply == NULL)
		return ST_OK;
	memcpy(r->reply.mailbox, r->item, MAILBOX_ID_LEN);
	r->reply.last_day = le32_get(r->item + MAILBOX_ID_LEN);
	memcpy(r->reply.sealed, r->item + MAILBOX_ID_LEN + 4, REPLY_LEN);
	return r->events->reply(r->events->ctx, &r->reply);
}

static enum status
read_trailer(struct reader *r, const uint8_t key[static PUBLIC_KEY_LEN])
{
	uint8_t count[RETURNS_COUNT_LEN], sig[SIGNATURE_LEN];
	uint8_t digest[DIGEST_LEN], message[RETURNS_MESSAGE_LEN];
	enum status st;

	if ((st = take(r, count, sizeof(count), true)) != ST_OK ||
	    (st = take(r, sig, sizeof(sig), false)) != ST_OK)
		return st;
	if ((st = sha256_final(r->sha, digest)) != ST_OK)
		return refuse(r, st, "memory has run out");
	returns_message(message, digest);
	if (sign_check(key, message, sizeof(message), sig) != ST_OK)
		return refuse(r, ST_FORGED, "its signature is wrong");
	if (le64_get(count) != r->order.items)
		return refuse(r, ST_MALFORMED, "it counts other items");
	if ((st = fill(r)) != ST_OK)
		return st;
	if (!r->at_end)
		return refuse(r, ST_MALFORMED, "something follows its end");
	return ST_OK;
}

static enum status
read_items(struct reader *r, const uint8_t key[static PUBLIC_KEY_LEN])
{
	enum status st = ST_OK;
	uint8_t kind;

	while (st == ST_OK) {
		if ((st = take(r, &kind, 1, true)) != ST_OK)
			return st;
		switch ((enum returns_kind)kind) {
		case RETURNS_KIND_CONFIRMED:
			st = read_confirmed(r);
			break;
		case RETURNS_KIND_LINK:
			st = read_link(r);
			break;
		case RETURNS_KIND_REPLY:
			st = read_reply(r);
			break;
		case RETURNS_KIND_TRAILER:
			return read_trailer(r, key);
		default:
			return refuse(r, ST_MALFORMED,
			    "it holds something that is no item");
		}
	}
	return st;
}

enum status
returns_read(const struct returns_input *in,
    const struct returns_events *events, struct returns_head *head,
    const char **why)
{
	struct reader *r = NULL;
	const uint8_t *key;
	enum status st = ST_NOMEM;

	*head = (struct returns_head){0};
	*why = "memory has run out";
	if ((r = calloc(1, sizeof(*r))) == NULL)
		goto out;
	if ((st = sha256_new(&r->sha)) != ST_OK)
		goto out;
	*why = "";
	r->in = in;
	r->events = events;
	r->why = why;
	if ((st = read_head(r, head)) != ST_OK)
		goto out;
	if ((key = in->signer(in->signer_ctx, head->signer)) == NULL) {
		st = refuse(r, ST_WRONG_KEY, "its signer is not known");
		goto out;
	}
	st = read_items(r, key);
out:
	if (r != NULL)
		sha256_free(r->sha);
	free(r);
	return st;
}
