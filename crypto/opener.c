#include "crypto/opener.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "base/guarded.h"
#include "base/num.h"
#include "crypto/digest.h"
#include "crypto/tip_box.h"

#define MAGIC "tipline-tip-0001"
#define MAGIC_LEN 16
#define MAGIC_NAME_LEN 12 /* the rest is the version */
#define RECIPIENT_LEN (KEY_ID_LEN + TIP_BOX_LEN)
#define HEAD_FIXED 24 /* magic, epoch, n, reserved */
#define STREAM_HEADER_LEN crypto_secretstream_xchacha20poly1305_HEADERBYTES
#define TAG_FINAL crypto_secretstream_xchacha20poly1305_TAG_FINAL
#define ITEM_HEAD 4

_Static_assert(ENVELOPE_HEAD_MAX ==
	HEAD_FIXED + RECIPIENT_LEN * RECIPIENTS_MAX + DIGEST_LEN +
	    STREAM_HEADER_LEN,
    "the head as FORMATS.md has it");

enum item { GAP, FIELD, FILE_NAME, DATA, PART_END, END };

/* What the bytes that come next are. */
enum phase { HEAD_START, HEAD_REST, RECORDS, AFTER_FINAL };

struct opener {
	crypto_secretstream_xchacha20poly1305_state stream;
	uint8_t tip_key[TIP_KEY_LEN];    /* while the head is read */
	uint8_t stream_key[TIP_KEY_LEN]; /* the same */
	uint8_t plain[ENVELOPE_RECORD_LEN];
	uint8_t unit[ENVELOPE_SEALED_RECORD_LEN]; /* a record in pieces */
	uint8_t head[ENVELOPE_HEAD_MAX];
	size_t head_len;
	size_t have; /* bytes of the head, or in unit */
	enum phase phase;
	enum status failed; /* ST_OK while all is well */
	bool in_part, ended;
	uint32_t parts;
	uint64_t part_size;
	struct opener_report report;
	struct opener_events events;
};

static bool
all_zero(const uint8_t *p, size_t len)
{
	/* If the first is zero and each equals the next, all are. */
	return len == 0 || (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0);
}

enum status
opener_new(const struct opener_events *events, struct opener **out)
{
	struct opener *op;

	*out = NULL;
	if ((op = guarded_new(sizeof(*op))) == NULL)
		return ST_NOMEM;
	op->events = *events;
	*out = op;
	return ST_OK;
}

/* The first 24 bytes, which say how long the head is. */
static enum status
read_head_start(struct opener *op)
{
	const uint8_t *const head = op->head;
	const size_t n = head[20];

	if (memcmp(head, MAGIC, MAGIC_NAME_LEN) != 0)
		return ST_MALFORMED;
	if (memcmp(head, MAGIC, MAGIC_LEN) != 0)
		return ST_VERSION;
	if (le32_get(head + 16) == 0 || n == 0 || n > RECIPIENTS_MAX ||
	    !all_zero(head + 21, 3))
		return ST_MALFORMED;
	op->head_len =
	    HEAD_FIXED + RECIPIENT_LEN * n + DIGEST_LEN + STREAM_HEADER_LEN;
	op->phase = HEAD_REST;
	return ST_OK;
}

/* Note the key ids for the report; none may stand twice. */
static enum status
read_ids(struct opener *op)
{
	struct opener_report *const r = &op->report;
	const size_t n = op->head[20];

	r->epoch = le32_get(op->head + 16);
	for (size_t i = 0; i < n; i++) {
		memcpy(r->ids[i], op->head + HEAD_FIXED + RECIPIENT_LEN * i,
		    KEY_ID_LEN);
		r->recipients = i + 1;
		for (size_t j = 0; j < i; j++) {
			if (memcmp(r->ids[i], r->ids[j], KEY_ID_LEN) == 0)
				return ST_MALFORMED;
		}
	}
	return ST_OK;
}

static const uint8_t *
slot_at(const struct opener *op, size_t i)
{
	return op->head + HEAD_FIXED + RECIPIENT_LEN * i;
}

/* Open the first box that is ours; it alone decides.  own is which. */
static enum status
unseal_tip_key(
    struct opener *op, size_t *own, uint8_t own_key[static PUBLIC_KEY_LEN])
{
	for (size_t i = 0; i < op->report.recipients; i++) {
		const uint8_t *const slot = slot_at(op, i);
		const struct opener_key *key =
		    op->events.lookup(op->events.ctx, slot, op->report.epoch);

		if (key == NULL)
			continue;
		if (crypto_box_seal_open(op->tip_key, slot + KEY_ID_LEN,
			TIP_BOX_LEN, key->public_key, key->secret_key) != 0)
			return ST_FORGED;
		*own = i;
		memcpy(own_key, key->public_key, PUBLIC_KEY_LEN);
		return ST_OK;
	}
	return ST_WRONG_KEY;
}

/* Does the box in this slot hold our tip key, made as a box must be? */
static bool
box_equal(
    const struct opener *op, const uint8_t *slot, const uint8_t *public_key)
{
	uint8_t again[TIP_BOX_LEN];

	return tip_box_make(op->tip_key, public_key, again) == ST_OK &&
	    memcmp(again, slot + KEY_ID_LEN, TIP_BOX_LEN) == 0;
}

/*
 * Make again each box whose recipient's public key is known.  One that
 * differs is a tip that somebody else would open otherwise, or not at all:
 * then nobody opens it.
 */
static enum status
compare_boxes(struct opener *op, size_t own, const uint8_t *own_key)
{
	for (size_t i = 0; i < op->report.recipients; i++) {
		const uint8_t *const slot = slot_at(op, i);
		const uint8_t *key = own_key;

		if (i != own) {
			key = op->events.known == NULL
			    ? NULL
			    : op->events.known(op->events.ctx, slot);
			if (key == NULL)
				continue;
		}
		if (!box_equal(op, slot, key)) {
			op->report.unequal = true;
			return ST_FORGED;
		}
		op->report.compared += i != own;
	}
	return ST_OK;
}

static enum status
read_head(struct opener *op)
{
	const size_t bound = op->head_len - DIGEST_LEN - STREAM_HEADER_LEN;
	uint8_t commitment[DIGEST_LEN], own_key[PUBLIC_KEY_LEN] = {0};
	size_t own = 0;
	enum status st;

	if ((st = read_ids(op)) != ST_OK)
		return st;
	if ((st = unseal_tip_key(op, &own, own_key)) != ST_OK)
		return st;
	blake2b("tipline-commit-1", op->tip_key, TIP_KEY_LEN, op->head, bound,
	    commitment);
	if (sodium_memcmp(commitment, op->head + bound, DIGEST_LEN) != 0)
		return ST_FORGED;
	if (op->events.expected != NULL &&
	    !op->events.expected(op->events.ctx, &op->report)) {
		op->report.unexpected = true;
		return ST_FORGED;
	}
	if ((st = compare_boxes(op, own, own_key)) != ST_OK)
		return st;
	blake2b("tipline-stream-1", op->tip_key, TIP_KEY_LEN, op->head, bound,
	    op->stream_key);
	(void)crypto_secretstream_xchacha20poly1305_init_pull(
	    &op->stream, op->head + bound + DIGEST_LEN, op->stream_key);
	wipe(op->tip_key, sizeof(op->tip_key));
	wipe(op->stream_key, sizeof(op->stream_key));
	op->phase = RECORDS;
	return ST_OK;
}

static enum status
item_part(struct opener *op, unsigned type, const uint8_t *name, size_t len)
{
	if (op->in_part || op->parts == UINT32_MAX)
		return ST_MALFORMED;
	if (type == FIELD ? !envelope_field_name_ok(name, len)
			  : len > ENVELOPE_NAME_MAX)
		return ST_MALFORMED;
	op->in_part = true;
	op->parts++;
	op->part_size = 0;
	return op->events.part(op->events.ctx,
	    type == FIELD ? ENVELOPE_FIELD : ENVELOPE_FILE, name, len);
}

static enum status
item(struct opener *op, unsigned type, const uint8_t *value, size_t len)
{
	switch (type) {
	case FIELD:
	case FILE_NAME:
		return item_part(op, type, value, len);
	case DATA:
		if (!op->in_part || len == 0)
			return ST_MALFORMED;
		op->part_size += len;
		return op->events.data(op->events.ctx, value, len);
	case PART_END:
		if (!op->in_part || len != 8 ||
		    le64_get(value) != op->part_size)
			return ST_MALFORMED;
		op->in_part = false;
		return op->events.part_end(op->events.ctx, op->part_size);
	case END:
		if (op->in_part || len != 4 || le32_get(value) != op->parts)
			return ST_MALFORMED;
		op->ended = true;
		return ST_OK;
	default:
		return ST_MALFORMED;
	}
}

/* Read the items of the record in plain. */
static enum status
read_items(struct opener *op)
{
	size_t at = 0;

	while (at < ENVELOPE_RECORD_LEN && !op->ended) {
		const uint8_t *const p = op->plain + at;
		const size_t room = ENVELOPE_RECORD_LEN - at;
		enum status st;
		size_t len;

		if (p[0] == GAP) {
			/* A gap follows something: no empty records. */
			if (at == 0 || !all_zero(p, room))
				return ST_MALFORMED;
			return ST_OK;
		}
		if (room < ITEM_HEAD)
			return ST_MALFORMED;
		len = (size_t)p[1] | (size_t)p[2] << 8 | (size_t)p[3] << 16;
		if (len > room - ITEM_HEAD)
			return ST_MALFORMED;
		if ((st = item(op, p[0], p + ITEM_HEAD, len)) != ST_OK)
			return st;
		at += ITEM_HEAD + len;
	}
	return all_zero(op->plain + at, ENVELOPE_RECORD_LEN - at)
	    ? ST_OK
	    : ST_MALFORMED;
}

static enum status
read_record(struct opener *op, const uint8_t *sealed)
{
	const bool first = op->report.record == 0;
	enum status st;
	uint8_t tag;

	if (crypto_secretstream_xchacha20poly1305_pull(&op->stream, op->plain,
		NULL, &tag, sealed, ENVELOPE_SEALED_RECORD_LEN,
		first ? op->head : NULL, first ? op->head_len : 0) != 0)
		return ST_FORGED;
	op->report.record++;
	if (tag != 0 && tag != TAG_FINAL)
		return ST_MALFORMED;
	/* Judge the length first: nothing of a tip that ends where none may
	 * is called back from its last record. */
	if (tag == TAG_FINAL &&
	    size_class(op->report.record) != op->report.record)
		return ST_MALFORMED;
	if ((st = read_items(op)) != ST_OK)
		return st;
	if (tag == TAG_FINAL) {
		if (!op->ended)
			return ST_MALFORMED;
		op->phase = AFTER_FINAL;
	}
	return ST_OK;
}

/* Gather need bytes in to.  True once they are there. */
static bool
gather(
    struct opener *op, uint8_t *to, size_t need, const uint8_t **p, size_t *len)
{
	size_t n = need - op->have;

	if (n > *len)
		n = *len;
	memcpy(to + op->have, *p, n);
	op->have += n;
	*p += n;
	*len -= n;
	return op->have == need;
}

static enum status
feed_head(struct opener *op, const uint8_t **p, size_t *len)
{
	enum status st;

	if (op->phase == HEAD_START) {
		if (!gather(op, op->head, HEAD_FIXED, p, len))
			return ST_OK;
		return read_head_start(op);
	}
	if (!gather(op, op->head, op->head_len, p, len))
		return ST_OK;
	if ((st = read_head(op)) != ST_OK)
		return st;
	op->report.offset = op->head_len;
	op->have = 0;
	return ST_OK;
}

static enum status
feed_record(struct opener *op, const uint8_t **p, size_t *len)
{
	const uint8_t *sealed = op->unit;
	enum status st;

	if (op->have == 0 && *len >= ENVELOPE_SEALED_RECORD_LEN) {
		/* The whole record lies there: open it where it lies. */
		sealed = *p;
		*p += ENVELOPE_SEALED_RECORD_LEN;
		*len -= ENVELOPE_SEALED_RECORD_LEN;
	} else if (!gather(op, op->unit, sizeof(op->unit), p, len)) {
		return ST_OK;
	}
	op->have = 0;
	if ((st = read_record(op, sealed)) != ST_OK)
		return st;
	op->report.offset += ENVELOPE_SEALED_RECORD_LEN;
	return ST_OK;
}

enum status
opener_feed(struct opener *op, const uint8_t *p, size_t len)
{
	while (len > 0 && op->failed == ST_OK) {
		switch (op->phase) {
		case HEAD_START:
		case HEAD_REST:
			op->failed = feed_head(op, &p, &len);
			break;
		case RECORDS:
			op->failed = feed_record(op, &p, &len);
			break;
		case AFTER_FINAL:
			op->failed = ST_MALFORMED;
			break;
		}
	}
	return op->failed;
}

enum status
opener_finish(struct opener *op)
{
	if (op->failed == ST_OK && op->phase != AFTER_FINAL) {
		op->failed = ST_SHORT;
		op->report.offset += op->have;
	}
	return op->failed;
}

void
opener_report(const struct opener *op, struct opener_report *report)
{
	*report = op->report;
}

void
opener_free(struct opener *op)
{
	guarded_free(op); /* wipes */
}
