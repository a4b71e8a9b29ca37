/*
 * preview: write every page in every offered language as files, for an
 * operator who looks at them in a browser.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/durable.h"
#include "line/texts_file.h"
#include "operator/commands.h"
#include "operator/new_line.h"
#include "operator/preview_parts.h"
#include "operator/texts_told.h"
#include "operator/tool.h"
#include "site/language.h"

static const char help[] =
    "usage: tipline-operator preview LINE FOLDER [--texts FILE]\n"
    "\n"
    "Write every page that visitors of the line can meet, in every language\n"
    "that is offered, into FOLDER, which is made: open\n"
    "FOLDER/" PREVIEW_INDEX
    " in a browser.  It has the line's own texts, keys\n"
    "and limits.  The line is not changed.\n"
    "\n"
    "  --texts FILE  with the texts in FILE instead of the line's own, before\n"
    "                texts install puts them in\n"
    "  -h, --help    show this\n";

enum status
preview_put(int dirfd, const char *name, const struct bytes *text)
{
	int fd =
	    openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	enum status st;

	if (fd < 0)
		return errno == ENOSPC || errno == EDQUOT ? ST_FULL : ST_IO;
	st = write_all(fd, text->p, text->len);
	if (close(fd) != 0 && st == ST_OK)
		st = ST_IO;
	return st;
}

/* FOLDER/CODE with its pages. */
static enum status
write_language(struct preview *p)
{
	const char *code = language_get(p->language)->code;
	enum status st;

	if (mkdirat(p->folder, code, 0700) != 0)
		return errno == ENOSPC || errno == EDQUOT ? ST_FULL : ST_IO;
	p->dir = openat(
	    p->folder, code, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (p->dir < 0)
		return ST_IO;
	if ((st = preview_index_language(p)) == ST_OK &&
	    (st = preview_pages(p)) == ST_OK)
		st = preview_index_language_end(p);
	close(p->dir);
	p->dir = -1;
	return st;
}

/* The index comes last: where it is, all is there. */
static enum status
write_all_pages(struct preview *p)
{
	enum status st = preview_index_begin(p);

	for (size_t i = 0; st == ST_OK && i < language_count(); i++) {
		p->language = i;
		if (p->shown.site.texts->language_on[i])
			st = write_language(p);
	}
	if (st == ST_OK && (st = preview_index_end(p)) == ST_OK)
		st = preview_put(p->folder, PREVIEW_INDEX, &p->index);
	return st;
}

/* Take a folder of a language away with all that is in it: it was not there
 * before. */
static void
undo_language(int folder, const char *code)
{
	int fd = openat(
	    folder, code, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(dir)) != NULL)
		(void)unlinkat(fd, e->d_name, 0);
	closedir(dir);
	(void)unlinkat(folder, code, AT_REMOVEDIR);
}

static void
undo(const struct preview *p)
{
	(void)unlinkat(p->folder, PREVIEW_INDEX, 0);
	for (size_t i = 0; i < language_count(); i++)
		undo_language(p->folder, language_get(i)->code);
}

static void
tell(const struct preview *p, const char *path)
{
	char drafts[TEXTS_TOLD_LEN];
	const bool *on = p->shown.site.texts->language_on;
	size_t languages = texts_told_languages(on, false, drafts);

	printf("The preview is written: %zu pages in %zu language%s (%s).\n"
	       "Open %s/" PREVIEW_INDEX " in a browser.\n",
	    p->files, languages, languages == 1 ? "" : "s", drafts, path);
	for (size_t i = 0; i < language_count(); i++)
		if (on[i] && language_get(i)->draft)
			printf("  %s is a draft: have a native speaker review"
			       " it\n",
			    language_get(i)->code);
}

/* Everything that is read has been read; from here on only FOLDER counts. */
static int
write_folder(struct preview *p, const char *path)
{
	const char *const write[] = {path, NULL};
	struct confine_missing missing;
	enum status st;
	bool made;

	if ((p->folder = new_line_folder(path, &made)) < 0)
		return TOOL_FAILED;
	if (!tool_confine(NULL, write, &missing)) {
		if (made)
			(void)rmdir(path);
		return TOOL_FAILED;
	}
	if ((st = write_all_pages(p)) == ST_OK) {
		tell(p, path);
		return TOOL_DONE;
	}
	tool_say("the preview in %s cannot be written: %s; nothing is left of"
		 " it but an empty folder: mend the cause and run this again",
	    path, tool_words(st));
	undo(p);
	return TOOL_FAILED;
}

/* The texts to show, to be freed; NULL after words. */
static struct texts *
take_texts(const struct line *line, const char *path)
{
	struct bytes file = BYTES_INIT(TEXTS_FILE_MAX);
	struct texts *t = NULL;
	char why[LINE_WHY_LEN];

	if (path == NULL) {
		(void)!line_texts_load(line, &t, why);
		if (t == NULL)
			tool_say(
			    "%s: %s; nothing was written", line->path, why);
		return t;
	}
	if (tool_read(path, &file) == ST_OK)
		t = texts_told_read(path, &file, "written");
	bytes_free(&file);
	return t;
}

static int
run(const struct line *line, const struct texts *texts, const char *path,
    const char *texts_path)
{
	struct preview *p = calloc(1, sizeof(*p));
	int code = TOOL_FAILED;
	char why[SAMPLE_WHY_LEN];

	if (p == NULL) {
		tool_say("out of memory");
		return code;
	}
	p->folder = p->dir = -1;
	p->index = BYTES_INIT(PREVIEW_INDEX_MAX);
	p->file = BYTES_INIT(PREVIEW_FILE_MAX);
	shown_site_load(line, texts, &p->shown);
	if (shown_site_fits(&p->shown.site, why) != ST_OK)
		tool_say("%s: %s; nothing was written", texts_path, why);
	else if (answers_new(&p->shown.site, &p->answers) != ST_OK)
		tool_say("out of memory");
	else
		code = write_folder(p, path);
	if (p->folder >= 0)
		close(p->folder);
	answers_free(p->answers);
	shown_site_free(&p->shown);
	bytes_free(&p->index);
	bytes_free(&p->file);
	free(p);
	return code;
}

int
preview_command(int argc, char **argv)
{
	const char *operand[2], *from = NULL;
	const struct tool_option options[] = {
	    {"texts", NULL, &from, 1}, {NULL, NULL, NULL, 0}};
	const struct tool_command command = {"preview", help, options, 2};
	struct line line;
	struct texts *t;
	int code;

	if ((code = tool_parse(&command, argc, argv, operand)) != TOOL_GO_ON)
		return code;
	if (!tool_line_open(operand[0], &line))
		return TOOL_FAILED;
	code = TOOL_FAILED;
	if ((t = take_texts(&line, from)) != NULL)
		code =
		    run(&line, t, operand[1], from != NULL ? from : TEXTS_FILE);
	texts_free(t);
	line_close(&line);
	return code;
}
