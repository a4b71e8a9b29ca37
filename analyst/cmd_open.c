/*
 * tipline-analyst open: open all tips of a bundle into a folder of cases.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "analyst/cases.h"
#include "analyst/command.h"
#include "analyst/inbox.h"
#include "analyst/keyring.h"
#include "analyst/say.h"
#include "analyst/tip_open.h"
#include "base/passphrase.h"

/* The summary repeats so many reasons; each was said when it was found. */
#define REASONS_MAX (64 * 1024)

static const char help[] =
    "usage: tipline-analyst open KEYS BUNDLE CASES"
    " [--passphrase-file FILE]\n"
    "\n"
    "Open every tip of the bundle into a folder of its own in CASES, such as\n"
    "CASES/tip-000017, and list all in CASES/index.html.  A tip opened by an\n"
    "earlier run is left alone, so a run that was cut can simply be started\n"
    "again.  A tip that cannot be opened stops nothing; the summary says why.\n"
    "The bundle is proved first.  If it is not whole and genuine, its tips go\n"
    "to CASES/unproved.\n"
    "\n"
    "  --passphrase-file FILE  take the passphrase from FILE's first line\n";

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"passphrase-file", required_argument, NULL, 'p'},
    {NULL, 0, NULL, 0},
};

struct run {
	struct keyring kr;
	struct inbox in;
	struct cases cases;
	uint64_t opened, there, failed;
	struct bytes reasons; /* of the failed tips, a line each */
	bool reasons_cut;
};

static void
note_failed(struct run *run, const struct bytes *why)
{
	run->failed++;
	if (bytes_printf(&run->reasons, "    tip %" PRIu64 ": %.*s\n",
		run->in.tip.number, (int)why->len,
		(const char *)why->p) != ST_OK)
		run->reasons_cut = true;
}

/* Open all; the status is that of inbox_next(), or this machine's. */
static enum status
open_tips(struct run *run)
{
	struct bytes why = BYTES_INIT(TIP_WHY_MAX);
	enum tip_outcome outcome;
	enum status st;

	while ((st = inbox_next(&run->in)) == ST_OK) {
		st = tip_open(&run->in, &run->kr, &run->cases, &outcome, &why);
		if (st != ST_OK)
			break;
		run->opened += outcome == TIP_OPENED;
		run->there += outcome == TIP_THERE;
		if (outcome == TIP_FAILED)
			note_failed(run, &why);
		bytes_clear(&why);
	}
	bytes_free(&why);
	return st;
}

static void
say_machine_fault(enum status st)
{
	if (st == ST_FULL)
		say_error("the disk of the cases is full; nothing half was"
			  " kept.  Make room and run this again");
	else if (st == ST_NOMEM)
		say_error("out of memory");
	else
		say_error("cannot write the cases: %s (%s)", strerror(errno),
		    status_text(st));
}

/* The reasons go out line by line: say() has a bound. */
static void
say_reasons(struct run *run)
{
	const char *p = (const char *)run->reasons.p;
	size_t left = run->reasons.len;

	while (left > 0) {
		size_t n = (size_t)((const char *)memchr(p, '\n', left) - p);

		say("%.*s", (int)n, p);
		p += n + 1;
		left -= n + 1;
	}
	if (run->reasons_cut)
		say("    and more");
}

/* Prove the bundle; if it cannot be, keep its tips apart. */
static enum status
prove(struct run *run)
{
	enum status st;

	if ((st = inbox_prove(&run->in, &run->kr.set.server)) != ST_OK)
		return st;
	if (run->in.proved)
		return ST_OK;
	say("Nothing proves its tips, so they are kept apart from others.");
	return cases_into_unproved(&run->cases);
}

static void
say_summary(struct run *run, const char *cases)
{
	if (!run->in.proved)
		say("Nothing proves that these tips are all, are unaltered, or"
		    " come from your server: ask for another copy of the"
		    " bundle.");
	say("Opened %" PRIu64 ", already there %" PRIu64
	    ", could not be opened %" PRIu64 ".",
	    run->opened, run->there, run->failed);
	say_reasons(run);
	say("Look at them: %s/%sindex.html", cases,
	    run->in.proved ? "" : CASES_UNPROVED "/");
}

/* Returns whether every tip was opened and the bundle is genuine. */
static bool
open_bundle(struct run *run, const char *cases)
{
	enum status st, committed;
	bool fault, good = false;

	if (prove(run) != ST_OK)
		return false;
	st = open_tips(run);
	say_progress_end();
	fault = st != ST_EOF && !run->in.changed &&
	    bundle_reader_problem(run->in.reader) == BUNDLE_FINE;
	if (fault)
		say_machine_fault(st);
	else
		good = inbox_conclude(&run->in, st, &run->kr.set.server) &&
		    run->in.proved;
	/* What was opened before a fault is kept. */
	if ((committed = cases_commit(&run->cases)) != ST_OK) {
		say_machine_fault(committed);
		return false;
	}
	if ((st = cases_index(&run->cases)) != ST_OK) {
		say_error("cannot write the list of tips: %s", status_text(st));
		good = false;
	}
	say_summary(run, cases);
	return good && !fault && run->failed == 0;
}

static int
open_command(const char *const arg[static 3], const char *passphrase_file)
{
	const char *const write[] = {arg[2], NULL};
	struct run run = {.kr = {.dirfd = -1},
	    .in = {.fd = -1},
	    .cases = {.dirfd = -1, .provedfd = -1},
	    .reasons = BYTES_INIT(REASONS_MAX)};
	struct passphrase pass = {NULL, 0};
	bool good = false;

	if (keyring_open(arg[0], &run.kr) != ST_OK)
		goto out;
	if (!run.kr.has_set) {
		say_error("%s holds no key set yet, so the server is not"
			  " known: tipline-analyst keyset make comes first",
		    arg[0]);
		goto out;
	}
	if (inbox_open(arg[1], &run.kr.set.server, &run.in) != ST_OK)
		goto out;
	if (!run.in.regular) {
		say_error("%s is not a regular file: a bundle is read twice,"
			  " first to prove it.  Copy it into a file",
		    arg[1]);
		goto out;
	}
	if (passphrase_get(passphrase_file, false, &pass) != ST_OK ||
	    keyring_unlock(&run.kr, &pass) != ST_OK ||
	    keyring_load_epochs(&run.kr) != ST_OK ||
	    cases_open(arg[2], &run.cases) != ST_OK ||
	    command_confine(NULL, write) != ST_OK)
		goto out;
	passphrase_free(&pass);
	good = open_bundle(&run, arg[2]);
out:
	passphrase_free(&pass);
	cases_close(&run.cases);
	inbox_close(&run.in);
	keyring_close(&run.kr);
	bytes_free(&run.reasons);
	return good ? EXIT_DONE : EXIT_REFUSED;
}

int
cmd_open(int argc, char **argv)
{
	cJSON_Hooks hooks = {wiping_malloc, wiping_free};
	const char *file = NULL, *arg[3];
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			return command_help(help);
		case 'p':
			file = optarg;
			break;
		default:
			return command_usage(help);
		}
	}
	if (argc - optind != 3)
		return command_usage(help);
	for (int i = 0; i < 3; i++)
		arg[i] = argv[optind + i];
	cJSON_InitHooks(&hooks);
	return open_command(arg, file);
}
