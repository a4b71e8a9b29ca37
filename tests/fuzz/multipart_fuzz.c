/*
 * multipart: any body, cut in any steps, tells the same parts and the same
 * data.  The first byte is the length of the steps; the boundary is "b".
 */
#include <stdlib.h>
#include <string.h>

#include "intake/multipart.h"
#include "tests/fuzz/fuzz.h"

/* A running digest (FNV-1a) of what was told, however it was cut. */
struct told {
	uint64_t digest;
	bool open;
};

static void
add(struct told *t, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		t->digest = (t->digest ^ p[i]) * UINT64_C(0x100000001b3);
}

static enum status
on_part(void *ctx, const struct multipart_part *part)
{
	struct told *t = ctx;

	if (t->open || part->name == NULL || part->name_len == 0)
		abort();
	t->open = true;
	add(t, (const uint8_t *)"<", 1);
	add(t, part->name, part->name_len);
	if (part->file != NULL) {
		add(t, (const uint8_t *)"|", 1);
		add(t, part->file, part->file_len);
	}
	return ST_OK;
}

static enum status
on_data(void *ctx, const uint8_t *p, size_t len)
{
	struct told *t = ctx;

	if (!t->open || len == 0)
		abort();
	add(t, p, len);
	return ST_OK;
}

static enum status
on_part_end(void *ctx)
{
	struct told *t = ctx;

	if (!t->open)
		abort();
	t->open = false;
	add(t, (const uint8_t *)";", 1);
	return ST_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct multipart_events events = {
	    on_part, on_data, on_part_end};
	struct told a = {1, false}, b = {1, false};
	struct multipart whole, parts;
	enum status st, st2 = ST_OK;
	size_t step;

	if (size == 0)
		return 0;
	step = (size_t)data[0] + 1;
	data++;
	size--;
	multipart_begin(&whole, (const uint8_t *)"b", 1, &events, &a);
	multipart_begin(&parts, (const uint8_t *)"b", 1, &events, &b);
	st = multipart_feed(&whole, data, size);
	for (size_t at = 0; at < size && st2 == ST_OK; at += step)
		st2 = multipart_feed(
		    &parts, data + at, size - at < step ? size - at : step);
	if (st != st2 || multipart_whole(&whole) != multipart_whole(&parts))
		abort();
	if (st == ST_OK && multipart_whole(&whole) &&
	    (a.digest != b.digest || a.open))
		abort();
	return 0;
}
