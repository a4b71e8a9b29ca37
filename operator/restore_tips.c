/*
 * restore_tips: the tips of a backup, each checked against the server's
 * signature, its digest and the chain.  See restore.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "handoff/bundle.h"
#include "operator/progress.h"
#include "operator/restore.h"
#include "operator/tool.h"

#define BATCH_LEN (UINT64_C(4) << 20) /* bytes in one transaction */
#define TIP_COST 256                  /* what a row counts as */
#define READY_LEN ((size_t)4 * ENVELOPE_RECORD_LEN)

/* A segment: what was opened of it and waits to be read. */
struct segment {
	struct restore_unseal *unseal;
	bool begun, ended; /* the file in it; all of it */
	size_t at, len;    /* of ready */
	enum status st;    /* why it cannot be opened on */
	uint8_t ready[READY_LEN];
};

static enum status
on_part(void *ctx, const uint8_t *name, size_t len)
{
	struct segment *s = ctx;

	if (s->begun || len != strlen(BACKUP_BUNDLE) ||
	    memcmp(name, BACKUP_BUNDLE, len) != 0)
		return ST_MALFORMED;
	s->begun = true;
	return ST_OK;
}

static enum status
on_data(void *ctx, const uint8_t *p, size_t len)
{
	struct segment *s = ctx;

	if (len > sizeof(s->ready) - s->len)
		return ST_LIMIT;
	memcpy(s->ready + s->len, p, len);
	s->len += len;
	return ST_OK;
}

static enum status
on_part_end(void *ctx)
{
	(void)ctx;
	return ST_OK;
}

/* bundle_source: open as much as is needed. */
static enum status
read_ready(void *ctx, void *p, size_t len, size_t *got)
{
	struct segment *s = ctx;

	*got = 0;
	if (s->at == s->len)
		s->at = s->len = 0;
	while (s->len == 0 && !s->ended) {
		s->st = restore_unseal_step(s->unseal);
		if (s->st != ST_OK && s->st != ST_EOF)
			return s->st;
		s->ended = s->st == ST_EOF;
		s->st = ST_OK;
	}
	*got = s->len - s->at < len ? s->len - s->at : len;
	memcpy(p, s->ready + s->at, *got);
	s->at += *got;
	return ST_OK;
}

enum status
restore_batch_end(struct restore *r)
{
	if (!r->in_batch)
		return ST_OK;
	r->in_batch = false;
	r->batch = 0;
	return store_commit(r->store);
}

enum status
restore_batch(struct restore *r, uint64_t bytes)
{
	enum status st;

	if (r->batch >= BATCH_LEN && (st = restore_batch_end(r)) != ST_OK)
		return st;
	if (!r->in_batch && (st = store_begin(r->store, true)) != ST_OK)
		return st;
	r->in_batch = true;
	r->batch += bytes;
	return ST_OK;
}

static enum status
put_bytes(struct restore *r, const uint8_t *p, size_t len)
{
	enum status st = ST_OK;

	if (r->store == NULL)
		return ST_OK;
	while (st == ST_OK && len > 0) {
		size_t n = len < STORE_CHUNK_MAX ? len : STORE_CHUNK_MAX;

		if ((st = restore_batch(r, n)) == ST_OK)
			st = store_put(r->store, r->upload, p, n);
		p += n;
		len -= n;
	}
	return st;
}

/* Its row: with bytes, or of one that was purged. */
static enum status
put_row(struct restore *r, const struct bundle_tip *tip)
{
	struct store_tip row = {tip->number, tip->len, {0}, true};
	uint64_t number;
	enum status st;

	if (r->store == NULL)
		return ST_OK;
	if ((st = restore_batch(r, TIP_COST)) != ST_OK)
		return st;
	if (tip->purged) {
		memcpy(row.digest, tip->digest, STORE_DIGEST_LEN);
		return store_link(r->store, &row);
	}
	st = store_finish(r->store, r->upload, tip->len, tip->digest, &number);
	return st == ST_OK && number != tip->number ? ST_BUG : st;
}

static enum status
take_tip(
    struct restore *r, struct bundle_reader *b, const struct bundle_tip *tip)
{
	const uint8_t *p;
	size_t got;
	enum status st = ST_OK;

	if (!tip->proved || tip->order != BUNDLE_NEXT || !tip->has_link)
		return ST_FORGED;
	if (r->store != NULL && !tip->purged)
		st = store_upload(r->store, &r->upload);
	do {
		progress_tip(r->store != NULL ? "restoring" : "checking",
		    tip->number, r->folder.segment[r->folder.segments - 1].last,
		    r->bytes);
		got = 0;
		if (st == ST_OK &&
		    (st = bundle_reader_data(b, &p, &got)) == ST_OK)
			st = put_bytes(r, p, got);
		r->bytes += got;
	} while (st == ST_OK && got > 0);
	if (st != ST_OK)
		return st;
	if (bundle_reader_tip_end(b) != ST_OK) {
		progress_end();
		tool_say("tip %" PRIu64 " was damaged in the database when it"
			 " was saved; it stays as it is",
		    tip->number);
		r->damaged++;
	}
	if ((st = put_row(r, tip)) != ST_OK)
		return st;
	r->tips++;
	r->purged += tip->purged;
	r->chain.number = tip->number;
	memcpy(r->chain.head, tip->link, DIGEST_LEN);
	return ST_OK;
}

/* Where it begins must be where the one before it ended. */
static enum status
check_head(struct restore *r, const struct bundle_head *head,
    const struct backup_segment *s)
{
	const struct chain *before = &head->start.before;

	if (before->number + 1 != s->first || head->start.bundle != 0)
		return ST_MALFORMED;
	if (r->knows_chain &&
	    (before->number != r->chain.number ||
		memcmp(before->head, r->chain.head, DIGEST_LEN) != 0))
		return ST_FORGED;
	r->chain = *before;
	r->knows_chain = true;
	if (r->first == 0)
		r->first = s->first;
	return ST_OK;
}

static enum status
read_segment(
    struct restore *r, struct segment *open, const struct backup_segment *s)
{
	struct bundle_reader *b = NULL;
	struct bundle_head head;
	struct bundle_tip tip;
	enum bundle_problem problem;
	enum status st;

	st = bundle_reader_begin(
	    read_ready, open, r->server.key, &head, &problem, &b);
	if (st != ST_OK)
		goto out;
	st = check_head(r, &head, s);
	while (st == ST_OK && r->chain.number < r->to &&
	    (st = bundle_reader_next(b, &tip)) == ST_OK)
		st = take_tip(r, b, &tip);
	if (st == ST_EOF && (st = bundle_reader_finish(b, NULL)) == ST_OK &&
	    r->chain.number != s->last)
		st = ST_MALFORMED;
out:
	bundle_reader_free(b);
	/* The seal tells more than what it kept the bundle from saying. */
	return open->st != ST_OK ? open->st : st;
}

static enum status
take_segment(
    struct restore *r, const struct backup_segment *s, const char *name)
{
	struct segment *open = calloc(1, sizeof(*open));
	const struct restore_events events = {
	    on_part, on_data, on_part_end, open};
	enum status st;

	if (open == NULL)
		return ST_NOMEM;
	st = restore_unseal_open(
	    r->folder.fd, name, &r->key, &events, &open->unseal);
	if (st == ST_OK)
		st = read_segment(r, open, s);
	restore_unseal_free(open->unseal);
	wipe(open, sizeof(*open));
	free(open);
	return st;
}

static void
say_missing(struct restore *r, uint64_t first, uint64_t last)
{
	progress_end();
	tool_say("%s: the file with tips %" PRIu64 " to %" PRIu64 " is missing",
	    r->path, first, last);
	r->whole = false;
}

/* Say what is missing before this segment. */
static void
look_before(struct restore *r, const struct backup_segment *s)
{
	const uint64_t next = r->chain.number + 1;

	if (s->first == next)
		return;
	if (s->first > next) {
		say_missing(r, next, s->first - 1);
	} else {
		progress_end();
		tool_say("%s: two files hold tip %" PRIu64, r->path, s->first);
		r->whole = false;
	}
	r->knows_chain = false;
}

bool
restore_tips(struct restore *r)
{
	char name[BACKUP_NAME_MAX];
	enum status st = ST_OK;

	chain_genesis(&r->chain, r->server.key);
	r->knows_chain = true;
	for (size_t i = 0; i < r->folder.segments; i++) {
		const struct backup_segment *s = &r->folder.segment[i];

		if (s->first > r->to)
			break;
		look_before(r, s);
		/* A line has no holes. */
		if (!r->knows_chain && r->store != NULL)
			return false;
		backup_segment_name(s, name);
		if ((st = take_segment(r, s, name)) == ST_OK)
			continue;
		progress_end();
		tool_say("%s/%s cannot be used after tip %" PRIu64 ": %s",
		    r->path, name, r->chain.number, tool_words(st));
		r->whole = false;
		if (r->store != NULL)
			return false;
		r->chain.number = s->last;
		r->knows_chain = false;
	}
	progress_end();
	/* The state tells how far they go; a newer file may go further. */
	if (r->chain.number >= (r->last < r->to ? r->last : r->to))
		return true;
	say_missing(r, r->chain.number + 1, r->last);
	return r->store == NULL;
}
