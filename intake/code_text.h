/*
 * code_text: a return code as people read and type it.
 *
 * Pure.  Reads twelve words of any of the lists (site/words.h), with anything
 * between them that is no letter: blanks, line ends, hyphens, commas, numbers
 * ("1. abandon"), the blanks and dashes of Unicode that phones put in.
 * Chinese needs none.  All words must be of one list.
 */
#ifndef TIPLINE_INTAKE_CODE_TEXT_H
#define TIPLINE_INTAKE_CODE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/return_code.h"
#include "site/words.h"

/* Bytes: twelve of the longest words of any list, and blanks. */
#define CODE_TEXT_LEN (RETURN_WORDS * (WORDS_LEN_MAX + 1) - 1)

enum code_text_what {
	CODE_TEXT_FITS,  /* nothing is wrong */
	CODE_TEXT_EMPTY, /* there is not one word */
	CODE_TEXT_COUNT, /* not twelve words */
	CODE_TEXT_WORD,  /* one is not on the list */
	CODE_TEXT_SUM,   /* all are, and they do not fit together */
};

/* What is wrong with a code, for the page that says so. */
struct code_text_fault {
	enum code_text_what what;
	unsigned word;  /* CODE_TEXT_WORD: which, from 1 to 12; else 0 */
	unsigned count; /* words that were typed */
};

/*
 * Read a code: p[0..len) is what was typed, at most LIMIT_CODE_TEXT bytes;
 * first the list that is tried before the others (that of the page).  ST_OK,
 * or ST_MALFORMED; then code is zero.  *why is set in any case.
 *
 * One fault is named, the one whose mending helps most.  The list meant is
 * the one that has most of the first twelve words, first where lists have as
 * many.  A word among the first twelve that is not on it comes before a wrong
 * count, since it often is the reason for it: a blank too many makes two
 * words of one, a blank too few one of two.  Only where not a single word is
 * known and there are not twelve, the count is named: this was no code, and
 * "word 1" would send people looking for a slip.
 */
MUST_CHECK enum status code_text_read(const uint8_t *p, size_t len,
    enum words_list first, uint8_t code[static RETURN_CODE_LEN],
    struct code_text_fault *why);

/* The code's words in a list with a blank between them, and a NUL. */
void code_text_write(const uint8_t code[static RETURN_CODE_LEN],
    enum words_list list, char text[static CODE_TEXT_LEN + 1]);

#endif
