#include "intake/code_text.h"

#include <string.h>

#include "base/bytes.h"

_Static_assert(WORDS_COUNT == RETURN_LIST_LEN, "a word is 11 bits");

/* What the first twelve words are in each list.  Secret. */
struct reading {
	struct words_fold word;
	unsigned count;                       /* all that were typed */
	unsigned known[WORDS_LISTS];          /* of the first twelve */
	int index[WORDS_LISTS][RETURN_WORDS]; /* -1 if not known */
};

static void
read_words(const uint8_t *p, size_t len, struct reading *r)
{
	const uint8_t *end = p + len;

	while (words_fold_next(&p, end, &r->word)) {
		unsigned n = r->count++;

		for (int l = 0; n < RETURN_WORDS && l < WORDS_LISTS; l++) {
			int index = words_index((enum words_list)l, &r->word);

			r->index[l][n] = index;
			r->known[l] += index >= 0;
		}
	}
}

/* Try one list.  ST_OK or ST_MALFORMED; then code is zero. */
static enum status
read_list(const struct reading *r, enum words_list list,
    uint8_t code[static RETURN_CODE_LEN])
{
	uint16_t word[RETURN_WORDS];
	enum status st;

	memset(code, 0, RETURN_CODE_LEN);
	if (r->count != RETURN_WORDS || r->known[list] != RETURN_WORDS)
		return ST_MALFORMED;
	for (size_t i = 0; i < RETURN_WORDS; i++)
		word[i] = (uint16_t)r->index[list][i];
	st = return_code_read(word, code);
	wipe(word, sizeof(word));
	return st == ST_OK ? ST_OK : ST_MALFORMED;
}

static enum words_list
list_meant(const struct reading *r, enum words_list first)
{
	enum words_list best = first;

	for (int l = 0; l < WORDS_LISTS; l++)
		if (r->known[l] > r->known[best])
			best = (enum words_list)l;
	return best;
}

/* What is wrong with words that are no code in any list. */
static void
name_fault(
    const struct reading *r, enum words_list first, struct code_text_fault *why)
{
	enum words_list list = list_meant(r, first);
	unsigned n = 0;

	if (r->count == 0) {
		why->what = CODE_TEXT_EMPTY;
		return;
	}
	while (n < r->count && n < RETURN_WORDS && r->index[list][n] >= 0)
		n++;
	why->what = r->count == RETURN_WORDS ? CODE_TEXT_SUM : CODE_TEXT_COUNT;
	if (n == r->count || n == RETURN_WORDS)
		return;
	if (r->count == RETURN_WORDS || r->known[list] > 0) {
		why->what = CODE_TEXT_WORD;
		why->word = n + 1;
	}
}

enum status
code_text_read(const uint8_t *p, size_t len, enum words_list first,
    uint8_t code[static RETURN_CODE_LEN], struct code_text_fault *why)
{
	struct reading r = {.count = 0};
	enum status st;

	read_words(p, len, &r);
	*why = (struct code_text_fault){CODE_TEXT_FITS, 0, r.count};
	st = read_list(&r, first, code);
	for (int l = 0; st != ST_OK && l < WORDS_LISTS; l++)
		st = read_list(&r, (enum words_list)l, code);
	if (st != ST_OK)
		name_fault(&r, first, why);
	wipe(&r, sizeof(r));
	return st;
}

void
code_text_write(const uint8_t code[static RETURN_CODE_LEN],
    enum words_list list, char text[static CODE_TEXT_LEN + 1])
{
	uint16_t word[RETURN_WORDS];
	size_t at = 0, len;

	return_code_words(code, word);
	for (size_t i = 0; i < RETURN_WORDS; i++) {
		const char *w = words_text(list, word[i]);

		if (i > 0)
			text[at++] = ' ';
		len = strlen(w);
		memcpy(text + at, w, len);
		at += len;
	}
	text[at] = '\0';
	wipe(word, sizeof(word));
}
