/*
 * pages_compile: a tool of the build.  Translates the pages and embeds them.
 *
 *	pages_compile PAGES OUT [CODE.po ...]   writes OUT/language_CODE.c,
 *	                                        ..., OUT/languages.c
 *	pages_compile --pot PAGES               writes the template of all
 *	                                        strings to standard output
 *
 * PO files are read with gettext's own library.  A translation must hold the
 * blanks of its string, and no character that means something in HTML.  In a
 * file whose header says "X-Complete: yes" a missing one is an error; in
 * another it stays English.
 */
#include <assert.h>
#include <gettext-po.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "site/blanks.h"
#include "site/language.h"
#include "site/site.h"
#include "site/words.h"

#define STRINGS_MAX 1024
#define PATH_LEN 1024

/* A translatable string, in the order in which they stand in the files. */
struct string {
	char *text;
	size_t file;
	bool used[SITE_FILE_COUNT];
};

struct job {
	char *page[SITE_FILE_COUNT]; /* English, as it stands */
	size_t strings;
	struct string string[STRINGS_MAX];
};

struct catalogue {
	const char *path;
	po_file_t po;
	struct language language;
};

static const char *const mark_name[] = {
#define X(name, text, max) #text,
    SITE_FILLS(X)
#undef X
#define X(name, text) #text,
	SITE_BLANKS(X)
#undef X
#define X(name, text) #text,
	    SITE_PIECES(X)
#undef X
};

#define MARKS (sizeof(mark_name) / sizeof(mark_name[0]))
_Static_assert(SITE_MARK_FIRST + MARKS <= 256, "a byte for each");

static _Noreturn void
fail(const char *where, const char *what, const char *text)
{
	fprintf(stderr, "%s: %s: %.90s\n", where, what, text);
	exit(1);
}

static void *
must(void *p)
{
	if (p == NULL)
		fail("pages_compile", "memory", "ran out");
	return p;
}

static char *
read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text;
	size_t len;

	if (f == NULL)
		fail(path, "cannot be read", "");
	text = must(calloc(1, 1 << 20));
	len = fread(text, 1, (1 << 20) - 1, f);
	fclose(f);
	if (len == 0 || memchr(text, SITE_MARK, len) != NULL)
		fail(path, "is empty, or has a byte that marks blanks", "");
	return text;
}

/* The next [[string]] from p on: its text, copied, and what follows it. */
static char *
next_string(
    const char *p, const char **begin, const char **end, const char *where)
{
	const char *close;

	if ((*begin = strstr(p, "[[")) == NULL)
		return NULL;
	if ((close = strstr(*begin, "]]")) == NULL)
		fail(where, "[[ without ]]", *begin);
	if (close == *begin + 2)
		fail(where, "nothing stands between [[ and ]]", *begin);
	*end = close + 2;
	return must(strndup(*begin + 2, (size_t)(close - *begin) - 2));
}

static void
add_string(struct job *job, size_t file, char *text)
{
	struct string *s = job->string;

	for (; s < job->string + job->strings; s++)
		if (strcmp(s->text, text) == 0) {
			s->used[file] = true;
			free(text);
			return;
		}
	if (job->strings == STRINGS_MAX)
		fail("pages", "too many strings", text);
	*s = (struct string){.text = text, .file = file};
	s->used[file] = true;
	job->strings++;
}

static void
read_pages(struct job *job, const char *folder)
{
	const char *begin, *end;
	char path[PATH_LEN], *text;

	for (size_t i = 0; i < SITE_FILE_COUNT; i++) {
		snprintf(path, sizeof(path), "%s/%s.html", folder,
		    site_stem((enum site_page)i));
		job->page[i] = read_file(path);
		end = job->page[i];
		while ((text = next_string(end, &begin, &end, path)) != NULL)
			add_string(job, i, text);
	}
}

/* How often text has what[0..len). */
static size_t
count(const char *text, const char *what, size_t len)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += strncmp(text, what, len) == 0;
	return n;
}

/* Nothing that means something in HTML, no control characters, and no marks
 * that turn the direction of what follows: U+202A to 202E, U+2066 to 2069. */
static void
check_characters(const char *path, const char *text)
{
	const char *p;

	for (p = text; *p != '\0'; p++)
		if (strchr("<>&\"[]", *p) != NULL || (unsigned char)*p < 0x20)
			fail(path, "a character that is not allowed, in", text);
	for (p = text; (p = strchr(p, 0xe2)) != NULL; p++)
		if (((unsigned char)p[1] == 0x80 &&
			(unsigned char)p[2] >= 0xaa &&
			(unsigned char)p[2] <= 0xae) ||
		    ((unsigned char)p[1] == 0x81 &&
			(unsigned char)p[2] >= 0xa6 &&
			(unsigned char)p[2] <= 0xa9))
			fail(path, "a mark of direction in", text);
}

static void
check_translation(const char *path, const char *id, const char *text)
{
	const char *p = id, *close;
	size_t blanks = 0, len;

	for (; (p = strstr(p, "{{")) != NULL; p = close) {
		if ((close = strstr(p, "}}")) == NULL)
			fail(path, "{{ without }}", id);
		len = (size_t)(close + 2 - p);
		if (count(id, p, len) != count(text, p, len))
			fail(path, "blanks differ from those of", id);
		blanks++;
	}
	if (count(text, "{{", 2) != blanks || count(text, "}}", 2) != blanks)
		fail(path, "blanks differ from those of", id);
	check_characters(path, text);
}

/* A string in a catalogue's language; itself where there is none. */
static const char *
translated(struct catalogue *c, const char *id)
{
	po_message_iterator_t it;
	po_message_t m;
	const char *found = NULL;

	if (c->po == NULL)
		return id;
	it = po_message_iterator(c->po, NULL);
	while (found == NULL && (m = po_next_message(it)) != NULL)
		if (strcmp(po_message_msgid(m), id) == 0 &&
		    !po_message_is_obsolete(m) && !po_message_is_fuzzy(m) &&
		    po_message_msgstr(m)[0] != '\0')
			found = po_message_msgstr(m);
	po_message_iterator_free(it);
	if (found != NULL) {
		check_translation(c->path, id, found);
		return found;
	}
	if (c->language.complete)
		fail(c->path, "is said to be complete and lacks", id);
	return id;
}

/* Write text with marks in the place of blanks, as numbers.  How many. */
static size_t
put(FILE *out, const char *text, size_t len, const char *where)
{
	size_t put = 0, i;
	const char *close, *end = text + len;

	for (; text < end; put++) {
		if (end - text < 2 || strncmp(text, "{{", 2) != 0) {
			fprintf(out, "%u,", (unsigned char)*text++);
			continue;
		}
		close = strstr(text, "}}");
		if (close == NULL || close >= end)
			fail(where, "{{ without }}", text);
		text += 2;
		for (i = 0; i < MARKS; i++)
			if (strlen(mark_name[i]) == (size_t)(close - text) &&
			    strncmp(mark_name[i], text, strlen(mark_name[i])) ==
				0)
				break;
		if (i == MARKS)
			fail(where, "unknown blank", text);
		fprintf(out, "%u,%zu,", SITE_MARK, SITE_MARK_FIRST + i);
		put++;
		text = close + 2;
	}
	return put;
}

static size_t
put_page(FILE *out, struct catalogue *c, const char *page, const char *where)
{
	const char *begin, *end, *p = page, *text;
	size_t len = 0;
	char *id;

	while ((id = next_string(p, &begin, &end, where)) != NULL) {
		text = translated(c, id);
		len += put(out, p, (size_t)(begin - p), where);
		len += put(out, text, strlen(text), where);
		free(id);
		p = end;
	}
	return len + put(out, p, strlen(p), where);
}

static FILE *
create(const char *folder, const char *name, const char *code)
{
	char path[PATH_LEN];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s%s.c", folder, name, code);
	if ((out = fopen(path, "w")) == NULL)
		fail(path, "cannot be written", "");
	fputs("/* Made by site/pages_compile.c. */\n"
	      "#include \"site/embedded.h\"\n",
	    out);
	return out;
}

static void
close_out(FILE *out)
{
	if (ferror(out) || fclose(out) != 0)
		fail("pages_compile", "cannot be written", "");
}

static void
write_language(const struct job *job, struct catalogue *c, const char *folder)
{
	const struct language *l = &c->language;
	size_t len[SITE_FILE_COUNT], at = 0, missing = 0;
	FILE *out = create(folder, "language_", l->code);

	fputs("static const unsigned char text[] = {\n", out);
	for (size_t i = 0; i < SITE_FILE_COUNT; i++) {
		len[i] = put_page(
		    out, c, job->page[i], site_stem((enum site_page)i));
		fputc('\n', out);
	}
	fputs("};\nstatic const struct site_place place[] = {\n", out);
	for (size_t i = 0; i < SITE_FILE_COUNT; at += len[i], i++)
		fprintf(out, "\t{%zu, %zu},\n", at, len[i]);
	fprintf(out,
	    "};\nextern const struct site_embedded site_embedded_%s;\n"
	    "const struct site_embedded site_embedded_%s = {\n"
	    "\t{\"%s\", \"%s\", \"%s\", %d, %d, %d}, text, place};\n",
	    l->code, l->code, l->code, l->name, l->words, l->rtl, l->complete,
	    l->draft);
	close_out(out);
	for (size_t i = 0; i < job->strings; i++)
		missing +=
		    translated(c, job->string[i].text) == job->string[i].text;
	if (c->po != NULL && missing > 0)
		fprintf(stderr, "%s: %zu of %zu strings stay English\n",
		    c->path, missing, job->strings);
}

static void
on_error(int severity, po_message_t message, const char *filename,
    size_t lineno, size_t column, int multiline_p, const char *message_text)
{
	(void)message, (void)column, (void)multiline_p;
	fprintf(stderr, "%s:%zu: %s\n", filename != NULL ? filename : "",
	    lineno, message_text);
	if (severity != PO_SEVERITY_WARNING)
		exit(1);
}

static void
on_error_2(int severity, po_message_t m1, const char *f1, size_t l1, size_t c1,
    int multi1, const char *text1, po_message_t m2, const char *f2, size_t l2,
    size_t c2, int multi2, const char *text2)
{
	on_error(severity, m1, f1, l1, c1, multi1, text1);
	on_error(severity, m2, f2, l2, c2, multi2, text2);
}

/* A header's field, or the end. */
static char *
field(const struct catalogue *c, const char *name)
{
	const char *header = po_file_domain_header(c->po, NULL);
	char *value = header == NULL ? NULL : po_header_field(header, name);

	if (value == NULL || value[0] == '\0' || strpbrk(value, "\"\\") != NULL)
		fail(c->path, "its header has no, or a wrong, field", name);
	return value;
}

static bool
one_of(const struct catalogue *c, const char *name, const char *yes,
    const char *no)
{
	char *value = field(c, name);
	bool is = strcmp(value, yes) == 0;

	if (!is && strcmp(value, no) != 0)
		fail(c->path, "a field of its header is wrong", name);
	free(value);
	return is;
}

static bool
words_known(const char *name)
{
#define X(list, stem)                                                          \
	if (strcmp(name, #stem) == 0)                                          \
		return true;
	WORDS_LIST(X)
#undef X
	return false;
}

/* What pages and the names of C hold as it stands. */
static void
check_header(const struct catalogue *c)
{
	const struct language *l = &c->language;

	if (l->code[strspn(l->code, "abcdefghijklmnopqrstuvwxyz")] != '\0')
		fail(c->path, "is not named by the letters a-z alone", l->code);
	if (!words_known(l->words))
		fail(c->path, "there is no such list of words", l->words);
	check_characters(c->path, l->name);
}

static void
open_catalogue(struct catalogue *c, const char *path)
{
	const struct po_xerror_handler handler = {on_error, on_error_2};
	const char *base = strrchr(path, '/');
	char *stem = must(strdup(base == NULL ? path : base + 1)), *named;

	*c = (struct catalogue){.path = path};
	if (strlen(stem) < 5 || strlen(stem) > LANGUAGE_CODE_MAX + 3 ||
	    strcmp(stem + strlen(stem) - 3, ".po") != 0)
		fail(path, "is not named CODE.po", "");
	stem[strlen(stem) - 3] = '\0';
	if ((c->po = po_file_read(path, &handler)) == NULL)
		fail(path, "cannot be read", "");
	c->language = (struct language){.code = stem,
	    .name = field(c, "X-Name"),
	    .words = field(c, "X-Words"),
	    .rtl = one_of(c, "X-Direction", "rtl", "ltr"),
	    .complete = one_of(c, "X-Complete", "yes", "no"),
	    .draft = one_of(c, "X-Review", "draft", "reviewed")};
	named = field(c, "Language");
	if (strcmp(stem, named) != 0)
		fail(path, "its header names another language than", stem);
	free(named);
	check_header(c);
}

static void
write_list(const char *folder, const char **code, size_t count)
{
	FILE *out = create(folder, "languages", "");

	for (size_t i = 0; i < count; i++)
		fprintf(out,
		    "extern const struct site_embedded site_embedded_%s;\n",
		    code[i]);
	fputs("const struct site_embedded *const site_embedded_language[] = "
	      "{\n",
	    out);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "\t&site_embedded_%s,\n", code[i]);
	fprintf(
	    out, "};\nconst size_t site_embedded_languages = %zu;\n", count);
	close_out(out);
}

static void
write_pot(const struct job *job)
{
	fputs("# Every string of the pages, for a new language: copy this to\n"
	      "# CODE.po, fill in the header's fields as in the other files,\n"
	      "# and translate.  Made by: pages_compile --pot\n"
	      "msgid \"\"\nmsgstr \"\"\n"
	      "\"Content-Type: text/plain; charset=UTF-8\\n\"\n",
	    stdout);
	for (size_t i = 0; i < job->strings; i++) {
		const struct string *s = &job->string[i];

		fputs("\n#:", stdout);
		for (size_t f = 0; f < SITE_FILE_COUNT; f++)
			if (s->used[f])
				printf(" pages/%s.html",
				    site_stem((enum site_page)f));
		if (strpbrk(s->text, "\"\\\n") != NULL)
			fail(site_stem((enum site_page)s->file),
			    "a quote, backslash or line end in", s->text);
		printf("\nmsgid \"%s\"\nmsgstr \"\"\n", s->text);
	}
}

int
main(int argc, char **argv)
{
	static struct job job;
	struct catalogue c = {.path = "English",
	    .language = {"en", "English", "english", false, true, false}};
	const char *code[LANGUAGE_MAX];
	size_t count = 0;

	if (argc == 3 && strcmp(argv[1], "--pot") == 0) {
		read_pages(&job, argv[2]);
		write_pot(&job);
		return 0;
	}
	if (argc < 3 || argc - 2 > LANGUAGE_MAX) {
		fputs("usage: pages_compile PAGES OUT [CODE.po ...]\n"
		      "       pages_compile --pot PAGES\n",
		    stderr);
		return 2;
	}
	read_pages(&job, argv[1]);
	write_language(&job, &c, argv[2]);
	code[count++] = "en";
	for (int i = 3; i < argc; i++) {
		open_catalogue(&c, argv[i]);
		write_language(&job, &c, argv[2]);
		code[count++] = c.language.code;
	}
	write_list(argv[2], code, count);
	return 0;
}
