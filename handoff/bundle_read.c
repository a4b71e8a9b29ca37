/*
 * bundle_read: the analysts' half of bundle.h.
 *
 * A ring of buffers is filled from the source and parsed in place; a tip's
 * bytes are handed out from it without a copy.  The digest of a large tip is
 * computed beside the caller's work on the same bytes, so a buffer is filled
 * anew only when its digest is done.  A fault of the layout is final (every
 * later call returns it again); a tip whose digest is wrong is not, since the
 * next tip can still be found.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/num.h"
#include "crypto/digest.h"
#include "handoff/bundle.h"
#include "handoff/bundle_layout.h"
#include "handoff/worker.h"

#define READER_BUFFER_LEN ((size_t)256 * 1024)
#define READER_BUFFERS 4
/* From this length on, a tip's digest is worth a second thread. */
#define LARGE_TIP ((uint64_t)1 << 20)
/* What is read at once between skipped tips: a tip's head, no data. */
#define HOP_LEN ((size_t)1 + BUNDLE_TIP_HEAD_LEN)

struct bundle_reader {
	bundle_source *source;
	void *ctx;
	uint64_t offset;   /* bytes handed out or parsed */
	enum status fault; /* final, or ST_OK */
	enum bundle_problem problem;
	bool at_end;      /* the source has ended */
	bool in_tip;      /* tip_end not reached yet */
	bool ended;       /* the trailer was read */
	bool hopping;     /* tips are skipped */
	uint64_t left;    /* of the tip */
	uint64_t altered; /* tips whose bytes lack their digest */
	struct bundle_head head;
	struct chain chain;
	struct bundle_tip tip;
	uint8_t trailer[BUNDLE_TRAILER_LEN];
	struct sha256 *sha;
	struct worker *digester;
	size_t pos, len; /* of buffer: parsed, filled */
	uint8_t *buffer; /* the one in use, in ring */
	uint8_t *ring;
};

static enum status
fail(struct bundle_reader *r, enum status st, enum bundle_problem problem)
{
	r->fault = st;
	r->problem = problem;
	return st;
}

/* Refill an empty buffer.  At the source's end it stays empty. */
static enum status
fill(struct bundle_reader *r)
{
	enum status st;

	if (r->pos < r->len || r->at_end)
		return ST_OK;
	r->pos = r->len = 0;
	/* The others of the ring may still wait for their digest. */
	st = worker_wait(r->digester, READER_BUFFERS - 1);
	if (st != ST_OK)
		return fail(r, st, BUNDLE_UNREADABLE);
	r->buffer += READER_BUFFER_LEN;
	if (r->buffer == r->ring + READER_BUFFERS * READER_BUFFER_LEN)
		r->buffer = r->ring;
	st = r->source(r->ctx, r->buffer,
	    r->hopping ? HOP_LEN : READER_BUFFER_LEN, &r->len);
	if (st != ST_OK) {
		r->len = 0;
		return fail(r, st, BUNDLE_UNREADABLE);
	}
	r->at_end = r->len == 0;
	return ST_OK;
}

/* Take exactly len bytes. */
static enum status
take(struct bundle_reader *r, uint8_t *out, size_t len)
{
	enum status st;

	while (len > 0) {
		size_t n;

		if ((st = fill(r)) != ST_OK)
			return st;
		if (r->at_end)
			return fail(r, ST_SHORT, BUNDLE_CUT);
		n = r->len - r->pos < len ? r->len - r->pos : len;
		memcpy(out, r->buffer + r->pos, n);
		r->pos += n;
		r->offset += n;
		out += n;
		len -= n;
	}
	return ST_OK;
}

static enum status
read_head(struct bundle_reader *r)
{
	uint8_t head[BUNDLE_HEAD_LEN];
	const uint8_t *p = head + BUNDLE_MAGIC_LEN;
	uint64_t first;
	enum status st;

	/* The magic alone first: a short text file is no cut bundle. */
	st = take(r, head, BUNDLE_MAGIC_LEN);
	if (st == ST_SHORT &&
	    memcmp(head, BUNDLE_MAGIC, (size_t)r->offset) != 0)
		return fail(r, ST_MALFORMED, BUNDLE_NONE);
	if (st != ST_OK)
		return st;
	if (memcmp(head, BUNDLE_MAGIC, BUNDLE_MAGIC_STEM_LEN) != 0)
		return fail(r, ST_MALFORMED, BUNDLE_NONE);
	if (memcmp(head, BUNDLE_MAGIC, BUNDLE_MAGIC_LEN) != 0)
		return fail(r, ST_VERSION, BUNDLE_OTHER_VERSION);
	st = take(r, head + BUNDLE_MAGIC_LEN, sizeof(head) - BUNDLE_MAGIC_LEN);
	if (st != ST_OK)
		return st;
	memcpy(r->head.server, p, KEY_ID_LEN);
	p += KEY_ID_LEN;
	first = le64_get(p);
	p += 8;
	/* The upper half is left out so that no sum can overflow. */
	if (first == 0 || first > INT64_MAX)
		return fail(r, ST_MALFORMED, BUNDLE_JUMP);
	r->head.before.number = first - 1;
	memcpy(r->head.before.head, p, DIGEST_LEN);
	r->chain = r->head.before;
	return ST_OK;
}

static enum status
digest_piece(void *ctx, const void *p, size_t len)
{
	return sha256_update(ctx, p, len);
}

enum status
bundle_reader_begin(bundle_source *source, void *ctx, struct bundle_head *head,
    enum bundle_problem *problem, struct bundle_reader **out)
{
	struct bundle_reader *r = NULL;
	enum status st = ST_NOMEM;

	*out = NULL;
	*problem = BUNDLE_FINE;
	if ((r = calloc(1, sizeof(*r))) == NULL ||
	    (r->ring = malloc(READER_BUFFERS * READER_BUFFER_LEN)) == NULL)
		goto out;
	r->buffer = r->ring;
	if ((st = sha256_new(&r->sha)) != ST_OK ||
	    (st = worker_new(digest_piece, r->sha, &r->digester)) != ST_OK)
		goto out;
	r->source = source;
	r->ctx = ctx;
	if ((st = read_head(r)) != ST_OK) {
		*problem = r->problem;
		goto out;
	}
	*head = r->head;
	*out = r;
	r = NULL; /* now the caller's */
out:
	bundle_reader_free(r);
	return st;
}

/* Read what is left of the tip and compare its digest. */
static enum status
close_tip(struct bundle_reader *r)
{
	const uint8_t *p;
	size_t n;
	enum status st;

	do {
		if ((st = bundle_reader_data(r, &p, &n)) != ST_OK)
			return st;
	} while (n > 0);
	return bundle_reader_tip_end(r);
}

enum status
bundle_reader_next(struct bundle_reader *r, struct bundle_tip *tip)
{
	uint8_t kind;
	uint8_t head[BUNDLE_TIP_HEAD_LEN];
	enum status st;

	*tip = (struct bundle_tip){0};
	if (r->fault != ST_OK)
		return r->fault;
	if (r->ended)
		return ST_EOF;
	if (r->in_tip && (st = close_tip(r)) != ST_OK && st != ST_FORGED)
		return st;
	if ((st = take(r, &kind, 1)) != ST_OK)
		return st;
	if (kind == BUNDLE_KIND_TRAILER) {
		st = take(r, r->trailer, sizeof(r->trailer));
		r->ended = st == ST_OK;
		return st == ST_OK ? ST_EOF : st;
	}
	if (kind != BUNDLE_KIND_TIP)
		return fail(r, ST_MALFORMED, BUNDLE_LAYOUT);
	if ((st = take(r, head, sizeof(head))) != ST_OK)
		return st;
	r->tip.number = le64_get(head);
	r->tip.len = le64_get(head + 8);
	memcpy(r->tip.digest, head + 16, DIGEST_LEN);
	*tip = r->tip;
	if (r->tip.number != r->chain.number + 1)
		return fail(r, ST_MALFORMED, BUNDLE_JUMP);
	if (r->tip.len > BUNDLE_TIP_MAX)
		return fail(r, ST_LIMIT, BUNDLE_LAYOUT);
	r->left = r->tip.len;
	r->in_tip = true;
	chain_add(&r->chain, r->tip.len, r->tip.digest);
	return ST_OK;
}

enum status
bundle_reader_data(struct bundle_reader *r, const uint8_t **p, size_t *got)
{
	size_t n;
	enum status st;

	*p = NULL;
	*got = 0;
	if (r->fault != ST_OK)
		return r->fault;
	if (!r->in_tip)
		return ST_BUG;
	if (r->left == 0)
		return ST_OK;
	if ((st = fill(r)) != ST_OK)
		return st;
	if (r->at_end)
		return fail(r, ST_SHORT, BUNDLE_CUT);
	n = r->len - r->pos;
	if (n > r->left)
		n = (size_t)r->left;
	if (r->tip.len >= LARGE_TIP)
		st = worker_add(r->digester, r->buffer + r->pos, n);
	else
		st = sha256_update(r->sha, r->buffer + r->pos, n);
	if (st != ST_OK)
		return fail(r, st, BUNDLE_UNREADABLE);
	*p = r->buffer + r->pos;
	*got = n;
	r->pos += n;
	r->offset += n;
	r->left -= n;
	return ST_OK;
}

enum status
bundle_reader_tip_end(struct bundle_reader *r)
{
	uint8_t digest[DIGEST_LEN];
	enum status st;

	if (r->fault != ST_OK)
		return r->fault;
	if (!r->in_tip || r->left > 0)
		return ST_BUG;
	if ((st = worker_wait(r->digester, 0)) != ST_OK ||
	    (st = sha256_final(r->sha, digest)) != ST_OK)
		return fail(r, st, BUNDLE_UNREADABLE);
	r->in_tip = false;
	if (memcmp(digest, r->tip.digest, DIGEST_LEN) == 0)
		return ST_OK;
	r->altered++;
	return ST_FORGED;
}

enum status
bundle_reader_skip(struct bundle_reader *r, bundle_skip *skip)
{
	size_t n = r->len - r->pos;
	uint64_t skipped;
	enum status st;

	if (r->fault != ST_OK)
		return r->fault;
	/* Bytes that the digest has already would spoil that of the next. */
	if (!r->in_tip || r->left != r->tip.len)
		return ST_BUG;
	r->hopping = true;
	if (n > r->left)
		n = (size_t)r->left;
	r->pos += n;
	r->offset += n;
	r->left -= n;
	if (r->left > 0) {
		if ((st = skip(r->ctx, r->left, &skipped)) != ST_OK)
			return fail(r, st, BUNDLE_UNREADABLE);
		r->offset += skipped;
		r->left -= skipped;
	}
	if (r->left > 0)
		return fail(r, ST_SHORT, BUNDLE_CUT);
	r->in_tip = false;
	return ST_OK;
}

/* The trailer against the tips that were really read. */
static enum status
check_trailer(
    struct bundle_reader *r, const uint8_t server_key[static PUBLIC_KEY_LEN])
{
	const uint8_t *head = r->trailer + 8, *sig = head + DIGEST_LEN;
	uint8_t message[BUNDLE_SIGNED_LEN];
	struct chain genesis;

	if (le64_get(r->trailer) != r->chain.number - r->head.before.number)
		return fail(r, ST_FORGED, BUNDLE_COUNT);
	if (memcmp(head, r->chain.head, DIGEST_LEN) != 0)
		return fail(r, ST_FORGED, BUNDLE_CHAIN);
	chain_genesis(&genesis, server_key);
	if (r->head.before.number == 0 &&
	    memcmp(genesis.head, r->head.before.head, DIGEST_LEN) != 0)
		return fail(r, ST_FORGED, BUNDLE_CHAIN);
	bundle_signed_bytes(
	    message, r->head.server, &r->head.before, &r->chain);
	if (sign_check(server_key, message, sizeof(message), sig) != ST_OK)
		return fail(r, ST_FORGED, BUNDLE_SIGNATURE);
	return ST_OK;
}

enum status
bundle_reader_finish(struct bundle_reader *r,
    const uint8_t server_key[static PUBLIC_KEY_LEN], struct chain *after)
{
	uint8_t id[KEY_ID_LEN];
	enum status st;

	if (r->fault != ST_OK)
		return r->fault;
	if (!r->ended)
		return ST_BUG;
	key_id(KEY_ROLE_SERVER, server_key, id);
	if (memcmp(id, r->head.server, KEY_ID_LEN) != 0)
		return fail(r, ST_WRONG_KEY, BUNDLE_OTHER_SERVER);
	if ((st = check_trailer(r, server_key)) != ST_OK)
		return st;
	if ((st = fill(r)) != ST_OK)
		return st;
	if (!r->at_end)
		return fail(r, ST_MALFORMED, BUNDLE_MORE);
	if (r->altered > 0)
		return fail(r, ST_FORGED, BUNDLE_ALTERED);
	if (after != NULL)
		*after = r->chain;
	return ST_OK;
}

enum bundle_problem
bundle_reader_problem(const struct bundle_reader *r)
{
	return r->problem;
}

uint64_t
bundle_reader_offset(const struct bundle_reader *r)
{
	return r->offset;
}

void
bundle_reader_free(struct bundle_reader *r)
{
	if (r == NULL)
		return;
	worker_free(r->digester);
	sha256_free(r->sha);
	free(r->ring);
	free(r);
}
