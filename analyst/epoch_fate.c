/*
 * epoch_fate: see epoch_fate.h.
 */
#include "analyst/epoch_fate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyst/ledger.h"
#include "analyst/plan.h"
#include "analyst/say.h"
#include "base/num.h"

#define SERVERS_MAX 32 /* bits of a mask; a line has one or two in its life */

struct server {
	struct server_identity identity;
	struct ledger *ledger;
};

struct row {
	uint32_t servers; /* mask: whose key sets name this key */
	uint64_t opened, unopened;
};

struct epoch_fate {
	struct keyring_item *item;
	struct row *row; /* for each item */
	size_t count, servers;
	struct server server[SERVERS_MAX];
};

/* The first item of that epoch, or count. */
static size_t
first_of(const struct epoch_fate *fate, uint32_t epoch)
{
	size_t low = 0, high = fate->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (fate->item[mid].info.epoch < epoch)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool
is_of(const struct epoch_fate *fate, size_t i, uint32_t epoch)
{
	return i < fate->count && fate->item[i].info.epoch == epoch;
}

static enum status
find_server(struct epoch_fate *fate, const struct server_identity *identity,
    size_t *out)
{
	for (*out = 0; *out < fate->servers; ++*out) {
		if (memcmp(fate->server[*out].identity.key, identity->key,
			PUBLIC_KEY_LEN) == 0)
			return ST_OK;
	}
	if (fate->servers == SERVERS_MAX) {
		say_error("the key sets of this keyring name more than %d"
			  " servers",
		    SERVERS_MAX);
		return ST_LIMIT;
	}
	fate->server[fate->servers++].identity = *identity;
	return ST_OK;
}

/* Note which of our keys a stored key set names. */
static enum status
note_set(void *ctx, const struct keyset *set)
{
	struct epoch_fate *fate = ctx;
	size_t server;
	enum status st;

	if ((st = find_server(fate, &set->server, &server)) != ST_OK)
		return st;
	for (size_t e = 0; e < set->epochs; e++) {
		const struct recipients *to = &set->epoch[e].to;

		for (size_t i = first_of(fate, to->epoch);
		     is_of(fate, i, to->epoch); i++) {
			for (size_t r = 0; r < to->count; r++) {
				if (memcmp(fate->item[i].info.id, to->r[r].id,
					KEY_ID_LEN) == 0)
					fate->row[i].servers |= 1U << server;
			}
		}
	}
	return ST_OK;
}

static enum status
count_tip(void *ctx, uint64_t number, const struct ledger_tip *tip)
{
	struct epoch_fate *fate = ctx;

	(void)number;
	for (size_t i = first_of(fate, tip->epoch); is_of(fate, i, tip->epoch);
	     i++) {
		if (tip->state == LEDGER_OPENED)
			fate->row[i].opened++;
		else if (tip->state != LEDGER_NOT_SEEN && !tip->purged)
			fate->row[i].unopened++;
	}
	return ST_OK;
}

static enum status
read_ledgers(struct epoch_fate *fate, int dirfd)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < fate->servers && st == ST_OK; i++) {
		struct server *s = &fate->server[i];

		st = ledger_open(dirfd, &s->identity, &s->ledger);
		if (st != ST_OK)
			return st; /* said */
		st = ledger_walk(s->ledger, 1, count_tip, fate);
		if (st != ST_OK)
			say_error("cannot read the ledger of what was opened:"
				  " %s",
			    status_text(st));
	}
	return st;
}

enum status
epoch_fate_open(struct keyring *kr, struct epoch_fate **out)
{
	struct epoch_fate *fate;
	enum status st;

	*out = NULL;
	if ((fate = calloc(1, sizeof(*fate))) == NULL)
		return ST_NOMEM;
	if ((st = keyring_list(kr, &fate->item, &fate->count)) != ST_OK)
		goto out;
	/* One place more, so that it is never of no bytes. */
	fate->row = calloc(fate->count + 1, sizeof(*fate->row));
	if (fate->row == NULL) {
		st = ST_NOMEM;
		goto out;
	}
	if ((st = keyring_sets(kr, note_set, fate)) != ST_OK)
		goto out;
	if ((st = read_ledgers(fate, kr->dirfd)) != ST_OK)
		goto out;
	*out = fate;
	fate = NULL; /* now the caller's */
out:
	if (st == ST_NOMEM)
		say_error("no memory to look through the keys");
	epoch_fate_close(fate);
	return st;
}

void
epoch_fate_close(struct epoch_fate *fate)
{
	if (fate == NULL)
		return;
	for (size_t i = 0; i < fate->servers; i++)
		ledger_close(fate->server[i].ledger);
	free(fate->row);
	free(fate->item);
	free(fate);
}

size_t
epoch_fate_count(const struct epoch_fate *fate)
{
	return fate->count;
}

struct epoch_fate_row
epoch_fate_row(const struct epoch_fate *fate, size_t i)
{
	const struct row *row = &fate->row[i];

	return (struct epoch_fate_row){
	    &fate->item[i], row->opened, row->unopened, row->servers != 0};
}

#define ADD(why, ...)                                                          \
	do {                                                                   \
		if (bytes_printf((why), __VA_ARGS__) != ST_OK)                 \
			return ST_NOMEM;                                       \
	} while (0)

/* What speaks against it at one server. */
static enum status
ask_ledger(const struct server *s, uint32_t epoch, struct bytes *why)
{
	char id[KEY_ID_TEXT_LEN + 1];
	struct ledger_epoch e;
	enum status st;

	if ((st = ledger_epoch(s->ledger, epoch, &e)) != ST_OK)
		return st;
	key_id_text(s->identity.id, id);
	if (e.unopened > 0)
		ADD(why,
		    "    %" PRIu64 " of its tips at server %s %s not opened,"
		    " first tip %" PRIu64 "\n",
		    e.unopened, id, e.unopened == 1 ? "is" : "are",
		    e.first_unopened);
	if (e.unknown > 0)
		ADD(why,
		    "    %" PRIu64 " tip%s of server %s %s never seen, first"
		    " tip %" PRIu64 ": any could be of this week\n",
		    e.unknown, e.unknown == 1 ? "" : "s", id,
		    e.unknown == 1 ? "was" : "were", e.first_unknown);
	if (e.others > 0)
		ADD(why,
		    "    %" PRIu64 " tip%s of server %s, first tip %" PRIu64
		    ", came twice as different ones, since it went back in"
		    " time; not both were opened (tipline-analyst open KEYS"
		    " BUNDLE CASES --unproved)\n",
		    e.others, e.others == 1 ? "" : "s", id, e.first_other);
	if (e.stated == 0)
		ADD(why,
		    "    no bundle of server %s was seen yet: tips of this week"
		    " may wait there\n",
		    id);
	else if (e.stated < epoch + 2)
		ADD(why,
		    "    the newest bundle of server %s that was seen is of"
		    " week %" PRIu32 "; a slow upload may end in week %" PRIu32
		    ", so one of week %" PRIu32 " or later must be opened"
		    " first\n",
		    id, e.stated, epoch + 1, epoch + 2);
	return ST_OK;
}

enum status
epoch_fate_may_go(
    struct epoch_fate *fate, size_t i, uint64_t now, struct bytes *why)
{
	const struct keyring_item *item = &fate->item[i];
	char day[TIME_TEXT_LEN + 1];
	enum status st;

	bytes_clear(why);
	/* Its destruction was decided before, and cut. */
	if (item->destroyed)
		return ST_OK;
	if (item->info.until > now) {
		time_format(item->info.until, day);
		ADD(why, "    the week has not ended: it lasts until %s\n",
		    day);
	}
	if (fate->row[i].servers == 0)
		ADD(why,
		    "    no key set with this key was made or taken here, so"
		    " whether tips are sealed to it is not known\n");
	for (size_t s = 0; s < fate->servers; s++) {
		if ((fate->row[i].servers >> s & 1) == 0)
			continue;
		st = ask_ledger(&fate->server[s], item->info.epoch, why);
		if (st != ST_OK)
			return st;
	}
	return why->len == 0 ? ST_OK : ST_DENIED;
}
