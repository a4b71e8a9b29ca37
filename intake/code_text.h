/*
 * code_text: a return code as people read and type it.
 *
 * Pure.  Reads twelve words with anything between them that no word has:
 * blanks, line ends, hyphens, commas, numbers ("1. abandon"), the blanks and
 * dashes of Unicode that phones put in.
 */
#ifndef TIPLINE_INTAKE_CODE_TEXT_H
#define TIPLINE_INTAKE_CODE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/return_code.h"

#define CODE_TEXT_LEN 107 /* twelve words of eight letters, and blanks */

/* ST_OK or ST_MALFORMED (another number of words, one that is of no list, or
 * they do not fit together); then code is zero. */
MUST_CHECK enum status code_text_read(
    const uint8_t *p, size_t len, uint8_t code[static RETURN_CODE_LEN]);

/* Its words with a blank between them, and a NUL. */
void code_text_write(const uint8_t code[static RETURN_CODE_LEN],
    char text[static CODE_TEXT_LEN + 1]);

#endif
