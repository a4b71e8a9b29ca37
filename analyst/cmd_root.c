/*
 * tipline-analyst root change, take, replace: another root key.
 */
#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "analyst/command.h"
#include "analyst/keyring_root.h"
#include "analyst/outfile.h"
#include "analyst/say.h"

static const char change_help[] =
    "usage: tipline-analyst root change KEYS --out FILE"
    " [--passphrase-file FILE]\n"
    "\n"
    "Make a new root key in KEYS.  The old one signs its name, and the new "
    "one\n"
    "does, too: FILE, FILE.minisig and FILE.new.minisig go to the server and\n"
    "to all analysts, who follow it.  The old root is kept in KEYS/roots and\n"
    "signs nothing any more.  A run that was cut is started again.\n"
    "\n"
    "  --out FILE              the change; must not be there\n"
    "  --passphrase-file FILE  take the passphrase from FILE's first line\n";

static const char take_help[] =
    "usage: tipline-analyst root take KEYS FILE\n"
    "\n"
    "Follow a change of the root: FILE, FILE.minisig and FILE.new.minisig, as\n"
    "root change wrote them.  Changes are followed in their order.\n";

static const char replace_help[] =
    "usage: tipline-analyst root replace KEYS"
    " ROOT.PUB --fingerprint TEXT | --new [--passphrase-file FILE]\n"
    "\n"
    "Pin another root by hand, when the old one was lost or stolen: nothing\n"
    "proves it but the fingerprint that you have from its keeper, by voice.\n"
    "Every server and every analyst must do the same.\n"
    "\n"
    "  --fingerprint TEXT      the new root's, as its keeper reads it\n"
    "  --new                   make the new root here; for its keeper\n"
    "  --passphrase-file FILE  take the passphrase from FILE's first line\n";

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"out", required_argument, NULL, 'o'},
    {"fingerprint", required_argument, NULL, 'f'},
    {"new", no_argument, NULL, 'n'},
    {"passphrase-file", required_argument, NULL, 'p'},
    {NULL, 0, NULL, 0},
};

struct args {
	const char *keys, *out, *file, *fingerprint, *passphrase_file;
	char sig[PATH_MAX], sig_new[PATH_MAX]; /* of out or file */
	bool make_new;
};

enum which { CHANGE, TAKE, REPLACE };
static const char *const helps[] = {change_help, take_help, replace_help};

/* Does this command have that option? */
static bool
set_option(struct args *a, enum which which, int c)
{
	switch (c) {
	case 'o':
		a->out = optarg;
		return which == CHANGE;
	case 'f':
		a->fingerprint = optarg;
		return which == REPLACE;
	case 'n':
		a->make_new = true;
		return which == REPLACE;
	case 'p':
		a->passphrase_file = optarg;
		return true;
	default:
		return false;
	}
}

static void
say_fingerprint(const char *what, const struct minisign_key *root)
{
	char text[FINGERPRINT_TEXT_LEN + 1];

	minisign_fingerprint(root, text);
	say("%s\n    %s", what, text);
}

static enum status
write_change(const struct args *a, const struct keyring_root_texts *t)
{
	enum status st;

	if ((st = outfile_write(a->sig_new, &t->sig_new)) != ST_OK ||
	    (st = outfile_write(a->sig, &t->sig)) != ST_OK)
		return st;
	return outfile_write(a->out, &t->text);
}

static enum status
change_in(struct keyring *kr, const struct args *a)
{
	struct keyring_root_texts texts = KEYRING_ROOT_TEXTS;
	struct root_change change;
	enum status st;

	if ((st = keyring_root_prepare(kr, &change, &texts)) != ST_OK)
		goto out;
	if ((st = write_change(a, &texts)) != ST_OK)
		goto out;
	if ((st = keyring_root_commit(kr, change.number)) != ST_OK)
		goto out;
	say("Change %" PRIu32 " of the root.", change.number);
	say_fingerprint("The new root's fingerprint, to be printed and read"
			" out from now on:",
	    &change.next);
	say("Next: carry %s, %s and\n%s to the server (tipline-operator root"
	    " change) and to all analysts\n(tipline-analyst root take); copies"
	    " are in %s/roots.  Then sign a key set\nwith the new root: keyset"
	    " make.  Make a new backup of the root.",
	    a->out, a->sig, a->sig_new, a->keys);
out:
	if (st == ST_NOMEM)
		say_error("no memory to change the root");
	else if (st != ST_OK)
		say_error("the root was not changed; started again with"
			  " another --out, this goes on where it ended");
	keyring_root_texts_free(&texts);
	return st;
}

static enum status
change(struct keyring *kr, const struct args *a)
{
	char folder[PATH_MAX];
	const char *const write[] = {a->keys, folder, NULL};
	enum status st;

	outfile_folder(a->out, folder);
	if (outfile_is_free(a->out) != ST_OK ||
	    outfile_is_free(a->sig) != ST_OK ||
	    outfile_is_free(a->sig_new) != ST_OK)
		return ST_EXISTS;
	if ((st = keyring_open(a->keys, kr)) != ST_OK)
		return st;
	if (!kr->keeps_root) {
		say_error("this keyring does not keep the root key; its keeper"
			  " changes it, and this keyring follows with root"
			  " take");
		return ST_ABSENT;
	}
	st = command_unlock(kr, a->passphrase_file, NULL, write);
	if (st != ST_OK)
		return st;
	return change_in(kr, a);
}

static enum status
take_in(struct keyring *kr, struct args *a)
{
	struct keyring_root_texts texts = KEYRING_ROOT_TEXTS;
	struct root_change taken;
	bool kept = kr->keeps_root;
	enum status st;

	if ((st = outfile_read(a->file, &texts.text)) != ST_OK ||
	    (st = outfile_read(a->sig, &texts.sig)) != ST_OK ||
	    (st = outfile_read(a->sig_new, &texts.sig_new)) != ST_OK)
		goto out;
	if ((st = keyring_root_take(kr, &texts, &taken)) != ST_OK)
		goto out;
	say("Followed change %" PRIu32 " of the root.", taken.number);
	say_fingerprint("The root is now", &taken.next);
	if (kept)
		say("This keyring kept the old root's key: it lies in"
		    " %s/roots now, and key\nsets are signed where the change"
		    " was made.",
		    a->keys);
out:
	keyring_root_texts_free(&texts);
	return st;
}

static enum status
take(struct keyring *kr, struct args *a)
{
	const char *const write[] = {a->keys, NULL};
	char folder[PATH_MAX];
	const char *const read[] = {folder, NULL};
	enum status st;

	outfile_folder(a->file, folder);
	if ((st = keyring_open(a->keys, kr)) != ST_OK ||
	    (st = command_confine(read, write)) != ST_OK)
		return st;
	if (!kr->has_root) {
		say_error("no root is pinned here yet, so there is none to"
			  " change: keyset take --root comes first");
		return ST_ABSENT;
	}
	return take_in(kr, a);
}

/* Are these the same hex digits, however they are grouped? */
static bool
is_fingerprint(const char *text, const char *wanted)
{
	for (;; text++, wanted++) {
		while (*text == ' ' || *text == '-' || *text == ':')
			text++;
		while (*wanted == ' ')
			wanted++;
		if (tolower((unsigned char)*text) != *wanted)
			return false;
		if (*wanted == '\0')
			return true;
	}
}

static enum status
read_root(const struct args *a, struct minisign_key *root)
{
	char is[FINGERPRINT_TEXT_LEN + 1];
	enum status st = outfile_read_root(a->file, root);

	if (st != ST_OK)
		return st;
	minisign_fingerprint(root, is);
	if (is_fingerprint(a->fingerprint, is))
		return ST_OK;
	say_error("the root in %s has the fingerprint\n    %s\nwhich is not"
		  " the one given: nothing was changed.  Ask its keeper again,"
		  " by voice",
	    a->file, is);
	return ST_DENIED;
}

static enum status
replace(struct keyring *kr, const struct args *a)
{
	const char *const write[] = {a->keys, NULL};
	struct minisign_key root;
	bool kept;
	enum status st;

	if (!a->make_new && (st = read_root(a, &root)) != ST_OK)
		return st;
	if ((st = keyring_open(a->keys, kr)) != ST_OK)
		return st;
	if (!kr->has_root) {
		say_error("no root is pinned here yet, so there is none to"
			  " replace: keyset take --root pins the first one");
		return ST_ABSENT;
	}
	kept = kr->keeps_root && !a->make_new;
	st = a->make_new ? command_unlock(kr, a->passphrase_file, NULL, write)
			 : command_confine(NULL, write);
	if (st != ST_OK)
		return st;
	st = keyring_root_replace(kr, a->make_new ? NULL : &root);
	if (st != ST_OK)
		return st;
	say_fingerprint("The root is now", &kr->root);
	if (kept)
		say("The old root's key lies in %s/roots; this keyring signs"
		    " no key sets any more.",
		    a->keys);
	say(a->make_new
		? "Read it to every operator and analyst; each pins it by hand"
		  " (root replace).\nThen sign a key set with it: keyset make."
		: "Key sets of the old root are refused from now on.");
	return ST_OK;
}

/* Does every command have what it needs, and nothing else? */
static bool
is_complete(const struct args *a, enum which which, int operands)
{
	if (which == CHANGE)
		return operands == 1 && a->out != NULL;
	if (which == TAKE)
		return operands == 2;
	return a->make_new ? operands == 1 && a->fingerprint == NULL
			   : operands == 2 && a->fingerprint != NULL;
}

static int
root_command(enum which which, int argc, char **argv)
{
	struct keyring kr = {.dirfd = -1};
	struct args a = {.keys = NULL};
	const char *base;
	enum status st;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return command_help(helps[which]);
		if (!set_option(&a, which, c))
			return command_usage(helps[which]);
	}
	if (!is_complete(&a, which, argc - optind))
		return command_usage(helps[which]);
	a.keys = argv[optind];
	a.file = argv[optind + 1]; /* NULL behind the last one */
	base = which == CHANGE ? a.out : a.file;
	if (which != REPLACE &&
	    (outfile_name(base, ".minisig", a.sig) != ST_OK ||
		outfile_name(base, ".new.minisig", a.sig_new) != ST_OK))
		return EXIT_REFUSED;
	if (which == CHANGE)
		st = change(&kr, &a);
	else
		st = which == TAKE ? take(&kr, &a) : replace(&kr, &a);
	keyring_close(&kr);
	return st == ST_OK ? EXIT_DONE : EXIT_REFUSED;
}

int
cmd_root_change(int argc, char **argv)
{
	return root_command(CHANGE, argc, argv);
}

int
cmd_root_take(int argc, char **argv)
{
	return root_command(TAKE, argc, argv);
}

int
cmd_root_replace(int argc, char **argv)
{
	return root_command(REPLACE, argc, argv);
}
