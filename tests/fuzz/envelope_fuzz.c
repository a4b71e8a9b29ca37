/*
 * The envelope's calls in any order.  What it lets through must open to the
 * same parts; what comes in a wrong place must be refused for good.  Each
 * byte is a call, its upper half a size; the sink fails at byte 0.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/guarded.h"
#include "crypto/opener.h"
#include "tests/fuzz/fuzz.h"

#define TIP_MAX (1 << 24)
#define DATA_MAX 20000

/* What went in, or came out: the parts and their bytes in a row. */
struct trace {
	struct bytes b;
};
struct sink {
	struct bytes b;
	unsigned calls, fail_at;
};

static uint8_t public_key[PUBLIC_KEY_LEN], secret_key[SECRET_KEY_LEN];
static struct opener_key key = {{0}, public_key, secret_key};
static uint8_t data[DATA_MAX];

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (crypto_room_init() != ST_OK)
		return -1;
	epoch_key_new(public_key, secret_key);
	key_id(KEY_ROLE_EPOCH, public_key, key.id);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i % 253);
	return 0;
}

static enum status
keep(void *ctx, const uint8_t *p, size_t len)
{
	struct sink *const s = ctx;

	if (++s->calls == s->fail_at)
		return ST_FULL;
	return bytes_append(&s->b, p, len);
}

static enum status
note(struct trace *t, const void *p, size_t len)
{
	return bytes_append(&t->b, p, len);
}

static const struct opener_key *
on_lookup(void *ctx, const uint8_t id[static KEY_ID_LEN], uint32_t epoch)
{
	(void)ctx;
	(void)id;
	(void)epoch;
	return &key;
}

static enum status
on_part(void *ctx, enum envelope_part kind, const uint8_t *name, size_t len)
{
	struct trace *const t = ctx;

	must(note(t, kind == ENVELOPE_FIELD ? "a" : "b", 1) == ST_OK);
	return note(t, name, len);
}

static enum status
on_data(void *ctx, const uint8_t *p, size_t len)
{
	struct trace *const t = ctx;

	return note(t, p, len);
}

static enum status
on_part_end(void *ctx, uint64_t size)
{
	struct trace *const t = ctx;

	return note(t, &size, sizeof(size));
}

static void
must_open(const struct sink *s, const struct trace *in)
{
	struct trace out = {BYTES_INIT(TIP_MAX)};
	const struct opener_events events = {
	    on_lookup, NULL, NULL, on_part, on_data, on_part_end, &out};
	struct opener *op;

	must(opener_new(&events, &op) == ST_OK);
	must(opener_feed(op, s->b.p, s->b.len) == ST_OK);
	must(opener_finish(op) == ST_OK);
	opener_free(op);
	must(out.b.len == in->b.len);
	must(in->b.len == 0 || memcmp(out.b.p, in->b.p, in->b.len) == 0);
	bytes_free(&out.b);
}

/* One call; *size is that of the open part. */
static enum status
call(struct envelope *env, uint8_t byte, struct trace *in, uint64_t *size,
    bool *done)
{
	const size_t n = (size_t)(byte >> 3) * 653 % DATA_MAX;
	enum status st;

	switch (byte & 7) {
	case 0:
		if ((st = envelope_part(env, ENVELOPE_FIELD, "x", 1)) == ST_OK)
			must(note(in, "ax", 2) == ST_OK);
		*size = 0;
		return st;
	case 1:
		st = envelope_part(env, ENVELOPE_FILE, data, n % 1100);
		if (st == ST_OK) {
			must(note(in, "b", 1) == ST_OK);
			must(note(in, data, n % 1100) == ST_OK);
		}
		*size = 0;
		return st;
	case 2:
	case 3:
	case 4:
		if ((st = envelope_data(env, data, n)) == ST_OK)
			must(note(in, data, n) == ST_OK);
		*size += n;
		return st;
	case 5:
		if ((st = envelope_part_end(env)) == ST_OK)
			must(note(in, size, sizeof(*size)) == ST_OK);
		return st;
	case 6:
		return envelope_end(env);
	default:
		return envelope_pad(env, n % 40, done);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct recipients to = {.epoch = 1, .count = 1};
	struct sink s = {.b = BYTES_INIT(TIP_MAX)};
	struct trace in = {BYTES_INIT(TIP_MAX)};
	struct envelope *env = NULL;
	uint64_t size = 0;
	bool done = false;
	enum status st;

	if (len < 1 || len > 400)
		return 0;
	s.fail_at = p[0];
	memcpy(to.r[0].id, key.id, KEY_ID_LEN);
	memcpy(to.r[0].key, public_key, PUBLIC_KEY_LEN);
	st = envelope_begin(&to, keep, &s, &env);
	for (size_t i = 1; i < len && st == ST_OK && !done; i++)
		st = call(env, p[i], &in, &size, &done);
	if (done)
		must_open(&s, &in);
	if (st != ST_OK && env != NULL) {
		must(envelope_end(env) == ST_BUG);
		must(envelope_data(env, data, 1) == ST_BUG);
	}
	envelope_free(env);
	must(guarded_live() == 0);
	bytes_free(&s.b);
	bytes_free(&in.b);
	return 0;
}
