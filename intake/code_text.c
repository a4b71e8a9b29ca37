#include "intake/code_text.h"

#include <string.h>

#include "base/bytes.h"
#include "intake/ascii.h"
#include "site/words.h"

_Static_assert(WORDS_COUNT == RETURN_LIST_LEN, "a word is 11 bits");
_Static_assert(CODE_TEXT_LEN == RETURN_WORDS * (WORDS_LEN_MAX + 1) - 1,
    "words and the blanks between them");

/* How many bytes at p are no letter; 0 if a letter stands there. */
static size_t
gap(const uint8_t *p, size_t len)
{
	if (p[0] < 0x80)
		return (p[0] | 0x20) >= 'a' && (p[0] | 0x20) <= 'z' ? 0 : 1;
	/* U+00A0, U+2000 to U+206F, U+3000 to U+3003 in UTF-8. */
	if (len >= 2 && p[0] == 0xc2 && p[1] == 0xa0)
		return 2;
	if (len >= 3 && p[0] == 0xe2 && (p[1] == 0x80 || p[1] == 0x81) &&
	    p[2] >= 0x80 && p[2] <= (p[1] == 0x80 ? 0xbf : 0xaf))
		return 3;
	if (len >= 3 && p[0] == 0xe3 && p[1] == 0x80 && p[2] >= 0x80 &&
	    p[2] <= 0x83)
		return 3;
	return 0;
}

static enum status
read_words(const uint8_t *p, size_t len, uint16_t word[static RETURN_WORDS])
{
	const uint8_t *end = p + len, *from;
	size_t n = 0, skip;
	int index;

	for (;;) {
		while (p < end && (skip = gap(p, (size_t)(end - p))) > 0)
			p += skip;
		if (p == end)
			return n == RETURN_WORDS ? ST_OK : ST_MALFORMED;
		for (from = p; p < end && gap(p, (size_t)(end - p)) == 0;)
			p++;
		index = words_index(WORDS_ENGLISH, from, (size_t)(p - from));
		if (n == RETURN_WORDS || index < 0)
			return ST_MALFORMED;
		word[n++] = (uint16_t)index;
	}
}

enum status
code_text_read(
    const uint8_t *p, size_t len, uint8_t code[static RETURN_CODE_LEN])
{
	uint16_t word[RETURN_WORDS] = {0};
	enum status st;

	memset(code, 0, RETURN_CODE_LEN);
	if ((st = read_words(p, len, word)) == ST_OK)
		st = return_code_read(word, code);
	wipe(word, sizeof(word));
	if (st != ST_OK)
		memset(code, 0, RETURN_CODE_LEN);
	return st == ST_OK ? ST_OK : ST_MALFORMED;
}

void
code_text_write(const uint8_t code[static RETURN_CODE_LEN],
    char text[static CODE_TEXT_LEN + 1])
{
	uint16_t word[RETURN_WORDS];
	size_t at = 0, len;

	return_code_words(code, word);
	for (size_t i = 0; i < RETURN_WORDS; i++) {
		const char *w = words_text(WORDS_ENGLISH, word[i]);

		if (i > 0)
			text[at++] = ' ';
		len = strlen(w);
		memcpy(text + at, w, len);
		at += len;
	}
	text[at] = '\0';
	wipe(word, sizeof(word));
}
