/*
 * The bodies of answers: pages, pieces and blanks.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "site/answer_parts.h"
#include "site/language.h"
#include "site/page_text.h"

/* Bytes of the key set on the page of keys, and on each that follows. */
#define KEYSET_FIRST 10000
#define KEYSET_MORE 20000

static const char *const path[ANSWER_COUNT] = {
#define X(name, number, words, which, where) [name] = where,
    ANSWERS(X)
#undef X
};

static const size_t escaped_max[FILLS] = {
#define X(name, text, max) [name] = max,
    SITE_FILLS(X)
#undef X
};

void
answer_put(struct answer_writer *w, const void *p, size_t len)
{
	if (len > 0 && w->at <= w->max && len <= w->max - w->at)
		memcpy(w->out + w->at, p, len);
	w->at += len;
}

void
answer_puts(struct answer_writer *w, const char *s)
{
	answer_put(w, s, strlen(s));
}

void
answer_put_escaped(
    struct answer_writer *w, const void *p, size_t len, size_t max)
{
	size_t need = page_text_escaped_len(p, len);
	size_t room = w->at < w->max ? w->max - w->at : 0;

	w->cut = need > max;
	if (w->cut)
		need = max;
	if (need <= room)
		need = page_text_escape(p, len, w->out + w->at, max, &w->cut);
	w->at += need;
}

/* Written from left to right within any text. */
static void
put_ltr(struct answer_writer *w, const char *s)
{
	answer_puts(w, "<bdi dir=\"ltr\">");
	answer_puts(w, s);
	answer_puts(w, "</bdi>");
}

/* The largest unit that leaves no fraction: "512 MiB". */
static void
put_size(struct answer_writer *w, uint64_t bytes)
{
	static const char *const unit[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	char words[32];
	size_t i = 0;

	while (i < 4 && bytes >= 1024 && bytes % 1024 == 0) {
		bytes /= 1024;
		i++;
	}
	snprintf(words, sizeof(words), "%" PRIu64 " %s", bytes, unit[i]);
	put_ltr(w, words);
}

/* The path of a page in a language, without the page: "/ko". */
static void
put_base(struct answer_writer *w, size_t language)
{
	if (language == LANGUAGE_ENGLISH)
		return;
	answer_puts(w, "/");
	answer_puts(w, language_get(language)->code);
}

/* Where the same page is to be had in other languages; NULL: nowhere. */
static const char *
own_path(enum answer which)
{
	if (which == ANSWER_CLOSED)
		return "/tip";
	if (which == ANSWER_KEYS_PART || which == ANSWER_KEYS_NONE)
		return "/keys";
	if (which == ANSWER_NOT_FOUND)
		return "/";
	return path[which];
}

static void
put_languages(struct answer_writer *w)
{
	for (size_t i = 0; i < language_count(); i++) {
		const struct language *l = language_get(i);

		if (!w->a->site.texts->language_on[i])
			continue;
		answer_puts(w, "<a href=\"");
		put_base(w, i);
		answer_puts(w, own_path(w->ask->which));
		answer_puts(w, "\" lang=\"");
		answer_puts(w, l->code);
		answer_puts(w, "\" dir=\"");
		answer_puts(w, l->rtl ? "rtl\"" : "ltr\"");
		if (i == w->ask->language)
			answer_puts(w, " aria-current=\"true\"");
		answer_puts(w, ">");
		answer_puts(w, l->name);
		answer_puts(w, "</a>\n");
	}
}

/* A page's title, or what stands behind it. */
static struct site_text
half(const struct answer_writer *w, enum site_page page, bool title)
{
	struct site_text all = site_page(page, w->ask->language);
	const unsigned char *line = memchr(all.p, '\n', all.len);
	size_t at = line == NULL ? all.len : (size_t)(line - all.p);

	if (title || line == NULL)
		return (struct site_text){all.p, at};
	return (struct site_text){line + 1, all.len - at - 1};
}

/* One part of the key set, cut at the end of a line; *more: there is more. */
static struct site_text
keyset_part(const struct answers *a, unsigned part, bool *more)
{
	struct site_text all = a->site.keys.keyset, got = {all.p, 0};
	size_t max = KEYSET_FIRST;

	for (unsigned i = 1;; i++, max = KEYSET_MORE) {
		all.p += got.len;
		all.len -= got.len;
		got = all;
		if (got.len > max) {
			got.len = max;
			while (got.len > 0 && got.p[got.len - 1] != '\n')
				got.len--;
			if (got.len == 0)
				got.len = max;
		}
		*more = got.len < all.len;
		if (i == part || !*more)
			return got;
	}
}

unsigned
answers_key_parts(const struct answers *answers)
{
	unsigned n = 1;
	bool more;

	for (;; n++) {
		(void)keyset_part(answers, n, &more);
		if (!more)
			return n;
	}
}

static void
put_public(struct answer_writer *w, struct site_text text)
{
	answer_put_escaped(w, text.p, text.len, PAGE_TOTAL_LEN);
}

/* The part of the key set that ask wants. */
static void
put_keyset(struct answer_writer *w)
{
	bool more;

	put_public(w, keyset_part(w->a, w->ask->part, &more));
}

/* Is a piece shown here, or left out? */
static bool
shown(const struct answer_writer *w, enum site_page piece)
{
	const struct answer_ask *ask = w->ask;
	bool more;

	switch (piece) {
	case PIECE_TOP:
		return !ask->framed && own_path(ask->which) != NULL;
	case PIECE_TARGET:
	case PIECE_LEAVE:
		return ask->framed;
	case PIECE_ADD:
		return !ask->framed && ask->fill != NULL;
	case PIECE_RELAY:
		/* Who comes under a wrong name must not learn the right one. */
		return w->a->site.onion[0] != '\0' && shown(w, PIECE_TOP);
	case PIECE_RELAY_FIELD:
		return w->a->site.onion[0] != '\0';
	case PIECE_TEXT_BACK:
		return ask->fill != NULL && ask->fill[FILL_TEXT].len > 0;
	case PIECE_TEXT_CUT:
		return w->cut || ask->text_cut;
	case PIECE_KEYSET_MORE:
		(void)keyset_part(w->a, ask->part, &more);
		return more;
	default:
		return answer_texts_shown(w, piece);
	}
}

static void
put_opens(struct answer_writer *w)
{
	answer_put_file(
	    w, w->a->site.opens == 0 ? PIECE_OPENS_UNKNOWN : PIECE_OPENS_DAY);
}

static void
put_title(struct answer_writer *w)
{
	struct site_text title = half(w, answers_page(w->ask->which), true);

	answer_put(w, title.p, title.len);
}

static void put_text(struct answer_writer *w, struct site_text text);

/* What the pages know of the site's keys. */
static bool
put_keys(struct answer_writer *w, enum site_blank blank)
{
	const struct answer_keys *keys = &w->a->site.keys;

	switch (blank) {
	case BLANK_FINGERPRINT:
		put_public(w, keys->fingerprint);
		return true;
	case BLANK_ROOT_PUB:
		put_public(w, keys->root_pub);
		return true;
	case BLANK_KEYSET_SIG:
		put_public(w, keys->keyset_sig);
		return true;
	case BLANK_KEYSET:
		put_keyset(w);
		return true;
	default:
		return false;
	}
}

/* What the settings say. */
static bool
put_setting(struct answer_writer *w, enum site_blank blank)
{
	const struct answer_site *site = &w->a->site;
	char number[16];

	switch (blank) {
	case BLANK_ONION:
		answer_puts(w, site->onion[0] != '\0' ? site->onion : "-");
		return true;
	case BLANK_UPLOAD_MAX:
		put_size(w, site->limits.upload_max);
		return true;
	case BLANK_MESSAGE_MAX:
		put_size(w, site->limits.message_max);
		return true;
	case BLANK_FILES_MAX:
		snprintf(
		    number, sizeof(number), "%" PRIu32, site->limits.files_max);
		answer_puts(w, number);
		return true;
	case BLANK_OPENS:
		put_opens(w);
		return true;
	default:
		return false;
	}
}

/* The frame of the page. */
static void
put_frame(struct answer_writer *w, enum site_blank blank)
{
	const struct language *l = language_get(w->ask->language);
	enum site_page page = answers_page(w->ask->which);
	struct site_text style =
	    blank == BLANK_STYLE ? site_style() : site_noscript();

	switch (blank) {
	case BLANK_TITLE:
		put_title(w);
		return;
	case BLANK_PAGE:
		put_text(w, half(w, page, false));
		return;
	case BLANK_NAME:
		answer_puts(w, site_stem(page));
		return;
	case BLANK_STYLE:
	case BLANK_NOSCRIPT:
		answer_put(w, style.p, style.len);
		return;
	case BLANK_LANG:
		answer_puts(w, l->code);
		return;
	case BLANK_DIR:
		answer_puts(w, l->rtl ? "rtl" : "ltr");
		return;
	case BLANK_BASE:
		put_base(w, w->ask->language);
		return;
	case BLANK_LANGUAGES:
		put_languages(w);
		return;
	case BLANK_NO_CUT:
		answer_puts(w, w->cut ? "" : " hidden");
		return;
	case BLANK_FAULT:
		if (w->ask->fault != 0)
			answer_put_file(w, w->ask->fault);
		return;
	default:
		return;
	}
}

static void
put_fill(struct answer_writer *w, enum site_blank blank)
{
	const struct site_text *fill =
	    w->ask->fill == NULL ? NULL : &w->ask->fill[blank];
	char day[PAGE_DAY_LEN + 1];

	if (blank == FILL_DAY) {
		if (w->ask->which == ANSWER_CLOSED)
			page_text_day(w->a->site.opens, day);
		else if (fill != NULL)
			snprintf(day, sizeof(day), "%.*s", (int)fill->len,
			    (const char *)fill->p);
		else
			return;
		put_ltr(w, day);
		return;
	}
	if (fill == NULL)
		return;
	if (escaped_max[blank] > 0)
		answer_put_escaped(w, fill->p, fill->len, escaped_max[blank]);
	else
		answer_put(w, fill->p, fill->len);
}

/* What stands for a mark. */
static void
put_mark(struct answer_writer *w, size_t number)
{
	enum site_page piece;

	if (number < FILLS) {
		put_fill(w, (enum site_blank)number);
	} else if (number < BLANKS) {
		enum site_blank blank = (enum site_blank)number;

		if (!put_setting(w, blank) && !put_keys(w, blank) &&
		    !answer_put_texts(w, blank))
			put_frame(w, blank);
	} else {
		piece = (enum site_page)(
		    number - BLANKS + SITE_BEFORE_FIRST_PIECE + 1);
		if (shown(w, piece))
			answer_put_file(w, piece);
	}
}

/* The build has checked that every mark is one.  That no piece holds itself
 * shows when the page is written: tests write them all. */
static void
put_text(struct answer_writer *w, struct site_text text)
{
	const unsigned char *p = text.p, *end = p + text.len, *mark;

	while ((mark = memchr(p, SITE_MARK, (size_t)(end - p))) != NULL) {
		answer_put(w, p, (size_t)(mark - p));
		put_mark(w, (size_t)mark[1] - SITE_MARK_FIRST);
		p = mark + 2;
	}
	answer_put(w, p, (size_t)(end - p));
}

void
answer_put_file(struct answer_writer *w, enum site_page file)
{
	const struct texts *t = w->a->site.texts;

	w->block = file == PIECE_ABOUT || file == PIECE_ADVICE;
	if (file == PIECE_ORGANISATION)
		w->words = &t->organisation;
	else if (file == PIECE_ABOUT)
		w->words = &t->about;
	else if (file == PIECE_ADVICE)
		w->words = &t->advice;
	else if (file == PIECE_TOPIC_REWARD)
		w->words = &w->topic->reward;
	put_text(w, site_page(file, w->ask->language));
}
