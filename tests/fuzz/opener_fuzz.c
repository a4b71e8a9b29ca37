/*
 * What is inside a tip, sealed here by hand to a key that is known, so that
 * the fuzzer reaches the items and not only the first check of a tag.
 *
 *	byte 0   bit 0: feed in pieces of byte 1 (times 97, plus 1)
 *	         bit 1: what follows is the tip itself, head and all
 *	         bit 2: no final record
 *	byte 2   how many empty records follow the last, modulo 17
 *	then     the records' plaintexts: a u16 length and so many bytes each
 */
#include <stdlib.h>
#include <string.h>

#include "base/guarded.h"
#include "crypto/opener.h"
#include "tests/fuzz/fuzz.h"
#include "tests/vectors/handmade.h"
#include "tests/vectors/seeded.h"

struct seen {
	uint32_t parts, ends;
	uint64_t size;
};

static uint8_t public_key[PUBLIC_KEY_LEN], secret_key[SECRET_KEY_LEN];
static struct opener_key key = {{0}, public_key, secret_key};

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	seeded_install();
	if (crypto_room_init() != ST_OK)
		return -1;
	seeded_start("alice"); /* as in tests/vectors, whose tips open here */
	epoch_key_new(public_key, secret_key);
	key_id(KEY_ROLE_EPOCH, public_key, key.id);
	return 0;
}

static const struct opener_key *
on_lookup(void *ctx, const uint8_t id[static KEY_ID_LEN], uint32_t epoch)
{
	(void)ctx;
	must(epoch != 0);
	return memcmp(id, key.id, KEY_ID_LEN) == 0 ? &key : NULL;
}

/* Every other id is somebody's whose key is known: ours, as it happens. */
static const uint8_t *
on_known(void *ctx, const uint8_t id[static KEY_ID_LEN])
{
	(void)ctx;
	return (id[0] & 1) != 0 ? public_key : NULL;
}

static enum status
on_part(void *ctx, enum envelope_part kind, const uint8_t *name, size_t len)
{
	struct seen *const s = ctx;

	must(s->parts == s->ends);
	must(kind == ENVELOPE_FIELD ? len >= 1 && len <= 64
				    : len <= ENVELOPE_NAME_MAX);
	for (size_t i = 0; kind == ENVELOPE_FIELD && i < len; i++)
		must(name[i] > 0x20 && name[i] < 0x7f);
	s->parts++;
	s->size = 0;
	return ST_OK;
}

static enum status
on_data(void *ctx, const uint8_t *p, size_t len)
{
	struct seen *const s = ctx;

	must(s->parts == s->ends + 1 && len >= 1 && p != NULL);
	s->size += len;
	return ST_OK;
}

static enum status
on_part_end(void *ctx, uint64_t size)
{
	struct seen *const s = ctx;

	must(s->parts == s->ends + 1 && s->size == size);
	s->ends++;
	return ST_OK;
}

static void
feed(const uint8_t *p, size_t len, size_t step)
{
	struct seen seen = {0};
	const struct opener_events events = {
	    on_lookup, on_known, NULL, on_part, on_data, on_part_end, &seen};
	struct opener_report report;
	struct opener *op;
	enum status st = ST_OK;

	must(opener_new(&events, &op) == ST_OK);
	while (len > 0 && st == ST_OK) {
		const size_t n = len < step ? len : step;

		st = opener_feed(op, p, n);
		p += n;
		len -= n;
	}
	opener_report(op, &report);
	must(!report.unequal || (st == ST_FORGED && seen.parts == 0));
	if (opener_finish(op) == ST_OK)
		must(st == ST_OK && seen.parts == seen.ends);
	opener_free(op);
	must(guarded_live() == 0);
}

static void
seal(
    struct handmade *h, const uint8_t *p, size_t len, unsigned more, bool final)
{
	handmade_init(h);
	handmade_to(h, public_key);
	handmade_head(h);
	do {
		size_t n = 0;

		if (len >= 2) {
			n = (size_t)p[0] | (size_t)p[1] << 8;
			p += 2;
			len -= 2;
		}
		n = n < len ? n : len;
		n = n < HANDMADE_RECORD ? n : HANDMADE_RECORD;
		handmade_raw(h, p, n);
		p += n;
		len -= n;
		handmade_record(h, final && len == 0 && more == 0 ? 3 : 0);
	} while (len > 0 && h->len < 64 * (size_t)HANDMADE_SEALED);
	for (; more > 0; more--)
		handmade_record(h, final && more == 1 ? 3 : 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct handmade h;
	size_t step = SIZE_MAX;

	if (len < 3)
		return 0;
	if ((p[0] & 1) != 0)
		step = (size_t)p[1] * 97 + 1;
	if ((p[0] & 2) != 0) {
		feed(p + 3, len - 3, step);
		return 0;
	}
	seeded_start("opener_fuzz");
	seal(&h, p + 3, len - 3, p[2] % 17U, (p[0] & 4) == 0);
	feed(h.p, h.len, step);
	handmade_free(&h);
	return 0;
}
