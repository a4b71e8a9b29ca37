/*
 * import_check: read a return bundle and check all of it before anything is
 * changed.  See import_parts.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "operator/import_parts.h"
#include "operator/progress.h"
#include "operator/relink.h"
#include "operator/tool.h"

/* Called with the head read: is it for us, and who signs? */
static const uint8_t *
find_signer(void *ctx, const uint8_t id[static KEY_ID_LEN])
{
	struct import *im = ctx;
	char text[KEY_ID_TEXT_LEN + 1];

	if (memcmp(im->head.server, im->server.id, KEY_ID_LEN) != 0) {
		key_id_text(im->head.server, text);
		snprintf(im->words, sizeof(im->words),
		    "it is for another line, server %s; " NOTHING_CHANGED,
		    text);
		return NULL;
	}
	for (size_t i = 0; i < im->set.signers; i++)
		if (memcmp(im->set.signer[i].id, id, KEY_ID_LEN) == 0) {
			im->signer = im->set.signer[i].name;
			return im->set.signer[i].key;
		}
	key_id_text(id, text);
	snprintf(im->words, sizeof(im->words),
	    "its signer %s is not in the installed key set; " NOTHING_CHANGED
	    ": is the newest key set installed?",
	    text);
	return NULL;
}

bool
import_read(struct import *im, const struct returns_events *events)
{
	const struct returns_input in = {tool_source, find_signer, &im->fd, im};
	const char *why = "";
	enum status st = ST_IO;

	im->words[0] = '\0';
	if (lseek(im->fd, 0, SEEK_SET) == 0)
		st = returns_read(&in, events, &im->head, &why);
	progress_end();
	if (st == ST_OK)
		return true;
	if (im->words[0] != '\0')
		tool_say("%s: %s", im->path, im->words);
	else
		tool_say("%s: %s; %s: have it carried over again", im->path,
		    *why != '\0' ? why : tool_words(st), im->kept);
	return false;
}

static enum status
count_confirmed(void *ctx, const struct returns_confirmed *item)
{
	struct import *im = ctx;

	(void)item;
	im->ranges++;
	return ST_OK;
}

static enum status
count_reply(void *ctx, const struct returns_reply *item)
{
	struct import *im = ctx;

	im->replies++;
	im->over += item->last_day < im->today;
	im->shortened += item->last_day > im->today + IMPORT_DAYS_MAX;
	return ST_OK;
}

/* A link of a tip that the database has must be that tip's. */
static enum status
compare_link(struct import *im, const struct returns_link *item)
{
	struct store_tip tip;
	enum status st = store_next(im->store, item->number - 1, &tip);

	if (st == ST_OK && tip.number == item->number && tip.len == item->len &&
	    memcmp(tip.digest, item->digest, DIGEST_LEN) == 0)
		return ST_OK;
	snprintf(im->words, sizeof(im->words),
	    "%s has seen another tip %" PRIu64
	    " than this line has; " NOTHING_CHANGED
	    ": either new tips came before the links of older"
	    " ones were imported, or this is no true copy of the line; tell"
	    " the analysts",
	    im->signer, item->number);
	return ST_DENIED;
}

static enum status
grow_links(struct import *im)
{
	size_t cap = im->links_cap == 0 ? 256 : im->links_cap * 2;
	struct returns_link *p = reallocarray(im->link, cap, sizeof(*im->link));

	if (p == NULL)
		return ST_NOMEM;
	im->link = p;
	im->links_cap = cap;
	return ST_OK;
}

static enum status
take_link(void *ctx, const struct returns_link *item)
{
	struct import *im = ctx;
	enum status st;

	if (item->number <= im->last)
		return compare_link(im, item);
	if (!im->links_open) {
		snprintf(im->words, sizeof(im->words),
		    "it has the link of tip %" PRIu64 ", and the last tip of"
		    " this line is %" PRIu64 "; " NOTHING_CHANGED
		    ": only a line that tipline-restore has just made takes"
		    " links up.  If this one was put back to an older copy by"
		    " hand, stop tipline-intake and import this again with"
		    " --put-back",
		    item->number, im->last);
		return ST_DENIED;
	}
	if (item->number != im->last + im->links + 1) {
		snprintf(im->words, sizeof(im->words),
		    "its links begin with tip %" PRIu64 ", and this line ends"
		    " with tip %" PRIu64 "; " NOTHING_CHANGED
		    ": ask for links from %" PRIu64 " on",
		    item->number, im->last, im->last + 1);
		return ST_DENIED;
	}
	if (im->links == im->links_cap && (st = grow_links(im)) != ST_OK)
		return st;
	im->link[im->links++] = *item;
	return ST_OK;
}

/* Walk the chain to a number that the confirmation names. */
static enum status
walk(struct import *im, uint64_t number)
{
	enum status st;

	if (number > im->last + im->links) {
		snprintf(im->words, sizeof(im->words),
		    "it confirms tips up to %" PRIu64 ", and this line ends"
		    " with %" PRIu64 "; " NOTHING_CHANGED
		    ": it is an older copy of the line.  After tipline-restore"
		    " ask for a return bundle with the links of tips from"
		    " %" PRIu64 " on",
		    number, im->last, im->last + 1);
		return ST_DENIED;
	}
	progress_tip("comparing", im->rows.chain.number, im->last, 0);
	st = rows_to(&im->rows, number < im->last ? number : im->last);
	if (st != ST_OK) {
		snprintf(im->words, sizeof(im->words),
		    "the database cannot be read after tip %" PRIu64
		    ": %s; " NOTHING_CHANGED ": run tipline-operator check",
		    im->rows.chain.number,
		    st == ST_ABSENT ? "a tip is missing" : tool_words(st));
		return st;
	}
	while (im->rows.chain.number < number) {
		const struct returns_link *l =
		    &im->link[im->rows.chain.number - im->last];

		chain_add(&im->rows.chain, l->len, l->digest);
	}
	return ST_OK;
}

static enum status
compare_confirmed(void *ctx, const struct returns_confirmed *item)
{
	struct import *im = ctx;
	const uint64_t first = item->before.number + 1;
	bool same;
	enum status st;

	if ((st = walk(im, item->before.number)) != ST_OK)
		return st;
	same = memcmp(im->rows.chain.head, item->before.head, DIGEST_LEN) == 0;
	if ((st = walk(im, item->last.number)) != ST_OK)
		return st;
	same = same &&
	    memcmp(im->rows.chain.head, item->last.head, DIGEST_LEN) == 0;
	if (!same) {
		snprintf(im->words, sizeof(im->words),
		    "the tips %" PRIu64 " to %" PRIu64 " that %s confirms are"
		    " not those of this line: its chain is another "
		    "one; " NOTHING_CHANGED ": tell the analysts",
		    first, item->last.number, im->signer);
		return ST_DENIED;
	}
	return confirmed_new_range(&im->new, first, item->last.number);
}

/* Is it new? */
static bool
check_number(struct import *im)
{
	char id[KEY_ID_TEXT_LEN + 1];
	enum status st;

	st = confirmed_open(&im->line, im->head.signer, &im->confirmed);
	if (st != ST_OK && st != ST_ABSENT) {
		key_id_text(im->head.signer, id);
		tool_say("%s/" LINE_CONFIRMED
			 "/%s is damaged (%s); " NOTHING_CHANGED
			 ": take it away; every return bundle"
			 " says anew all that was confirmed",
		    im->line.path, id, tool_words(st));
		return false;
	}
	if (im->head.number > im->confirmed.number)
		return true;
	tool_say("%s is return bundle %" PRIu64 " of %s, and number %" PRIu64
		 " was taken already; " NOTHING_CHANGED,
	    im->path, im->head.number, im->signer, im->confirmed.number);
	/* It may be new, too: the number is not in a backup of a keyring. */
	tool_say("if it is new, from a keyring that was restored, have it made"
		 " again: tipline-analyst ack KEYS OUT --number %" PRIu64,
	    im->confirmed.number + 1);
	return false;
}

/* Last days are cut to what the clock allows; with one that is behind,
 * answers would end before their time once it is right. */
static bool
check_clock(const struct import *im)
{
	char text[TIME_TEXT_LEN + 1];

	if (im->replies == 0 || im->now >= im->set.from)
		return true;
	time_format(im->now, text);
	tool_say("this machine's clock says %s, and the installed key set"
		 " began later; " NOTHING_CHANGED
		 ", since answers are kept by the clock: set it, then import"
		 " the same file",
	    text);
	return false;
}

bool
import_check(struct import *im)
{
	const struct returns_events count = {
	    .confirmed = count_confirmed, .reply = count_reply, .ctx = im};
	const struct returns_events links = {.link = take_link, .ctx = im};
	const struct returns_events confirmed = {
	    .confirmed = compare_confirmed, .ctx = im};
	enum status st;

	/* The signature first; nothing is believed before. */
	if (!import_read(im, &count) || !check_number(im) || !check_clock(im))
		return false;
	st = relink_open(&im->line, im->store, im->last, &im->links_open);
	if (st != ST_OK) {
		tool_say("%s/" RELINK_FILE
			 " cannot be read: %s; " NOTHING_CHANGED,
		    im->line.path, tool_words(st));
		return false;
	}
	im->links_open = im->links_open || im->put_back;
	if (!import_read(im, &links))
		return false;
	/* Beside the old file; whoever refuses takes it away again. */
	st = confirmed_new_begin(
	    &im->line, im->head.signer, im->confirmed.number, &im->new);
	if (st != ST_OK) {
		tool_say("%s/" LINE_CONFIRMED
			 " cannot be written: %s; " NOTHING_CHANGED,
		    im->line.path, tool_words(st));
		return false;
	}
	rows_begin(&im->rows, im->store, im->server.key);
	return import_read(im, &confirmed);
}
