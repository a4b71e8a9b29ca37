/*
 * bundling: see bundling.h.
 */
#include "tests/unit/handoff/bundling.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <inttypes.h>
#include <string.h>

#include "base/guarded.h"

/* 2, 4 and 5 are of one length, so that a courier can exchange them. */
const char *const bundling_tip[TIPS + 1] = {
    "",
    "1",
    "hello",
    "gone, but linked",
    "HELLO",
    "world",
    "the last one and the longest",
};

void
bundling_digest(const void *p, size_t len, uint8_t digest[static DIGEST_LEN])
{
	struct sha256 *sha;

	assert_int_equal(sha256_new(&sha), ST_OK);
	assert_int_equal(sha256_update(sha, p, len), ST_OK);
	assert_int_equal(sha256_final(sha, digest), ST_OK);
	sha256_free(sha);
}

static const char *
text_of(const struct bench *b, uint64_t number)
{
	return number == 2 && b->history != NULL ? b->history
						 : bundling_tip[number];
}

size_t
bundling_at(const struct bench *b, uint64_t n)
{
	size_t at = HEAD_LEN;

	for (uint64_t i = b->start.before.number + 1; i < n; i++)
		at += ENTRY_LEN + (i == PURGED ? 0 : strlen(text_of(b, i)));
	return at;
}

enum status
bundling_write_tip(
    const struct bench *b, struct bundle_writer *w, uint64_t number)
{
	const char *text = text_of(b, number);
	const size_t len = strlen(text);
	uint8_t digest[DIGEST_LEN];
	enum status st;

	bundling_digest(text, len, digest);
	if (number == PURGED)
		return bundle_writer_purged(w, len, digest);
	if ((st = bundle_writer_tip(w, len, digest)) != ST_OK ||
	    (st = bundle_writer_data(w, (const uint8_t *)text, len)) != ST_OK)
		return st;
	return bundle_writer_tip_end(w);
}

enum status
bundling_write(const struct bench *b, struct sink *s, struct chain *after)
{
	struct bundle_writer *w = NULL;
	enum status st;

	st = bundle_writer_begin(&b->start, b->seed, piping_put, s, &w);
	for (uint64_t i = 1; i <= b->count && st == ST_OK; i++)
		st = bundling_write_tip(b, w, b->start.before.number + i);
	if (st == ST_OK)
		st = bundle_writer_finish(w, after);
	bundle_writer_free(w);
	return st;
}

void
bundling_make(struct bench *b, uint64_t first, uint64_t count)
{
	struct sink s = {&b->whole, 0, 0};

	b->start = (struct bundle_start){
	    .bundle = 7 + first + count, .last = TIPS, .epoch = 2968};
	b->count = count;
	b->whole = BYTES_INIT(1 << 16);
	chain_genesis(&b->start.before, b->key);
	for (uint64_t i = 1; i < first; i++) {
		const char *text = text_of(b, i);
		uint8_t digest[DIGEST_LEN];

		bundling_digest(text, strlen(text), digest);
		chain_add(&b->start.before, strlen(text), digest);
	}
	assert_int_equal(bundling_write(b, &s, &b->after), ST_OK);
}

int
bundling_set_up(void **state)
{
	static struct bench b;

	b = (struct bench){0};
	if (crypto_room_init() != ST_OK ||
	    (b.seed = guarded_new(SECRET_KEY_LEN)) == NULL)
		return -1;
	sign_key_new(b.key, b.seed);
	bundling_make(&b, 1, TIPS);
	*state = &b;
	return 0;
}

int
bundling_tear_down(void **state)
{
	struct bench *b = *state;

	guarded_free(b->seed);
	bytes_free(&b->whole);
	return guarded_live() == 0 ? 0 : -1;
}

void
events_free(struct events *e)
{
	bytes_free(&e->data);
	bytes_free(&e->said);
	bytes_free(&e->missing);
}

static enum status
read_tip(struct bundle_reader *r, struct events *e, bool *altered)
{
	const uint8_t *p;
	size_t n;
	enum status st;

	*altered = false;
	do {
		if ((st = bundle_reader_data(r, &p, &n)) != ST_OK)
			return st;
		if (n > 0 && (st = bytes_append(&e->data, p, n)) != ST_OK)
			return st;
	} while (n > 0);
	st = bundle_reader_tip_end(r);
	*altered = st == ST_FORGED;
	e->tips += st == ST_OK;
	e->altered += st == ST_FORGED;
	return *altered ? ST_OK : st;
}

static enum status
read_tips(struct bundle_reader *r, struct events *e)
{
	static const char *const order[] = {[BUNDLE_NEXT] = "next",
	    [BUNDLE_LATER] = "later",
	    [BUNDLE_MOVED] = "moved",
	    [BUNDLE_AGAIN] = "again",
	    [BUNDLE_OUTSIDE] = "outside"};
	struct bundle_tip t;
	bool altered;
	enum status st;

	while ((st = bundle_reader_next(r, &t)) == ST_OK) {
		if ((st = bytes_printf(&e->said, "%s%" PRIu64 "%s%s%s%s",
			 e->said.len == 0 ? "" : " ", t.number, order[t.order],
			 t.proved ? "" : "?", t.purged ? "/" : "",
			 t.has_link ? "=" : "")) != ST_OK ||
		    (st = read_tip(r, e, &altered)) != ST_OK)
			return st;
		if (altered && (st = bytes_printf(&e->said, "!")) != ST_OK)
			return st;
	}
	return st;
}

static void
list_missing(const struct bundle_reader *r, struct events *e)
{
	uint64_t first, last;
	bool more;

	for (size_t i = 0; bundle_reader_missing(r, i, &first, &last, &more);
	     i++)
		assert_int_equal(
		    bytes_printf(&e->missing, "%s%" PRIu64 "-%" PRIu64,
			i == 0 ? "" : " ", first, last),
		    ST_OK);
	if (more)
		assert_int_equal(bytes_printf(&e->missing, "+"), ST_OK);
}

enum status
bundling_read(const struct bench *b, struct source *s, struct events *e)
{
	struct bundle_reader *r = NULL;
	struct bundle_head head;
	enum status st;

	*e = (struct events){.data = BYTES_INIT(1 << 24),
	    .said = BYTES_INIT(1 << 16),
	    .missing = BYTES_INIT(1 << 16)};
	st = bundle_reader_begin(piping_get, s, b->key, &head, &e->problem, &r);
	if (st != ST_OK) {
		assert_null(r);
		return st;
	}
	st = read_tips(r, e);
	if (st == ST_EOF)
		st = bundle_reader_finish(r, &e->after);
	e->problem = bundle_reader_problem(r);
	if (st != ST_NOMEM)
		list_missing(r, e);
	bundle_reader_free(r);
	return st;
}
