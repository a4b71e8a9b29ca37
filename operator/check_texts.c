/*
 * check_texts: the operator's texts, and the languages they are offered in.
 */
#include "line/texts_file.h"
#include "operator/check_parts.h"
#include "operator/shown_site.h"
#include "operator/texts_told.h"

static void
check_languages(const struct texts *t, struct findings *f)
{
	char text[TEXTS_TOLD_LEN];

	if (texts_told_languages(t->language_on, true, text) > 0)
		finding_warn(f,
		    "languages: to be reviewed by native speakers: the pages in"
		    " %s; until then offer fewer with languages = "
		    "in " TEXTS_FILE ", if a clumsy sentence would do harm",
		    text);
	(void)texts_told_languages(t->language_on, false, text);
	finding_ok(f, "languages: offered are %s", text);
}

static void
check_pages(const struct line *line, const struct texts *t, struct findings *f)
{
	char why[SAMPLE_WHY_LEN];

	if (shown_site_try(line, t, why) == ST_OK)
		finding_ok(f, "pages: every page fits, in every language");
	else
		finding_fail(f,
		    "pages: %s in " TEXTS_FILE ", and put it in with"
		    " tipline-operator texts install",
		    why);
}

void
check_texts(const struct line *line, struct findings *f)
{
	char why[LINE_WHY_LEN], text[TEXTS_TOLD_LEN];
	struct texts *t;
	enum status st = line_texts_load(line, &t, why);

	if (t == NULL) {
		finding_fail(f,
		    "texts: %s; mend it and put it in with tipline-operator"
		    " texts install; a server that is started now shows"
		    " neutral pages",
		    why);
		return;
	}
	if (texts_told_count(t, text))
		finding_ok(f, "texts: " TEXTS_FILE " is understood: %s", text);
	else
		finding_ok(f, "texts: %s, so the pages are neutral",
		    st == ST_ABSENT ? "there is no " TEXTS_FILE
				    : TEXTS_FILE " says nothing");
	for (size_t i = 0; i < language_count(); i++)
		if (texts_told_missing(t, i, text))
			finding_warn(f, "texts: %s", text);
	check_languages(t, f);
	check_pages(line, t, f);
	texts_free(t);
}
