/*
 * keyset_install: take up a key set that the analysts' root key signed, and
 * tell the running server.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/confine.h"
#include "base/num.h"
#include "crypto/keyset.h"
#include "crypto/minisign.h"
#include "operator/commands.h"
#include "operator/tool.h"

static const char help[] =
    "usage: tipline-operator keyset install LINE KEYSET [--root ROOT.PUB]\n"
    "                                       [--sequence N]\n"
    "\n"
    "Check the key set file KEYSET against its signature KEYSET.minisig and\n"
    "take it up.  The first time, --root names the public root key, which is\n"
    "pinned in LINE from then on: any other is refused later.  A running\n"
    "tipline-intake takes the new keys up at once.\n"
    "\n"
    "  --root ROOT.PUB  the root's public key, as minisign writes it\n"
    "  --sequence N     refuse any key set but number N; needed on a line "
    "that\n"
    "                   was restored from a backup, where the analysts must\n"
    "                   say which one is the newest\n"
    "  -h, --help       show this\n";

/* The files, read before the process confines itself to the line. */
static bool
read_files(const char *path, struct bytes *text, struct bytes *sig)
{
	char *name = NULL;
	bool done;

	if (tool_read(path, text) != ST_OK)
		return false;
	if (asprintf(&name, "%s.minisig", path) < 0) {
		tool_say("out of memory");
		return false;
	}
	done = tool_read(name, sig) == ST_OK;
	if (!done)
		tool_say("a key set comes with its signature beside it;"
			 " nothing was changed");
	free(name);
	return done;
}

static void
tell_keyset(const struct line *line)
{
	char why[LINE_WHY_LEN], until[TIME_TEXT_LEN + 1];
	char id[KEY_ID_TEXT_LEN + 1];
	struct keyset set;
	uint64_t now = (uint64_t)time(NULL);

	if (line_keyset_load(line, &set, why) != ST_OK) {
		tool_say("%s", why);
		return;
	}
	time_format(set.until, until);
	printf("Key set %" PRIu64 " is installed: %zu epochs, valid until %s"
	       " (%" PRIu64 " days).\n",
	    set.sequence, set.epochs, until,
	    set.until > now ? (set.until - now) / 86400 : 0);
	for (size_t i = 0; i < set.signers; i++) {
		key_id_text(set.signer[i].id, id);
		printf("  analyst %s, signs with %s\n", set.signer[i].name, id);
	}
	keyset_free(&set);
}

static void
tell_root(const struct minisign_key *root)
{
	char text[FINGERPRINT_TEXT_LEN + 1];

	minisign_fingerprint(root, text);
	printf("Root key, pinned: %s\n"
	       "Compare it with the fingerprint the keeper of the root key"
	       " reads out.\n",
	    text);
}

static int
install(const struct line *line, const struct keyset_offer *offer)
{
	const char *const write[] = {line->path, NULL};
	char why[LINE_WHY_LEN];
	const bool restored = line_is_restored(line);
	struct confine_missing missing;
	enum status st;

	if (!tool_confine(NULL, write, &missing))
		return TOOL_FAILED;
	st = line_keyset_install(line, offer, why);
	if (st != ST_OK) {
		tool_say("refused: %s", why);
		tool_say("the line goes on with the key set it had, if any");
		return TOOL_FAILED;
	}
	tell_keyset(line);
	if (offer->root != NULL)
		tell_root(offer->root);
	tool_tell_server(line, "the key set");
	if (restored)
		puts("This line comes from a backup.  Before it is started,"
		     " import each analyst's\nreturn bundle with links:"
		     " tipline-operator status says from which tip on.");
	return TOOL_DONE;
}

int
keyset_install_command(int argc, char **argv)
{
	const char *root_path = NULL, *number = NULL, *operand[2];
	const struct tool_option options[] = {{"root", NULL, &root_path, 1},
	    {"sequence", NULL, &number, 1}, {NULL, NULL, NULL, 0}};
	const struct tool_command command = {
	    "keyset install", help, options, 2};
	struct bytes text = BYTES_INIT(KEYSET_MAX);
	struct bytes sig = BYTES_INIT(MINISIGN_FILE_MAX);
	struct minisign_key root;
	uint64_t wanted = 0;
	struct line line;
	int code;

	if ((code = tool_parse(&command, argc, argv, operand)) != TOOL_GO_ON)
		return code;
	if (!tool_number("sequence", number, UINT64_MAX, &wanted))
		return TOOL_USAGE;
	if (!tool_line_open(operand[0], &line))
		return TOOL_FAILED;
	code = TOOL_FAILED;
	if (read_files(operand[1], &text, &sig) &&
	    (root_path == NULL || tool_read_root(root_path, &root))) {
		const struct keyset_offer offer = {&text, &sig,
		    root_path != NULL ? &root : NULL, (uint64_t)time(NULL),
		    wanted};

		code = install(&line, &offer);
	}
	bytes_free(&text);
	bytes_free(&sig);
	line_close(&line);
	return code;
}
