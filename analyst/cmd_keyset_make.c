/*
 * tipline-analyst keyset make: sign a key set for the server.
 *
 * The order on disk: secrets of the epochs; the sequence number; then the
 * key set.  So no key set can name a key that is lost, and no number is used
 * twice.
 */
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "analyst/command.h"
#include "analyst/keyring_files.h"
#include "analyst/keyset_make.h"
#include "analyst/outfile.h"
#include "analyst/plan.h"
#include "analyst/say.h"
#include "base/num.h"

#define WEEKS_DEFAULT 26

static const char help[] =
    "usage: tipline-analyst keyset make KEYS --server FILE --out FILE"
    " [--analyst FILE]... [--without-own] [--weeks N] [--sequence N]"
    " [--replace-server] [--passphrase-file FILE]\n"
    "\n"
    "Sign a key set with the root key of KEYS.  It names the analyst of KEYS,\n"
    "for whom keys of N weeks are made, and all whose files (keys make) are\n"
    "given.  A week stands in it only if every one of them has a key for it;\n"
    "what is left out is said.  Compare the signers' ids that are shown with\n"
    "the analysts, by voice.  Writes FILE and FILE.minisig for the operator.\n"
    "\n"
    "  --server FILE           server.pub, from the operator\n"
    "  --out FILE              the key set to write; must not be there\n"
    "  --analyst FILE          another analyst's keys; up to 16 times\n"
    "  --without-own           do not name this keyring's own analyst\n"
    "  --weeks N               make own keys of N weeks, this one first,\n"
    "                          1 to 400 (26)\n"
    "  --sequence N            the set's number, if one was lost: higher than\n"
    "                          any before\n"
    "  --replace-server        KEYS was for another server until now\n"
    "  --passphrase-file FILE  take the passphrase from FILE's first line\n";

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"server", required_argument, NULL, 's'},
    {"analyst", required_argument, NULL, 'a'},
    {"without-own", no_argument, NULL, 'x'},
    {"weeks", required_argument, NULL, 'w'},
    {"sequence", required_argument, NULL, 'q'},
    {"out", required_argument, NULL, 'o'},
    {"replace-server", no_argument, NULL, 'r'},
    {"passphrase-file", required_argument, NULL, 'p'},
    {NULL, 0, NULL, 0},
};

struct args {
	const char *keys, *server, *out, *passphrase_file;
	const char *analyst[RECIPIENTS_MAX];
	char sig_out[PATH_MAX];
	size_t analysts;
	uint64_t weeks, sequence;
	bool replace_server, without_own;
};

static enum status
read_server(const char *path, struct server_identity *server)
{
	struct bytes text = BYTES_INIT(SERVER_FILE_MAX);
	enum status st;

	st = outfile_read(path, &text);
	if (st != ST_OK)
		goto out;
	st = server_identity_parse(text.p, text.len, server);
	if (st == ST_OK && server->onion[0] != '\0')
		st = onion_check(server->onion);
	if (st != ST_OK)
		say_error("%s is not a server.pub that can be used: %s", path,
		    status_text(st));
out:
	bytes_free(&text);
	return st;
}

static enum status
read_analyst(const char *path, struct analyst_keys *keys)
{
	struct bytes text = BYTES_INIT(KEYSET_MAX);
	const char *why = "";
	unsigned line = 0;
	enum status st;

	if ((st = outfile_read(path, &text)) != ST_OK)
		goto out;
	st = analyst_keys_parse(text.p, text.len, keys, &line, &why);
	if (st == ST_FORGED)
		say_error("%s was altered after its analyst signed it: it was"
			  " not used",
		    path);
	else if (st != ST_OK)
		say_error("%s is no analyst's key file that can be used: line"
			  " %u: %s",
		    path, line, st == ST_MALFORMED ? why : status_text(st));
out:
	bytes_free(&text);
	return st;
}

/* Say who stands in the set, and what became of those of the last one. */
static void
tell_signers(const struct keyset *set, const struct keyset *last)
{
	char id[KEY_ID_TEXT_LEN + 1], was[KEY_ID_TEXT_LEN + 1];

	say("Signers, to be compared with each analyst by voice:");
	for (size_t i = 0; i < set->signers; i++) {
		key_id_text(set->signer[i].id, id);
		say("    %s  %s", id, set->signer[i].name);
	}
	for (size_t i = 0; last != NULL && i < last->signers; i++) {
		const struct keyset_signer *old = &last->signer[i];
		const struct keyset_signer *now = NULL;

		for (size_t j = 0; j < set->signers; j++) {
			if (strcmp(set->signer[j].name, old->name) == 0)
				now = &set->signer[j];
		}
		key_id_text(old->id, was);
		if (now == NULL)
			say("note: %s stood in key set %" PRIu64
			    " and does not stand in this one",
			    old->name, last->sequence);
		else if (memcmp(now->id, old->id, KEY_ID_LEN) != 0)
			say("warning: the signer of %s was %s in key set"
			    " %" PRIu64 ": ask %s whether that was changed",
			    old->name, was, last->sequence, old->name);
	}
}

static void
tell(const struct args *a, const struct keyring *kr,
    const struct keyset_made *made)
{
	char from[TIME_TEXT_LEN + 1], until[TIME_TEXT_LEN + 1];
	char fingerprint[FINGERPRINT_TEXT_LEN + 1];
	char id[KEY_ID_TEXT_LEN + 1];
	const struct server_identity *server = &made->set.server;

	minisign_fingerprint(&kr->root, fingerprint);
	key_id_text(server->id, id);
	say("Key set %" PRIu64 ", signed by root key %s", made->set.sequence,
	    fingerprint);
	say("for server %s, %s", id,
	    server->onion[0] == '\0' ? "without an onion address yet"
				     : server->onion);
	for (size_t i = 0; i < made->set.epochs; i++) {
		const struct recipients *to = &made->set.epoch[i].to;

		time_format(to->from, from);
		time_format(to->until, until);
		say("    epoch %4" PRIu32 "  %.10s to %.10s", to->epoch, from,
		    until);
	}
	tell_signers(&made->set, kr->has_set ? &kr->set : NULL);
	say("Next: copy %s and %s to the server; there:\n"
	    "    tipline-operator keyset install LINE %s --root root.pub\n"
	    "(--root with %s/root.pub, the first time only)",
	    a->out, a->sig_out, a->out, a->keys);
}

static enum status
make_in(
    struct keyring *kr, const struct args *a, const struct keyset_wish *wish)
{
	struct keyset_made made = {.text = BYTES_INIT(KEYSET_MAX),
	    .sig = BYTES_INIT(MINISIGN_FILE_MAX)};
	enum status st;

	if ((st = keyset_make(kr, wish, &made)) != ST_OK)
		goto out;
	st = keyring_store_set(kr, made.set.sequence, &made.text, &made.sig);
	if (st != ST_OK)
		goto out;
	/* The signature first: a key set without it tempts nobody. */
	if ((st = outfile_write(a->sig_out, &made.sig)) != ST_OK)
		goto out;
	if ((st = outfile_write(a->out, &made.text)) != ST_OK)
		goto out;
	tell(a, kr, &made);
out:
	keyset_made_free(&made);
	return st;
}

/* Read all that comes from others before any key is touched. */
static enum status
read_all_in(const struct args *a, struct keyset_wish *wish,
    struct server_identity *server, struct analyst_keys *analyst)
{
	enum status st;

	*wish = (struct keyset_wish){.server = server,
	    .sequence = a->sequence,
	    .replace_server = a->replace_server,
	    .own = !a->without_own,
	    .weeks = a->weeks,
	    .analyst = analyst};
	if ((st = command_clock(&wish->now)) != ST_OK ||
	    (st = read_server(a->server, server)) != ST_OK)
		return st;
	for (size_t i = 0; i < a->analysts; i++) {
		st = read_analyst(a->analyst[i], &analyst[i]);
		if (st != ST_OK)
			return st;
		wish->analysts++;
	}
	return ST_OK;
}

static int
make(struct args *a)
{
	char folder[PATH_MAX];
	const char *const write[] = {a->keys, folder, NULL};
	struct analyst_keys analyst[RECIPIENTS_MAX] = {{{{0}, {0}, {0}}, 0, 0}};
	struct keyring kr = {.dirfd = -1};
	struct server_identity server;
	struct keyset_wish wish;
	enum status st;

	if (outfile_name(a->out, ".minisig", a->sig_out) != ST_OK ||
	    outfile_is_free(a->out) != ST_OK ||
	    outfile_is_free(a->sig_out) != ST_OK)
		return EXIT_REFUSED;
	outfile_folder(a->out, folder);
	if ((st = read_all_in(a, &wish, &server, analyst)) != ST_OK)
		goto out;
	if ((st = keyring_open(a->keys, &kr)) != ST_OK)
		goto out;
	st = command_unlock(&kr, a->passphrase_file, NULL, write);
	if (st != ST_OK)
		goto out;
	st = make_in(&kr, a, &wish);
out:
	for (size_t i = 0; i < RECIPIENTS_MAX; i++)
		analyst_keys_free(&analyst[i]);
	keyring_close(&kr);
	return st == ST_OK ? EXIT_DONE : EXIT_REFUSED;
}

static bool
set_option(struct args *a, int c)
{
	switch (c) {
	case 's':
		a->server = optarg;
		return true;
	case 'o':
		a->out = optarg;
		return true;
	case 'r':
		a->replace_server = true;
		return true;
	case 'x':
		a->without_own = true;
		return true;
	case 'p':
		a->passphrase_file = optarg;
		return true;
	case 'a':
		if (a->analysts == RECIPIENTS_MAX) {
			say_error("a key set names %d analysts at most",
			    RECIPIENTS_MAX);
			return false;
		}
		a->analyst[a->analysts++] = optarg;
		return true;
	case 'w':
		return command_number(
		    "--weeks", optarg, PLAN_WEEKS_MAX, &a->weeks);
	case 'q':
		return command_number(
		    "--sequence", optarg, INT64_MAX, &a->sequence);
	default:
		return false;
	}
}

int
cmd_keyset_make(int argc, char **argv)
{
	struct args a = {.weeks = WEEKS_DEFAULT};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return command_help(help);
		if (!set_option(&a, c))
			return command_usage(help);
	}
	if (argc - optind != 1 || a.server == NULL || a.out == NULL)
		return command_usage(help);
	if (a.without_own && a.analysts == 0) {
		say_error("--without-own leaves nobody: name an --analyst");
		return command_usage(help);
	}
	a.keys = argv[optind];
	return make(&a);
}
