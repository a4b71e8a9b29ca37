/*
 * texts_file: LINE/texts.ini, what an operator tells visitors.
 *
 *	[site]            languages = en ko
 *	[organisation]    name, about, advice
 *	[topic ID]        title, text, reward
 *	[question ID]     kind = text or choice, label, hint, choice.ID
 *
 * Words stand in English, or behind a key like title[ko] in that language.  A
 * line that begins with blanks goes on with the words above it, one blank
 * between, but none between Chinese.  tipline-texts(5) has all of it.  An
 *unknown key, section or language is refused with its line number, as in
 *tipline.conf.
 */
#ifndef TIPLINE_LINE_TEXTS_FILE_H
#define TIPLINE_LINE_TEXTS_FILE_H

#include <stddef.h>

#include "base/status.h"
#include "line/line.h"
#include "site/texts.h"

#define TEXTS_FILE "texts.ini"
#define TEXTS_WHY_LEN 160

/* A file for a new line that says nothing and explains how to; it ends in a
 * NUL. */
extern const char texts_neutral_file[];

/*
 * Read text.  On ST_OK *out is the caller's, else NULL.  On ST_MALFORMED *line
 * is the first wrong line, 0 for the whole file, and why (at least
 * TEXTS_WHY_LEN) a sentence for the operator.  ST_OK, ST_MALFORMED, ST_NOMEM
 * (why says so, too).
 */
MUST_CHECK enum status texts_file_parse(const char *text, size_t len,
    struct texts **out, unsigned *line, char *why, size_t why_len);

/*
 * Read LINE/texts.ini.  On ST_OK, and on ST_ABSENT, which is allowed, *out is
 * the caller's: what the file says, or neutral texts.  Else *out is NULL and
 * why is a sentence for people.  ST_OK, ST_ABSENT, ST_MALFORMED, ST_LIMIT,
 * ST_DENIED, ST_IO, ST_NOMEM.
 */
MUST_CHECK enum status line_texts_load(
    const struct line *line, struct texts **out, char why[static LINE_WHY_LEN]);

#endif
