#include "site/language.h"

#include <assert.h>
#include <string.h>

#include "site/embedded.h"

size_t
language_count(void)
{
	return site_embedded_languages;
}

const struct language *
language_get(size_t i)
{
	assert(i < language_count());
	return &site_embedded_language[i]->language;
}

int
language_find(const char *code, size_t len)
{
	for (size_t i = 0; i < language_count(); i++) {
		const char *own = language_get(i)->code;

		if (strlen(own) == len && memcmp(own, code, len) == 0)
			return (int)i;
	}
	return -1;
}
