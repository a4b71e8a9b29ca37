/*
 * words: the lists that return codes are written in.
 *
 * BIP39's lists (site/words, MIT, LICENSE beside them): 2048 words each.
 * They become a part of the program when it is built (words_compile.c), which
 * fails if two words of a list would be compared as one.
 */
#ifndef TIPLINE_SITE_WORDS_H
#define TIPLINE_SITE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "site/words_fold.h"

#define WORDS_COUNT 2048
#define WORDS_LEN_MAX 21 /* bytes of the longest word of all lists */

/* X(name, stem of the file in site/words). */
#define WORDS_LIST(X)                                                          \
	X(WORDS_ENGLISH, english)                                              \
	X(WORDS_KOREAN, korean)                                                \
	X(WORDS_CHINESE_SIMPLIFIED, chinese_simplified)                        \
	X(WORDS_FRENCH, french)                                                \
	X(WORDS_SPANISH, spanish)                                              \
	X(WORDS_ITALIAN, italian)                                              \
	X(WORDS_CZECH, czech)                                                  \
	X(WORDS_PORTUGUESE, portuguese)                                        \
	X(WORDS_JAPANESE, japanese)

enum words_list {
#define X(name, stem) name,
	WORDS_LIST(X)
#undef X
	    WORDS_LISTS
};

/* The list of a file's stem ("korean"), or -1 if there is none. */
int words_list_find(const char *name);

/* Are the first four letters of this list's words enough to tell them apart?
 * They are in all but Korean. */
bool words_four_enough(enum words_list list);

/* A word of a list as it is shown: UTF-8, composed (NFC); never freed.  index
 * is below WORDS_COUNT. */
const char *words_text(enum words_list list, uint16_t index);

/*
 * The index of a word that was typed, or -1 if the list has it not.  Where
 * four letters are enough, four letters at least must be right, and what
 * follows them is passed over; shorter words are typed whole.  In the other
 * lists all letters must be right.
 */
int words_index(enum words_list list, const struct words_fold *typed);

#endif
