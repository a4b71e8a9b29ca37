/*
 * tipline-analyst keys destroy: end the keys of past weeks.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyst/backup_record.h"
#include "analyst/command.h"
#include "analyst/epoch_fate.h"
#include "analyst/say.h"
#include "base/durable.h"
#include "base/num.h"

#define BACKUPS_MAX 4096
#define TYPED_MAX 32

static const char help[] =
    "usage: tipline-analyst keys destroy KEYS --past | EPOCH..."
    " [--force [--confirm EPOCH]...]\n"
    "\n"
    "Destroy the keys of weeks, so that their sealed tips can never be opened\n"
    "again, by anybody.  A week's key is kept, and the reason said, until the\n"
    "week has ended, all its tips are opened, no number is unknown, and a\n"
    "bundle of a whole week later was seen.  The key is overwritten and\n"
    "removed; KEYS/destroyed remembers it, and it is never made again.\n"
    "\n"
    "What that is worth: on flash memory (an SSD, a stick, a card) the old\n"
    "bytes may stay in cells that no program reaches, and copies of the "
    "folder\n"
    "or a backup with epoch keys still open these tips.  Keep KEYS on an\n"
    "encrypted stick: without its passphrase the cells tell nothing.\n"
    "\n"
    "  --past           destroy all that may be destroyed\n"
    "  --force          in spite of the reasons, after the week's number has\n"
    "                   been typed on the terminal; what is lost stays lost\n"
    "  --confirm EPOCH  type it here instead\n";

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"past", no_argument, NULL, 'a'},
    {"force", no_argument, NULL, 'f'},
    {"confirm", required_argument, NULL, 'c'},
    /* Taken and not needed, so that scripts may give it to all. */
    {"passphrase-file", required_argument, NULL, 'p'},
    {NULL, 0, NULL, 0},
};

struct args {
	const char *keys;
	uint32_t *epoch, *confirm; /* as many as there are words */
	size_t epochs, confirms;
	bool past, force;
};

struct run {
	const struct args *a;
	struct keyring kr;
	struct epoch_fate *fate;
	uint64_t now;
	size_t destroyed, kept;
};

/* The number, typed on the terminal, to be seen. */
static bool
is_typed(uint32_t epoch)
{
	char question[128], typed[TYPED_MAX];
	size_t len = 0;
	uint64_t n;
	bool same = false;
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (tty == -1) {
		say_error("there is no terminal to type the week's number on:"
			  " give --confirm %" PRIu32,
		    epoch);
		return false;
	}
	(void)snprintf(question, sizeof(question),
	    "Type %" PRIu32 " to destroy its key in spite of this: ", epoch);
	if (write_all(tty, question, strlen(question)) != ST_OK)
		goto out;
	while (len < sizeof(typed) && read_all(tty, &typed[len], 1) == ST_OK &&
	    typed[len] != '\n')
		len++;
	same = num_parse(typed, len, UINT32_MAX, &n) == ST_OK && n == epoch;
out:
	close(tty);
	if (!same)
		say_error("that is not the number: the key of week %" PRIu32
			  " is kept",
		    epoch);
	return same;
}

static bool
is_confirmed(const struct args *a, uint32_t epoch)
{
	for (size_t i = 0; i < a->confirms; i++) {
		if (a->confirm[i] == epoch)
			return true;
	}
	return is_typed(epoch);
}

/* The reasons are lines already. */
static void
say_kept(uint32_t epoch, const struct bytes *why)
{
	say("The key of week %" PRIu32 " is kept:\n%.*s", epoch,
	    (int)(why->len > 0 ? why->len - 1 : 0), (const char *)why->p);
}

static void
say_copies(const struct run *run, uint32_t epoch)
{
	struct bytes copies = BYTES_INIT(BACKUPS_MAX);

	if (backup_record_holding(&run->kr, epoch, &copies) != ST_OK)
		say("warning: cannot tell which backups hold a copy of the key"
		    " of week %" PRIu32,
		    epoch);
	if (copies.len > 0)
		say("    but its tips can still be opened: a copy is in backup"
		    " %.*s.  Destroy that backup, or its shares.",
		    (int)copies.len, (const char *)copies.p);
	bytes_free(&copies);
}

/* Destroy the key of row i if it may go, or if it was forced. */
static enum status
destroy_one(struct run *run, size_t i)
{
	const struct keyring_item *item = epoch_fate_row(run->fate, i).item;
	const uint32_t epoch = item->info.epoch;
	struct bytes why = BYTES_INIT(EPOCH_FATE_WHY_MAX);
	bool forced = false;
	enum status st;

	st = epoch_fate_may_go(run->fate, i, run->now, &why);
	if (st == ST_DENIED) {
		say_kept(epoch, &why);
		if (run->a->force)
			forced = is_confirmed(run->a, epoch);
		if (!forced)
			run->kept++;
	} else if (st != ST_OK)
		say_error("cannot tell whether the key of week %" PRIu32
			  " may go: %s",
		    epoch, status_text(st));
	bytes_free(&why);
	if (st != ST_OK && !(st == ST_DENIED && forced))
		return st == ST_DENIED ? ST_OK : st;
	st = epoch_fate_destroy(run->fate, &run->kr, epoch, run->now, forced);
	if (st != ST_OK)
		return st;
	run->destroyed++;
	say("Destroyed the key of week %" PRIu32 ".", epoch);
	if (forced && item->info.until > run->now)
		say("    its week has not ended: if a key set names it, tips"
		    " are sealed to it all the same,\n    and this keyring"
		    " will never open them");
	say_copies(run, epoch);
	return ST_OK;
}

/* Only what has ended, so that a list of what is kept stays short. */
static enum status
destroy_past(struct run *run)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < epoch_fate_count(run->fate) && st == ST_OK;
	     i++) {
		const struct keyring_item *item =
		    epoch_fate_row(run->fate, i).item;

		if (item->file[0] != '\0' &&
		    (item->destroyed || item->info.until <= run->now))
			st = destroy_one(run, i);
	}
	return st;
}

static enum status
destroy_named(struct run *run, uint32_t epoch)
{
	bool gone = false;

	for (size_t i = 0; i < epoch_fate_count(run->fate); i++) {
		const struct keyring_item *item =
		    epoch_fate_row(run->fate, i).item;

		if (item->info.epoch != epoch)
			continue;
		if (item->file[0] != '\0')
			return destroy_one(run, i);
		gone = true;
	}
	if (gone) {
		say("The key of week %" PRIu32 " was destroyed before.", epoch);
		return ST_OK;
	}
	say_error("there is no key of week %" PRIu32 " here", epoch);
	run->kept++;
	return ST_OK;
}

static enum status
destroy(struct run *run)
{
	enum status st = ST_OK;

	if (run->a->past)
		st = destroy_past(run);
	for (size_t i = 0; i < run->a->epochs && st == ST_OK; i++)
		st = destroy_named(run, run->a->epoch[i]);
	if (run->destroyed > 0)
		say("Overwritten, cut off and removed: on a magnetic disk they"
		    " are gone.  On flash memory\n(an SSD, a stick, a card) old"
		    " bytes may stay in cells that no program reaches; an\n"
		    "encrypted stick is what protects them.  So may copies of"
		    " this folder that you made.");
	else if (st == ST_OK && run->a->past && run->kept == 0)
		say("No key of a past week is left.");
	return st;
}

static bool
destroy_in(const struct args *a)
{
	const char *const write[] = {a->keys, "/dev/tty", NULL};
	struct run run = {.a = a, .kr = {.dirfd = -1}};
	enum status st;

	if ((st = command_clock(&run.now)) == ST_OK &&
	    (st = keyring_open(a->keys, &run.kr)) == ST_OK &&
	    (st = command_confine(NULL, write)) == ST_OK &&
	    (st = epoch_fate_open(&run.kr, &run.fate)) == ST_OK)
		st = destroy(&run);
	epoch_fate_close(run.fate);
	keyring_close(&run.kr);
	/* What --past keeps was not asked for by name. */
	return st == ST_OK && (a->past || run.kept == 0);
}

static bool
read_epoch(const char *word, uint32_t *list, size_t *count)
{
	uint64_t n;

	if (num_parse(word, strlen(word), UINT32_MAX, &n) != ST_OK || n == 0) {
		say_error("%s is not the number of a week", word);
		return false;
	}
	list[(*count)++] = (uint32_t)n;
	return true;
}

/* Returns an exit code. */
static int
parse(int argc, char **argv, struct args *a)
{
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			return command_help(help);
		case 'a':
			a->past = true;
			break;
		case 'f':
			a->force = true;
			break;
		case 'c':
			if (!read_epoch(optarg, a->confirm, &a->confirms))
				return command_usage(help);
			break;
		case 'p':
			break;
		default:
			return command_usage(help);
		}
	}
	if (optind >= argc)
		return command_usage(help);
	a->keys = argv[optind];
	for (int i = optind + 1; i < argc; i++) {
		if (!read_epoch(argv[i], a->epoch, &a->epochs))
			return command_usage(help);
	}
	/* Forcing is for weeks that are named, one by one. */
	if (a->past ? a->epochs > 0 || a->force : a->epochs == 0)
		return command_usage(help);
	return destroy_in(a) ? EXIT_DONE : EXIT_REFUSED;
}

int
cmd_keys_destroy(int argc, char **argv)
{
	struct args a = {NULL, NULL, NULL, 0, 0, false, false};
	int code = EXIT_REFUSED;

	a.epoch = calloc((size_t)argc + 1, sizeof(*a.epoch));
	a.confirm = calloc((size_t)argc + 1, sizeof(*a.confirm));
	if (a.epoch == NULL || a.confirm == NULL)
		say_error("out of memory");
	else
		code = parse(argc, argv, &a);
	free(a.epoch);
	free(a.confirm);
	return code;
}
