/*
 * shown_site: see shown_site.h.
 */
#include "operator/shown_site.h"

#include <stdio.h>
#include <string.h>

#include "site/sample.h"

static struct site_text
text_of(const struct bytes *b)
{
	return (struct site_text){b->p, b->len};
}

void
shown_site_load(const struct line *line, const struct texts *texts,
    struct shown_site *shown)
{
	struct answer_site *site = &shown->site;
	char ignored[LINE_WHY_LEN]; /* check tells what is wrong with keys */
	struct minisign_key root;
	struct keyset set;

	memset(shown, 0, sizeof(*shown));
	if (line_shown_load(line, &set, &shown->keys, ignored) == ST_OK)
		keyset_free(&set);
	if (minisign_key_parse((const char *)shown->keys.root.p,
		shown->keys.root.len, &root) == ST_OK)
		minisign_fingerprint(&root, shown->fingerprint);
	site->limits = (struct answer_limits){
	    line->config.upload_max, PAGE_MESSAGE_MAX, line->config.files_max};
	site->onion = line->config.onion;
	site->texts = texts;
	site->keys = (struct answer_keys){text_of(&shown->keys.keyset),
	    text_of(&shown->keys.sig), text_of(&shown->keys.root),
	    site_text_of(shown->fingerprint)};
}

void
shown_site_free(struct shown_site *shown)
{
	line_shown_free(&shown->keys);
	memset(shown, 0, sizeof(*shown));
}

enum status
shown_site_fits(const struct answer_site *site, char why[static SAMPLE_WHY_LEN])
{
	struct sample_misfit misfit;
	enum status st = sample_fits(site, &misfit);

	why[0] = '\0';
	if (st == ST_LIMIT)
		sample_misfit_tell(&misfit, why);
	else if (st != ST_OK)
		snprintf(why, SAMPLE_WHY_LEN,
		    "whether every page fits could not be tried: %s",
		    status_text(st));
	return st;
}

enum status
shown_site_try(const struct line *line, const struct texts *texts,
    char why[static SAMPLE_WHY_LEN])
{
	struct shown_site shown;
	enum status st;

	shown_site_load(line, texts, &shown);
	st = shown_site_fits(&shown.site, why);
	shown_site_free(&shown);
	return st;
}
