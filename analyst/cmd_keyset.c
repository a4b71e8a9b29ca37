/*
 * tipline-analyst keyset make: make weekly keys and sign a key set.
 *
 * The order on disk: secrets of the epochs; the sequence number; then the
 * key set.  So no key set can name a key that is lost, and no number is used
 * twice.  Its text is written as keyset.next first, then the signature, then
 * the text in its place: a run cut between the two leaves a pair that
 * keyring_open() can still put together.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analyst/command.h"
#include "analyst/keyring.h"
#include "analyst/keyset_make.h"
#include "analyst/plan.h"
#include "analyst/say.h"
#include "base/durable.h"
#include "base/num.h"
#include "base/passphrase.h"

#define WEEKS_DEFAULT 26

static const char help[] =
    "usage: tipline-analyst keyset make KEYS --server FILE --out FILE"
    " [--weeks N] [--name NAME] [--replace-server]"
    " [--passphrase-file FILE]\n"
    "\n"
    "Make a key for each week from today on until N weeks are covered, keep\n"
    "those made before that still live, and sign a key set that names them\n"
    "all.  Writes FILE and FILE.minisig for the operator.\n"
    "\n"
    "  --server FILE           server.pub, from the operator\n"
    "  --out FILE              the key set to write; must not be there\n"
    "  --weeks N               how many weeks, 1 to 400 (26)\n"
    "  --name NAME             of the analyst, 1 to 32 of a-z 0-9 -"
    " (analyst)\n"
    "  --replace-server        KEYS was for another server until now\n"
    "  --passphrase-file FILE  take the passphrase from FILE's first line\n";

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"server", required_argument, NULL, 's'},
    {"weeks", required_argument, NULL, 'w'},
    {"out", required_argument, NULL, 'o'},
    {"name", required_argument, NULL, 'n'},
    {"replace-server", no_argument, NULL, 'r'},
    {"passphrase-file", required_argument, NULL, 'p'},
    {NULL, 0, NULL, 0},
};

struct args {
	const char *keys, *server, *out, *name, *passphrase_file;
	char sig_out[PATH_MAX];
	size_t weeks;
	bool replace_server;
};

static enum status
read_server(const char *path, struct server_identity *server)
{
	struct bytes text = BYTES_INIT(SERVER_FILE_MAX);
	enum status st;

	st = durable_read(AT_FDCWD, path, &text);
	if (st == ST_OK)
		st = server_identity_parse(text.p, text.len, server);
	if (st == ST_OK && server->onion[0] != '\0')
		st = onion_check(server->onion);
	if (st != ST_OK)
		say_error("%s is not a server.pub that can be used: %s", path,
		    status_text(st));
	bytes_free(&text);
	return st;
}

/* A clock from before this program was built is wrong for certain. */
static enum status
read_clock(uint64_t *now)
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

static enum status
refuse_taken(const char *path)
{
	if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		return ST_OK;
	say_error("%s is there already: refusing to overwrite it", path);
	return ST_EXISTS;
}

static enum status
write_out(const char *path, const struct bytes *content)
{
	enum status st = durable_write(
	    AT_FDCWD, path, content->p, content->len, 0644, DURABLE_NEW);

	if (st != ST_OK)
		say_error("cannot write %s: %s", path, status_text(st));
	return st;
}

static enum status
store_set(struct keyring *kr, const struct keyset_made *made)
{
	static const char *const name[] = {
	    "keyset.next", "keyset.txt.minisig", "keyset.txt"};
	enum status st;

	if ((st = keyring_put(kr, name[0], &made->text)) != ST_OK)
		return st;
	if ((st = keyring_put(kr, name[1], &made->sig)) != ST_OK)
		return st;
	return keyring_put(kr, name[2], &made->text);
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
	say("Next: copy %s and %s to the server; there:\n"
	    "    tipline-operator keyset install LINE %s --root root.pub\n"
	    "(--root with %s/root.pub, the first time only)",
	    a->out, a->sig_out, a->out, a->keys);
}

static enum status
make_in(struct keyring *kr, const struct args *a,
    const struct server_identity *server)
{
	struct keyset_wish wish = {.server = server,
	    .weeks = a->weeks,
	    .name = a->name,
	    .replace_server = a->replace_server};
	struct keyset_made made = {.text = BYTES_INIT(KEYSET_MAX),
	    .sig = BYTES_INIT(MINISIGN_FILE_MAX)};
	enum status st;

	if ((st = read_clock(&wish.now)) != ST_OK)
		goto out;
	if ((st = keyset_make(kr, &wish, &made)) != ST_OK)
		goto out;
	if ((st = store_set(kr, &made)) != ST_OK)
		goto out;
	if ((st = write_out(a->out, &made.text)) != ST_OK)
		goto out;
	if ((st = write_out(a->sig_out, &made.sig)) != ST_OK)
		goto out;
	tell(a, kr, &made);
out:
	keyset_made_free(&made);
	return st;
}

/* The folder that holds path. */
static void
folder_of(const char *path, char folder[static PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;

	(void)snprintf(folder, PATH_MAX, "%.*s", len == 0 ? 1 : (int)len,
	    len == 0 ? "." : path);
}

static int
make(struct args *a)
{
	char folder[PATH_MAX];
	const char *const write[] = {a->keys, folder, NULL};
	struct keyring kr = {.dirfd = -1};
	struct passphrase pass = {NULL, 0};
	struct server_identity server;
	enum status st;

	if ((size_t)snprintf(a->sig_out, PATH_MAX, "%s.minisig", a->out) >=
	    PATH_MAX)
		return command_usage(help);
	if (refuse_taken(a->out) != ST_OK || refuse_taken(a->sig_out) != ST_OK)
		return EXIT_REFUSED;
	folder_of(a->out, folder);
	if ((st = read_server(a->server, &server)) != ST_OK)
		return EXIT_REFUSED;
	if ((st = keyring_open(a->keys, &kr)) != ST_OK)
		goto out;
	if ((st = passphrase_get(a->passphrase_file, false, &pass)) != ST_OK)
		goto out;
	if ((st = command_confine(NULL, write)) != ST_OK)
		goto out;
	if ((st = keyring_unlock(&kr, &pass)) != ST_OK)
		goto out;
	passphrase_free(&pass);
	st = make_in(&kr, a, &server);
out:
	passphrase_free(&pass);
	keyring_close(&kr);
	return st == ST_OK ? EXIT_DONE : EXIT_REFUSED;
}

static bool
set_option(struct args *a, int c)
{
	uint64_t weeks;

	switch (c) {
	case 's':
		a->server = optarg;
		return true;
	case 'o':
		a->out = optarg;
		return true;
	case 'n':
		a->name = optarg;
		return true;
	case 'r':
		a->replace_server = true;
		return true;
	case 'p':
		a->passphrase_file = optarg;
		return true;
	case 'w':
		if (num_parse(optarg, strlen(optarg), PLAN_WEEKS_MAX, &weeks) !=
			ST_OK ||
		    weeks == 0) {
			say_error(
			    "--weeks is a number from 1 to %d", PLAN_WEEKS_MAX);
			return false;
		}
		a->weeks = (size_t)weeks;
		return true;
	default:
		return false;
	}
}

int
cmd_keyset(int argc, char **argv)
{
	struct args a = {.weeks = WEEKS_DEFAULT, .name = "analyst"};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return command_help(help);
		if (!set_option(&a, c))
			return command_usage(help);
	}
	if (argc - optind != 1 || a.server == NULL || a.out == NULL)
		return command_usage(help);
	if (!keyset_make_name_is_good(a.name)) {
		say_error("--name is 1 to %d of a-z 0-9 -", KEY_NAME_MAX);
		return command_usage(help);
	}
	a.keys = argv[optind];
	return make(&a);
}
