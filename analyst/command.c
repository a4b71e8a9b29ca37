/*
 * command: see command.h.
 */
#include "analyst/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "analyst/say.h"
#include "base/num.h"

int
command_help(const char *text)
{
	return fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? EXIT_DONE
							       : EXIT_REFUSED;
}

int
command_usage(const char *text)
{
	const char *end = strstr(text, "\n\n");

	/* A help text begins with the usage, up to an empty line. */
	say("%.*s", (int)(end != NULL ? end - text : 0), text);
	say("Add --help for more.");
	return EXIT_USAGE;
}

bool
command_number(const char *name, const char *text, uint64_t max, uint64_t *out)
{
	if (num_parse(text, strlen(text), max, out) == ST_OK && *out != 0)
		return true;
	say_error(
	    "%s is a number from 1 to %llu", name, (unsigned long long)max);
	return false;
}

/* A clock from before this program was built is wrong for certain. */
enum status
command_clock(uint64_t *now)
{
	uint64_t built;
	time_t t = time(NULL);

	*now = (uint64_t)t;
	if (time_parse(TIPLINE_BUILD_DAY, TIME_TEXT_LEN, &built) != ST_OK)
		return ST_BUG;
	if (t < 0 || (uint64_t)t < built) {
		say_error("this machine's clock is wrong: it stands before %s,"
			  " when this program was built.  Set it, or the"
			  " weeks of the keys will be wrong",
		    TIPLINE_BUILD_DAY);
		return ST_EARLY;
	}
	return ST_OK;
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

enum status
command_unlock(struct keyring *kr, const char *passphrase_file,
    const char *const *read, const char *const *write)
{
	struct passphrase pass = {NULL, 0};
	enum status st;

	if ((st = passphrase_get(passphrase_file, false, &pass)) == ST_OK &&
	    (st = command_confine(read, write)) == ST_OK)
		st = keyring_unlock(kr, &pass);
	passphrase_free(&pass);
	return st;
}
