/*
 * words_data: the lists as words_compile.c writes them into the program.
 *
 * Bytes and offsets, without a pointer: a pointer is filled in when the
 * program starts, and each page that has one is memory of every process.
 * Only words.c reads this.
 */
#ifndef TIPLINE_SITE_WORDS_DATA_H
#define TIPLINE_SITE_WORDS_DATA_H

#include <stdint.h>

#include "site/words.h"

struct words_data {
	uint32_t text; /* where its words begin in site_embedded_words_text */
	uint32_t keys; /* and its keys in site_embedded_words_keys */
	uint8_t four;  /* 1 if keys have four letters, 0 if all */
};

extern const struct words_data site_embedded_words[WORDS_LISTS];

/* Words as they are shown, each with a NUL, in the order of the list. */
extern const char site_embedded_words_text[];
extern const uint16_t site_embedded_words_text_at[WORDS_LISTS][WORDS_COUNT];

/* Words as they are compared, in rising order; the n-th key is that of word
 * order[n], and ends where the next one begins. */
extern const uint16_t site_embedded_words_keys[];
extern const uint16_t site_embedded_words_key_at[WORDS_LISTS][WORDS_COUNT + 1];
extern const uint16_t site_embedded_words_order[WORDS_LISTS][WORDS_COUNT];

#endif
