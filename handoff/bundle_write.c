/*
 * bundle_write: see bundle_writer.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "crypto/digest.h"
#include "handoff/bundle.h"
#include "handoff/bundle_layout.h"

_Static_assert(sizeof(BUNDLE_MAGIC) - 1 == BUNDLE_MAGIC_LEN, "magic");
_Static_assert(sizeof(BUNDLE_HEAD_TAG) - 1 == BUNDLE_TAG_LEN, "tag");
_Static_assert(sizeof(BUNDLE_TIP_TAG) - 1 == BUNDLE_TAG_LEN, "tag");
_Static_assert(sizeof(BUNDLE_END_TAG) - 1 == BUNDLE_TAG_LEN, "tag");

enum writer_state {
	WRITER_BETWEEN, /* a tip or the trailer may follow */
	WRITER_IN_TIP,
	WRITER_ENDED /* finished, or a call failed */
};

struct bundle_writer {
	bundle_sink *sink;
	void *ctx;
	const uint8_t *seed; /* borrowed */
	enum writer_state state;
	uint8_t head[BUNDLE_HEAD_LEN];
	uint64_t last; /* the server's */
	struct chain before, chain;
	uint64_t left; /* bytes of the open tip still to come */
	uint8_t digest[DIGEST_LEN];
	struct sha256 *sha;
};

/* Push bytes; a sink that failed once is never called again. */
static enum status
push(struct bundle_writer *w, const void *p, size_t len)
{
	enum status st = w->sink(w->ctx, p, len);

	if (st != ST_OK)
		w->state = WRITER_ENDED;
	return st;
}

/* Sign the head of start into w. */
static void
make_head(struct bundle_writer *w, const struct bundle_start *start)
{
	uint8_t message[BUNDLE_HEAD_MESSAGE];
	uint8_t key[PUBLIC_KEY_LEN];
	uint8_t *head = w->head;

	memcpy(head, BUNDLE_MAGIC, BUNDLE_MAGIC_LEN);
	sign_key_public(w->seed, key);
	key_id(KEY_ROLE_SERVER, key, head + BUNDLE_AT_SERVER);
	le64_put(head + BUNDLE_AT_BUNDLE, start->bundle);
	le64_put(head + BUNDLE_AT_LAST, start->last);
	le64_put(head + BUNDLE_AT_FIRST, start->before.number + 1);
	le32_put(head + BUNDLE_AT_EPOCH, start->epoch);
	memcpy(head + BUNDLE_AT_BEFORE, start->before.head, DIGEST_LEN);
	bundle_head_message(message, head);
	sign_make(w->seed, message, sizeof(message), head + BUNDLE_HEAD_SIGNED);
}

enum status
bundle_writer_resume(const struct bundle_start *start, const struct chain *at,
    const uint8_t seed[static SECRET_KEY_LEN], bundle_sink *sink, void *ctx,
    struct bundle_writer **out)
{
	struct bundle_writer *w = NULL;
	enum status st = ST_NOMEM;

	*out = NULL;
	if (start->last > INT64_MAX || at->number > start->last ||
	    at->number < start->before.number ||
	    (at->number == start->before.number &&
		memcmp(at->head, start->before.head, DIGEST_LEN) != 0))
		return ST_BUG;
	if ((w = calloc(1, sizeof(*w))) == NULL)
		goto out;
	if ((st = sha256_new(&w->sha)) != ST_OK)
		goto out;
	w->sink = sink;
	w->ctx = ctx;
	w->seed = seed;
	w->last = start->last;
	w->before = start->before;
	w->chain = *at;
	make_head(w, start);
	*out = w;
	w = NULL; /* now the caller's */
out:
	bundle_writer_free(w);
	return st;
}

enum status
bundle_writer_begin(const struct bundle_start *start,
    const uint8_t seed[static SECRET_KEY_LEN], bundle_sink *sink, void *ctx,
    struct bundle_writer **out)
{
	enum status st =
	    bundle_writer_resume(start, &start->before, seed, sink, ctx, out);

	if (st != ST_OK)
		return st;
	if ((st = push(*out, (*out)->head, BUNDLE_HEAD_LEN)) != ST_OK) {
		bundle_writer_free(*out);
		*out = NULL;
	}
	return st;
}

/* Write a tip's entry and link the tip in. */
static enum status
put_entry(struct bundle_writer *w, enum bundle_kind kind, uint64_t len,
    const uint8_t digest[static DIGEST_LEN])
{
	uint8_t entry[BUNDLE_TIP_LEN] = {(uint8_t)kind};
	uint8_t message[BUNDLE_TIP_MESSAGE];

	if (w->state != WRITER_BETWEEN || len == 0 || len > BUNDLE_TIP_MAX ||
	    w->chain.number == w->last)
		return ST_BUG;
	le64_put(entry + 1, w->chain.number + 1);
	le64_put(entry + 9, len);
	memcpy(entry + 17, digest, DIGEST_LEN);
	bundle_tip_message(message, w->head + BUNDLE_AT_SERVER, entry);
	sign_make(w->seed, message, sizeof(message), entry + BUNDLE_TIP_SIGNED);
	chain_add(&w->chain, len, digest);
	return push(w, entry, sizeof(entry));
}

enum status
bundle_writer_tip(struct bundle_writer *w, uint64_t len,
    const uint8_t digest[static DIGEST_LEN])
{
	enum status st = put_entry(w, BUNDLE_KIND_TIP, len, digest);

	if (st != ST_OK)
		return st;
	w->state = WRITER_IN_TIP;
	w->left = len;
	memcpy(w->digest, digest, DIGEST_LEN);
	return ST_OK;
}

enum status
bundle_writer_purged(struct bundle_writer *w, uint64_t len,
    const uint8_t digest[static DIGEST_LEN])
{
	return put_entry(w, BUNDLE_KIND_PURGED, len, digest);
}

enum status
bundle_writer_data(struct bundle_writer *w, const uint8_t *p, size_t len)
{
	enum status st;

	if (w->state != WRITER_IN_TIP || len > w->left)
		return ST_BUG;
	if ((st = sha256_update(w->sha, p, len)) != ST_OK) {
		w->state = WRITER_ENDED;
		return st;
	}
	w->left -= len;
	return push(w, p, len);
}

enum status
bundle_writer_tip_end(struct bundle_writer *w)
{
	static const uint8_t zero[4096];
	uint8_t digest[DIGEST_LEN];
	bool cut = w->left > 0;
	enum status st;

	if (w->state != WRITER_IN_TIP)
		return ST_BUG;
	/*
	 * A store that lost part of a tip must not keep the others from being
	 * carried over: fill up, so that the layout holds; the digest tells.
	 */
	while (w->left > 0) {
		size_t n = w->left < sizeof(zero) ? w->left : sizeof(zero);

		if ((st = push(w, zero, n)) != ST_OK)
			return st;
		w->left -= n;
	}
	if ((st = sha256_final(w->sha, digest)) != ST_OK) {
		w->state = WRITER_ENDED;
		return st;
	}
	w->state = WRITER_BETWEEN;
	if (cut || memcmp(digest, w->digest, DIGEST_LEN) != 0)
		return ST_FORGED;
	return ST_OK;
}

enum status
bundle_writer_finish(struct bundle_writer *w, struct chain *after)
{
	uint8_t trailer[BUNDLE_END_LEN] = {BUNDLE_KIND_TRAILER};
	uint8_t message[BUNDLE_END_MESSAGE];
	enum status st;

	if (w->state != WRITER_BETWEEN)
		return ST_BUG;
	le64_put(trailer + 1, w->chain.number - w->before.number);
	memcpy(trailer + 9, w->chain.head, DIGEST_LEN);
	bundle_end_message(message, w->head, trailer);
	sign_make(
	    w->seed, message, sizeof(message), trailer + BUNDLE_END_SIGNED);
	if ((st = push(w, trailer, sizeof(trailer))) != ST_OK)
		return st;
	w->state = WRITER_ENDED;
	if (after != NULL)
		*after = w->chain;
	return ST_OK;
}

void
bundle_writer_free(struct bundle_writer *w)
{
	if (w == NULL)
		return;
	sha256_free(w->sha);
	free(w);
}
