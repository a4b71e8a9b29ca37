#include "crypto/envelope.h"

#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/guarded.h"
#include "base/num.h"
#include "crypto/digest.h"
#include "crypto/tip_box.h"

#define ITEM_HEAD 4
#define NO_ITEM ((size_t)-1)
#define FIELD_NAME_MAX 64
#define HEAD_FIXED 24
#define RECIPIENT_LEN (KEY_ID_LEN + TIP_BOX_LEN)

_Static_assert(ENVELOPE_SEALED_RECORD_LEN ==
	ENVELOPE_RECORD_LEN + crypto_secretstream_xchacha20poly1305_ABYTES,
    "a sealed record is its plaintext and what secretstream adds");
_Static_assert(TIP_DIGEST_LEN == DIGEST_LEN, "one digest, two names");

enum item { ITEM_DATA = 3, ITEM_PART_END = 4, ITEM_END = 5 };

enum phase { BETWEEN_PARTS, IN_PART, PADDING, DONE, BROKEN };

struct envelope {
	crypto_secretstream_xchacha20poly1305_state stream;
	uint8_t tip_key[TIP_KEY_LEN];    /* while the head is made, then zero */
	uint8_t stream_key[TIP_KEY_LEN]; /* the same */
	uint8_t record[ENVELOPE_RECORD_LEN];
	uint8_t head[ENVELOPE_HEAD_MAX]; /* authenticated by record one */
	size_t head_len;
	size_t used;  /* bytes of items in record */
	size_t dirty; /* record is zero from here on */
	size_t data;  /* where the data item that can grow begins */
	enum phase phase;
	uint32_t parts;
	uint64_t part_size;
	uint64_t sealed;  /* records that went out */
	uint64_t records; /* how many there will be, once known */
	uint64_t len;     /* bytes that went out */
	struct sha256 *hash;
	envelope_sink *sink;
	void *ctx;
};

/* Let no call but envelope_free() do anything after a failure. */
static enum status
settle(struct envelope *env, enum status st)
{
	if (st != ST_OK)
		env->phase = BROKEN;
	return st;
}

static enum status
emit(struct envelope *env, const uint8_t *sealed, size_t len)
{
	enum status st;

	if ((st = sha256_update(env->hash, sealed, len)) != ST_OK)
		return st;
	env->len += len;
	return env->sink(env->ctx, sealed, len);
}

/* Seal the record as it stands, filled up with zero bytes, and empty it. */
static enum status
seal_record(struct envelope *env, bool last)
{
	uint8_t out[ENVELOPE_SEALED_RECORD_LEN];
	const bool first = env->sealed == 0;

	/* Only what was written needs zeroing: padding records cost none. */
	if (env->dirty > env->used)
		memset(env->record + env->used, 0, env->dirty - env->used);
	env->dirty = env->used;
	if (crypto_secretstream_xchacha20poly1305_push(&env->stream, out, NULL,
		env->record, sizeof(env->record), first ? env->head : NULL,
		first ? env->head_len : 0,
		last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0) !=
	    0)
		return ST_BUG;
	env->sealed++;
	env->used = 0;
	env->data = NO_ITEM;
	return emit(env, out, sizeof(out));
}

/*
 * Make room for len bytes of one item.  A full record is sealed here, when
 * it is known that something follows it, and nowhere else before the end.
 */
static enum status
make_room(struct envelope *env, size_t len)
{
	if (ENVELOPE_RECORD_LEN - env->used >= len)
		return ST_OK;
	return seal_record(env, false);
}

static void
item_head(struct envelope *env, size_t at, unsigned type, size_t len)
{
	env->record[at] = (uint8_t)type;
	env->record[at + 1] = (uint8_t)len;
	env->record[at + 2] = (uint8_t)(len >> 8);
	env->record[at + 3] = (uint8_t)(len >> 16);
}

static void
took(struct envelope *env, size_t len)
{
	env->used += len;
	if (env->dirty < env->used)
		env->dirty = env->used;
}

static enum status
put_item(struct envelope *env, unsigned type, const void *value, size_t len)
{
	enum status st;

	if ((st = make_room(env, ITEM_HEAD + len)) != ST_OK)
		return st;
	item_head(env, env->used, type, len);
	if (len > 0)
		memcpy(env->record + env->used + ITEM_HEAD, value, len);
	took(env, ITEM_HEAD + len);
	env->data = NO_ITEM;
	return ST_OK;
}

static enum status
make_head(struct envelope *env, const struct recipients *to)
{
	uint8_t *p = env->head;

	memcpy(p, "tipline-tip-0001", 16);
	le32_put(p + 16, to->epoch);
	p[20] = (uint8_t)to->count; /* 21 to 23 are reserved: zero */
	p += HEAD_FIXED;
	randombytes_buf(env->tip_key, sizeof(env->tip_key));
	for (size_t i = 0; i < to->count; i++, p += RECIPIENT_LEN) {
		memcpy(p, to->r[i].id, KEY_ID_LEN);
		if (tip_box_make(env->tip_key, to->r[i].key, p + KEY_ID_LEN) !=
		    ST_OK)
			return ST_BUG;
	}
	blake2b("tipline-stream-1", env->tip_key, sizeof(env->tip_key),
	    env->head, (size_t)(p - env->head), env->stream_key);
	blake2b("tipline-commit-1", env->tip_key, sizeof(env->tip_key),
	    env->head, (size_t)(p - env->head), p);
	p += DIGEST_LEN;
	(void)crypto_secretstream_xchacha20poly1305_init_push(
	    &env->stream, p, env->stream_key);
	p += crypto_secretstream_xchacha20poly1305_HEADERBYTES;
	env->head_len = (size_t)(p - env->head);
	/* From here on only the stream's own state can seal, none can open. */
	wipe(env->tip_key, sizeof(env->tip_key));
	wipe(env->stream_key, sizeof(env->stream_key));
	return ST_OK;
}

enum status
envelope_begin(const struct recipients *to, envelope_sink *sink, void *ctx,
    struct envelope **out)
{
	struct envelope *env = NULL;
	enum status st;

	*out = NULL;
	if (to->count == 0 || to->count > RECIPIENTS_MAX || to->epoch == 0)
		return ST_BUG;
	if ((env = guarded_new(sizeof(*env))) == NULL)
		return ST_NOMEM;
	env->data = NO_ITEM;
	env->sink = sink;
	env->ctx = ctx;
	if ((st = sha256_new(&env->hash)) != ST_OK)
		goto out;
	if ((st = make_head(env, to)) != ST_OK)
		goto out;
	if ((st = emit(env, env->head, env->head_len)) != ST_OK)
		goto out;
	*out = env;
	env = NULL; /* now the caller's */
out:
	envelope_free(env);
	return st;
}

bool
envelope_field_name_ok(const uint8_t *name, size_t len)
{
	if (len == 0 || len > FIELD_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!(name[i] >= 'a' && name[i] <= 'z') &&
		    !(name[i] >= '0' && name[i] <= '9') && name[i] != '-')
			return false;
	}
	return true;
}

enum status
envelope_part(
    struct envelope *env, enum envelope_part kind, const void *name, size_t len)
{
	if (env->phase != BETWEEN_PARTS || env->parts == UINT32_MAX)
		return settle(env, ST_BUG);
	if (kind == ENVELOPE_FIELD
		? !envelope_field_name_ok(name, len)
		: kind != ENVELOPE_FILE || len > ENVELOPE_NAME_MAX)
		return settle(env, ST_BUG);
	env->phase = IN_PART;
	env->parts++;
	env->part_size = 0;
	return settle(env, put_item(env, kind, name, len));
}

enum status
envelope_data(struct envelope *env, const uint8_t *p, size_t len)
{
	enum status st;

	if (env->phase != IN_PART)
		return settle(env, ST_BUG);
	env->part_size += len;
	while (len > 0) {
		size_t n;

		/* A data item holds one byte or more: room for its head is
		 * not enough. */
		st = make_room(
		    env, env->data == NO_ITEM ? ITEM_HEAD + 1 : (size_t)1);
		if (st != ST_OK)
			return settle(env, st);
		if (env->data == NO_ITEM) {
			env->data = env->used;
			took(env, ITEM_HEAD);
		}
		n = ENVELOPE_RECORD_LEN - env->used;
		if (n > len)
			n = len;
		memcpy(env->record + env->used, p, n);
		took(env, n);
		item_head(env, env->data, ITEM_DATA,
		    env->used - env->data - ITEM_HEAD);
		p += n;
		len -= n;
	}
	return ST_OK;
}

enum status
envelope_part_end(struct envelope *env)
{
	uint8_t value[8];

	if (env->phase != IN_PART)
		return settle(env, ST_BUG);
	env->phase = BETWEEN_PARTS;
	le64_put(value, env->part_size);
	return settle(env, put_item(env, ITEM_PART_END, value, sizeof(value)));
}

enum status
envelope_end(struct envelope *env)
{
	uint8_t value[4];
	enum status st;

	if (env->phase != BETWEEN_PARTS)
		return settle(env, ST_BUG);
	le32_put(value, env->parts);
	st = put_item(env, ITEM_END, value, sizeof(value));
	if (st != ST_OK)
		return settle(env, st);
	/* The record that now lies open is the last one with items. */
	env->records = size_class(env->sealed + 1);
	if (env->records == 0)
		return settle(env, ST_BUG);
	env->phase = PADDING;
	return ST_OK;
}

enum status
envelope_pad(struct envelope *env, size_t max, bool *done)
{
	enum status st;

	*done = false;
	if (env->phase != PADDING)
		return settle(env, ST_BUG);
	for (; max > 0; max--) {
		const bool last = env->sealed + 1 == env->records;

		if ((st = seal_record(env, last)) != ST_OK)
			return settle(env, st);
		if (last) {
			env->phase = DONE;
			*done = true;
			/* Gone before the caller even knows. */
			wipe(&env->stream, sizeof(env->stream));
			wipe(env->record, sizeof(env->record));
			break;
		}
	}
	return ST_OK;
}

enum status
envelope_digest(
    struct envelope *env, uint8_t digest[static TIP_DIGEST_LEN], uint64_t *len)
{
	enum status st;

	*len = 0;
	memset(digest, 0, TIP_DIGEST_LEN);
	if (env->phase != DONE)
		return settle(env, ST_BUG);
	if ((st = sha256_final(env->hash, digest)) != ST_OK)
		return settle(env, st);
	*len = env->len;
	env->phase = BROKEN; /* asked once */
	return ST_OK;
}

void
envelope_free(struct envelope *env)
{
	if (env == NULL)
		return;
	sha256_free(env->hash);
	guarded_free(env); /* wipes */
}
