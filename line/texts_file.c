/*
 * texts_file: see texts_file.h.  inifile.h splits the lines.
 *
 * A value is put in its place when it is known to have ended: at the next
 * key, the next section or the end.
 */
#include "line/texts_file.h"

#include <stdio.h>
#include <string.h>

#include "line/inifile.h"

enum section { NOWHERE, SITE, ORGANISATION, TOPIC, QUESTION };

struct reading {
	struct inifile *file;
	struct texts *t;
	enum section section;
	unsigned section_line;
	bool languages; /* there was such a key */
	bool nomem;
	/* the value under way; NULL: none */
	struct texts_words *words;
	size_t language;
	unsigned value_line;
	size_t len;
	char value[TEXTS_WORDS_MAX];
};

static bool
no_memory(struct reading *r)
{
	r->nomem = true;
	return inifile_complain(r->file, "out of memory");
}

static bool
end_value(struct reading *r)
{
	struct texts_words *words = r->words;
	const char *bad;

	if (words == NULL)
		return true;
	r->words = NULL;
	if ((bad = texts_bad_words(r->value, r->len)) != NULL)
		return inifile_complain_at(r->file, r->value_line, "%s", bad);
	return texts_set(words, r->language, r->value, r->len) == ST_OK ||
	    no_memory(r);
}

/* What a topic or question lacks is told with the line that opens it. */
static bool
end_section(struct reading *r)
{
	const struct texts *t = r->t;
	const char *lacks = NULL;

	if (!end_value(r))
		return false;
	if (r->section == TOPIC)
		lacks = texts_topic_lacks(&t->topic[t->topics - 1]);
	else if (r->section == QUESTION)
		lacks = texts_question_lacks(&t->question[t->questions - 1]);
	return lacks == NULL ||
	    inifile_complain_at(r->file, r->section_line, "%s", lacks);
}

static bool
on_end(struct inifile *f, void *ctx)
{
	struct reading *r = ctx;

	r->file = f;
	return end_section(r);
}

/* Han, kana and their punctuation have no blanks between words: the end of a
 * line between two of them is nothing (CSS Text 3, 4.1.3). */
static bool
is_unspaced(const char *p, size_t len)
{
	const unsigned char *u = (const unsigned char *)p;
	unsigned c;

	if (len >= 4 && u[0] == 0xf0)
		return u[1] >= 0xa0; /* rare Han, U+20000 and up */
	if (len < 3 || (u[0] & 0xf0) != 0xe0)
		return false;
	c = (u[0] & 0xfU) << 12 | (u[1] & 0x3fU) << 6 | (u[2] & 0x3fU);
	if (c >= 0x3130 && c <= 0x318f)
		return false; /* Hangul letters */
	return (c >= 0x2e80 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) ||
	    (c >= 0xff01 && c <= 0xff60);
}

/* Another line of the value under way. */
static bool
add_piece(struct reading *r, const char *piece)
{
	const size_t len = strlen(piece);
	const char *bad = len > 0 ? texts_bad_words(piece, len) : NULL;
	size_t last = r->len; /* the character before the new line */

	if (bad != NULL)
		return inifile_complain(r->file, "%s", bad);
	while (last > 0 && ((unsigned char)r->value[--last] & 0xc0) == 0x80)
		;
	if (r->len > 0 && r->len < sizeof(r->value) &&
	    !(is_unspaced(r->value + last, r->len - last) &&
		is_unspaced(piece, len)))
		r->value[r->len++] = ' ';
	if (len > sizeof(r->value) - r->len)
		return inifile_complain(
		    r->file, "%s", texts_bad_words(r->value, SIZE_MAX));
	memcpy(r->value + r->len, piece, len);
	r->len += len;
	return true;
}

/* Does a section's name begin with word, and what stands behind it? */
static const char *
behind(const char *word, const char *name, size_t len, size_t *left)
{
	const size_t n = strlen(word);

	if (len < n || memcmp(name, word, n) != 0)
		return NULL;
	*left = len - n;
	return name + n;
}

static bool
open_topic(struct reading *r, const char *id, size_t len)
{
	r->section = TOPIC;
	switch (texts_add_topic(r->t, id, len)) {
	case ST_OK:
		return true;
	case ST_EXISTS:
		return inifile_complain(
		    r->file, "there is a topic with this id already");
	case ST_LIMIT:
		return inifile_complain(r->file,
		    "there are more than %d topics: take some out",
		    TEXTS_TOPICS_MAX);
	default:
		return inifile_complain(
		    r->file, "[topic ID]: %s", texts_bad_id(id, len));
	}
}

static bool
open_question(struct reading *r, const char *id, size_t len)
{
	r->section = QUESTION;
	switch (texts_add_question(r->t, id, len)) {
	case ST_OK:
		return true;
	case ST_EXISTS:
		return inifile_complain(
		    r->file, "there is a question with this id already");
	case ST_LIMIT:
		return inifile_complain(r->file,
		    "there are more than %d questions: take some out",
		    TEXTS_QUESTIONS_MAX);
	default:
		return inifile_complain(
		    r->file, "[question ID]: %s", texts_bad_id(id, len));
	}
}

static bool
on_section(struct inifile *f, void *ctx, const char *name, size_t len)
{
	struct reading *r = ctx;
	const char *id;
	size_t left;

	r->file = f;
	if (!end_section(r))
		return false;
	r->section = NOWHERE;
	r->section_line = f->line;
	if ((id = behind("topic ", name, len, &left)) != NULL)
		return open_topic(r, id, left);
	if ((id = behind("question ", name, len, &left)) != NULL)
		return open_question(r, id, left);
	if (behind("site", name, len, &left) != NULL && left == 0)
		r->section = SITE;
	else if (behind("organisation", name, len, &left) != NULL && left == 0)
		r->section = ORGANISATION;
	else
		return inifile_complain(f,
		    "unknown section: there are [site], [organisation],"
		    " [topic ID] and [question ID]");
	return true;
}

static bool
unknown_language(struct reading *r, const char *code, size_t len)
{
	char known[LANGUAGE_MAX * (LANGUAGE_CODE_MAX + 1) + 1];
	size_t at = 0;

	for (size_t i = 0; i < language_count(); i++)
		at += (size_t)snprintf(known + at, sizeof(known) - at, " %s",
		    language_get(i)->code);
	return inifile_complain(r->file, "unknown language '%.*s': there are%s",
	    len > 16 ? 16 : (int)len, code, known);
}

/* languages = en ko: only these are offered. */
static bool
read_languages(struct reading *r, const char *value)
{
	static const char apart[] = " \t";
	size_t len;
	int found;

	if (r->languages)
		return inifile_complain(
		    r->file, "languages stands here for the second time");
	r->languages = true;
	memset(r->t->language_on, 0, sizeof(r->t->language_on));
	value += strspn(value, apart);
	if (value[0] == '\0')
		return inifile_complain(r->file,
		    "languages: name at least one, or leave the line out to"
		    " offer all");
	for (; value[0] != '\0'; value += len, value += strspn(value, apart)) {
		len = strcspn(value, apart);
		if ((found = language_find(value, len)) < 0)
			return unknown_language(r, value, len);
		if (r->t->language_on[found])
			return inifile_complain(r->file,
			    "languages: %s is named twice",
			    language_get((size_t)found)->code);
		r->t->language_on[found] = true;
	}
	return true;
}

static bool
read_kind(struct reading *r, const char *value)
{
	struct texts_question *q = &r->t->question[r->t->questions - 1];

	if (q->kind != TEXTS_NO_KIND)
		return inifile_complain(
		    r->file, "kind stands here for the second time");
	if (strcmp(value, "text") == 0)
		q->kind = TEXTS_TEXT;
	else if (strcmp(value, "choice") == 0)
		q->kind = TEXTS_CHOICE;
	else
		return inifile_complain(
		    r->file, "kind: '%.40s' is neither text nor choice", value);
	return true;
}

/* The words of choice.ID, which may be the first to name it; NULL after a
 * complaint. */
static struct texts_words *
choice_words(struct reading *r, const char *id, size_t len)
{
	struct texts_question *q = &r->t->question[r->t->questions - 1];
	int found = texts_find_choice(q, id, len);

	if (found >= 0)
		return &q->choice[found].label;
	switch (texts_add_choice(q, id, len)) {
	case ST_OK:
		return &q->choice[q->choices - 1].label;
	case ST_LIMIT:
		inifile_complain(r->file,
		    "this question has more than %d choices: take some out",
		    TEXTS_CHOICES_MAX);
		return NULL;
	default:
		inifile_complain(
		    r->file, "choice.ID: %s", texts_bad_id(id, len));
		return NULL;
	}
}

static bool
is(const char *name, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(name, word, len) == 0;
}

/* Where the words of a key of the section go; NULL after a complaint. */
static struct texts_words *
find_words(struct reading *r, const char *name, size_t len)
{
	static const char *const keys[] = {[NOWHERE] = "no section is opened",
	    [SITE] = "there is languages",
	    [ORGANISATION] = "there are name, about and advice",
	    [TOPIC] = "there are title, text and reward",
	    [QUESTION] = "there are kind, label, hint and choice.ID"};
	struct texts *t = r->t;

	if (r->section == ORGANISATION) {
		if (is(name, len, "name"))
			return &t->organisation;
		if (is(name, len, "about"))
			return &t->about;
		if (is(name, len, "advice"))
			return &t->advice;
	} else if (r->section == TOPIC) {
		if (is(name, len, "title"))
			return &t->topic[t->topics - 1].title;
		if (is(name, len, "text"))
			return &t->topic[t->topics - 1].text;
		if (is(name, len, "reward"))
			return &t->topic[t->topics - 1].reward;
	} else if (r->section == QUESTION) {
		if (is(name, len, "label"))
			return &t->question[t->questions - 1].label;
		if (is(name, len, "hint"))
			return &t->question[t->questions - 1].hint;
		if (len > 7 && memcmp(name, "choice.", 7) == 0)
			return choice_words(r, name + 7, len - 7);
	}
	inifile_complain(r->file, "unknown key '%.*s': %s",
	    len > 40 ? 40 : (int)len, name, keys[r->section]);
	return NULL;
}

/* name or name[code] = value */
static bool
begin_value(struct reading *r, const char *name, const char *value)
{
	const char *code = strchr(name, '[');
	size_t len = code != NULL ? (size_t)(code - name) : strlen(name);
	size_t code_len;
	int language = LANGUAGE_ENGLISH;
	struct texts_words *words;

	if (code != NULL) {
		code++;
		code_len = strlen(code);
		if (code_len == 0 || code[code_len - 1] != ']')
			return inifile_complain(r->file,
			    "the language stands in brackets, as in"
			    " title[ko] = ...");
		language = language_find(code, code_len - 1);
		if (language < 0)
			return unknown_language(r, code, code_len - 1);
	}
	if ((words = find_words(r, name, len)) == NULL)
		return false;
	if (words->in[language] != NULL)
		return inifile_complain(
		    r->file, "%.60s stands here for the second time", name);
	r->words = words;
	r->language = (size_t)language;
	r->value_line = r->file->line;
	r->len = 0;
	return add_piece(r, value);
}

static bool
on_key(struct inifile *f, void *ctx, const char *section, const char *name,
    const char *value, bool more)
{
	struct reading *r = ctx;

	(void)section; /* on_section() knows it whole */
	r->file = f;
	if (more && r->words != NULL)
		return add_piece(r, value);
	if (more)
		return inifile_complain(f, "this value stands in one line");
	if (!end_value(r))
		return false;
	if (r->section == SITE && strcmp(name, "languages") == 0)
		return read_languages(r, value);
	if (r->section == QUESTION && strcmp(name, "kind") == 0)
		return read_kind(r, value);
	return begin_value(r, name, value);
}

enum status
texts_file_parse(const char *text, size_t len, struct texts **out,
    unsigned *line, char *why, size_t why_len)
{
	struct reading r = {.t = NULL};
	const struct inifile_events events = {
	    on_section, on_key, on_end, &r, true};
	enum status st;

	*out = NULL;
	*line = 0;
	why[0] = '\0';
	if (len > TEXTS_FILE_MAX) {
		snprintf(why, why_len, "the file is larger than 256 KiB");
		return ST_MALFORMED;
	}
	if (texts_new(&r.t) != ST_OK) {
		snprintf(why, why_len, "out of memory");
		return ST_NOMEM;
	}
	st = inifile_parse(text, len, &events, line, why, why_len);
	if (r.nomem)
		st = ST_NOMEM;
	if (st == ST_OK) {
		*out = r.t;
		r.t = NULL; /* now the caller's */
	}
	texts_free(r.t);
	return st;
}
