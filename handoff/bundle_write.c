/*
 * bundle_write: the server's half of bundle.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "crypto/digest.h"
#include "handoff/bundle.h"
#include "handoff/bundle_layout.h"

_Static_assert(SIGNATURE_LEN == 64, "the trailer's layout counts on it");
_Static_assert(sizeof(BUNDLE_MAGIC) - 1 == BUNDLE_MAGIC_LEN, "magic");
_Static_assert(sizeof(BUNDLE_SIG_TAG) - 1 == BUNDLE_SIG_TAG_LEN, "tag");

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
	uint8_t server[KEY_ID_LEN];
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

enum status
bundle_writer_begin(const struct chain *before,
    const uint8_t seed[static SECRET_KEY_LEN], bundle_sink *sink, void *ctx,
    struct bundle_writer **out)
{
	struct bundle_writer *w = NULL;
	uint8_t key[PUBLIC_KEY_LEN];
	uint8_t head[BUNDLE_HEAD_LEN];
	uint8_t *p = head;
	enum status st = ST_NOMEM;

	*out = NULL;
	if ((w = calloc(1, sizeof(*w))) == NULL)
		goto out;
	if ((st = sha256_new(&w->sha)) != ST_OK)
		goto out;
	w->sink = sink;
	w->ctx = ctx;
	w->seed = seed;
	w->before = *before;
	w->chain = *before;
	sign_key_public(seed, key);
	key_id(KEY_ROLE_SERVER, key, w->server);

	memcpy(p, BUNDLE_MAGIC, BUNDLE_MAGIC_LEN);
	p += BUNDLE_MAGIC_LEN;
	memcpy(p, w->server, KEY_ID_LEN);
	p += KEY_ID_LEN;
	le64_put(p, before->number + 1);
	p += 8;
	memcpy(p, before->head, DIGEST_LEN);
	if ((st = push(w, head, sizeof(head))) != ST_OK)
		goto out;
	*out = w;
	w = NULL; /* now the caller's */
out:
	bundle_writer_free(w);
	return st;
}

enum status
bundle_writer_tip(struct bundle_writer *w, uint64_t len,
    const uint8_t digest[static DIGEST_LEN])
{
	uint8_t head[1 + BUNDLE_TIP_HEAD_LEN] = {BUNDLE_KIND_TIP};

	if (w->state != WRITER_BETWEEN || len > BUNDLE_TIP_MAX)
		return ST_BUG;
	le64_put(head + 1, w->chain.number + 1);
	le64_put(head + 9, len);
	memcpy(head + 17, digest, DIGEST_LEN);
	w->state = WRITER_IN_TIP;
	w->left = len;
	memcpy(w->digest, digest, DIGEST_LEN);
	chain_add(&w->chain, len, digest);
	return push(w, head, sizeof(head));
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
	uint8_t trailer[1 + BUNDLE_TRAILER_LEN] = {BUNDLE_KIND_TRAILER};
	uint8_t message[BUNDLE_SIGNED_LEN];
	enum status st;

	if (w->state != WRITER_BETWEEN)
		return ST_BUG;
	bundle_signed_bytes(message, w->server, &w->before, &w->chain);
	le64_put(trailer + 1, w->chain.number - w->before.number);
	memcpy(trailer + 9, w->chain.head, DIGEST_LEN);
	sign_make(w->seed, message, sizeof(message), trailer + 9 + DIGEST_LEN);
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
