/*
 * tipline-analyst keyset take: check a key set from the root's keeper, and
 * take it up.
 */
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "analyst/command.h"
#include "analyst/keyset_take.h"
#include "analyst/outfile.h"
#include "analyst/say.h"
#include "base/num.h"

static const char help[] =
    "usage: tipline-analyst keyset take KEYS KEYSET [--root ROOT.PUB]\n"
    "\n"
    "Check the key set in KEYSET and its signature in KEYSET.minisig, and "
    "take\n"
    "it up: it must be signed by the pinned root, must not be older than one\n"
    "taken before, and must not name a stranger's keys under this analyst's\n"
    "name.  Says which keys it names that this keyring lacks.  An older one\n"
    "that was missed is kept to open the tips of its weeks, and never comes\n"
    "into force.\n"
    "\n"
    "  --root ROOT.PUB  the root to pin, the first time: compare the\n"
    "                   fingerprint that is shown with the printed one\n";

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"root", required_argument, NULL, 'r'},
    /* Taken and not needed, so that scripts may give it to all. */
    {"passphrase-file", required_argument, NULL, 'p'},
    {NULL, 0, NULL, 0},
};

static void
tell(const struct keyring *kr, const struct keyset *set, bool pinned)
{
	char from[TIME_TEXT_LEN + 1], until[TIME_TEXT_LEN + 1];
	char fingerprint[FINGERPRINT_TEXT_LEN + 1];
	char id[KEY_ID_TEXT_LEN + 1];

	minisign_fingerprint(&kr->root, fingerprint);
	key_id_text(set->server.id, id);
	time_format(set->from, from);
	time_format(set->until, until);
	if (pinned)
		say("Pinned the root %s:\ncompare it with the printed"
		    " fingerprint, and if it differs remove this folder.",
		    fingerprint);
	say("Took key set %" PRIu64 ", %zu weeks from %.10s to %.10s, for"
	    " server %s, %s.",
	    set->sequence, set->epochs, from, until, id,
	    set->server.onion[0] == '\0' ? "without an onion address yet"
					 : set->server.onion);
	if (kr->has_set &&
	    memcmp(kr->set.server.key, set->server.key, PUBLIC_KEY_LEN) != 0)
		say("note: that is another server than before.  Bundles of the"
		    " old one that are on their way can still be opened.");
}

static enum status
take_in(struct keyring *kr, const char *path, struct keyset_offer *offer)
{
	struct bytes text = BYTES_INIT(KEYSET_MAX);
	struct bytes sig = BYTES_INIT(MINISIGN_FILE_MAX);
	bool pinned = !kr->has_root, missed;
	char name[PATH_MAX];
	struct keyset set;
	enum status st;

	if ((st = outfile_name(path, ".minisig", name)) != ST_OK)
		return st;
	if ((st = outfile_read(path, &text)) == ST_OK)
		st = outfile_read(name, &sig);
	if (st != ST_OK)
		goto out;
	offer->text = &text;
	offer->sig = &sig;
	if ((st = keyset_take(kr, offer, &set, &missed)) != ST_OK)
		goto out;
	if (missed)
		say("Key set %" PRIu64 " was missed here and is kept, to open"
		    " the tips of its weeks; the newest stays in force.",
		    set.sequence);
	else
		tell(kr, &set, pinned);
	keyset_free(&set);
out:
	bytes_free(&text);
	bytes_free(&sig);
	return st;
}

static int
take(const char *keys, const char *path, const char *root_path)
{
	const char *const write[] = {keys, NULL};
	char folder[PATH_MAX];
	const char *const read[] = {folder, NULL};
	struct keyring kr = {.dirfd = -1};
	struct keyset_offer offer = {NULL, NULL, NULL, 0};
	struct minisign_key root;
	enum status st;

	if (root_path != NULL) {
		if ((st = outfile_read_root(root_path, &root)) != ST_OK)
			return EXIT_REFUSED;
		offer.root = &root;
	}
	if ((st = command_clock(&offer.now)) != ST_OK)
		return EXIT_REFUSED;
	outfile_folder(path, folder);
	if ((st = keyring_open(keys, &kr)) == ST_OK &&
	    (st = command_confine(read, write)) == ST_OK)
		st = take_in(&kr, path, &offer);
	keyring_close(&kr);
	return st == ST_OK ? EXIT_DONE : EXIT_REFUSED;
}

int
cmd_keyset_take(int argc, char **argv)
{
	const char *root = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			return command_help(help);
		case 'r':
			root = optarg;
			break;
		case 'p':
			break;
		default:
			return command_usage(help);
		}
	}
	if (argc - optind != 2)
		return command_usage(help);
	return take(argv[optind], argv[optind + 1], root);
}
