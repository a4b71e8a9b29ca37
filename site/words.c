#include "site/words.h"

#include <assert.h>

/* Made by words/embed.cmake. */
extern const char *const site_embedded_words_english[WORDS_COUNT];

static const char *const *const list[WORDS_LANGUAGES] = {
    [WORDS_ENGLISH] = site_embedded_words_english,
};

const char *
words_text(enum words_language language, uint16_t index)
{
	assert(language < WORDS_LANGUAGES && index < WORDS_COUNT);
	return list[language][index];
}

/*
 * How what was typed compares with a word, as far as letters matter.  A
 * shorter word must end where the typed one does.  Nothing is copied: the
 * letters are a part of the code.
 */
static int
compare(const uint8_t *typed, size_t len, const char *word)
{
	for (size_t i = 0; i < WORDS_LETTERS_ENOUGH; i++) {
		uint8_t c = i < len ? typed[i] : 0;

		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (c != (uint8_t)word[i])
			return c < (uint8_t)word[i] ? -1 : 1;
		if (c == 0)
			break;
	}
	return 0;
}

int
words_index(enum words_language language, const uint8_t *typed, size_t len)
{
	int low = 0, high = WORDS_COUNT - 1;

	assert(language < WORDS_LANGUAGES);
	if (len > WORDS_TYPED_MAX)
		return -1;
	while (low <= high) {
		int middle = (low + high) / 2;
		int cmp = compare(typed, len, list[language][middle]);

		if (cmp == 0)
			return middle;
		if (cmp < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return -1;
}
