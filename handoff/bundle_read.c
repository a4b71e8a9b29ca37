/*
 * bundle_read: the analysts' half of bundle.h.
 *
 * A ring of buffers is filled from the source and parsed in place; a tip's
 * bytes are handed out from it without a copy.  The digest of a large tip is
 * computed beside the caller's work on the same bytes, so a buffer is filled
 * anew only when its digest is done.  A fault of the layout is final (every
 * later call returns it again); a tip whose signature or digest is wrong is
 * not, since the next tip can still be found.
 *
 * Only what the server signed moves numbers and chain, so nobody else can
 * make a tip seem missing that came, or come that is missing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/num.h"
#include "crypto/digest.h"
#include "handoff/bundle.h"
#include "handoff/bundle_layout.h"
#include "handoff/bundle_numbers.h"
#include "handoff/worker.h"

#define READER_BUFFER_LEN ((size_t)256 * 1024)
#define READER_BUFFERS 4
/* From this length on, a tip's digest is worth a second thread. */
#define LARGE_TIP ((uint64_t)1 << 20)

struct bundle_reader {
	bundle_source *source;
	void *ctx;
	uint64_t offset;   /* bytes handed out or parsed */
	enum status fault; /* final, or ST_OK */
	enum bundle_problem problem;
	bool at_end;     /* the source has ended */
	bool in_tip;     /* tip_end not reached yet */
	bool ended;      /* the trailer was read */
	bool disordered; /* an entry was not proved or not the next */
	bool linked;     /* the chain is unbroken */
	uint8_t key[PUBLIC_KEY_LEN]; /* the server's */
	uint8_t head[BUNDLE_HEAD_LEN], trailer[BUNDLE_END_LEN];
	uint64_t left; /* of the tip */
	struct bundle_start start;
	struct chain chain; /* while linked */
	struct bundle_numbers numbers;
	struct bundle_tip tip;
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
	st = r->source(r->ctx, r->buffer, READER_BUFFER_LEN, &r->len);
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

/* The head, as far as its layout goes. */
static enum status
read_head(struct bundle_reader *r, struct bundle_head *out)
{
	uint8_t *head = r->head;
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
	st = take(
	    r, head + BUNDLE_MAGIC_LEN, BUNDLE_HEAD_LEN - BUNDLE_MAGIC_LEN);
	if (st != ST_OK)
		return st;
	r->start.bundle = le64_get(head + BUNDLE_AT_BUNDLE);
	r->start.last = le64_get(head + BUNDLE_AT_LAST);
	r->start.epoch = le32_get(head + BUNDLE_AT_EPOCH);
	/* Of first 0 comes a number that check_head() refuses. */
	r->start.before.number = le64_get(head + BUNDLE_AT_FIRST) - 1;
	memcpy(r->start.before.head, head + BUNDLE_AT_BEFORE, DIGEST_LEN);
	memcpy(out->server, head + BUNDLE_AT_SERVER, KEY_ID_LEN);
	out->start = r->start;
	return ST_OK;
}

/* Whose it is, whether that is true, and whether it makes sense. */
static enum status
check_head(struct bundle_reader *r)
{
	static const uint8_t zero[4];
	uint8_t message[BUNDLE_HEAD_MESSAGE], id[KEY_ID_LEN];
	const struct chain *before = &r->start.before;
	struct chain genesis;

	key_id(KEY_ROLE_SERVER, r->key, id);
	if (memcmp(id, r->head + BUNDLE_AT_SERVER, KEY_ID_LEN) != 0)
		return fail(r, ST_WRONG_KEY, BUNDLE_OTHER_SERVER);
	bundle_head_message(message, r->head);
	if (sign_check(r->key, message, sizeof(message),
		r->head + BUNDLE_HEAD_SIGNED) != ST_OK)
		return fail(r, ST_FORGED, BUNDLE_HEAD_FORGED);
	chain_genesis(&genesis, r->key);
	if (before->number == 0 &&
	    memcmp(genesis.head, before->head, DIGEST_LEN) != 0)
		return fail(r, ST_FORGED, BUNDLE_HEAD_FORGED);
	/* The upper half is left out so that no sum can overflow. */
	if (r->start.last > INT64_MAX || before->number > r->start.last ||
	    memcmp(r->head + BUNDLE_AT_RESERVED, zero, sizeof(zero)) != 0)
		return fail(r, ST_MALFORMED, BUNDLE_LAYOUT);
	bundle_numbers_begin(&r->numbers, before->number + 1, r->start.last);
	r->chain = *before;
	r->linked = true;
	return ST_OK;
}

static enum status
digest_piece(void *ctx, const void *p, size_t len)
{
	return sha256_update(ctx, p, len);
}

enum status
bundle_reader_begin(bundle_source *source, void *ctx,
    const uint8_t server_key[static PUBLIC_KEY_LEN], struct bundle_head *head,
    enum bundle_problem *problem, struct bundle_reader **out)
{
	struct bundle_reader *r = NULL;
	enum status st = ST_NOMEM;

	*out = NULL;
	*head = (struct bundle_head){0};
	*problem = BUNDLE_UNREADABLE;
	if ((r = calloc(1, sizeof(*r))) == NULL ||
	    (r->ring = malloc(READER_BUFFERS * READER_BUFFER_LEN)) == NULL)
		goto out;
	r->buffer = r->ring;
	if ((st = sha256_new(&r->sha)) != ST_OK ||
	    (st = worker_new(digest_piece, r->sha, &r->digester)) != ST_OK)
		goto out;
	r->source = source;
	r->ctx = ctx;
	memcpy(r->key, server_key, PUBLIC_KEY_LEN);
	if ((st = read_head(r, head)) != ST_OK ||
	    (st = check_head(r)) != ST_OK) {
		*problem = r->problem;
		goto out;
	}
	*problem = BUNDLE_FINE;
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

/* Check an entry and give it its place among those before it. */
static void
place(struct bundle_reader *r, const uint8_t entry[static BUNDLE_TIP_LEN])
{
	uint8_t message[BUNDLE_TIP_MESSAGE];
	struct bundle_tip *tip = &r->tip;

	tip->order = bundle_numbers_order(&r->numbers, tip->number);
	bundle_tip_message(message, r->head + BUNDLE_AT_SERVER, entry);
	tip->proved = sign_check(r->key, message, sizeof(message),
			  entry + BUNDLE_TIP_SIGNED) == ST_OK;
	if (!tip->proved || tip->order != BUNDLE_NEXT)
		r->disordered = true;
	if (!tip->proved)
		return;
	bundle_numbers_take(&r->numbers, tip->number);
	if (tip->order == BUNDLE_LATER)
		r->linked = false;
	if (tip->order != BUNDLE_NEXT || !r->linked)
		return;
	chain_add(&r->chain, tip->len, tip->digest);
	tip->has_link = true;
	memcpy(tip->link, r->chain.head, DIGEST_LEN);
}

static enum status
read_entry(struct bundle_reader *r, uint8_t kind)
{
	uint8_t entry[BUNDLE_TIP_LEN] = {kind};
	enum status st;

	if ((st = take(r, entry + 1, sizeof(entry) - 1)) != ST_OK)
		return st;
	r->tip = (struct bundle_tip){.number = le64_get(entry + 1),
	    .len = le64_get(entry + 9),
	    .purged = kind == BUNDLE_KIND_PURGED};
	memcpy(r->tip.digest, entry + 17, DIGEST_LEN);
	if (r->tip.len == 0 || r->tip.len > BUNDLE_TIP_MAX)
		return fail(r, ST_MALFORMED, BUNDLE_LAYOUT);
	place(r, entry);
	r->left = r->tip.purged ? 0 : r->tip.len;
	r->in_tip = true;
	return ST_OK;
}

enum status
bundle_reader_next(struct bundle_reader *r, struct bundle_tip *tip)
{
	uint8_t kind;
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
	switch ((enum bundle_kind)kind) {
	case BUNDLE_KIND_TIP:
	case BUNDLE_KIND_PURGED:
		if ((st = read_entry(r, kind)) == ST_OK)
			*tip = r->tip;
		return st;
	case BUNDLE_KIND_TRAILER:
		st = take(r, r->trailer + 1, BUNDLE_END_LEN - 1);
		r->ended = st == ST_OK;
		return st == ST_OK ? ST_EOF : st;
	}
	return fail(r, ST_MALFORMED, BUNDLE_LAYOUT);
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
	if (r->tip.purged || memcmp(digest, r->tip.digest, DIGEST_LEN) == 0)
		return ST_OK;
	return ST_FORGED;
}

/* The trailer's signature; what it says is missing from here on. */
static enum status
check_trailer(struct bundle_reader *r)
{
	uint8_t message[BUNDLE_END_MESSAGE];
	const uint64_t before = r->start.before.number;
	const uint64_t count = le64_get(r->trailer + 1);

	bundle_end_message(message, r->head, r->trailer);
	if (sign_check(r->key, message, sizeof(message),
		r->trailer + BUNDLE_END_SIGNED) != ST_OK)
		return fail(r, ST_FORGED, BUNDLE_END_FORGED);
	if (count > r->start.last - before)
		return fail(r, ST_MALFORMED, BUNDLE_LAYOUT);
	bundle_numbers_end(&r->numbers, before + count);
	/* Tips of a longer bundle make no shorter one whole. */
	if (r->chain.number != before + count ||
	    memcmp(r->trailer + 9, r->chain.head, DIGEST_LEN) != 0)
		r->disordered = true;
	return ST_OK;
}

enum status
bundle_reader_finish(struct bundle_reader *r, struct chain *after)
{
	enum status st;

	if (r->fault != ST_OK)
		return r->fault;
	if (!r->ended)
		return ST_BUG;
	if ((st = check_trailer(r)) != ST_OK)
		return st;
	if ((st = fill(r)) != ST_OK)
		return st;
	/* First, for the tips that seem missing may be what stands there. */
	if (!r->at_end)
		return fail(r, ST_MALFORMED, BUNDLE_MORE);
	if (r->disordered)
		return fail(r, ST_FORGED, BUNDLE_INCOMPLETE);
	if (after != NULL)
		*after = r->chain;
	return ST_OK;
}

bool
bundle_reader_missing(const struct bundle_reader *r, size_t i, uint64_t *first,
    uint64_t *last, bool *more)
{
	*first = *last = 0;
	*more = r->numbers.blurred != 0;
	if (i >= r->numbers.count)
		return false;
	*first = r->numbers.gap[i].first;
	*last = r->numbers.gap[i].last;
	return true;
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
