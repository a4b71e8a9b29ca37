/*
 * bundling: see bundling.h.
 */
#include "tests/unit/handoff/bundling.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

#include "base/guarded.h"

static const char *const tip[TIPS] = {"", "hello", "a third, longer tip"};

enum status
bundling_put(void *ctx, const void *p, size_t len)
{
	struct sink *s = ctx;

	return ++s->calls == s->fail_at ? ST_FULL : bytes_append(s->to, p, len);
}

enum status
bundling_get(void *ctx, void *p, size_t len, size_t *got)
{
	struct source *s = ctx;
	size_t n = s->len - s->at;

	*got = 0;
	if (s->at < s->cut && n > s->cut - s->at)
		n = s->cut - s->at;
	if (s->step > 0 && n > s->step)
		n = s->step;
	if (n > len)
		n = len;
	if (n == 0 && s->fails_at_end)
		return ST_IO;
	memcpy(p, s->p + s->at, n);
	s->at += n;
	*got = n;
	return ST_OK;
}

void
bundling_digest(const void *p, size_t len, uint8_t digest[static DIGEST_LEN])
{
	struct sha256 *sha;

	assert_int_equal(sha256_new(&sha), ST_OK);
	assert_int_equal(sha256_update(sha, p, len), ST_OK);
	assert_int_equal(sha256_final(sha, digest), ST_OK);
	sha256_free(sha);
}

enum status
bundling_write(const struct bench *b, struct sink *s, struct chain *after)
{
	uint8_t digest[DIGEST_LEN];
	struct bundle_writer *w = NULL;
	enum status st;

	st = bundle_writer_begin(&b->before, b->seed, bundling_put, s, &w);
	for (size_t i = 0; i < TIPS && st == ST_OK; i++) {
		const size_t len = strlen(tip[i]);

		bundling_digest(tip[i], len, digest);
		if ((st = bundle_writer_tip(w, len, digest)) == ST_OK)
			st =
			    bundle_writer_data(w, (const uint8_t *)tip[i], len);
		if (st == ST_OK)
			st = bundle_writer_tip_end(w);
	}
	if (st == ST_OK)
		st = bundle_writer_finish(w, after);
	bundle_writer_free(w);
	return st;
}

int
bundling_set_up(void **state)
{
	static struct bench b;
	struct sink s = {&b.whole, 0, 0};

	b = (struct bench){.whole = BYTES_INIT(1 << 16)};
	if (crypto_room_init() != ST_OK ||
	    (b.seed = guarded_new(SECRET_KEY_LEN)) == NULL)
		return -1;
	sign_key_new(b.key, b.seed);
	chain_genesis(&b.before, b.key);
	*state = &b;
	return bundling_write(&b, &s, &b.after) == ST_OK ? 0 : -1;
}

int
bundling_tear_down(void **state)
{
	struct bench *b = *state;

	guarded_free(b->seed);
	bytes_free(&b->whole);
	return guarded_live() == 0 ? 0 : -1;
}

static enum status
read_tip(struct bundle_reader *r, struct events *e)
{
	const uint8_t *p;
	size_t n;
	enum status st;

	do {
		if ((st = bundle_reader_data(r, &p, &n)) != ST_OK)
			return st;
		if (n > 0 && (st = bytes_append(&e->data, p, n)) != ST_OK)
			return st;
	} while (n > 0);
	st = bundle_reader_tip_end(r);
	if (st == ST_OK)
		e->tips++;
	if (st == ST_FORGED)
		e->altered++;
	return st == ST_FORGED ? ST_OK : st;
}

/* Read it all; e->data is freed by the caller. */
enum status
bundling_read(const struct bench *b, struct source *s, struct events *e)
{
	struct bundle_reader *r = NULL;
	struct bundle_head head;
	struct bundle_tip t;
	enum status st;

	*e = (struct events){.data = BYTES_INIT(1 << 24)};
	st = bundle_reader_begin(bundling_get, s, &head, &e->problem, &r);
	if (st != ST_OK) {
		assert_null(r);
		return st;
	}
	while ((st = bundle_reader_next(r, &t)) == ST_OK) {
		if ((st = bytes_printf(&e->data, "[%u:%u]", (unsigned)t.number,
			 (unsigned)t.len)) != ST_OK ||
		    (st = read_tip(r, e)) != ST_OK)
			break;
	}
	if (st == ST_EOF)
		st = bundle_reader_finish(r, b->key, &e->after);
	e->problem = bundle_reader_problem(r);
	bundle_reader_free(r);
	return st;
}
