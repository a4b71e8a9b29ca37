/*
 * bundle_layout: the bytes that bundle_write.c and bundle_read.c share
 * (docs/FORMATS.md section 4).  For these two files only.
 */
#ifndef TIPLINE_HANDOFF_BUNDLE_LAYOUT_H
#define TIPLINE_HANDOFF_BUNDLE_LAYOUT_H

#include <stdint.h>
#include <string.h>

#include "base/num.h"
#include "handoff/chain.h"

#define BUNDLE_MAGIC "tipline-bundle-00001"
#define BUNDLE_MAGIC_LEN 20
/* What all versions begin with; the digits behind it are the version. */
#define BUNDLE_MAGIC_STEM_LEN 15
#define BUNDLE_SIG_TAG "tipline-bundle-sig-1"
#define BUNDLE_SIG_TAG_LEN 20

#define BUNDLE_HEAD_LEN (BUNDLE_MAGIC_LEN + KEY_ID_LEN + 8 + DIGEST_LEN)
#define BUNDLE_TIP_HEAD_LEN (8 + 8 + DIGEST_LEN) /* behind the kind */
#define BUNDLE_TRAILER_LEN (8 + DIGEST_LEN + 64) /* behind the kind */
#define BUNDLE_SIGNED_LEN                                                      \
	(BUNDLE_SIG_TAG_LEN + KEY_ID_LEN + 8 + DIGEST_LEN + 8 + DIGEST_LEN)

enum bundle_kind { BUNDLE_KIND_TIP = 1, BUNDLE_KIND_TRAILER = 2 };

/* What the server signs: before is the chain ahead of the first tip. */
static inline void
bundle_signed_bytes(uint8_t out[static BUNDLE_SIGNED_LEN],
    const uint8_t server[static KEY_ID_LEN], const struct chain *before,
    const struct chain *after)
{
	uint8_t *p = out;

	memcpy(p, BUNDLE_SIG_TAG, BUNDLE_SIG_TAG_LEN);
	p += BUNDLE_SIG_TAG_LEN;
	memcpy(p, server, KEY_ID_LEN);
	p += KEY_ID_LEN;
	le64_put(p, before->number + 1);
	p += 8;
	memcpy(p, before->head, DIGEST_LEN);
	p += DIGEST_LEN;
	le64_put(p, after->number - before->number);
	p += 8;
	memcpy(p, after->head, DIGEST_LEN);
}

#endif
