/*
 * tipline-analyst keys make: make weekly keys, and write their public halves
 * for the root's keeper.
 */
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>

#include "analyst/command.h"
#include "analyst/keyring.h"
#include "analyst/keyset_make.h"
#include "analyst/outfile.h"
#include "analyst/plan.h"
#include "analyst/say.h"
#include "base/guarded.h"
#include "base/num.h"
#include "crypto/analyst_keys.h"

static const char help[] =
    "usage: tipline-analyst keys make KEYS --weeks N --out FILE"
    " [--passphrase-file FILE]\n"
    "\n"
    "Make the keys still wanted for N weeks, the current one first, and write\n"
    "their public halves, signed, for the keeper of the root key.  Shows the\n"
    "id of this keyring's signer: read it to the keeper by voice.\n"
    "\n"
    "  --weeks N               how many weeks, 1 to 400\n"
    "  --out FILE              the file to write; must not be there\n"
    "  --passphrase-file FILE  take the passphrase from FILE's first line\n";

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"weeks", required_argument, NULL, 'w'},
    {"out", required_argument, NULL, 'o'},
    {"passphrase-file", required_argument, NULL, 'p'},
    {NULL, 0, NULL, 0},
};

struct args {
	const char *keys, *out, *passphrase_file;
	uint64_t weeks;
};

static void
tell(const struct args *a, const struct analyst_keys *own)
{
	char from[TIME_TEXT_LEN + 1], until[TIME_TEXT_LEN + 1];
	char id[KEY_ID_TEXT_LEN + 1];

	key_id_text(own->signer.id, id);
	time_format(own->key[0].from, from);
	time_format(own->key[own->count - 1].until, until);
	say("Keys of %zu week%s, %" PRIu32 " to %" PRIu32
	    ", from %.10s to %.10s.",
	    own->count, own->count == 1 ? "" : "s", own->key[0].epoch,
	    own->key[own->count - 1].epoch, from, until);
	say("Signer of %s, to be read to the root's keeper by voice:\n    %s",
	    own->signer.name, id);
	say("Next: carry %s to the keeper, for\n"
	    "    tipline-analyst keyset make ROOT --analyst %s ...",
	    a->out, a->out);
}

static enum status
write_own(
    const struct args *a, const struct analyst_keys *own, const uint8_t *seed)
{
	struct bytes text = BYTES_INIT(KEYSET_MAX);
	enum status st;

	st = analyst_keys_write(own, seed, &text);
	if (st != ST_OK)
		say_error("cannot write the keys down: %s", status_text(st));
	else if ((st = outfile_write(a->out, &text)) == ST_OK)
		tell(a, own);
	bytes_free(&text);
	return st;
}

static enum status
make_in(struct keyring *kr, const struct args *a, uint64_t now)
{
	struct analyst_keys own = {.count = 0};
	uint8_t id[KEY_ID_LEN];
	uint8_t *seed;
	enum status st;

	if ((seed = guarded_new(SECRET_KEY_LEN)) == NULL)
		return ST_NOMEM;
	if ((st = keyring_load_epochs(kr)) != ST_OK)
		goto out;
	if ((st = keyset_make_keys(kr, now, a->weeks)) != ST_OK)
		goto out;
	if ((st = keyset_make_own(kr, now, a->weeks, &own)) != ST_OK)
		goto out;
	if (own.count == 0) {
		say_error("all keys of these weeks were destroyed here: there"
			  " is nothing to write");
		st = ST_EXPIRED;
		goto out;
	}
	if ((st = keyring_signer(kr, seed, id)) == ST_OK)
		st = write_own(a, &own, seed);
out:
	guarded_free(seed);
	analyst_keys_free(&own);
	return st;
}

static int
make(const struct args *a)
{
	char folder[PATH_MAX];
	const char *const write[] = {a->keys, folder, NULL};
	struct keyring kr = {.dirfd = -1};
	uint64_t now;
	enum status st;

	if (command_clock(&now) != ST_OK || outfile_is_free(a->out) != ST_OK)
		return EXIT_REFUSED;
	outfile_folder(a->out, folder);
	if ((st = keyring_open(a->keys, &kr)) == ST_OK &&
	    (st = command_unlock(&kr, a->passphrase_file, NULL, write)) ==
		ST_OK) {
		st = make_in(&kr, a, now);
		if (st == ST_NOMEM)
			say_error("no memory for the keys");
	}
	keyring_close(&kr);
	return st == ST_OK ? EXIT_DONE : EXIT_REFUSED;
}

int
cmd_keys_make(int argc, char **argv)
{
	struct args a = {NULL, NULL, NULL, 0};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			return command_help(help);
		case 'w':
			if (!command_number(
				"--weeks", optarg, PLAN_WEEKS_MAX, &a.weeks))
				return command_usage(help);
			break;
		case 'o':
			a.out = optarg;
			break;
		case 'p':
			a.passphrase_file = optarg;
			break;
		default:
			return command_usage(help);
		}
	}
	if (argc - optind != 1 || a.weeks == 0 || a.out == NULL)
		return command_usage(help);
	a.keys = argv[optind];
	return make(&a);
}
