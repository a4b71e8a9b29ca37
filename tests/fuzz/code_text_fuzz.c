/*
 * code_text: whatever is typed, and whatever list the page has, a code that
 * is read is read again from the words it is shown as, in every list.  A
 * code that is refused leaves nothing, and its fault says something true.
 */
#include <string.h>

#include "intake/code_text.h"
#include "tests/fuzz/fuzz.h"

/* Does the fault follow its own rules? */
static int
sound(const struct code_text_fault *why, size_t size)
{
	if (why->count > size ||
	    (why->what == CODE_TEXT_WORD) != (why->word > 0))
		return 0;
	switch (why->what) {
	case CODE_TEXT_EMPTY:
		return why->count == 0;
	case CODE_TEXT_COUNT:
		return why->count != 0 && why->count != RETURN_WORDS;
	case CODE_TEXT_WORD:
		return why->word <= RETURN_WORDS && why->word <= why->count;
	case CODE_TEXT_SUM:
		return why->count == RETURN_WORDS;
	case CODE_TEXT_FITS:
		return 0;
	}
	return 0;
}

static void
try_again(enum words_list list, const uint8_t code[static RETURN_CODE_LEN])
{
	uint8_t again[RETURN_CODE_LEN];
	char text[CODE_TEXT_LEN + 1];
	struct code_text_fault why;

	code_text_write(code, list, text);
	must(strlen(text) <= CODE_TEXT_LEN);
	must(code_text_read((const uint8_t *)text, strlen(text), list, again,
		 &why) == ST_OK);
	must(memcmp(code, again, sizeof(again)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t zeros[RETURN_CODE_LEN];
	uint8_t code[RETURN_CODE_LEN];
	struct code_text_fault why;
	enum status st, before = ST_OK;

	for (enum words_list l = 0; l < WORDS_LISTS; l++) {
		st = code_text_read(data, size, l, code, &why);
		/* The page's list may change the fault, not whether. */
		must(l == 0 || st == before);
		before = st;
		if (st == ST_OK) {
			must(why.what == CODE_TEXT_FITS && why.word == 0 &&
			    why.count == RETURN_WORDS);
			try_again(l, code);
			continue;
		}
		must(memcmp(code, zeros, sizeof(code)) == 0);
		must(sound(&why, size));
	}
	return 0;
}
