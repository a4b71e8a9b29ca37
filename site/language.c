#include "site/language.h"

#include <assert.h>
#include <string.h>

static const struct language all[] = {
    {"en", "English", "english", false, true, false},
    {"ar", "العربية", "english", true, false, true},
    {"es", "Español", "spanish", false, false, true},
    {"fa", "فارسی", "english", true, false, true},
    {"fr", "Français", "french", false, false, true},
    {"ko", "한국어", "korean", false, false, true},
    {"ru", "Русский", "english", false, false, true},
    {"zh", "中文", "chinese_simplified", false, false, true},
};

size_t
language_count(void)
{
	return sizeof(all) / sizeof(all[0]);
}

const struct language *
language_get(size_t i)
{
	assert(i < language_count());
	return &all[i];
}

int
language_find(const char *code, size_t len)
{
	for (size_t i = 0; i < language_count(); i++)
		if (strlen(all[i].code) == len &&
		    memcmp(all[i].code, code, len) == 0)
			return (int)i;
	return -1;
}
