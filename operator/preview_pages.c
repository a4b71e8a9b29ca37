/*
 * preview_pages: every page of one language as a file.
 *
 * A page is what visitors get, without its head and the line ends behind it.
 * Its links to other pages lead to their files; what a form is sent to stays
 * as it is and leads nowhere.
 */
#include <stdio.h>
#include <string.h>

#include "operator/preview_parts.h"
#include "site/language.h"

#define PIECE_MAX 1024          /* more than a line of progress takes */
#define OPENS_SAMPLE 1767225600 /* 1 January 2026 */

/* Where a GET without more leads. */
static const struct {
	const char *path;
	enum answer which;
} places[] = {
#define X(name, number, words, page, where) {where, name},
    ANSWERS(X)
#undef X
};

/* The file that a path without its language leads to, or NULL. */
static const char *
stem_of(const struct preview *p, const char *path, size_t len)
{
	static const char progress[] = "/progress/", part[] = "/keys/2";
	bool keys = p->shown.site.keys.keyset.len > 0;

	if (len > strlen(progress) &&
	    memcmp(path, progress, strlen(progress)) == 0)
		return site_stem(SITE_PROGRESS);
	if (len == strlen(part) && memcmp(path, part, len) == 0)
		return answers_key_parts(p->answers) >= 2
		    ? site_stem(SITE_KEYS_PART)
		    : NULL;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const char *at = places[i].path;

		if (at == NULL || strlen(at) != len || memcmp(at, path, len))
			continue;
		/* Without keys that address has another page. */
		return places[i].which == ANSWER_KEYS && !keys
		    ? site_stem(SITE_KEYS_NONE)
		    : site_stem(answers_page(places[i].which));
	}
	return NULL;
}

/* Take "/ko" off the front of "/ko/before"; the language's number. */
static size_t
take_language(const char **path, size_t *len)
{
	const char *slash = memchr(*path + 1, '/', *len - 1);
	int found = slash == NULL
	    ? -1
	    : language_find(*path + 1, (size_t)(slash - *path) - 1);

	if (found <= LANGUAGE_ENGLISH)
		return LANGUAGE_ENGLISH;
	*len -= (size_t)(slash - *path);
	*path = slash;
	return (size_t)found;
}

/* A link's value: the file's name, or what it was if there is none. */
static enum status
put_link(struct preview *p, const char *value, size_t len)
{
	const char *path = value, *stem;
	size_t path_len = len, language = take_language(&path, &path_len);

	stem = stem_of(p, path, path_len);
	if (stem == NULL || !p->shown.site.texts->language_on[language])
		return bytes_append(&p->file, value, len);
	return bytes_printf(
	    &p->file, "../%s/%s.html", language_get(language)->code, stem);
}

/* Append HTML to p->file with its links led to files.  Texts of operators
 * and visitors hold no quotes, which are escaped. */
static enum status
put_html(struct preview *p, const char *at, size_t len)
{
	const char *end = at + len, *link, *quote;
	enum status st = ST_OK;

	while (st == ST_OK &&
	    (link = memmem(at, (size_t)(end - at), "=\"/", 3)) != NULL) {
		bool page = (link - at >= 5 && !memcmp(link - 5, " href", 5)) ||
		    (link - at >= 4 && !memcmp(link - 4, " src", 4));

		link += 2;
		if ((quote = memchr(link, '"', (size_t)(end - link))) == NULL)
			break;
		st = bytes_append(&p->file, at, (size_t)(link - at));
		if (st == ST_OK && page)
			st = put_link(p, link, (size_t)(quote - link));
		else if (st == ST_OK)
			st = bytes_append(
			    &p->file, link, (size_t)(quote - link));
		at = quote;
	}
	return st == ST_OK ? bytes_append(&p->file, at, (size_t)(end - at))
			   : st;
}

/* Each line of the box that tells how far an upload is.  Really one covers
 * the other; here each has a place of its own. */
static enum status
put_steps(struct preview *p)
{
	static const enum site_page pieces[] = {PIECE_PROGRESS_WAIT,
	    PIECE_PROGRESS_STEP, PIECE_PROGRESS_STORED, PIECE_PROGRESS_REFUSED};
	uint8_t piece[PIECE_MAX];
	enum status st = ST_OK;
	struct answer_ask ask;
	size_t len;

	for (size_t i = 0; st == ST_OK && i < sizeof(pieces) / sizeof(*pieces);
	     i++) {
		ask = sample_ask(pieces[i] == PIECE_PROGRESS_REFUSED
			? ANSWER_TOO_LARGE
			: ANSWER_PROGRESS,
		    p->language, p->fill);
		len = answers_piece(
		    p->answers, &ask, pieces[i], piece, sizeof(piece));
		st = bytes_printf(&p->file,
		    "<div style=\"position:relative;height:7rem\">\n%.*s"
		    "</div>\n",
		    (int)len, (const char *)piece);
	}
	return st;
}

static enum status
put_body(struct preview *p, const char *body, size_t len, bool steps)
{
	const char *end = steps ? memmem(body, len, "</main>", 7) : NULL;
	size_t first = end == NULL ? len : (size_t)(end - body);
	enum status st = put_html(p, body, first);

	if (st == ST_OK && steps)
		st = put_steps(p);
	return st == ST_OK ? put_html(p, body + first, len - first) : st;
}

/* What stands between <title> and its end. */
static struct site_text
title_of(const char *body, size_t len)
{
	const char *from = memmem(body, len, "<title>", 7), *to;

	if (from == NULL)
		return (struct site_text){NULL, 0};
	from += 7;
	to = memmem(from, len - (size_t)(from - body), "</title>", 8);
	return (struct site_text){
	    (const unsigned char *)from, to == NULL ? 0 : (size_t)(to - from)};
}

/* CODE/NAME.html, NAME being the page's stem and what tells this one from
 * others of it. */
static enum status
put_page(struct preview *p, const struct answer_ask *ask, const char *more)
{
	const char *body = (const char *)p->page;
	char name[PREVIEW_NAME_MAX], file[PREVIEW_NAME_MAX];
	size_t head, len = PAGE_TOTAL_LEN;
	enum status st;

	if ((st = answers_write(p->answers, ask, p->page, &head, NULL)) !=
	    ST_OK)
		return st;
	while (len > head + 1 && p->page[len - 2] == '\n')
		len--; /* the page's own line end stays */
	body += head;
	len -= head;
	snprintf(name, sizeof(name), "%s%s",
	    site_stem(answers_page(ask->which)), more);
	snprintf(file, sizeof(file), "%.50s.html", name);
	bytes_clear(&p->file);
	st = put_body(p, body, len, ask->which == ANSWER_PROGRESS);
	if (st == ST_OK)
		st = preview_put(p->dir, file, &p->file);
	if (st == ST_OK)
		st = preview_index_page(p, title_of(body, len), name);
	p->files += st == ST_OK;
	return st;
}

static enum status
put_faults(struct preview *p, struct answer_ask *ask)
{
	static const struct {
		enum site_page piece;
		const char *more;
	} faults[] = {{PIECE_FAULT_EMPTY, "_empty"},
	    {PIECE_FAULT_COUNT, "_count"}, {PIECE_FAULT_WORD, "_word"},
	    {PIECE_FAULT_SUM, "_sum"}};
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < sizeof(faults) / sizeof(*faults);
	     i++) {
		ask->fault = faults[i].piece;
		st = put_page(p, ask, faults[i].more);
	}
	return st;
}

/* Without a day on which it opens, and with one. */
static enum status
put_closed(struct preview *p, const struct answer_ask *ask)
{
	struct answer_site opens = p->shown.site;
	enum status st = put_page(p, ask, "");

	opens.opens = OPENS_SAMPLE;
	answers_set(p->answers, &opens);
	if (st == ST_OK)
		st = put_page(p, ask, "_day");
	answers_set(p->answers, &p->shown.site);
	return st;
}

/* May a tip have been sent to it, whose message is given back? */
static bool
gives_text(enum answer which)
{
	switch (answers_page(which)) {
	case SITE_BAD_WORDS:
	case SITE_MAIL_MALFORMED:
	case SITE_MAIL_BUSY:
	case SITE_MAIL_SLOW:
	case SITE_MAIL_TROUBLE:
	case SITE_MAIL_AWAY:
	case SITE_KEYS_NONE:
	case SITE_NOT_FOUND:
		return false;
	default:
		return answers_refuses(which);
	}
}

/* A page as it is, and in the ways in which it differs. */
static enum status
put_answer(struct preview *p, struct answer_ask *ask)
{
	enum site_page page = answers_page(ask->which);
	enum status st;

	switch (page) {
	case SITE_BAD_WORDS:
		return put_faults(p, ask);
	case SITE_CLOSED:
		return put_closed(p, ask);
	case SITE_RETURN: /* nobody has typed anything yet */
		p->fill[FILL_TYPED] = (struct site_text){NULL, 0};
		return put_page(p, ask, "");
	case SITE_KEYS:
		p->fill[FILL_NUMBER] = site_text_of("2");
		return p->shown.site.keys.keyset.len > 0 ? put_page(p, ask, "")
							 : ST_OK;
	case SITE_KEYS_PART:
		p->fill[FILL_NUMBER] = site_text_of("3");
		return answers_key_parts(p->answers) >= 2 ? put_page(p, ask, "")
							  : ST_OK;
	case SITE_PROGRESS:
	case SITE_PROGRESS_KEPT:
		ask->framed = true;
		return put_page(p, ask, "");
	case SITE_RECEIPT:
	case SITE_RECEIPT_AGAIN:
	case SITE_RECEIPT_NONE:
	case SITE_TOO_LARGE:
		if ((st = put_page(p, ask, "")) != ST_OK)
			return st;
		ask->framed = true;
		return put_page(p, ask, "_framed");
	default:
		return put_page(p, ask, "");
	}
}

enum status
preview_pages(struct preview *p)
{
	bool seen[SITE_PAGE_COUNT] = {false};
	enum status st = ST_OK;
	struct answer_ask ask;

	for (int i = 0; st == ST_OK && i < ANSWER_COUNT; i++) {
		enum answer which = (enum answer)i;

		if (seen[answers_page(which)])
			continue;
		seen[answers_page(which)] = true;
		sample_fill(&p->sample, p->language, false, p->fill);
		if (!gives_text(which))
			p->fill[FILL_TEXT] = (struct site_text){NULL, 0};
		ask = sample_ask(which, p->language, p->fill);
		st = put_answer(p, &ask);
	}
	return st;
}
