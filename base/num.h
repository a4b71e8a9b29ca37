/*
 * num: strict numbers, in text and in bytes.
 *
 * Text: decimal digits only, no sign, no blank, no leading zero but in "0".
 * Bytes: little endian, as in docs/FORMATS.md.
 */
#ifndef TIPLINE_BASE_NUM_H
#define TIPLINE_BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/*
 * Read all of text[0..len) as a decimal number of at most max into *out,
 * which is 0 on failure.  ST_OK, ST_MALFORMED, or ST_LIMIT above max.
 */
MUST_CHECK enum status num_parse(
    const char *text, size_t len, uint64_t max, uint64_t *out);

/* The same for a size with an optional K, M, G or T (powers of 1024). */
MUST_CHECK enum status num_parse_size(
    const char *text, size_t len, uint64_t max, uint64_t *out);

/* Read lower-case or upper-case hex digits (1 to 16), all of text. */
MUST_CHECK enum status num_parse_hex(
    const char *text, size_t len, uint64_t max, uint64_t *out);

#define TIME_TEXT_LEN 20 /* 2026-11-23T00:00:00Z */

/*
 * Seconds since 1970 to and from RFC 3339 in UTC, whole seconds, exactly
 * TIME_TEXT_LEN characters ending in Z; years 1970 to 9999, proleptic
 * Gregorian, no leap seconds.  time_format writes a NUL as well and clamps
 * to the last second of 9999.  ST_OK or ST_MALFORMED.
 */
MUST_CHECK enum status time_parse(const char *text, size_t len, uint64_t *out);
void time_format(uint64_t seconds, char out[static TIME_TEXT_LEN + 1]);

void le16_put(uint8_t out[static 2], uint16_t v);
void le32_put(uint8_t out[static 4], uint32_t v);
void le64_put(uint8_t out[static 8], uint64_t v);
uint16_t le16_get(const uint8_t in[static 2]);
uint32_t le32_get(const uint8_t in[static 4]);
uint64_t le64_get(const uint8_t in[static 8]);

#endif
