/*
 * tipline-operator: set up, check and look after a tip line; never read a
 * tip.  tipline-operator(8).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/confine.h"
#include "crypto/recipients.h"
#include "operator/commands.h"
#include "operator/tool.h"

static const struct command {
	const char *name, *second; /* second word, if it has one */
	int (*run)(int argc, char **argv);
	const char *line;
} commands[] = {
    {"init", NULL, init_command, "make a new line in a folder"},
    {"keyset", "install", keyset_install_command, "take up a new key set"},
    {"root", "show", root_show_command, "the root key that is pinned"},
    {"root", "change", root_change_command, "follow a change of the root"},
    {"root", "replace", root_replace_command, "pin another root by hand"},
    {"check", NULL, check_command, "say what is wrong with a line"},
    {"status", NULL, status_command, "how full, how long its keys last"},
    {"export", NULL, export_command, "write tips into a bundle to carry"},
    {"import", NULL, import_command, "take in what the analysts send back"},
    {"purge", NULL, purge_command, "remove tips the analysts confirmed"},
    {"backup", NULL, backup_command, "save the line, sealed, into a folder"},
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static void
print_help(FILE *out)
{
	char name[32];

	fputs("usage: tipline-operator COMMAND [options] ...\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++) {
		snprintf(name, sizeof(name), "%s%s%s", commands[i].name,
		    commands[i].second != NULL ? " " : "",
		    commands[i].second != NULL ? commands[i].second : "");
		fprintf(out, "  %-16s %s\n", name, commands[i].line);
	}
	fputs("\ntipline-operator COMMAND --help tells more.  Exit codes:"
	      " 0 done,\n1 refused or failed, 2 wrong usage.\n",
	    out);
}

static int
run(const struct command *command, int argc, char **argv)
{
	int code;

	unsetenv("POSIXLY_CORRECT"); /* options may follow operands */
	if (confine_early() != ST_OK || crypto_room_init() != ST_OK) {
		tool_say("the process could not be set up");
		return TOOL_FAILED;
	}
	code = command->run(argc, argv);
	/* A full disk behind standard output must not pass for success. */
	if (fflush(stdout) != 0 && code == TOOL_DONE) {
		tool_say("standard output could not be written");
		code = TOOL_FAILED;
	}
	return code;
}

static void
say_unknown(int argc, char **argv)
{
	bool known = false;

	for (size_t i = 0; i < COMMANDS; i++)
		known |= commands[i].second != NULL &&
		    strcmp(argv[1], commands[i].name) == 0;
	if (!known)
		tool_say("there is no command '%s'", argv[1]);
	else if (argc > 2)
		tool_say("there is no command '%s %s'", argv[1], argv[2]);
	else
		tool_say("after %s comes a second word", argv[1]);
}

int
main(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return TOOL_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help(stdout);
		return TOOL_DONE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("tipline-operator " TIPLINE_VERSION);
		return TOOL_DONE;
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		int words = commands[i].second != NULL ? 2 : 1;

		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		if (words == 1 ||
		    (argc > 2 && strcmp(argv[2], commands[i].second) == 0))
			return run(&commands[i], argc - words, argv + words);
		if (argc > 2 && strcmp(argv[2], "--help") == 0) {
			print_help(stdout);
			return TOOL_DONE;
		}
	}
	say_unknown(argc, argv);
	fputs("Try: tipline-operator --help\n", stderr);
	return TOOL_USAGE;
}
