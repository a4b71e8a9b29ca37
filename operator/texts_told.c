/*
 * texts_told: see texts_told.h.
 */
#include "operator/texts_told.h"

#include <stdio.h>

#include "line/texts_file.h"
#include "operator/tool.h"

#define NAMES_LEN 240 /* of texts that are missing; the rest is "..." */

struct texts *
texts_told_read(const char *path, const struct bytes *file, const char *done)
{
	char why[TEXTS_WHY_LEN];
	struct texts *t;
	unsigned number;

	if (texts_file_parse((const char *)file->p, file->len, &t, &number, why,
		sizeof(why)) == ST_OK)
		return t;
	if (number != 0)
		tool_say(
		    "%s line %u: %s; nothing was %s", path, number, why, done);
	else
		tool_say("%s: %s; nothing was %s", path, why, done);
	return NULL;
}

size_t
texts_told_languages(const bool on[static LANGUAGE_MAX], bool drafts,
    char out[static TEXTS_TOLD_LEN])
{
	size_t count = 0, at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < language_count(); i++) {
		const struct language *l = language_get(i);

		if (!on[i] || (drafts && !l->draft))
			continue;
		at += (size_t)snprintf(out + at, TEXTS_TOLD_LEN - at, "%s%s",
		    count > 0 ? " " : "", l->code);
		count++;
	}
	return count;
}

bool
texts_told_count(const struct texts *t, char out[static TEXTS_TOLD_LEN])
{
	size_t all;
	char none[1];
	bool english;

	(void)texts_missing(t, LANGUAGE_ENGLISH, &all, &english, none, 1);
	snprintf(out, TEXTS_TOLD_LEN, "%zu topic%s, %zu question%s", t->topics,
	    t->topics == 1 ? "" : "s", t->questions,
	    t->questions == 1 ? "" : "s");
	return all > 0;
}

bool
texts_told_missing(
    const struct texts *t, size_t language, char out[static TEXTS_TOLD_LEN])
{
	char names[NAMES_LEN];
	size_t all, missing;
	bool english;

	if (!t->language_on[language])
		return false;
	missing =
	    texts_missing(t, language, &all, &english, names, sizeof(names));
	if (missing == 0)
		return false;
	snprintf(out, TEXTS_TOLD_LEN,
	    "%s: %zu of %zu text%s %s not translated; visitors see %s in"
	    " %s: %s",
	    language_get(language)->code, missing, all, all == 1 ? "" : "s",
	    missing == 1 ? "is" : "are", missing == 1 ? "it" : "them",
	    english ? "English" : "another language", names);
	return true;
}
