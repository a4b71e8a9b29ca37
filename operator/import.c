/*
 * import: take up a return bundle of the analysts: confirmations of tips
 * they have opened, answers to submitters, links for a restored line.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/num.h"
#include "operator/commands.h"
#include "operator/import_parts.h"
#include "operator/tool.h"
#include "operator/turn.h"

#define DAY 86400

static const char help[] =
    "usage: tipline-operator import LINE RETURN [--put-back]\n"
    "\n"
    "Check the return bundle RETURN, which an analyst named in the installed\n"
    "key set has signed, and take up what is in it: which tips were opened\n"
    "(purge may then remove them) and answers, which wait for their\n"
    "submitters from now on.  The server may run meanwhile, but for links of\n"
    "tips that a restored line has forgotten.\n"
    "\n"
    "  --put-back  LINE was put back to an older copy by hand (a snapshot), "
    "not\n"
    "              by tipline-restore: take up the links of the tips that it\n"
    "              has forgotten, so that no number is given twice\n"
    "  -h, --help  show this\n";

static bool
confine_import(struct import *im)
{
	struct confine_missing missing;
	const char *const write[] = {im->line.path, NULL};

	return tool_confine(NULL, write, &missing);
}

static bool
open_file(struct import *im)
{
	im->fd = open(im->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (im->fd != -1)
		return true;
	tool_say("%s cannot be read: %s; " NOTHING_CHANGED, im->path,
	    tool_words(ST_IO));
	return false;
}

static bool
open_line(struct import *im)
{
	char why[LINE_WHY_LEN];
	struct store_usage usage;
	enum status st;

	if (line_server(&im->line, &im->server, why) != ST_OK ||
	    line_keyset_load(&im->line, &im->set, why) != ST_OK) {
		tool_say("%s; " NOTHING_CHANGED, why);
		return false;
	}
	st = store_open(im->line.data_path, STORE_READ, NULL, &im->store);
	if (st == ST_OK)
		st = store_usage(im->store, &usage);
	if (st != ST_OK) {
		tool_say("the database cannot be read: %s; " NOTHING_CHANGED
			 ": run tipline-operator check",
		    tool_words(st));
		return false;
	}
	im->last = usage.last;
	return true;
}

static void
tell_skipped(const struct import *im)
{
	const uint64_t had = im->confirmed.number, now = im->head.number;

	if (now == had + 1)
		return;
	if (now == had + 2)
		printf("Return bundle %" PRIu64 " of %s has not come.\n",
		    had + 1, im->signer);
	else
		printf("Return bundles %" PRIu64 " to %" PRIu64 " of %s have"
		       " not come.\n",
		    had + 1, now - 1, im->signer);
	printf("  What was confirmed in them is said here again.  Answers in"
	       " them are not here,\n  unless this one was made with --again:"
	       " ask %s, who may have to write them anew.\n",
	    im->signer);
}

static bool
tell_confirmed(const struct import *im)
{
	struct confirmed c;
	uint64_t said = 0;
	enum status st = confirmed_open(&im->line, im->head.signer, &c);

	for (; st == ST_OK && !c.end && said < IMPORT_SAID_MAX; said++) {
		if (c.first == c.last)
			printf("Tip %" PRIu64 " confirmed by %s.\n", c.first,
			    im->signer);
		else
			printf("Tips %" PRIu64 " to %" PRIu64
			       " confirmed by %s.\n",
			    c.first, c.last, im->signer);
		st = confirmed_next(&c);
	}
	if (st == ST_OK && !c.end)
		printf("And %" PRIu64 " ranges more.\n", im->ranges - said);
	if (im->ranges == 0)
		printf("No tip confirmed by %s.\n", im->signer);
	confirmed_close(&c);
	return st == ST_OK;
}

static void
tell_replies(const struct import *im)
{
	char day[TIME_TEXT_LEN + 1];

	time_format((uint64_t)im->latest * DAY, day);
	day[10] = '\0';
	if (im->put + im->waiting > 0)
		printf("%" PRIu64 " answer%s taken, kept until %s at the"
		       " latest.\n",
		    im->put + im->waiting,
		    im->put + im->waiting == 1 ? "" : "s", day);
	if (im->over > 0)
		printf("%" PRIu64 " answer%s refused: the last day is over.\n",
		    im->over, im->over == 1 ? "" : "s");
	if (im->shortened > 0)
		printf("%" PRIu64 " answer%s shortened: none is kept longer"
		       " than %d days.\n",
		    im->shortened, im->shortened == 1 ? "" : "s",
		    IMPORT_DAYS_MAX);
}

static int
run(struct import *im)
{
	const time_t now = time(NULL);

	im->now = now > 0 ? (uint64_t)now : 0;
	im->today = (uint32_t)(im->now / DAY);
	if (!open_file(im) || !confine_import(im) ||
	    !turn_take(&im->line, TURN_IMPORT, &im->turn) || !open_line(im) ||
	    !import_check(im) || !import_apply(im))
		return TOOL_FAILED;
	printf("Return bundle %" PRIu64 " of %s is taken up.\n",
	    im->head.number, im->signer);
	tell_skipped(im);
	if (im->links > 0)
		printf(
		    "Links of tips %" PRIu64 " to %" PRIu64 " taken up: the"
		    " analysts have seen them, this line has them no more.\n",
		    im->last + 1, im->last + im->links);
	tell_replies(im);
	return tell_confirmed(im) ? TOOL_DONE : TOOL_FAILED;
}

int
import_command(int argc, char **argv)
{
	bool put_back = false;
	const struct tool_option options[] = {
	    {"put-back", &put_back, NULL, 0}, {NULL, NULL, NULL, 0}};
	const struct tool_command command = {"import", help, options, 2};
	const char *operand[2];
	struct import *im;
	int code;

	if ((code = tool_parse(&command, argc, argv, operand)) != TOOL_GO_ON)
		return code;
	if ((im = calloc(1, sizeof(*im))) == NULL) {
		tool_say("out of memory");
		return TOOL_FAILED;
	}
	im->path = operand[1];
	im->put_back = put_back;
	im->kept = NOTHING_CHANGED;
	im->fd = im->turn = im->line.dirfd = -1;
	im->new.fd = im->new.dirfd = -1;
	im->confirmed.end = true;
	code = TOOL_FAILED;
	if (tool_line_open(operand[0], &im->line)) {
		code = run(im);
		confirmed_new_drop(&im->new);
		line_close(&im->line);
	}
	if (im->fd != -1)
		close(im->fd);
	confirmed_close(&im->confirmed);
	store_close(im->store);
	keyset_free(&im->set);
	turn_leave(im->turn);
	free(im->link);
	free(im);
	return code;
}
