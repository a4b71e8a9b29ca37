/*
 * command: see command.h.
 */
#include "analyst/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "analyst/say.h"

int
command_help(const char *text)
{
	return fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? EXIT_DONE
							       : EXIT_REFUSED;
}

int
command_usage(const char *text)
{
	/* The first line of a help text is the usage. */
	say("%.*s", (int)strcspn(text, "\n"), text);
	say("Add --help for more.");
	return EXIT_USAGE;
}

enum status
command_confine(const char *const *read, const char *const *write)
{
	const struct confine_paths paths = {.read = read, .write = write};
	struct confine_missing missing;
	enum status st;

	st = confine(CONFINE_OFFLINE, &paths, &missing);
	if (st != ST_OK) {
		say_error("cannot confine this process: %s", strerror(errno));
		return st;
	}
	if (missing.seccomp || missing.landlock)
		say("note: running without %s%s%s, which this kernel or build"
		    " lacks",
		    missing.seccomp ? "seccomp" : "",
		    missing.seccomp && missing.landlock ? " and " : "",
		    missing.landlock ? "Landlock" : "");
	return ST_OK;
}
