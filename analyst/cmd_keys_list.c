/*
 * tipline-analyst keys list: each week's key and what became of it.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyst/backup_record.h"
#include "analyst/command.h"
#include "analyst/epoch_fate.h"
#include "analyst/keyring_files.h"
#include "analyst/say.h"
#include "base/num.h"

#define BACKUPS_MAX 4096

static const char help[] =
    "usage: tipline-analyst keys list KEYS\n"
    "\n"
    "List the week of each key, whether it is made, current, past or\n"
    "destroyed, how many of its tips were opened, and which backups hold a\n"
    "copy; then the root, the newest key set and the backups.  Needs no\n"
    "passphrase.\n";

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    /* Taken and not needed, so that scripts may give it to all. */
    {"passphrase-file", required_argument, NULL, 'p'},
    {NULL, 0, NULL, 0},
};

static const char *
state_of(const struct keyring_item *item, uint64_t now)
{
	if (item->destroyed)
		return item->file[0] == '\0' ? "destroyed" : "half destroyed";
	if (item->info.from > now)
		return "made";
	return item->info.until > now ? "current" : "past";
}

static enum status
list_row(
    const struct keyring *kr, const struct epoch_fate_row *row, uint64_t now)
{
	const struct secret_info *info = &row->item->info;
	char from[TIME_TEXT_LEN + 1], until[TIME_TEXT_LEN + 1];
	struct bytes backups = BYTES_INIT(BACKUPS_MAX);
	enum status st;

	st = backup_record_holding(kr, info->epoch, &backups);
	if (st != ST_OK && st != ST_LIMIT) {
		bytes_free(&backups);
		return st;
	}
	time_format(info->from, from);
	time_format(info->until, until);
	printf("%4" PRIu32 "  %.10s to %.10s  %s", info->epoch, from, until,
	    state_of(row->item, now));
	if (row->opened + row->unopened > 0)
		printf("  opened %" PRIu64 ", not opened %" PRIu64, row->opened,
		    row->unopened);
	else if (!row->published && !row->item->destroyed)
		printf("  in no key set taken here");
	if (backups.len > 0)
		printf("  in backup %.*s%s", (int)backups.len,
		    (const char *)backups.p,
		    st == ST_LIMIT ? ", and more" : "");
	printf("\n");
	bytes_free(&backups);
	return ST_OK;
}

static enum status
list_signer(const struct keyring *kr)
{
	struct bytes file = BYTES_INIT(KEYRING_FILE_MAX);
	char id[KEY_ID_TEXT_LEN + 1];
	struct secret_info info;
	enum status st = keyring_get(kr, "signer.key", &file);

	if (st == ST_OK)
		st = secret_info_parse(file.p, file.len, &info);
	bytes_free(&file);
	if (st != ST_OK) {
		say_error("cannot use signer.key: %s", status_text(st));
		return st;
	}
	key_id_text(info.id, id);
	printf("analyst %s, signer %s\n", kr->name, id);
	return ST_OK;
}

static enum status
list_rest(const struct keyring *kr)
{
	char text[FINGERPRINT_TEXT_LEN + 1], day[TIME_TEXT_LEN + 1], last[11];
	size_t backups;
	enum status st;

	if ((st = list_signer(kr)) != ST_OK)
		return st;
	if (kr->has_root) {
		minisign_fingerprint(&kr->root, text);
		printf("root %s%s, changed %" PRIu32 " time%s\n", text,
		    kr->keeps_root ? ", kept here" : "", kr->changes,
		    kr->changes == 1 ? "" : "s");
	} else
		printf("no root pinned yet\n");
	if (kr->has_set) {
		time_format(kr->set.until, day);
		printf("newest key set %" PRIu64 ", until %.10s\n",
		    kr->set.sequence, day);
	} else
		printf("no key set yet\n");
	if ((st = backup_record_count(kr, &backups, last)) != ST_OK)
		return st;
	if (backups == 0)
		printf("no backup was made of this keyring\n");
	else
		printf("%zu backup%s, the last of %s\n", backups,
		    backups == 1 ? "" : "s", last);
	return ST_OK;
}

static enum status
list(struct keyring *kr)
{
	struct epoch_fate *fate = NULL;
	uint64_t now;
	enum status st;

	if ((st = command_clock(&now)) != ST_OK ||
	    (st = epoch_fate_open(kr, &fate)) != ST_OK)
		return st;
	for (size_t i = 0; i < epoch_fate_count(fate) && st == ST_OK; i++) {
		const struct epoch_fate_row row = epoch_fate_row(fate, i);

		st = list_row(kr, &row, now);
	}
	if (st == ST_OK)
		st = list_rest(kr);
	if (st == ST_OK && fflush(stdout) != 0)
		st = ST_IO;
	if (st == ST_IO || st == ST_NOMEM)
		say_error("the list is not whole: %s", status_text(st));
	epoch_fate_close(fate);
	return st;
}

int
cmd_keys_list(int argc, char **argv)
{
	struct keyring kr = {.dirfd = -1};
	const char *write[] = {NULL, NULL};
	enum status st;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return command_help(help);
		if (c != 'p')
			return command_usage(help);
	}
	if (argc - optind != 1)
		return command_usage(help);
	write[0] = argv[optind];
	/* The ledger is made if there is none, so the folder is written. */
	if ((st = keyring_open(argv[optind], &kr)) == ST_OK &&
	    (st = command_confine(NULL, write)) == ST_OK)
		st = list(&kr);
	keyring_close(&kr);
	return st == ST_OK ? EXIT_DONE : EXIT_REFUSED;
}
