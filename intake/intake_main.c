/*
 * tipline-intake: serve one tip line.  tipline-intake(8).
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/confine.h"
#include "crypto/recipients.h"
#include "intake/supervisor.h"

static const char help[] =
    "usage: tipline-intake LINE\n"
    "\n"
    "Serve the tip line in folder LINE, made by tipline-operator init, until\n"
    "SIGTERM or SIGINT.  One line on standard error says when it is ready.\n"
    "SIGHUP reads the key set and the texts anew.\n"
    "\n"
    "  -h, --help     show this\n"
    "  -V, --version  show the version\n"
    "\n"
    "Exit codes: 0 stopped by a signal, 1 could not start, 2 wrong usage.\n";

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'}, {NULL, 0, NULL, 0}};
	int c;

	unsetenv("POSIXLY_CORRECT"); /* options may follow operands */
	while ((c = getopt_long(argc, argv, "hV", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			fputs(help, stdout);
			return 0;
		case 'V':
			puts("tipline-intake " TIPLINE_VERSION);
			return 0;
		default:
			fputs("Try: tipline-intake --help\n", stderr);
			return 2;
		}
	}
	if (argc - optind != 1) {
		fputs("tipline-intake: name one folder: tipline-intake LINE\n"
		      "Try: tipline-intake --help\n",
		    stderr);
		return 2;
	}
	if (confine_early() != ST_OK || crypto_room_init() != ST_OK) {
		fputs("tipline-intake: the process could not be set up\n",
		    stderr);
		return 1;
	}
	return supervisor_run(argv[optind]);
}
