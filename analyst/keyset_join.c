/*
 * keyset_join: see keyset_join.h.
 */
#include "analyst/keyset_join.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyst/plan.h"
#include "analyst/say.h"
#include "base/num.h"

/* The longest lines, with the longest name (docs/FORMATS.md section 3). */
#define EPOCH_LINE 59
#define KEY_LINE (67 + KEY_NAME_MAX)
#define SIGNER_LINE (70 + KEY_NAME_MAX)
#define OTHER_LINES 400

_Static_assert(
    PLAN_WEEKS_MAX *(EPOCH_LINE + KEY_LINE) + SIGNER_LINE + OTHER_LINES <=
	    KEYSET_MAX &&
	PLAN_WEEKS_MAX < KEYSET_EPOCHS_MAX,
    "as many weeks as are taken fit into a key set of one analyst");

size_t
keyset_join_room(size_t analysts)
{
	size_t room = (KEYSET_MAX - OTHER_LINES - analysts * SIGNER_LINE) /
	    (EPOCH_LINE + analysts * KEY_LINE);

	return room < KEYSET_EPOCHS_MAX ? room : KEYSET_EPOCHS_MAX;
}

static enum status
check_weeks(const struct analyst_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		const struct analyst_key *k = &keys->key[i];

		if (k->from == plan_from(k->epoch) &&
		    k->until == k->from + PLAN_WEEK)
			continue;
		say_error("the keys of %s name epoch %" PRIu32 " for another"
			  " time than the week of that number",
		    keys->signer.name, k->epoch);
		return ST_MALFORMED;
	}
	return ST_OK;
}

enum status
keyset_join_check(const struct analyst_keys *all, size_t count)
{
	enum status st;

	if (count == 0 || count > RECIPIENTS_MAX) {
		say_error("a key set names 1 to %d analysts, not %zu",
		    RECIPIENTS_MAX, count);
		return ST_LIMIT;
	}
	for (size_t i = 0; i < count; i++) {
		const struct keyset_signer *a = &all[i].signer;

		for (size_t j = 0; j < i; j++) {
			const struct keyset_signer *b = &all[j].signer;

			if (memcmp(a->id, b->id, KEY_ID_LEN) == 0) {
				say_error("the keys of %s are named twice;"
					  " with --without-own this keyring's"
					  " own are left out",
				    a->name);
				return ST_EXISTS;
			}
			if (strcmp(a->name, b->name) == 0) {
				say_error("two analysts call themselves %s:"
					  " one must make keys in a keyring of"
					  " another --name",
				    a->name);
				return ST_EXISTS;
			}
		}
		if ((st = check_weeks(&all[i])) != ST_OK)
			return st;
	}
	return ST_OK;
}

/* Epochs rise in the file, and so does what is asked for: a search from the
 * place of the last one would do, but there are few. */
static const struct analyst_key *
find(const struct analyst_keys *keys, uint32_t epoch)
{
	size_t low = 0, high = keys->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (keys->key[mid].epoch < epoch)
			low = mid + 1;
		else
			high = mid;
	}
	return low < keys->count && keys->key[low].epoch == epoch
	    ? &keys->key[low]
	    : NULL;
}

static void
say_weeks(const char *name, uint32_t from, uint32_t to)
{
	char day[TIME_TEXT_LEN + 1];

	time_format(plan_from(from), day);
	if (from == to)
		say("Left out: %s has no key for week %" PRIu32
		    ", from %.10s on.",
		    name, from, day);
	else
		say("Left out: %s has no key for weeks %" PRIu32 " to %" PRIu32
		    ", from %.10s on.",
		    name, from, to, day);
}

/* Say which weeks from first to last the analyst has no key for. */
static void
say_gaps(const struct analyst_keys *keys, uint32_t first, uint32_t last)
{
	uint32_t from = 0;

	for (uint32_t e = first; e <= last; e++) {
		if (find(keys, e) == NULL) {
			from = from == 0 ? e : from;
			if (e < last)
				continue;
			say_weeks(keys->signer.name, from, e);
		} else if (from != 0) {
			say_weeks(keys->signer.name, from, e - 1);
			from = 0;
		}
	}
}

/* Add the epoch if everyone has a key for it. */
static void
add(const struct analyst_keys *all, size_t count, uint32_t epoch,
    struct keyset *set)
{
	struct keyset_epoch *to = &set->epoch[set->epochs];

	for (size_t i = 0; i < count; i++) {
		const struct analyst_key *k = find(&all[i], epoch);

		if (k == NULL)
			return;
		memcpy(to->to.r[i].id, k->id, KEY_ID_LEN);
		memcpy(to->to.r[i].key, k->key, PUBLIC_KEY_LEN);
		memcpy(to->name[i], all[i].signer.name, sizeof(to->name[i]));
	}
	to->to.epoch = epoch;
	to->to.from = plan_from(epoch);
	to->to.until = to->to.from + PLAN_WEEK;
	to->to.count = count;
	set->epochs++;
}

static enum status
refuse_gap_now(const struct analyst_keys *all, size_t count, uint32_t first)
{
	for (size_t i = 0; i < count; i++) {
		if (find(&all[i], first) == NULL)
			say_error("%s has no key for the current week, %" PRIu32
				  ": tipline-analyst keys make begins with"
				  " it.  Nothing was signed, or the form would"
				  " close",
			    all[i].signer.name, first);
	}
	return ST_EARLY;
}

enum status
keyset_join(const struct analyst_keys *all, size_t count, uint32_t first,
    struct keyset *set)
{
	const size_t room = keyset_join_room(count);
	uint32_t last = first, e;

	for (size_t i = 0; i < count; i++) {
		const struct analyst_keys *k = &all[i];

		set->signer[i] = k->signer;
		if (k->count > 0 && k->key[k->count - 1].epoch > last)
			last = k->key[k->count - 1].epoch;
	}
	set->signers = count;
	/* Far ahead only a wrong clock makes keys. */
	if (last - first >= KEYSET_EPOCHS_MAX)
		last = first + KEYSET_EPOCHS_MAX - 1;
	set->epoch = calloc(room, sizeof(*set->epoch));
	if (set->epoch == NULL)
		return ST_NOMEM;
	for (e = first; e <= last && set->epochs < room; e++)
		add(all, count, e, set);
	if (set->epochs == 0 || set->epoch[0].to.epoch != first)
		return refuse_gap_now(all, count, first);
	for (size_t i = 0; i < count; i++)
		say_gaps(&all[i], first, e - 1);
	if (e <= last)
		say("Left out: no more than %zu weeks of %zu analyst%s fit into"
		    " a key set.  Sign another one in good time.",
		    room, count, count == 1 ? "" : "s");
	set->from = set->epoch[0].to.from;
	set->until = set->epoch[set->epochs - 1].to.until;
	return ST_OK;
}
