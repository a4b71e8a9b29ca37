/*
 * page_text: text as it stands in a page.
 */
#ifndef TIPLINE_SITE_PAGE_TEXT_H
#define TIPLINE_SITE_PAGE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_DAY_LEN 10 /* "2026-11-30": the same in all languages */

/* The day of a time, seconds since 1970, in UTC, and a NUL. */
void page_text_day(uint64_t seconds, char day[static PAGE_DAY_LEN + 1]);

/*
 * Write text as HTML that shows it and nothing else, at most max bytes, and
 * return how many.  CR LF becomes LF, other control characters but LF become
 * blanks.  What is too long is left out, *cut tells, and no character of UTF-8
 * is cut in two.
 */
size_t page_text_escape(
    const uint8_t *text, size_t len, uint8_t *out, size_t max, bool *cut);

/* How many bytes of HTML that would be, without a bound. */
size_t page_text_escaped_len(const uint8_t *text, size_t len);

#endif
