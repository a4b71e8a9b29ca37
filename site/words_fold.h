/*
 * words_fold: a word as it is compared, whatever way it was typed.
 *
 * Words are compared letter by letter after Unicode's compatibility
 * decomposition and case folding (UAX 15, Unicode chapter 3.13), without
 * accents (U+0300 to U+036F), and with hiragana for katakana.  So "ECLAIR",
 * "éclair" in one piece or in several, and full-width letters are all one
 * word.  The voicing marks of kana stay: they tell words apart.
 *
 * What is typed is secret: nothing here allocates, and all that was used in
 * between is wiped.  The caller wipes what it was given.  words_compile.c
 * makes the lists' keys by the same functions when the program is built.
 */
#ifndef TIPLINE_SITE_WORDS_FOLD_H
#define TIPLINE_SITE_WORDS_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_FOLD_MAX 32 /* letters; nobody types longer words by mistake */
#define WORDS_FOLD_FOUR 4 /* letters that are enough in most lists */

struct words_fold {
	size_t len;
	uint16_t letter[WORDS_FOLD_MAX]; /* Unicode; Hangul as single jamo */
};

/*
 * Take the next word off the UTF-8 text *p up to end.  False when there is
 * none left; *p is then end.
 *
 * Letters and marks of any script make words, since a strange letter must
 * not vanish and leave another word behind; everything else parts them:
 * blanks, line ends, digits, punctuation, what has no width.  A Han character
 * is a word by itself, with or without blanks.  Bytes that are no UTF-8,
 * letters above U+FFFF and words that are too long give a word that is on no
 * list.
 */
bool words_fold_next(
    const uint8_t **p, const uint8_t *end, struct words_fold *word);

/* How many of a word's letters are its first four or fewer.  A voicing mark
 * belongs to the kana before it and does not count. */
size_t words_fold_four(const struct words_fold *word);

/* Whether the first a_len letters of a word come before (< 0), after (> 0) or
 * are those of b. */
int words_fold_compare(
    const uint16_t *a, size_t a_len, const uint16_t *b, size_t b_len);

/* Is this a letter that the lists are written in: a to z, a jamo, a hiragana
 * or its voicing mark, a Han character? */
bool words_fold_known(uint16_t letter);

#endif
