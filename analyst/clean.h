/*
 * clean: show bytes of strangers without letting them do anything.
 *
 * Three places show them: a terminal, the names in tip.json, a page.  All
 * agree on which characters are hidden or steer something: controls (C0, C1,
 * DEL), line and paragraph separators, marks of direction (Unicode UAX #9:
 * U+061C, 200E, 200F, 202A-202E, 2066-2069), invisible ones (U+00AD, 200B,
 * 2060-2064, FEFF, FFF9-FFFB, E0000-E007F) and whatever is not UTF-8
 * (RFC 3629: no surrogates, nothing overlong, nothing above U+10FFFF).
 */
#ifndef TIPLINE_ANALYST_CLEAN_H
#define TIPLINE_ANALYST_CLEAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

#define CLEAN_INVALID UINT32_MAX

/*
 * Read one character of p[0..len), len at least 1.  Return how many bytes it
 * takes; for a byte that begins none, 1 and *c is CLEAN_INVALID.
 */
size_t clean_next(const uint8_t *p, size_t len, uint32_t *c);

/* Is c hidden, steering, or CLEAN_INVALID, as above? */
bool clean_is_hostile(uint32_t c);

/*
 * Append a file's name as it may be shown: hostile characters, slash,
 * backslash and leading dots become U+FFFD.  As bytes_append.
 */
MUST_CHECK enum status clean_name(
    const uint8_t *p, size_t len, struct bytes *out);

/*
 * Append the first line of a text that is not blank, at most max characters,
 * hostile ones as U+FFFD, tabs as blanks; "..." (U+2026) where it was cut.
 * As bytes_append.
 */
MUST_CHECK enum status clean_first_line(
    const uint8_t *p, size_t len, size_t max, struct bytes *out);

/* Append a text in one line: line ends and tabs as blanks, hostile ones as
 * U+FFFD.  As bytes_append. */
MUST_CHECK enum status clean_line(
    const uint8_t *p, size_t len, struct bytes *out);

/*
 * Append text for a page: & < > " ' escaped; LF, CR LF and tab kept; each
 * hostile character as <b>U+202E</b>, each invalid byte as <b>FF</b>, so
 * that nothing is hidden and nothing lost.  As bytes_append.
 */
MUST_CHECK enum status clean_html(
    const uint8_t *p, size_t len, struct bytes *out);

/* Append p as lower-case hex digits.  As bytes_append. */
MUST_CHECK enum status clean_hex(
    const uint8_t *p, size_t len, struct bytes *out);

/* Overwrite with '?' all of text that is hostile, but for LF and tab. */
void clean_terminal(char *text);

#endif
