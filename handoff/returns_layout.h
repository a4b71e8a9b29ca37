/*
 * returns_layout: the bytes that returns_write.c and returns_read.c share
 * (docs/FORMATS.md section 7), and the one order of items that both hold.
 * For these two files only.
 */
#ifndef TIPLINE_HANDOFF_RETURNS_LAYOUT_H
#define TIPLINE_HANDOFF_RETURNS_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/num.h"
#include "handoff/returns.h"

#define RETURNS_MAGIC "tipline-return-00001"
#define RETURNS_MAGIC_LEN 20
/* What all versions begin with; the digits behind it are the version. */
#define RETURNS_MAGIC_STEM_LEN 15
#define RETURNS_TAG "tipline-return-sig-1"
#define RETURNS_TAG_LEN 20

enum {
	RETURNS_AT_SERVER = RETURNS_MAGIC_LEN,
	RETURNS_AT_SIGNER = RETURNS_AT_SERVER + KEY_ID_LEN,
	RETURNS_AT_NUMBER = RETURNS_AT_SIGNER + KEY_ID_LEN,
	RETURNS_HEAD_LEN = RETURNS_AT_NUMBER + 8
};

/* Behind an item's kind. */
enum {
	RETURNS_CONFIRMED_LEN = 8 + 8 + 2 * DIGEST_LEN,
	RETURNS_LINK_LEN = 8 + 8 + DIGEST_LEN,
	RETURNS_REPLY_LEN = MAILBOX_ID_LEN + 4 + REPLY_LEN,
	RETURNS_COUNT_LEN = 8
};

enum returns_kind {
	RETURNS_KIND_CONFIRMED = 1,
	RETURNS_KIND_LINK = 2,
	RETURNS_KIND_REPLY = 3,
	RETURNS_KIND_TRAILER = 4
};

#define RETURNS_MESSAGE_LEN (RETURNS_TAG_LEN + DIGEST_LEN)

/* What the analyst signs: digest is that of all before the signature. */
static inline void
returns_message(uint8_t out[static RETURNS_MESSAGE_LEN],
    const uint8_t digest[static DIGEST_LEN])
{
	memcpy(out, RETURNS_TAG, RETURNS_TAG_LEN);
	memcpy(out + RETURNS_TAG_LEN, digest, DIGEST_LEN);
}

/* The last numbers that came, 0 for none. */
struct returns_order {
	uint64_t confirmed, link;
	uint64_t items;
};

/* NULL, or what the format forbids; number and last below 2^63. */
static inline const char *
returns_order_confirmed(
    struct returns_order *o, const struct returns_confirmed *item)
{
	const uint64_t before = item->before.number, last = item->last.number;

	if (last > INT64_MAX || before >= last)
		return "a range of confirmed tips that is none";
	if (o->confirmed != 0 && before <= o->confirmed)
		return "ranges of confirmed tips that touch or do not rise";
	o->confirmed = last;
	return NULL;
}

static inline const char *
returns_order_link(struct returns_order *o, const struct returns_link *item)
{
	if (item->number == 0 || item->number > INT64_MAX || item->len == 0 ||
	    item->len > BUNDLE_TIP_MAX)
		return "a link of no tip";
	if (o->link != 0 && item->number != o->link + 1)
		return "links that do not rise by one";
	o->link = item->number;
	return NULL;
}

#endif
