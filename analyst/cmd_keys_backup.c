/*
 * tipline-analyst keys backup: a backup that any few of many holders open.
 *
 * Gathered and sealed in memory; then the keyring remembers it, so that no
 * copy of an epoch's key is ever forgotten; then the shares are written, and
 * last the sealed file, without which they are nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyst/command.h"
#include "analyst/key_backup.h"
#include "analyst/say.h"
#include "base/durable.h"
#include "base/guarded.h"
#include "crypto/backup_box.h"
#include "crypto/shares.h"

#define BACKUP_FILE "backup.tipline"

static const char help[] =
    "usage: tipline-analyst keys backup KEYS --out FOLDER --shares N --need K"
    " [--with-epochs] [--passphrase-file FILE]\n"
    "\n"
    "Write a backup of the root, the roots before it and the signing key into\n"
    "FOLDER, which must hold no other backup: backup.tipline and share-1.txt "
    "to\n"
    "share-N.txt.  Any K shares open it (keys restore); fewer tell nothing.\n"
    "Print the shares and give each to another person, with a copy of\n"
    "backup.tipline; then destroy FOLDER.  Not in it: the passphrase, what "
    "was\n"
    "opened, sentinels, and answers that wait.\n"
    "\n"
    "  --out FOLDER            where to write\n"
    "  --shares N              how many shares, 2 to 16\n"
    "  --need K                how many of them open it, 2 to N\n"
    "  --with-epochs           the keys of the weeks, too: a copy that\n"
    "                          destroying a week's key does not reach\n"
    "  --passphrase-file FILE  take the passphrase from FILE's first line\n";

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"out", required_argument, NULL, 'o'},
    {"shares", required_argument, NULL, 's'},
    {"need", required_argument, NULL, 'n'},
    {"with-epochs", no_argument, NULL, 'e'},
    {"passphrase-file", required_argument, NULL, 'p'},
    {NULL, 0, NULL, 0},
};

struct args {
	const char *keys, *out, *passphrase_file;
	uint64_t shares, need;
	bool with_epochs;
};

struct run {
	const struct args *a;
	struct keyring kr;
	int dir; /* of --out */
	struct backup_record record;
	uint32_t *epoch; /* of record */
	uint8_t *key;    /* guarded */
	struct key_backup backup;
	struct bytes sealed;
	struct share *share; /* guarded, SHARES_MAX */
	size_t written;
};

static bool
is_free(int fd)
{
	bool taken = faccessat(fd, BACKUP_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	char name[32];

	for (int i = 1; i <= SHARES_MAX && !taken; i++) {
		(void)snprintf(name, sizeof(name), "share-%d.txt", i);
		taken = faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	}
	return !taken;
}

/* Make FOLDER or take one over that has no backup in it. */
static enum status
open_out(const char *path, int *fd)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		say_error("cannot make %s: %s", path, strerror(errno));
		return ST_DENIED;
	}
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd == -1) {
		say_error("cannot open %s: %s", path, strerror(errno));
		return ST_DENIED;
	}
	if (is_free(*fd))
		return ST_OK;
	say_error("%s holds a backup already: refusing to write over it", path);
	return ST_EXISTS;
}

static enum status
prepare(struct run *run)
{
	const struct args *a = run->a;
	enum status st;

	run->record.shares = a->shares;
	run->record.need = a->need;
	if ((st = command_clock(&run->record.day)) != ST_OK)
		return st;
	if ((st = keyring_load_epochs(&run->kr)) != ST_OK)
		return st;
	if ((run->key = guarded_new(SHARE_KEY_LEN)) == NULL ||
	    (run->share = guarded_new(SHARES_MAX * sizeof(*run->share))) ==
		NULL ||
	    (run->epoch = calloc(run->kr.epochs + 1, sizeof(*run->epoch))) ==
		NULL)
		return ST_NOMEM;
	for (size_t i = 0; a->with_epochs && i < run->kr.epochs; i++)
		run->epoch[run->record.epochs++] = run->kr.epoch[i].info.epoch;
	run->record.epoch = run->epoch;
	backup_box_new(run->key, run->record.id);
	return ST_OK;
}

static enum status
seal(struct run *run)
{
	enum status st;

	if ((st = key_backup_new(&run->backup)) != ST_OK)
		return st;
	st = key_backup_gather(
	    &run->backup, &run->kr, &run->record, run->a->with_epochs);
	if (st == ST_OK)
		st = backup_box_seal(run->key, run->record.id, run->backup.p,
		    run->backup.len, &run->sealed);
	key_backup_free(&run->backup);
	if (st == ST_OK)
		st = shares_split(run->key, run->record.id, run->a->need,
		    run->a->shares, run->share);
	return st;
}

static void
record_name(const struct run *run, char name[static KEYRING_NAME_MAX])
{
	char id[BACKUP_ID_TEXT_LEN + 1];

	backup_record_id(run->record.id, id);
	(void)snprintf(name, KEYRING_NAME_MAX, "backups/%s", id);
}

static enum status
remember(struct run *run)
{
	struct bytes text = BYTES_INIT(BACKUP_RECORD_MAX);
	char name[KEYRING_NAME_MAX];
	enum status st;

	record_name(run, name);
	if ((st = backup_record_write(&run->record, &text)) == ST_OK)
		st = keyring_put(&run->kr, name, &text);
	bytes_free(&text);
	return st;
}

static enum status
write_share(struct run *run, size_t i)
{
	struct bytes text = BYTES_INIT(SHARE_FILE_MAX);
	char name[32];
	enum status st;

	(void)snprintf(name, sizeof(name), "share-%zu.txt", i + 1);
	if ((st = share_write(&run->share[i], &text)) == ST_OK)
		st = durable_write(
		    run->dir, name, text.p, text.len, 0600, DURABLE_NEW);
	bytes_free(&text);
	return st;
}

/* Take back what was written: without the sealed file it is nothing. */
static void
take_back(struct run *run)
{
	char name[KEYRING_NAME_MAX];

	for (size_t i = 0; i < run->written; i++) {
		(void)snprintf(name, sizeof(name), "share-%zu.txt", i + 1);
		(void)unlinkat(run->dir, name, 0);
	}
	record_name(run, name);
	if (keyring_drop(&run->kr, name) != ST_OK)
		return; /* said; one remembered too many does no harm */
}

static enum status
write_all_out(struct run *run)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < run->a->shares && st == ST_OK; i++) {
		st = write_share(run, i);
		run->written += st == ST_OK;
	}
	if (st == ST_OK)
		st = durable_write(run->dir, BACKUP_FILE, run->sealed.p,
		    run->sealed.len, 0600, DURABLE_NEW);
	if (st == ST_OK)
		return ST_OK;
	say_error("cannot write the backup into %s: %s; what was written is"
		  " removed again",
	    run->a->out, status_text(st));
	take_back(run);
	return st;
}

static void
tell(const struct run *run)
{
	const struct args *a = run->a;
	char id[BACKUP_ID_TEXT_LEN + 1];

	backup_record_id(run->record.id, id);
	say("Backup %.8s: %s/" BACKUP_FILE " and %" PRIu64
	    " shares, any %" PRIu64 " of which open it.",
	    id, a->out, a->shares, a->need);
	if (!run->kr.keeps_root)
		say("This keyring keeps no root key, so none is in it.");
	if (a->with_epochs)
		say("The keys of %zu week%s are in it: destroying a week's key"
		    " does not reach this copy.\nkeys destroy names it as long"
		    " as %s/backups does.",
		    run->record.epochs, run->record.epochs == 1 ? "" : "s",
		    a->keys);
	else
		say("No week's key is in it: tips of weeks whose keys are lost"
		    " stay sealed.");
	say("Next: prove that it restores, with %" PRIu64 " shares:\n"
	    "    tipline-analyst keys drill %s --backup %s/" BACKUP_FILE
	    " SHARE...\nThen print the shares, give each to another person with"
	    " a copy of\n" BACKUP_FILE ", and destroy %s.",
	    a->need, a->keys, a->out, a->out);
}

static enum status
back_up(struct run *run)
{
	enum status st;

	if ((st = prepare(run)) == ST_OK && (st = seal(run)) == ST_OK &&
	    (st = remember(run)) == ST_OK && (st = write_all_out(run)) == ST_OK)
		tell(run);
	if (st == ST_NOMEM)
		say_error("no memory for the backup");
	return st;
}

static int
backup_command(const struct args *a)
{
	const char *const write[] = {a->keys, a->out, NULL};
	struct run run = {.a = a,
	    .kr = {.dirfd = -1},
	    .dir = -1,
	    .sealed = BYTES_INIT(KEY_BACKUP_FILE_MAX)};
	enum status st;

	if ((st = keyring_open(a->keys, &run.kr)) == ST_OK &&
	    (st = open_out(a->out, &run.dir)) == ST_OK &&
	    (st = command_unlock(&run.kr, a->passphrase_file, NULL, write)) ==
		ST_OK)
		st = back_up(&run);
	bytes_free(&run.sealed);
	guarded_free(run.key);
	guarded_free(run.share);
	free(run.epoch);
	if (run.dir != -1)
		close(run.dir);
	keyring_close(&run.kr);
	return st == ST_OK ? EXIT_DONE : EXIT_REFUSED;
}

static bool
set_option(struct args *a, int c)
{
	switch (c) {
	case 'o':
		a->out = optarg;
		return true;
	case 'e':
		a->with_epochs = true;
		return true;
	case 'p':
		a->passphrase_file = optarg;
		return true;
	case 's':
		return command_number(
		    "--shares", optarg, SHARES_MAX, &a->shares);
	case 'n':
		return command_number("--need", optarg, SHARES_MAX, &a->need);
	default:
		return false;
	}
}

int
cmd_keys_backup(int argc, char **argv)
{
	struct args a = {.keys = NULL};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return command_help(help);
		if (!set_option(&a, c))
			return command_usage(help);
	}
	if (argc - optind != 1 || a.out == NULL || a.shares == 0 || a.need == 0)
		return command_usage(help);
	if (a.need < 2 || a.need > a.shares) {
		say_error("--need is 2 to the number of --shares: one share"
			  " alone must open nothing");
		return command_usage(help);
	}
	a.keys = argv[optind];
	return backup_command(&a);
}
