#include "site/words.h"

#include <assert.h>
#include <string.h>

#include "site/words_data.h"

int
words_list_find(const char *name)
{
#define X(list, stem)                                                          \
	if (strcmp(name, #stem) == 0)                                          \
		return list;
	WORDS_LIST(X)
#undef X
	return -1;
}

bool
words_four_enough(enum words_list list)
{
	assert(list < WORDS_LISTS);
	return site_embedded_words[list].four;
}

const char *
words_text(enum words_list list, uint16_t index)
{
	assert(list < WORDS_LISTS && index < WORDS_COUNT);
	return site_embedded_words_text + site_embedded_words[list].text +
	    site_embedded_words_text_at[list][index];
}

int
words_index(enum words_list list, const struct words_fold *typed)
{
	const uint16_t *keys, *at;
	int low = 0, high = WORDS_COUNT - 1;
	size_t len;

	assert(list < WORDS_LISTS);
	keys = site_embedded_words_keys + site_embedded_words[list].keys;
	at = site_embedded_words_key_at[list];
	len = words_four_enough(list) ? words_fold_four(typed) : typed->len;
	while (low <= high) {
		int middle = (low + high) / 2;
		int cmp = words_fold_compare(typed->letter, len,
		    keys + at[middle], (size_t)(at[middle + 1] - at[middle]));

		if (cmp == 0)
			return site_embedded_words_order[list][middle];
		if (cmp < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return -1;
}
