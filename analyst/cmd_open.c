/*
 * tipline-analyst open: open all tips of a bundle into a folder of cases.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "analyst/cases.h"
#include "analyst/command.h"
#include "analyst/desk.h"
#include "analyst/inbox.h"
#include "analyst/say.h"
#include "analyst/sentinels.h"
#include "analyst/tip_open.h"
#include "base/num.h"
#include "base/passphrase.h"

/* The summary repeats so many reasons; each was said when it was found. */
#define REASONS_MAX (64 * 1024)

static const char help[] =
    "usage: tipline-analyst open KEYS BUNDLE CASES [--unproved]"
    " [--passphrase-file FILE]\n"
    "\n"
    "Open every tip of the bundle into a folder of its own in CASES, such as\n"
    "CASES/tip-000017, and list all in CASES/index.html.  A tip opened by an\n"
    "earlier run is left alone, so a run that was cut can simply be started\n"
    "again.  A tip that cannot be opened stops nothing; the summary says why.\n"
    "Each tip is proved alone by the server's signature; what is missing,\n"
    "altered, exchanged, repeated or invented is said as verify says it.\n"
    "\n"
    "  --unproved              open also what the server did not sign, or\n"
    "                          signed twice with one number, into\n"
    "                          CASES/unproved\n"
    "  --passphrase-file FILE  take the passphrase from FILE's first line\n";

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"passphrase-file", required_argument, NULL, 'p'},
    {"unproved", no_argument, NULL, 'u'},
    {NULL, 0, NULL, 0},
};

struct run {
	struct desk desk;
	struct inbox in;
	struct cases cases, apart; /* proved tips; others, with --unproved */
	struct sentinels sentinels;
	struct tip_open open;
	bool unproved, folder_fault;
	uint64_t there, failed;
	struct ranges gone;   /* purged before they were opened here */
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

/* One that the server signed and that has the number of another: once it is
 * on disk, nothing waits for it any more. */
static enum status
settle_apart(struct run *run, enum tip_outcome outcome)
{
	enum status st;

	if (run->in.verdict != INBOX_OTHER || outcome == TIP_FAILED)
		return ST_OK;
	st = cases_commit(&run->apart);
	return st == ST_OK ? inbox_other_opened(&run->in) : st;
}

static enum status
open_one(struct run *run, struct cases *cases, struct bytes *why)
{
	const bool proved = !cases->unproved;
	enum tip_outcome outcome;
	enum status st;

	run->open.cases = cases;
	bytes_clear(why);
	if ((st = tip_open(&run->open, &outcome, why)) != ST_OK)
		return st;
	if (outcome == TIP_FAILED)
		note_failed(run, why);
	run->there += outcome == TIP_THERE;
	if (!proved)
		return settle_apart(run, outcome);
	run->in.news += outcome == TIP_OPENED || run->in.was == LEDGER_NOT_SEEN;
	/* A tip that is altered was not seen; one that waits to be moved into
	 * place is recorded then. */
	if (outcome == TIP_OPENED || !run->in.whole)
		return ST_OK;
	return inbox_record(&run->in);
}

/* A tip that nothing proves: only if that is wanted. */
static enum status
open_apart(struct run *run, struct bytes *why)
{
	enum status st;

	/* A number that no server has could not be listed. */
	if (!run->unproved || run->in.tip.number == 0 ||
	    run->in.tip.number > LEDGER_NUMBER_MAX) {
		st = inbox_tip_end(&run->in);
		return st == ST_FORGED ? ST_OK : st;
	}
	if (run->apart.dirfd == -1) {
		st = cases_open_unproved(&run->cases, &run->apart);
		run->folder_fault = st != ST_OK;
		if (st != ST_OK)
			return st;
	}
	return open_one(run, &run->apart, why);
}

static enum status
pass_purged(struct run *run)
{
	struct inbox *in = &run->in;
	enum status st;

	if ((st = inbox_tip_end(in)) != ST_OK)
		return st;
	in->news += in->was == LEDGER_NOT_SEEN;
	if (in->was != LEDGER_OPENED)
		ranges_add(&run->gone, in->tip.number, in->tip.number);
	return inbox_record(in);
}

/* Open all; the status is that of inbox_next(), or this machine's. */
static enum status
open_tips(struct run *run)
{
	struct bytes why = BYTES_INIT(TIP_WHY_MAX);
	enum status st;

	while ((st = inbox_next(&run->in)) == ST_OK) {
		switch (run->in.verdict) {
		case INBOX_PROVED:
			st = open_one(run, &run->cases, &why);
			break;
		case INBOX_PURGED:
			st = pass_purged(run);
			break;
		case INBOX_AGAIN:
			st = inbox_tip_end(&run->in);
			st = st == ST_FORGED ? ST_OK : st;
			break;
		case INBOX_INVENTED:
		case INBOX_OTHER:
			st = open_apart(run, &why);
			break;
		}
		if (st != ST_OK)
			break;
	}
	bytes_free(&why);
	return st;
}

static void
say_machine_fault(enum status st)
{
	if (st == ST_FULL)
		say_error("the disk of the cases is full, or that of the keys;"
			  " nothing half was kept.  Make room and run this"
			  " again");
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

static void
say_sentinels(const struct run *run)
{
	const uint64_t back = run->open.sentinels_back;
	char text[TIME_TEXT_LEN + 1];
	uint64_t since;
	size_t n;

	if (back > 0)
		say("%" PRIu64 " of them %s of our own.", back,
		    back == 1 ? "is a sentinel" : "are sentinels");
	n = sentinels_overdue(&run->sentinels, (uint64_t)time(NULL), &since);
	if (n == 0)
		return;
	time_format(since, text);
	say_error("%zu sentinel%s OVERDUE, since %.10s: tips may be dropped"
		  " without a sign (tipline-analyst sentinel list)",
	    n, n == 1 ? " is" : "s are", text);
}

static void
say_summary(struct run *run, const char *cases)
{
	const uint64_t apart = run->apart.moved;
	char text[RANGES_TEXT_MAX];

	if (run->gone.n > 0) {
		ranges_text(&run->gone, text);
		say("note: %s %s purged on the server before %s opened with"
		    " these keys: another analyst confirmed %s",
		    text, ranges_single(&run->gone) ? "was" : "were",
		    ranges_single(&run->gone) ? "it was" : "they were",
		    ranges_single(&run->gone) ? "it" : "them");
	}
	say("Opened %" PRIu64 ", already there %" PRIu64
	    ", could not be opened %" PRIu64 ".",
	    run->cases.moved + apart, run->there, run->failed);
	say_reasons(run);
	if (apart > 0)
		say("Nothing proves %" PRIu64 " of them: %s/" CASES_UNPROVED
		    "/index.html",
		    apart, cases);
	say_sentinels(run);
	say("Look at them: %s/index.html", cases);
}

/* Move into place what waits, also behind a fault: it is whole. */
static enum status
commit_all(struct run *run)
{
	enum status st = cases_commit(&run->cases);
	enum status apart = cases_commit(&run->apart);

	return st != ST_OK ? st : apart;
}

/* The lists of the folders where something may have changed. */
static enum status
index_all(struct run *run)
{
	enum status st = cases_index(&run->cases);

	if (st == ST_OK && run->apart.dirfd != -1)
		st = cases_index(&run->apart);
	return st;
}

/* Returns whether every tip was opened and all is well with the bundle. */
static bool
open_bundle(struct run *run, const char *cases)
{
	const enum status ended = open_tips(run);
	const enum status committed = commit_all(run);
	bool good, fault;
	enum status st;

	say_progress_end();
	fault = ended != ST_EOF &&
	    bundle_reader_problem(run->in.reader) == BUNDLE_FINE;
	if (fault && !run->in.ledger_fault && !run->folder_fault)
		say_machine_fault(ended);
	else if (!fault && committed != ST_OK)
		say_machine_fault(committed);
	/* Of a bundle that was not read to its end nothing can be said. */
	good = committed == ST_OK && !fault && inbox_conclude(&run->in, ended);
	if ((st = index_all(run)) != ST_OK) {
		say_error("cannot write the list of tips: %s", status_text(st));
		good = false;
	}
	say_summary(run, cases);
	return good && run->failed == 0;
}

/* Not command_unlock(): no folder of cases is made for somebody who does not
 * know the passphrase, and Landlock can only allow a folder that is there. */
static enum status
unlock(struct keyring *kr, const char *passphrase_file)
{
	struct passphrase pass = {NULL, 0};
	enum status st;

	if ((st = passphrase_get(passphrase_file, false, &pass)) == ST_OK)
		st = keyring_unlock(kr, &pass);
	passphrase_free(&pass);
	return st;
}

static int
open_command(
    const char *const arg[static 3], const char *passphrase_file, bool unproved)
{
	const char *const write[] = {arg[0], arg[2], NULL};
	struct run run = {.desk = DESK_INIT,
	    .in = {.fd = -1},
	    .cases = {.dirfd = -1},
	    .apart = {.dirfd = -1},
	    .unproved = unproved,
	    .reasons = BYTES_INIT(REASONS_MAX)};
	struct desk *desk = &run.desk;
	bool good = false;

	run.open = (struct tip_open){
	    .in = &run.in, .kr = &desk->kr, .sentinels = &run.sentinels};
	if (desk_open(arg[0], desk) != ST_OK ||
	    desk_turn_to(desk, arg[1]) != ST_OK ||
	    inbox_open(arg[1], &desk->server, desk->ledger, &run.in) != ST_OK ||
	    unlock(&desk->kr, passphrase_file) != ST_OK ||
	    keyring_load_epochs(&desk->kr) != ST_OK ||
	    sentinels_load(desk->kr.dirfd, &run.sentinels) != ST_OK ||
	    cases_open(arg[2], desk->ledger, &run.cases) != ST_OK ||
	    command_confine(NULL, write) != ST_OK)
		goto out;
	good = open_bundle(&run, arg[2]);
out:
	cases_close(&run.apart);
	cases_close(&run.cases);
	sentinels_free(&run.sentinels);
	inbox_close(&run.in);
	desk_close(desk);
	bytes_free(&run.reasons);
	return good ? EXIT_DONE : EXIT_REFUSED;
}

int
cmd_open(int argc, char **argv)
{
	cJSON_Hooks hooks = {wiping_malloc, wiping_free};
	const char *file = NULL, *arg[3];
	bool unproved = false;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			return command_help(help);
		case 'p':
			file = optarg;
			break;
		case 'u':
			unproved = true;
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
	return open_command(arg, file, unproved);
}
