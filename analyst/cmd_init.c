/*
 * tipline-analyst init: make the root and signing keys.
 */
#include <getopt.h>
#include <stddef.h>

#include "analyst/command.h"
#include "analyst/keyring.h"
#include "analyst/say.h"
#include "base/passphrase.h"

static const char help[] =
    "usage: tipline-analyst init KEYS [--passphrase-file FILE]\n"
    "\n"
    "Make the folder KEYS with the root key that signs key sets and the key\n"
    "that signs what goes back to the server, both under a passphrase.\n"
    "KEYS must be empty or not there.  Shows the root key's fingerprint.\n"
    "\n"
    "  --passphrase-file FILE  take the passphrase from FILE's first line\n";

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"passphrase-file", required_argument, NULL, 'p'},
    {NULL, 0, NULL, 0},
};

static int
make(const char *keys, const char *file)
{
	char fingerprint[FINGERPRINT_TEXT_LEN + 1];
	struct minisign_key root;
	struct passphrase pass;
	enum status st;

	if (passphrase_get(file, true, &pass) != ST_OK)
		return EXIT_REFUSED;
	/* No Landlock here: the folder to allow is not there yet. */
	st = keyring_create(keys, &pass, &wrap_cost_default, &root);
	passphrase_free(&pass);
	if (st != ST_OK)
		return EXIT_REFUSED;
	minisign_fingerprint(&root, fingerprint);
	say("Keys made in %s.", keys);
	say("The root key's fingerprint, to be printed and read out:");
	say("    %s", fingerprint);
	say("Keep a copy of the folder in a safe place: without it, and"
	    " without the\npassphrase, no tip can ever be opened.");
	say("Next, with server.pub from the operator:\n"
	    "    tipline-analyst keyset make %s --server server.pub"
	    " --out keyset.txt",
	    keys);
	return EXIT_DONE;
}

int
cmd_init(int argc, char **argv)
{
	const char *file = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			return command_help(help);
		case 'p':
			file = optarg;
			break;
		default:
			return command_usage(help);
		}
	}
	if (argc - optind != 1)
		return command_usage(help);
	return make(argv[optind], file);
}
