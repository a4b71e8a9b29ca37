/*
 * tipline-analyst init: make a keyring, with a root of its own or without.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include "analyst/command.h"
#include "analyst/keyring.h"
#include "analyst/say.h"
#include "base/passphrase.h"

static const char help[] =
    "usage: tipline-analyst init KEYS [--analyst] [--name NAME]"
    " [--passphrase-file FILE]\n"
    "\n"
    "Make the folder KEYS with the root key that signs key sets and the key\n"
    "that signs what goes back to the server, both under a passphrase.\n"
    "KEYS must be empty or not there.  Shows the root key's fingerprint.\n"
    "\n"
    "  --analyst               without a root key: another keyring has it, "
    "and\n"
    "                          keyset take pins its public half\n"
    "  --name NAME             how the analyst is called in key sets, 1 to 32\n"
    "                          of a-z 0-9 - (analyst)\n"
    "  --passphrase-file FILE  take the passphrase from FILE's first line\n";

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"analyst", no_argument, NULL, 'a'},
    {"name", required_argument, NULL, 'n'},
    {"passphrase-file", required_argument, NULL, 'p'},
    {NULL, 0, NULL, 0},
};

static void
tell_root(const char *keys, const struct minisign_key *root)
{
	char fingerprint[FINGERPRINT_TEXT_LEN + 1];

	minisign_fingerprint(root, fingerprint);
	say("The root key's fingerprint, to be printed and read out:");
	say("    %s", fingerprint);
	say("Make a backup of it (keys backup): without the root, and without"
	    " the\npassphrase, no key set can be signed.");
	say("Next, with server.pub from the operator:\n"
	    "    tipline-analyst keyset make %s --server server.pub"
	    " --out keyset.txt",
	    keys);
}

static int
make(const char *keys, struct keyring_wish *wish, const char *file)
{
	char id[KEY_ID_TEXT_LEN + 1];
	uint8_t signer[KEY_ID_LEN];
	struct minisign_key root;
	struct passphrase pass;
	enum status st;

	if (passphrase_get(file, true, &pass) != ST_OK)
		return EXIT_REFUSED;
	wish->pass = &pass;
	/* No Landlock here: the folder to allow is not there yet. */
	st = keyring_create(keys, wish, signer, &root);
	passphrase_free(&pass);
	if (st != ST_OK)
		return EXIT_REFUSED;
	key_id_text(signer, id);
	say("Keyring of %s made in %s; its signer is %s.", wish->name, keys,
	    id);
	if (wish->with_root)
		tell_root(keys, &root);
	else
		say("Next:\n    tipline-analyst keys make %s --weeks 26"
		    " --out %s.keys",
		    keys, wish->name);
	say("The folder belongs on an encrypted stick: what is destroyed on"
	    " flash memory\nmay still be in there.");
	return EXIT_DONE;
}

int
cmd_init(int argc, char **argv)
{
	struct keyring_wish wish = {
	    .cost = &wrap_cost_default, .name = "analyst", .with_root = true};
	const char *file = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			return command_help(help);
		case 'a':
			wish.with_root = false;
			break;
		case 'n':
			wish.name = optarg;
			break;
		case 'p':
			file = optarg;
			break;
		default:
			return command_usage(help);
		}
	}
	if (argc - optind != 1)
		return command_usage(help);
	if (!keyring_name_is_good(wish.name)) {
		say_error("--name is 1 to %d of a-z 0-9 -", KEY_NAME_MAX);
		return command_usage(help);
	}
	return make(argv[optind], &wish, file);
}
