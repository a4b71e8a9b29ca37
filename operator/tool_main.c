/*
 * tool_main: see tool_main.h.
 */
#include "operator/tool_main.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/confine.h"
#include "base/guarded.h"
#include "crypto/recipients.h"
#include "operator/tool.h"

#define NAME_MAX_LEN 32

/* Its words into name; how many characters they are. */
static int
words_of(const struct tool_entry *e, char name[static NAME_MAX_LEN])
{
	return snprintf(name, NAME_MAX_LEN, "%s%s%s", e->name,
	    e->second != NULL ? " " : "", e->second != NULL ? e->second : "");
}

static void
print_help(const struct tool_program *program, FILE *out)
{
	char name[NAME_MAX_LEN];
	int width = 0, len;

	for (const struct tool_entry *e = program->entries; e->name != NULL;
	     e++)
		if ((len = words_of(e, name)) > width)
			width = len;
	fprintf(out, "usage: %s COMMAND [options] ...\n\n", program->name);
	for (const struct tool_entry *e = program->entries; e->name != NULL;
	     e++) {
		(void)words_of(e, name);
		fprintf(out, "  %-*s   %s\n", width, name, e->line);
	}
	fprintf(out,
	    "\n%s COMMAND --help tells more.  Exit codes: 0 done,\n"
	    "1 refused or failed, 2 wrong usage.\n",
	    program->name);
}

static int
run(const struct tool_program *program, const struct tool_entry *entry,
    int argc, char **argv)
{
	bool locked = true;
	int code;

	unsetenv("POSIXLY_CORRECT"); /* options may follow operands */
	if (confine_early() != ST_OK || crypto_room_init() != ST_OK ||
	    (program->guarded > 0 &&
		guarded_open(program->guarded, &locked) != ST_OK)) {
		tool_say("the process could not be set up");
		return TOOL_FAILED;
	}
	if (!locked)
		tool_say("warning: memory cannot be locked: keys could be"
			 " swapped to disk");
	code = entry->run(argc, argv);
	/* A full disk behind standard output must not pass for success. */
	if (fflush(stdout) != 0 && code == TOOL_DONE) {
		tool_say("standard output could not be written");
		code = TOOL_FAILED;
	}
	if (program->guarded > 0)
		guarded_close();
	return code;
}

static bool
is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* No command is called so; known: but one begins with the first word. */
static int
refuse(const struct tool_program *program, bool known, int argc, char **argv)
{
	if (known && argc > 2 && is_help(argv[2])) {
		print_help(program, stdout);
		return TOOL_DONE;
	}
	if (!known)
		tool_say("there is no command '%s'", argv[1]);
	else if (argc > 2)
		tool_say("there is no command '%s %s'", argv[1], argv[2]);
	else
		tool_say("after %s comes a second word", argv[1]);
	fprintf(stderr, "Try: %s --help\n", program->name);
	return TOOL_USAGE;
}

int
tool_main(const struct tool_program *program, int argc, char **argv)
{
	bool known = false;

	if (argc < 2) {
		print_help(program, stderr);
		return TOOL_USAGE;
	}
	if (is_help(argv[1])) {
		print_help(program, stdout);
		return TOOL_DONE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("%s " TIPLINE_VERSION "\n", program->name);
		return TOOL_DONE;
	}
	for (const struct tool_entry *e = program->entries; e->name != NULL;
	     e++) {
		const int words = e->second != NULL ? 2 : 1;

		if (strcmp(argv[1], e->name) != 0)
			continue;
		known = true;
		if (words == 1 || (argc > 2 && strcmp(argv[2], e->second) == 0))
			return run(program, e, argc - words, argv + words);
	}
	return refuse(program, known, argc, argv);
}
