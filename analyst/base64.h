/*
 * base64: bytes as RFC 4648 base64 with padding.
 *
 * For signer.pub, for the hash of a page's style, and to read the keys of
 * stored key sets again; crypto/ reads and writes its own.
 */
#ifndef TIPLINE_ANALYST_BASE64_H
#define TIPLINE_ANALYST_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

/* Append p.  As bytes_append. */
MUST_CHECK enum status base64_append(
    const uint8_t *p, size_t len, struct bytes *out);

#define BASE64_KEY_LEN 44 /* characters of 32 bytes */

/* Read a key; false if text is not the one form that base64_append() gives. */
bool base64_key(const char text[static BASE64_KEY_LEN], uint8_t key[static 32]);

#endif
