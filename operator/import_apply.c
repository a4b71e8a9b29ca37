/*
 * import_apply: take up a return bundle that was checked.  See
 * import_parts.h.
 *
 * Links first, confirmations next, replies last, and only then its number:
 * a run that is cut is repeated with the same file, and what was taken up
 * already is found to be there.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operator/import_parts.h"
#include "operator/progress.h"
#include "operator/tool.h"

#define LINKS_AT_ONCE 4096

static bool
open_store(struct import *im, enum store_mode mode)
{
	const struct store_limits limits = {
	    im->line.config.quota, im->line.config.reserve};
	enum status st;

	store_close(im->store);
	im->store = NULL;
	st = store_open(im->line.data_path, mode, &limits, &im->store);
	if (st != ST_OK)
		tool_say("the database cannot be written: %s; %s: %s",
		    tool_words(st), im->kept,
		    st == ST_BUSY ? "stop tipline-intake first"
				  : "mend the cause and import the same file"
				    " again");
	return st == ST_OK;
}

static enum status
put_links(struct import *im, size_t first, size_t count)
{
	enum status st;

	if ((st = store_begin(im->store, true)) != ST_OK)
		return st;
	for (size_t i = first; i < first + count && st == ST_OK; i++) {
		struct store_tip tip = {
		    im->link[i].number, im->link[i].len, {0}, true};

		memcpy(tip.digest, im->link[i].digest, STORE_DIGEST_LEN);
		st = store_link(im->store, &tip);
	}
	if (st == ST_OK)
		return store_commit(im->store);
	store_rollback(im->store);
	return st;
}

static bool
apply_links(struct import *im)
{
	enum status st = ST_OK;

	if (line_running(&im->line) != 0) {
		tool_say(
		    "links of tips that the backup did not have are taken"
		    " up only while the server stands still; " NOTHING_CHANGED
		    ": stop tipline-intake first");
		return false;
	}
	if (!open_store(im, STORE_WRITE))
		return false;
	for (size_t i = 0; i < im->links && st == ST_OK; i += LINKS_AT_ONCE)
		st = put_links(im, i,
		    im->links - i < LINKS_AT_ONCE ? im->links - i
						  : LINKS_AT_ONCE);
	if (st != ST_OK)
		tool_say("the links cannot be written: %s; mend the cause and"
			 " import the same file again",
		    tool_words(st));
	return st == ST_OK;
}

/* Was it put there by a run that was cut? */
static enum status
is_there(struct import *im, const struct returns_reply *item, bool *there)
{
	struct store_reply *found;
	size_t count;
	enum status st;

	*there = false;
	if ((found = calloc(STORE_REPLIES_MAX, sizeof(*found))) == NULL)
		return ST_NOMEM;
	st = store_replies(im->store, item->mailbox, found, &count);
	for (size_t i = 0; st == ST_OK && i < count; i++)
		if (memcmp(found[i].sealed, item->sealed, STORE_REPLY_LEN) == 0)
			*there = true;
	free(found);
	return st;
}

static enum status
put_reply(void *ctx, const struct returns_reply *item)
{
	struct import *im = ctx;
	uint32_t last_day = item->last_day;
	bool there;
	enum status st;

	if (last_day < im->today)
		return ST_OK;
	if (last_day > im->today + IMPORT_DAYS_MAX)
		last_day = im->today + IMPORT_DAYS_MAX;
	if ((st = is_there(im, item, &there)) == ST_OK && !there)
		st = store_reply_put(
		    im->store, item->mailbox, last_day, item->sealed);
	if (st != ST_OK) {
		snprintf(im->words, sizeof(im->words),
		    "an answer cannot be kept: %s", tool_words(st));
		return st;
	}
	im->put += !there;
	im->waiting += there;
	if (last_day > im->latest)
		im->latest = last_day;
	return ST_OK;
}

static bool
apply_replies(struct import *im)
{
	const struct returns_events events = {.reply = put_reply, .ctx = im};

	/* A line that has just learnt links is open for writing already. */
	if (im->links == 0 && !open_store(im, STORE_TEND))
		return false;
	if (import_read(im, &events))
		return true;
	tool_say("the confirmations are taken up all the same, and %" PRIu64
		 " of the answers; if there is no room, run tipline-operator"
		 " purge, then import the same file again",
	    im->put);
	return false;
}

bool
import_apply(struct import *im)
{
	enum status st;

	if (im->links > 0 && !apply_links(im))
		return false;
	if ((st = confirmed_new_finish(&im->new)) != ST_OK) {
		tool_say("%s/" LINE_CONFIRMED " cannot be written: %s; what"
			 " was confirmed before stays: mend the cause and"
			 " import the same file again",
		    im->line.path, tool_words(st));
		return false;
	}
	im->kept = "the confirmations are taken up, not all of the answers";
	if (im->replies > im->over && !apply_replies(im))
		return false;
	st = confirmed_renumber(&im->line, im->head.signer, im->head.number);
	if (st != ST_OK)
		tool_say("all was taken up, but %s/" LINE_CONFIRMED " cannot"
			 " be written: %s; import the same file again",
		    im->line.path, tool_words(st));
	return st == ST_OK;
}
