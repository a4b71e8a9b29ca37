/*
 * tipline-analyst verify: is this bundle whole, unaltered and from our
 * server?  Needs no passphrase and opens nothing.
 */
#include <getopt.h>
#include <stddef.h>

#include "analyst/command.h"
#include "analyst/desk.h"
#include "analyst/inbox.h"

static const char help[] =
    "usage: tipline-analyst verify KEYS BUNDLE\n"
    "\n"
    "Check that the bundle is complete, unaltered and signed by the server\n"
    "that the last key set in KEYS names, and that it continues what was\n"
    "seen before; or say exactly what is wrong, and which command brings what\n"
    "is missing.  Needs no passphrase and opens no tip; what was seen is\n"
    "remembered in KEYS.\n";

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* Read all tips; the status is that of inbox_next(), or of the ledger. */
static enum status
read_tips(struct inbox *in)
{
	enum status st;

	while ((st = inbox_next(in)) == ST_OK) {
		st = inbox_tip_end(in);
		if (st == ST_OK)
			st = inbox_record(in);
		if (st != ST_OK && st != ST_FORGED)
			return st;
		in->news += st == ST_OK && in->was == LEDGER_NOT_SEEN;
	}
	return st;
}

static int
verify(const char *keys, const char *bundle)
{
	struct desk desk = DESK_INIT;
	struct inbox in = {.fd = -1};
	bool good = false;

	if (desk_open(keys, &desk) == ST_OK &&
	    desk_turn_to(&desk, bundle) == ST_OK &&
	    inbox_open(bundle, &desk.server, desk.ledger, &in) == ST_OK &&
	    command_confine(NULL, NULL) == ST_OK)
		good = inbox_conclude(&in, read_tips(&in));
	inbox_close(&in);
	desk_close(&desk);
	return good ? EXIT_DONE : EXIT_REFUSED;
}

int
cmd_verify(int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return command_help(help);
		return command_usage(help);
	}
	if (argc - optind != 2)
		return command_usage(help);
	return verify(argv[optind], argv[optind + 1]);
}
