/*
 * returns_write: the analysts' half of returns.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "crypto/digest.h"
#include "handoff/returns.h"
#include "handoff/returns_layout.h"

_Static_assert(sizeof(RETURNS_MAGIC) - 1 == RETURNS_MAGIC_LEN, "magic");
_Static_assert(sizeof(RETURNS_TAG) - 1 == RETURNS_TAG_LEN, "tag");

struct returns_writer {
	bundle_sink *sink;
	void *ctx;
	const uint8_t *seed; /* borrowed */
	bool ended;          /* finished, or a call failed */
	struct returns_order order;
	struct sha256 *sha;
};

/* Push bytes that are signed; a sink that failed is never called again. */
static enum status
push(struct returns_writer *w, const void *p, size_t len)
{
	enum status st = sha256_update(w->sha, p, len);

	if (st == ST_OK)
		st = w->sink(w->ctx, p, len);
	if (st != ST_OK)
		w->ended = true;
	return st;
}

enum status
returns_writer_begin(const struct returns_head *head,
    const uint8_t seed[static SECRET_KEY_LEN], bundle_sink *sink, void *ctx,
    struct returns_writer **out)
{
	struct returns_writer *w = NULL;
	uint8_t bytes[RETURNS_HEAD_LEN];
	uint8_t key[PUBLIC_KEY_LEN];
	enum status st = ST_NOMEM;

	*out = NULL;
	if (head->number == 0 || head->number > INT64_MAX)
		return ST_BUG;
	if ((w = calloc(1, sizeof(*w))) == NULL)
		goto out;
	if ((st = sha256_new(&w->sha)) != ST_OK)
		goto out;
	w->sink = sink;
	w->ctx = ctx;
	w->seed = seed;
	memcpy(bytes, RETURNS_MAGIC, RETURNS_MAGIC_LEN);
	memcpy(bytes + RETURNS_AT_SERVER, head->server, KEY_ID_LEN);
	sign_key_public(seed, key);
	key_id(KEY_ROLE_SIGNER, key, bytes + RETURNS_AT_SIGNER);
	le64_put(bytes + RETURNS_AT_NUMBER, head->number);
	if ((st = push(w, bytes, sizeof(bytes))) != ST_OK)
		goto out;
	*out = w;
	w = NULL; /* now the caller's */
out:
	returns_writer_free(w);
	return st;
}

/* Whether one more item has room. */
static enum status
room(const struct returns_writer *w)
{
	if (w->ended)
		return ST_BUG;
	return w->order.items < RETURNS_ITEMS_MAX ? ST_OK : ST_LIMIT;
}

enum status
returns_writer_confirmed(
    struct returns_writer *w, const struct returns_confirmed *item)
{
	uint8_t bytes[1 + RETURNS_CONFIRMED_LEN] = {RETURNS_KIND_CONFIRMED};
	enum status st;

	if ((st = room(w)) != ST_OK)
		return st;
	if (returns_order_confirmed(&w->order, item) != NULL)
		return ST_BUG;
	le64_put(bytes + 1, item->before.number + 1);
	le64_put(bytes + 9, item->last.number);
	memcpy(bytes + 17, item->before.head, DIGEST_LEN);
	memcpy(bytes + 17 + DIGEST_LEN, item->last.head, DIGEST_LEN);
	w->order.items++;
	return push(w, bytes, sizeof(bytes));
}

enum status
returns_writer_link(struct returns_writer *w, const struct returns_link *item)
{
	uint8_t bytes[1 + RETURNS_LINK_LEN] = {RETURNS_KIND_LINK};
	enum status st;

	if ((st = room(w)) != ST_OK)
		return st;
	if (returns_order_link(&w->order, item) != NULL)
		return ST_BUG;
	le64_put(bytes + 1, item->number);
	le64_put(bytes + 9, item->len);
	memcpy(bytes + 17, item->digest, DIGEST_LEN);
	w->order.items++;
	return push(w, bytes, sizeof(bytes));
}

enum status
returns_writer_reply(struct returns_writer *w, const struct returns_reply *item)
{
	uint8_t head[1 + RETURNS_REPLY_LEN - REPLY_LEN] = {RETURNS_KIND_REPLY};
	enum status st;

	if ((st = room(w)) != ST_OK)
		return st;
	memcpy(head + 1, item->mailbox, MAILBOX_ID_LEN);
	le32_put(head + 1 + MAILBOX_ID_LEN, item->last_day);
	w->order.items++;
	if ((st = push(w, head, sizeof(head))) != ST_OK)
		return st;
	return push(w, item->sealed, REPLY_LEN);
}

enum status
returns_writer_finish(struct returns_writer *w)
{
	uint8_t count[1 + RETURNS_COUNT_LEN] = {RETURNS_KIND_TRAILER};
	uint8_t digest[DIGEST_LEN], sig[SIGNATURE_LEN];
	uint8_t message[RETURNS_MESSAGE_LEN];
	enum status st;

	if (w->ended)
		return ST_BUG;
	le64_put(count + 1, w->order.items);
	if ((st = push(w, count, sizeof(count))) != ST_OK)
		return st;
	w->ended = true;
	if ((st = sha256_final(w->sha, digest)) != ST_OK)
		return st;
	returns_message(message, digest);
	sign_make(w->seed, message, sizeof(message), sig);
	return w->sink(w->ctx, sig, sizeof(sig));
}

void
returns_writer_free(struct returns_writer *w)
{
	if (w == NULL)
		return;
	sha256_free(w->sha);
	free(w);
}
