/*
 * bundle_layout: the bytes that bundle_write.c and bundle_read.c share
 * (docs/FORMATS.md section 4).  For these two files only.
 */
#ifndef TIPLINE_HANDOFF_BUNDLE_LAYOUT_H
#define TIPLINE_HANDOFF_BUNDLE_LAYOUT_H

#include <stdint.h>
#include <string.h>

#include "base/num.h"
#include "crypto/sign.h"
#include "handoff/bundle.h"

#define BUNDLE_MAGIC "tipline-bundle-00002"
#define BUNDLE_MAGIC_LEN 20
/* What all versions begin with; the digits behind it are the version. */
#define BUNDLE_MAGIC_STEM_LEN 15

#define BUNDLE_TAG_LEN 20
#define BUNDLE_HEAD_TAG "tipline-bunhead-0002"
#define BUNDLE_TIP_TAG "tipline-bun-tip-0002"
#define BUNDLE_END_TAG "tipline-bun-end-0002"

/* The head, and what of it is signed; the places of its fields. */
enum {
	BUNDLE_AT_SERVER = BUNDLE_MAGIC_LEN,
	BUNDLE_AT_BUNDLE = BUNDLE_AT_SERVER + KEY_ID_LEN,
	BUNDLE_AT_LAST = BUNDLE_AT_BUNDLE + 8,
	BUNDLE_AT_FIRST = BUNDLE_AT_LAST + 8,
	BUNDLE_AT_EPOCH = BUNDLE_AT_FIRST + 8,
	BUNDLE_AT_RESERVED = BUNDLE_AT_EPOCH + 4,
	BUNDLE_AT_BEFORE = BUNDLE_AT_RESERVED + 4,
	BUNDLE_HEAD_SIGNED = BUNDLE_AT_BEFORE + DIGEST_LEN,
	BUNDLE_HEAD_LEN = BUNDLE_HEAD_SIGNED + SIGNATURE_LEN
};

/* A tip's entry: kind, number, length, digest; then its signature. */
enum {
	BUNDLE_TIP_SIGNED = 1 + 8 + 8 + DIGEST_LEN,
	BUNDLE_TIP_LEN = BUNDLE_TIP_SIGNED + SIGNATURE_LEN
};

/* The trailer: kind, count, head; then its signature. */
enum {
	BUNDLE_END_SIGNED = 1 + 8 + DIGEST_LEN,
	BUNDLE_END_LEN = BUNDLE_END_SIGNED + SIGNATURE_LEN
};

enum bundle_kind {
	BUNDLE_KIND_TIP = 1,
	BUNDLE_KIND_TRAILER = 2,
	BUNDLE_KIND_PURGED = 3
};

#define BUNDLE_HEAD_MESSAGE (BUNDLE_TAG_LEN + BUNDLE_HEAD_SIGNED)
#define BUNDLE_TIP_MESSAGE (BUNDLE_TAG_LEN + KEY_ID_LEN + BUNDLE_TIP_SIGNED)
#define BUNDLE_END_MESSAGE                                                     \
	(BUNDLE_TAG_LEN + BUNDLE_HEAD_SIGNED + BUNDLE_END_SIGNED - 1)

/* What the server signs of a head. */
static inline void
bundle_head_message(uint8_t out[static BUNDLE_HEAD_MESSAGE],
    const uint8_t head[static BUNDLE_HEAD_SIGNED])
{
	memcpy(out, BUNDLE_HEAD_TAG, BUNDLE_TAG_LEN);
	memcpy(out + BUNDLE_TAG_LEN, head, BUNDLE_HEAD_SIGNED);
}

/* Of a tip's entry, kind included: a courier who takes a tip's bytes out
 * cannot say that it was purged. */
static inline void
bundle_tip_message(uint8_t out[static BUNDLE_TIP_MESSAGE],
    const uint8_t server[static KEY_ID_LEN],
    const uint8_t entry[static BUNDLE_TIP_SIGNED])
{
	memcpy(out, BUNDLE_TIP_TAG, BUNDLE_TAG_LEN);
	memcpy(out + BUNDLE_TAG_LEN, server, KEY_ID_LEN);
	memcpy(out + BUNDLE_TAG_LEN + KEY_ID_LEN, entry, BUNDLE_TIP_SIGNED);
}

/* Of a trailer, together with its head: no other bundle's will do. */
static inline void
bundle_end_message(uint8_t out[static BUNDLE_END_MESSAGE],
    const uint8_t head[static BUNDLE_HEAD_SIGNED],
    const uint8_t trailer[static BUNDLE_END_SIGNED])
{
	memcpy(out, BUNDLE_END_TAG, BUNDLE_TAG_LEN);
	memcpy(out + BUNDLE_TAG_LEN, head, BUNDLE_HEAD_SIGNED);
	memcpy(out + BUNDLE_TAG_LEN + BUNDLE_HEAD_SIGNED, trailer + 1,
	    BUNDLE_END_SIGNED - 1);
}

#endif
