#include "tests/unit/crypto/opening.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/guarded.h"
#include "base/num.h"

void
people_make(struct people *p)
{
	for (size_t i = 0; i < PEOPLE; i++) {
		struct opener_key *const k = &p->key[i];

		p->secret[i] = guarded_new(SECRET_KEY_LEN);
		assert_non_null(p->secret[i]);
		epoch_key_new(p->public_key[i], p->secret[i]);
		key_id(KEY_ROLE_EPOCH, p->public_key[i], k->id);
		k->public_key = p->public_key[i];
		k->secret_key = p->secret[i];
	}
}

void
people_free(struct people *p)
{
	for (size_t i = 0; i < PEOPLE; i++)
		guarded_free(p->secret[i]);
}

void
people_recipients(const struct people *p, size_t n, struct recipients *to)
{
	memset(to, 0, sizeof(*to));
	to->epoch = 1;
	to->count = n;
	for (size_t i = 0; i < n; i++) {
		memcpy(to->r[i].id, p->key[i].id, KEY_ID_LEN);
		memcpy(to->r[i].key, p->public_key[i], PUBLIC_KEY_LEN);
	}
}

static enum status
called(struct opening *o)
{
	return ++o->calls == o->fail_at ? ST_IO : ST_OK;
}

static void
note(struct opening *o, const void *p, size_t len)
{
	assert_int_equal(bytes_append(&o->text, p, len), ST_OK);
}

static void
note_number(struct opening *o, uint64_t v)
{
	uint8_t raw[8];

	le64_put(raw, v);
	note(o, raw, sizeof(raw));
}

static const struct opener_key *
on_lookup(void *ctx, const uint8_t id[static KEY_ID_LEN], uint32_t epoch)
{
	const struct opening *const o = ctx;

	(void)epoch;
	if (o->key == NULL || memcmp(o->key->id, id, KEY_ID_LEN) != 0)
		return NULL;
	return o->key;
}

static const uint8_t *
on_known(void *ctx, const uint8_t id[static KEY_ID_LEN])
{
	const struct opening *const o = ctx;

	for (size_t i = 0; o->known != NULL && i < PEOPLE; i++) {
		if (memcmp(o->known->key[i].id, id, KEY_ID_LEN) == 0)
			return o->known->public_key[i];
	}
	return NULL;
}

static enum status
on_part(void *ctx, enum envelope_part kind, const uint8_t *name, size_t len)
{
	struct opening *const o = ctx;

	note(o, kind == ENVELOPE_FIELD ? "field" : "file:", 5);
	note_number(o, len);
	note(o, name, len);
	return called(o);
}

static enum status
on_data(void *ctx, const uint8_t *p, size_t len)
{
	struct opening *const o = ctx;

	assert_true(len > 0);
	note(o, p, len);
	return called(o);
}

static enum status
on_part_end(void *ctx, uint64_t size)
{
	struct opening *const o = ctx;

	note(o, "end", 3);
	note_number(o, size);
	return called(o);
}

const struct opener_events opening_events = {
    .lookup = on_lookup,
    .known = on_known,
    .part = on_part,
    .data = on_data,
    .part_end = on_part_end,
};

enum status
opening_run(struct opening *o, const uint8_t *p, size_t len, size_t step)
{
	struct opener_events events = opening_events;
	struct opener *op;
	enum status st;

	o->calls = 0;
	o->text.max = TIP_MAX;
	bytes_clear(&o->text);
	events.ctx = o;
	if ((st = opener_new(&events, &op)) != ST_OK)
		return st;
	while (len > 0 && st == ST_OK) {
		const size_t n = len < step ? len : step;

		st = opener_feed(op, p, n);
		p += n;
		len -= n;
	}
	/* What failed stays failed, whatever comes. */
	assert_true(st == ST_OK || opener_finish(op) == st);
	st = opener_finish(op);
	opener_report(op, &o->report);
	opener_free(op);
	return st;
}

enum status
sealed_sink(void *ctx, const uint8_t *p, size_t len)
{
	struct sealed *const s = ctx;

	if (++s->calls == s->fail_at)
		return ST_IO;
	s->b.max = TIP_MAX;
	return bytes_append(&s->b, p, len);
}

/* The calls between begin and free. */
static enum status
fill(struct envelope *env, size_t len)
{
	static uint8_t data[100000];
	bool done = false;
	enum status st;

	assert_true(len <= sizeof(data));
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(i * 7 % 251);
	if ((st = envelope_part(env, ENVELOPE_FIELD, "message", 7)) != ST_OK ||
	    (st = envelope_data(env, data, len / 2)) != ST_OK ||
	    (st = envelope_data(env, data, len - len / 2)) != ST_OK ||
	    (st = envelope_part_end(env)) != ST_OK ||
	    (st = envelope_part(env, ENVELOPE_FILE, "a.pdf", 5)) != ST_OK ||
	    (st = envelope_data(env, data, len)) != ST_OK ||
	    (st = envelope_part_end(env)) != ST_OK ||
	    (st = envelope_end(env)) != ST_OK)
		return st;
	while (st == ST_OK && !done)
		st = envelope_pad(env, 3, &done);
	return st;
}

enum status
sealed_make(struct sealed *s, const struct people *p, size_t n, size_t len)
{
	struct recipients to;
	struct envelope *env;
	enum status st;

	s->calls = 0;
	bytes_clear(&s->b);
	people_recipients(p, n, &to);
	if ((st = envelope_begin(&to, sealed_sink, s, &env)) != ST_OK) {
		assert_null(env);
		return st;
	}
	st = fill(env, len);
	envelope_free(env);
	return st;
}
