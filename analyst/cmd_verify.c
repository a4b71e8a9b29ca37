/*
 * tipline-analyst verify: is this bundle whole, unaltered and from our
 * server?  Needs no passphrase and opens nothing.
 */
#include <getopt.h>
#include <stddef.h>

#include "analyst/command.h"
#include "analyst/inbox.h"
#include "analyst/keyring.h"
#include "analyst/say.h"

static const char help[] =
    "usage: tipline-analyst verify KEYS BUNDLE\n"
    "\n"
    "Check that the bundle is complete, unaltered and signed by the server\n"
    "that the last key set in KEYS names; or say exactly what is wrong.\n"
    "Needs no passphrase, opens no tip, writes nothing.\n";

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int
verify(const char *keys, const char *bundle)
{
	struct keyring kr = {.dirfd = -1};
	struct inbox in = {.fd = -1};
	bool good = false;
	enum status st;

	if ((st = keyring_open(keys, &kr)) != ST_OK)
		goto out;
	if (!kr.has_set) {
		say_error("%s holds no key set yet, so the server is not"
			  " known: tipline-analyst keyset make comes first",
		    keys);
		goto out;
	}
	if ((st = inbox_open(bundle, &kr.set.server, &in)) != ST_OK)
		goto out;
	if ((st = command_confine(NULL, NULL)) != ST_OK)
		goto out;
	while ((st = inbox_next(&in)) == ST_OK) {
		st = inbox_tip_end(&in);
		if (st != ST_OK && st != ST_FORGED)
			break;
	}
	good = inbox_conclude(&in, st, &kr.set.server);
out:
	inbox_close(&in);
	keyring_close(&kr);
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
