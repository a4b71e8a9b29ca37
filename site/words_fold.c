#include "site/words_fold.h"

#include <utf8proc.h>

#include "base/bytes.h"

#define NO_CHARACTER (-1) /* bytes that are no UTF-8 */
#define NO_LETTER 0xffff  /* Unicode says that it never will be one */
#define DECOMPOSED_MAX 32 /* the longest one of Unicode is 18 */
#define VOICED 0x3099     /* the marks that kana carry */
#define HALF_VOICED 0x309a
#define KATAKANA_BEHIND (0x30a1 - 0x3041) /* hiragana */

/* What a character is to somebody who looks for words. */
enum kind { GAP, LETTER, HAN };

static bool
between(utf8proc_int32_t c, utf8proc_int32_t from, utf8proc_int32_t to)
{
	return c >= from && c <= to;
}

/* Radicals are there because they look like characters of the list, and are
 * copied out of PDFs in their place. */
static bool
is_han(utf8proc_int32_t c)
{
	return between(c, 0x2e80, 0x2fdf) || between(c, 0x3400, 0x4dbf) ||
	    between(c, 0x4e00, 0x9fff) || between(c, 0xf900, 0xfaff) ||
	    between(c, 0x20000, 0x3ffff);
}

static enum kind
kind_of(utf8proc_int32_t c)
{
	utf8proc_category_t category;

	if (c == NO_CHARACTER)
		return LETTER;
	if (is_han(c))
		return HAN;
	category = utf8proc_category(c);
	return category >= UTF8PROC_CATEGORY_LU &&
		category <= UTF8PROC_CATEGORY_ME
	    ? LETTER
	    : GAP;
}

static size_t
next_character(const uint8_t *p, const uint8_t *end, utf8proc_int32_t *c)
{
	utf8proc_ssize_t n = utf8proc_iterate(p, end - p, c);

	if (n > 0)
		return (size_t)n;
	*c = NO_CHARACTER;
	return 1;
}

static void
add_letter(struct words_fold *word, utf8proc_int32_t c)
{
	if (between(c, 0x300, 0x36f))
		return;
	if (between(c, 0x30a1, 0x30f6))
		c -= KATAKANA_BEHIND;
	if (c < 0 || c > NO_LETTER)
		c = NO_LETTER;
	if (word->len == WORDS_FOLD_MAX)
		word->letter[0] = NO_LETTER; /* too long for any list */
	else
		word->letter[word->len++] = (uint16_t)c;
}

static void
add_character(struct words_fold *word, utf8proc_int32_t c)
{
	utf8proc_int32_t part[DECOMPOSED_MAX] = {NO_CHARACTER};
	utf8proc_ssize_t n = 1;
	int boundary = 0; /* of graphemes, which are not asked for */

	if (c != NO_CHARACTER)
		n = utf8proc_decompose_char(c, part, DECOMPOSED_MAX,
		    UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD,
		    &boundary);
	if (n < 0 || n > DECOMPOSED_MAX) {
		part[0] = NO_CHARACTER;
		n = 1;
	}
	for (utf8proc_ssize_t i = 0; i < n; i++)
		add_letter(word, part[i]);
	wipe(part, sizeof(part));
}

bool
words_fold_next(const uint8_t **p, const uint8_t *end, struct words_fold *word)
{
	utf8proc_int32_t c = 0;
	enum kind kind;
	size_t n;

	word->len = 0;
	while (*p < end) {
		n = next_character(*p, end, &c);
		kind = kind_of(c);
		if (word->len > 0 && kind != LETTER)
			break;
		if (kind != GAP)
			add_character(word, c);
		*p += n;
		if (kind == HAN)
			break;
	}
	wipe(&c, sizeof(c));
	return word->len > 0;
}

static bool
is_voicing(uint16_t letter)
{
	return letter == VOICED || letter == HALF_VOICED;
}

size_t
words_fold_four(const struct words_fold *word)
{
	size_t letters = 0, at = 0;

	for (; at < word->len; at++)
		if (!is_voicing(word->letter[at]) &&
		    letters++ == WORDS_FOLD_FOUR)
			break;
	return at;
}

int
words_fold_compare(
    const uint16_t *a, size_t a_len, const uint16_t *b, size_t b_len)
{
	for (size_t i = 0; i < a_len && i < b_len; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return a_len == b_len ? 0 : a_len < b_len ? -1 : 1;
}

bool
words_fold_known(uint16_t letter)
{
	return between(letter, 'a', 'z') || between(letter, 0x1100, 0x11ff) ||
	    between(letter, 0x3041, 0x3096) || is_voicing(letter) ||
	    is_han(letter);
}
