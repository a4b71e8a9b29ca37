/*
 * tipline-analyst keys restore: make a keyring from a backup and enough of
 * its shares.  keys drill: only prove that it could be done.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analyst/command.h"
#include "analyst/key_backup.h"
#include "analyst/outfile.h"
#include "analyst/say.h"
#include "base/guarded.h"
#include "base/passphrase.h"
#include "crypto/backup_box.h"
#include "crypto/shares.h"

static const char restore_help[] =
    "usage: tipline-analyst keys restore KEYS --backup FILE SHARE..."
    " [--passphrase-file FILE]\n"
    "\n"
    "Make the folder KEYS, which must be empty or not there, from a backup "
    "and\n"
    "as many of its shares as it needs, under a new passphrase.  Key sets "
    "made\n"
    "after the backup are not known to it: take the newest one first.\n"
    "\n"
    "  --backup FILE           backup.tipline\n"
    "  --passphrase-file FILE  take the passphrase from FILE's first line\n";

static const char drill_help[] =
    "usage: tipline-analyst keys drill KEYS --backup FILE SHARE..."
    " [--passphrase-file FILE]\n"
    "\n"
    "Prove that a backup and these shares would restore KEYS: open it and\n"
    "compare every secret key with those in KEYS.  Writes nothing.\n"
    "\n"
    "  --backup FILE           backup.tipline\n"
    "  --passphrase-file FILE  take the passphrase from FILE's first line\n";

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"backup", required_argument, NULL, 'b'},
    {"passphrase-file", required_argument, NULL, 'p'},
    {NULL, 0, NULL, 0},
};

struct args {
	const char *keys, *backup, *passphrase_file;
	char **share; /* paths */
	int shares;
};

/* Read one share and hold it against the backup and those before it. */
static enum status
read_share(const struct args *a, int i,
    const uint8_t id[static SHARE_BACKUP_LEN], struct share *share)
{
	struct bytes text = BYTES_INIT(SHARE_FILE_MAX);
	char is[BACKUP_ID_TEXT_LEN + 1], wanted[BACKUP_ID_TEXT_LEN + 1];
	enum status st;

	if ((st = outfile_read(a->share[i], &text)) != ST_OK)
		goto out;
	st = share_parse(text.p, text.len, &share[i]);
	if (st == ST_FORGED)
		say_error(
		    "%s is mistyped: its check does not match", a->share[i]);
	else if (st != ST_OK)
		say_error("%s is no share of a backup: %s", a->share[i],
		    status_text(st));
	if (st != ST_OK)
		goto out;
	if (memcmp(share[i].backup, id, SHARE_BACKUP_LEN) != 0) {
		backup_record_id(share[i].backup, is);
		backup_record_id(id, wanted);
		say_error("%s is a share of backup %.8s, and %s is backup"
			  " %.8s",
		    a->share[i], is, a->backup, wanted);
		st = ST_WRONG_KEY;
	}
	for (int j = 0; j < i && st == ST_OK; j++) {
		if (share[j].x == share[i].x) {
			say_error("%s and %s are the same share", a->share[j],
			    a->share[i]);
			st = ST_EXISTS;
		}
	}
out:
	bytes_free(&text);
	return st;
}

/* Put the key together from all shares named. */
static enum status
join(const struct args *a, const uint8_t id[static SHARE_BACKUP_LEN],
    uint8_t *key)
{
	struct share *share;
	enum status st = ST_OK;

	share = guarded_new(SHARES_MAX * sizeof(*share));
	if (share == NULL)
		return ST_NOMEM;
	for (int i = 0; i < a->shares && st == ST_OK; i++)
		st = read_share(a, i, id, share);
	if (st == ST_OK) {
		st = shares_join(share, (size_t)a->shares, key);
		if (st == ST_SHORT)
			say_error("this backup needs %u shares, and %d %s"
				  " given",
			    share[0].need, a->shares,
			    a->shares == 1 ? "was" : "were");
		else if (st != ST_OK)
			say_error("these shares do not go together: %s",
			    status_text(st));
	}
	guarded_free(share);
	return st;
}

/* Open the backup; on ST_OK the caller frees it. */
static enum status
open_backup(const struct args *a, struct key_backup *backup)
{
	struct bytes file = BYTES_INIT(KEY_BACKUP_FILE_MAX);
	uint8_t id[SHARE_BACKUP_LEN];
	uint8_t *key = NULL;
	enum status st;

	if ((st = outfile_read(a->backup, &file)) != ST_OK)
		goto out;
	st = backup_box_id(file.p, file.len, id);
	if (st == ST_OK && file.len - BACKUP_BOX_MORE > KEY_BACKUP_MAX)
		st = ST_LIMIT;
	if (st != ST_OK) {
		say_error(
		    "%s is no backup of keys: %s", a->backup, status_text(st));
		goto out;
	}
	if ((key = guarded_new(SHARE_KEY_LEN)) == NULL ||
	    key_backup_new(backup) != ST_OK) {
		say_error("no memory for the backup");
		st = ST_NOMEM;
		goto out;
	}
	if ((st = join(a, id, key)) != ST_OK)
		goto out;
	st = backup_box_open(key, file.p, file.len, backup->p);
	if (st == ST_OK)
		backup->len = file.len - BACKUP_BOX_MORE;
	else
		say_error("%s does not open with these shares: it is damaged,"
			  " or one of them is not what its holder was given",
		    a->backup);
out:
	guarded_free(key);
	bytes_free(&file);
	if (st != ST_OK)
		key_backup_free(backup);
	return st;
}

static void
tell_restored(const char *keys)
{
	struct keyring kr = {.dirfd = -1};

	say("Restored into %s, under the new passphrase.", keys);
	if (keyring_open(keys, &kr) == ST_OK && kr.keeps_root) {
		uint64_t sequence = 0;

		if (keyring_sequence(&kr, &sequence) == ST_OK)
			say("Its newest key set is %llu.  If newer ones were"
			    " made since the backup, take the newest\nfirst"
			    " (keyset take), or sign with --sequence: a number"
			    " used twice is refused.",
			    (unsigned long long)sequence);
	}
	keyring_close(&kr);
	say("What was opened is not in a backup: tips already opened can be"
	    " opened again from\ntheir bundles.  If holders have seen each"
	    " other's shares, change the root and make\na new backup.");
}

static enum status
restore(const struct args *a)
{
	const char *const write[] = {a->keys, NULL};
	struct key_backup backup = {NULL, 0};
	struct keyring kr = {.dirfd = -1};
	struct passphrase pass = {NULL, 0};
	const struct keyring_wish wish = {
	    .pass = &pass, .cost = &wrap_cost_default};
	enum status st;

	if ((st = open_backup(a, &backup)) != ST_OK)
		return st;
	if ((st = passphrase_get(a->passphrase_file, true, &pass)) != ST_OK)
		goto out;
	/* There before Landlock allows it; whether it is empty shows next. */
	if (mkdir(a->keys, 0700) != 0 && errno != EEXIST) {
		say_error("cannot make the key folder %s: %s", a->keys,
		    strerror(errno));
		st = ST_DENIED;
		goto out;
	}
	if ((st = command_confine(NULL, write)) != ST_OK)
		goto out;
	if ((st = keyring_begin(a->keys, &wish, &kr)) != ST_OK)
		goto out;
	st = key_backup_restore(&backup, &kr);
out:
	passphrase_free(&pass);
	key_backup_free(&backup);
	keyring_close(&kr);
	if (st == ST_OK)
		tell_restored(a->keys);
	return st;
}

static void
tell_drill(const struct key_backup_drill *d)
{
	say("Of the backup's secret keys %zu are the same as here.", d->same);
	if (d->gone > 0)
		say("%zu %s not here any more: weeks destroyed since, or a root"
		    " that was replaced.  Copies in a backup still open what"
		    " they opened.",
		    d->gone, d->gone == 1 ? "is" : "are");
	if (d->differ == 0 && d->missing == 0)
		say("This backup and these shares would restore this keyring's"
		    " root and signing keys.");
	else
		say("This backup would NOT restore this keyring.");
}

static enum status
drill(const struct args *a)
{
	const char *const read[] = {a->keys, NULL};
	struct key_backup backup = {NULL, 0};
	struct keyring kr = {.dirfd = -1};
	struct key_backup_drill result;
	enum status st;

	if ((st = open_backup(a, &backup)) != ST_OK)
		return st;
	if ((st = keyring_open(a->keys, &kr)) == ST_OK &&
	    (st = command_unlock(&kr, a->passphrase_file, read, NULL)) ==
		ST_OK &&
	    (st = key_backup_compare(&backup, &kr, &result)) == ST_OK) {
		tell_drill(&result);
		if (result.differ > 0 || result.missing > 0)
			st = ST_DENIED;
	}
	key_backup_free(&backup);
	keyring_close(&kr);
	return st;
}

static int
command(int argc, char **argv, const char *help,
    enum status (*run)(const struct args *a))
{
	struct args a = {.keys = NULL};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			return command_help(help);
		case 'b':
			a.backup = optarg;
			break;
		case 'p':
			a.passphrase_file = optarg;
			break;
		default:
			return command_usage(help);
		}
	}
	if (argc - optind < 2 || a.backup == NULL)
		return command_usage(help);
	a.keys = argv[optind];
	a.share = argv + optind + 1;
	a.shares = argc - optind - 1;
	if (a.shares > SHARES_MAX) {
		say_error("no backup has more than %d shares", SHARES_MAX);
		return command_usage(help);
	}
	return run(&a) == ST_OK ? EXIT_DONE : EXIT_REFUSED;
}

int
cmd_keys_restore(int argc, char **argv)
{
	return command(argc, argv, restore_help, restore);
}

int
cmd_keys_drill(int argc, char **argv)
{
	return command(argc, argv, drill_help, drill);
}
