/*
 * purge: remove the tips that the analysts have confirmed.
 *
 * Only their bytes go; their links stay, so that the chain does.  Which tips
 * are confirmed was compared with the chain when the confirmations came in.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/confine.h"
#include "operator/commands.h"
#include "operator/confirmed.h"
#include "operator/progress.h"
#include "operator/rows.h"
#include "operator/tool.h"
#include "operator/turn.h"
#include "store/store.h"

#define STEP ((size_t)8 << 20) /* bytes in one transaction */
#define SCRUBS 30              /* tries, each waiting STORE_BUSY_MS at most */

static const char help[] =
    "usage: tipline-operator purge LINE [--any-analyst] [--dry-run]\n"
    "\n"
    "Remove the tips that every analyst named in the installed key set has\n"
    "opened and confirmed.  Nothing of their bytes is left in the database;\n"
    "their numbers and digests stay, so that a missing tip still shows.  The\n"
    "server may run meanwhile.\n"
    "\n"
    "  --any-analyst  one analyst's confirmation suffices\n"
    "  --dry-run      only say what would be removed\n"
    "  -h, --help     show this\n";

/* An analyst of the key set, and what this one has confirmed. */
struct analyst {
	struct confirmed confirmed;
	const char *name;
	uint64_t lacks, from; /* tips not confirmed; the first of them */
};

struct purge {
	struct line line;
	int turn;
	bool any, dry;
	struct keyset set;
	struct analyst analyst[RECIPIENTS_MAX];
	struct store *store;
	uint64_t last; /* the store's */
	uint64_t tips, bytes, left;
};

static bool
open_confirmed(struct purge *p)
{
	char why[LINE_WHY_LEN], id[KEY_ID_TEXT_LEN + 1];
	enum status st;

	if (line_keyset_load(&p->line, &p->set, why) != ST_OK) {
		tool_say("%s; nothing was removed", why);
		return false;
	}
	for (size_t i = 0; i < p->set.signers; i++) {
		p->analyst[i].name = p->set.signer[i].name;
		st = confirmed_open(
		    &p->line, p->set.signer[i].id, &p->analyst[i].confirmed);
		if (st == ST_OK || st == ST_ABSENT)
			continue;
		key_id_text(p->set.signer[i].id, id);
		tool_say("%s/" LINE_CONFIRMED "/%s cannot be read (%s);"
			 " nothing was removed: take it away; the next return"
			 " bundle says anew all that was confirmed",
		    p->line.path, id, tool_words(st));
		return false;
	}
	return true;
}

static bool
open_store(struct purge *p)
{
	const struct store_limits limits = {
	    p->line.config.quota, p->line.config.reserve};
	struct store_usage usage;
	enum status st;

	/* How far the tips go, as a reader sees it. */
	st = store_open(p->line.data_path, STORE_READ, NULL, &p->store);
	if (st == ST_OK && (st = store_usage(p->store, &usage)) == ST_OK)
		p->last = usage.last;
	if (st == ST_OK && !p->dry) {
		store_close(p->store);
		p->store = NULL;
		st = store_open(
		    p->line.data_path, STORE_TEND, &limits, &p->store);
	}
	if (st != ST_OK)
		tool_say("the database cannot be opened: %s; nothing was"
			 " removed: run tipline-operator check",
		    tool_words(st));
	return st == ST_OK;
}

/* Is the tip confirmed by those who must?  Remember who lacks it. */
static enum status
is_due(struct purge *p, uint64_t number, bool *due)
{
	size_t have = 0;
	bool has[RECIPIENTS_MAX];
	enum status st;

	*due = false;
	for (size_t i = 0; i < p->set.signers; i++) {
		st = confirmed_has(&p->analyst[i].confirmed, number, &has[i]);
		if (st != ST_OK)
			return st;
		have += has[i];
	}
	*due = p->any ? have > 0 : have > 0 && have == p->set.signers;
	for (size_t i = 0; !*due && i < p->set.signers; i++)
		if (!has[i] && p->analyst[i].lacks++ == 0)
			p->analyst[i].from = number;
	return ST_OK;
}

static enum status
remove_tip(struct purge *p, const struct store_tip *tip)
{
	uint64_t bytes;
	bool more = true;
	enum status st = ST_OK;

	while (st == ST_OK && more) {
		progress_tip("removing", tip->number, p->last, p->bytes);
		st = store_purge(p->store, tip->number, STEP, &bytes, &more);
	}
	return st;
}

static bool
take_tip(struct purge *p, const struct store_tip *tip)
{
	enum status st;
	bool due;

	if (tip->purged)
		return true;
	if ((st = is_due(p, tip->number, &due)) != ST_OK) {
		tool_say("a file in %s/" LINE_CONFIRMED " cannot be read: %s;"
			 " the tips before %" PRIu64 " were looked at, the"
			 " others stay",
		    p->line.path, tool_words(st), tip->number);
		return false;
	}
	if (!due) {
		p->left++;
		return true;
	}
	if (!p->dry && (st = remove_tip(p, tip)) != ST_OK) {
		progress_end();
		tool_say("tip %" PRIu64 " cannot be removed: %s; run the same"
			 " command again, which goes on",
		    tip->number, tool_words(st));
		return false;
	}
	p->tips++;
	p->bytes += tip->len;
	return true;
}

static bool
take_tips(struct purge *p)
{
	struct store_tip tip = {0};
	enum status st;

	while (tip.number < p->last) {
		if ((st = store_next(p->store, tip.number, &tip)) != ST_OK) {
			progress_end();
			tool_say("the database cannot be read: %s; run"
				 " tipline-operator check",
			    tool_words(st));
			return false;
		}
		if (!take_tip(p, &tip))
			return false;
	}
	return true;
}

/* Without this the removed bytes would lie in the log for a while yet. */
static bool
scrub(struct purge *p)
{
	enum status st = ST_BUSY;

	progress_end();
	for (int i = 0; i < SCRUBS && st == ST_BUSY; i++)
		st = store_scrub(p->store);
	if (st != ST_OK)
		tool_say("the tips are removed, but the database's log may"
			 " still hold bytes of them (%s): run the same command"
			 " again",
		    tool_words(st));
	return st == ST_OK;
}

static void
tell(const struct purge *p)
{
	char size[TOOL_SIZE_LEN];

	tool_size(p->bytes, size);
	printf("%" PRIu64 " tip%s, %s, %s.\n", p->tips, p->tips == 1 ? "" : "s",
	    size, p->dry ? "would be removed" : "removed");
	if (p->left == 0) {
		puts("No other tip is left with its bytes.");
		return;
	}
	printf("%" PRIu64 " tip%s left, for want of a confirmation:\n", p->left,
	    p->left == 1 ? " is" : "s are");
	for (size_t i = 0; i < p->set.signers; i++) {
		const struct analyst *a = &p->analyst[i];

		if (a->lacks > 0)
			printf("  %s has not confirmed %" PRIu64
			       " of them, the first is tip %" PRIu64 "\n",
			    a->name, a->lacks, a->from);
	}
}

static int
run(struct purge *p)
{
	struct confine_missing missing;
	const char *const write[] = {p->line.path, NULL};

	if (!tool_confine(NULL, write, &missing) ||
	    !turn_take(&p->line, TURN_PURGE, &p->turn) || !open_confirmed(p) ||
	    !open_store(p))
		return TOOL_FAILED;
	bool done = take_tips(p);
	/* Also when a run before this one was cut before its end. */
	if (!p->dry && !scrub(p))
		done = false;
	progress_end();
	tell(p);
	return done ? TOOL_DONE : TOOL_FAILED;
}

int
purge_command(int argc, char **argv)
{
	bool any = false, dry = false;
	const struct tool_option options[] = {{"any-analyst", &any, NULL, 0},
	    {"dry-run", &dry, NULL, 0}, {NULL, NULL, NULL, 0}};
	const struct tool_command command = {"purge", help, options, 1};
	const char *operand;
	struct purge *p;
	int code;

	if ((code = tool_parse(&command, argc, argv, &operand)) != TOOL_GO_ON)
		return code;
	if ((p = calloc(1, sizeof(*p))) == NULL) {
		tool_say("out of memory");
		return TOOL_FAILED;
	}
	p->any = any;
	p->dry = dry;
	p->turn = p->line.dirfd = -1;
	for (size_t i = 0; i < RECIPIENTS_MAX; i++)
		p->analyst[i].confirmed.end = true;
	code = TOOL_FAILED;
	if (tool_line_open(operand, &p->line)) {
		code = run(p);
		line_close(&p->line);
	}
	for (size_t i = 0; i < RECIPIENTS_MAX; i++)
		confirmed_close(&p->analyst[i].confirmed);
	store_close(p->store);
	keyset_free(&p->set);
	turn_leave(p->turn);
	free(p);
	return code;
}
