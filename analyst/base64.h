/*
 * base64: write bytes as RFC 4648 base64 with padding.
 *
 * For signer.pub and for the hash of a page's style; crypto/ reads and
 * writes its own.
 */
#ifndef TIPLINE_ANALYST_BASE64_H
#define TIPLINE_ANALYST_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

/* Append p.  As bytes_append. */
MUST_CHECK enum status base64_append(
    const uint8_t *p, size_t len, struct bytes *out);

#endif
