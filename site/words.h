/*
 * words: the lists that return codes are written in.
 *
 * BIP39's lists (site/words, MIT, LICENSE beside them): 2048 words each, in
 * rising order, told apart by their first four letters.  They are embedded
 * when the program is built (words/embed.cmake).
 */
#ifndef TIPLINE_SITE_WORDS_H
#define TIPLINE_SITE_WORDS_H

#include <stddef.h>
#include <stdint.h>

#define WORDS_COUNT 2048
#define WORDS_LEN_MAX 8        /* letters of the longest word of a list */
#define WORDS_TYPED_MAX 32     /* nobody types longer ones by mistake */
#define WORDS_LETTERS_ENOUGH 4 /* those behind do not matter */

enum words_language { WORDS_ENGLISH, WORDS_LANGUAGES };

/* A word of a list, index being below WORDS_COUNT. */
const char *words_text(enum words_language language, uint16_t index);

/*
 * The index of a word as somebody typed it, or -1 if there is none: in any
 * case, and with the first four letters at least, what follows them being
 * passed over; shorter words are typed whole.
 */
int words_index(enum words_language language, const uint8_t *typed, size_t len);

#endif
