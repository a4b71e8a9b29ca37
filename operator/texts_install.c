/*
 * texts_install: put an operator's texts into a line, and tell the running
 * server.
 */
#include <stdio.h>

#include "base/confine.h"
#include "base/durable.h"
#include "line/texts_file.h"
#include "operator/commands.h"
#include "operator/shown_site.h"
#include "operator/texts_told.h"
#include "operator/tool.h"

static const char help[] =
    "usage: tipline-operator texts install LINE FILE\n"
    "\n"
    "Check FILE, which says what visitors read of your organisation, topics,\n"
    "questions and advice (tipline-texts(5)), and put it into the line as\n"
    "LINE/" TEXTS_FILE ".  A file with a mistake is refused, with the number\n"
    "of its line, and so is one whose texts are too long for a page; then\n"
    "nothing is changed.  A running tipline-intake takes the texts up at "
    "once.\n"
    "Look at the pages before: tipline-operator preview.\n"
    "\n"
    "  -h, --help  show this\n";

static void
tell(const struct texts *t)
{
	char text[TEXTS_TOLD_LEN];

	if (texts_told_count(t, text))
		printf("The texts are installed: %s.\n", text);
	else
		puts("The texts are installed: there are none, and the pages"
		     " are neutral.");
	(void)texts_told_languages(t->language_on, false, text);
	printf("Languages offered: %s\n", text);
	for (size_t i = 0; i < language_count(); i++)
		if (texts_told_missing(t, i, text))
			printf("  %s\n", text);
	if (texts_told_languages(t->language_on, true, text) > 0)
		printf("Translations of the pages that no native speaker has"
		       " reviewed yet: %s\n",
		    text);
}

static int
install(const struct line *line, const char *path, const struct bytes *file)
{
	const char *const write[] = {line->path, NULL};
	struct texts *t = texts_told_read(path, file, "changed");
	struct confine_missing missing;
	char why[SAMPLE_WHY_LEN];
	enum status st;

	if (t == NULL)
		return TOOL_FAILED;
	if (!tool_confine(NULL, write, &missing)) {
		texts_free(t);
		return TOOL_FAILED;
	}
	if (shown_site_try(line, t, why) != ST_OK) {
		tool_say("%s: %s; nothing was changed", path, why);
		texts_free(t);
		return TOOL_FAILED;
	}
	st = durable_write(
	    line->dirfd, TEXTS_FILE, file->p, file->len, 0600, DURABLE_REPLACE);
	if (st == ST_OK) {
		tell(t);
		tool_tell_server(line, "the texts");
	} else {
		tool_say("%s/" TEXTS_FILE " cannot be written: %s; the line"
			 " goes on with the texts it had",
		    line->path, tool_words(st));
	}
	texts_free(t);
	return st == ST_OK ? TOOL_DONE : TOOL_FAILED;
}

int
texts_install_command(int argc, char **argv)
{
	const struct tool_option options[] = {{NULL, NULL, NULL, 0}};
	const struct tool_command command = {"texts install", help, options, 2};
	struct bytes file = BYTES_INIT(TEXTS_FILE_MAX);
	const char *operand[2];
	struct line line;
	int code;

	if ((code = tool_parse(&command, argc, argv, operand)) != TOOL_GO_ON)
		return code;
	if (!tool_line_open(operand[0], &line))
		return TOOL_FAILED;
	code = TOOL_FAILED;
	if (tool_read(operand[1], &file) == ST_OK)
		code = install(&line, operand[1], &file);
	bytes_free(&file);
	line_close(&line);
	return code;
}
