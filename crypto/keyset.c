#include "crypto/keyset.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "crypto/in_force.h"
#include "crypto/lines.h"

static enum status
read_signers(struct lines *l, struct keyset *set)
{
	enum status st;

	do {
		struct keyset_signer *const s = &set->signer[set->signers];

		if ((st = lines_next(l, "signer", 4)) != ST_OK)
			return st;
		if (set->signers == RECIPIENTS_MAX)
			return lines_bad(l, "more than 16 signers");
		if ((st = lines_name(l, 2, s->name)) != ST_OK ||
		    (st = lines_key(l, KEY_ROLE_SIGNER, s->id, s->key)) !=
			ST_OK)
			return st;
		for (size_t i = 0; i < set->signers; i++) {
			if (strcmp(set->signer[i].name, s->name) == 0)
				return lines_bad(l,
				    "this name stands twice among the signers");
			if (memcmp(set->signer[i].id, s->id, KEY_ID_LEN) == 0)
				return lines_bad(
				    l, "this signer's key stands twice");
		}
		set->signers++;
	} while (lines_peek(l, "signer"));
	return ST_OK;
}

/* Does id stand under an epoch that was read before the last? */
static bool
key_known(const struct keyset *set, const uint8_t *id)
{
	for (size_t e = 0; e < set->epochs; e++) {
		const struct recipients *const to = &set->epoch[e].to;

		for (size_t i = 0; i < to->count; i++) {
			if (memcmp(to->r[i].id, id, KEY_ID_LEN) == 0)
				return true;
		}
	}
	return false;
}

/* Read the key lines under the epoch that was just counted. */
static enum status
read_keys(struct lines *l, struct keyset *set)
{
	struct keyset_epoch *const epoch = &set->epoch[set->epochs - 1];
	struct recipients *const to = &epoch->to;
	enum status st;

	do {
		char *name = epoch->name[to->count];
		struct recipient *r = &to->r[to->count];

		if ((st = lines_next(l, "key", 4)) != ST_OK)
			return st;
		if (to->count == RECIPIENTS_MAX)
			return lines_bad(l, "more than 16 keys in an epoch");
		if ((st = lines_name(l, 2, name)) != ST_OK ||
		    (st = lines_key(l, KEY_ROLE_EPOCH, r->id, r->key)) != ST_OK)
			return st;
		for (size_t i = 0; i < to->count; i++) {
			if (strcmp(epoch->name[i], name) == 0)
				return lines_bad(
				    l, "this name has two keys in one epoch");
		}
		if (key_known(set, r->id))
			return lines_bad(l, "this key stands twice");
		to->count++;
	} while (lines_peek(l, "key"));
	return ST_OK;
}

static enum status
read_epoch(struct lines *l, struct keyset *set, size_t room)
{
	const struct recipients *const before =
	    set->epochs > 0 ? &set->epoch[set->epochs - 1].to : NULL;
	struct recipients to = {0};
	enum status st;

	if ((st = lines_epoch(l, before, &to)) != ST_OK)
		return st;
	if (set->epochs == room)
		return lines_bad(l, "more than 520 epochs");
	if (to.from < set->from || to.until > set->until)
		return lines_bad(l, "the epoch is outside the set's validity");
	set->epoch[set->epochs++].to = to;
	return read_keys(l, set);
}

/* How many lines begin with "epoch ": what must be allocated, at most. */
static size_t
count_epochs(const char *p, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i + 7 <= len; i++) {
		if (memcmp(p + i, "\nepoch ", 7) == 0)
			n++;
	}
	return n < KEYSET_EPOCHS_MAX ? n : KEYSET_EPOCHS_MAX;
}

static enum status
read_top(struct lines *l, struct keyset *set)
{
	enum status st;

	if ((st = lines_version(l, "tipline-keyset")) != ST_OK ||
	    (st = lines_onion(l, &set->server)) != ST_OK ||
	    (st = lines_next(l, "sequence", 2)) != ST_OK ||
	    (st = lines_number(l, 1, UINT64_MAX, &set->sequence)) != ST_OK)
		return st;
	if (set->sequence == 0)
		return lines_bad(l, "sequences are numbered from 1");
	if ((st = lines_next(l, "from", 2)) != ST_OK ||
	    (st = lines_time(l, 1, &set->from)) != ST_OK ||
	    (st = lines_next(l, "until", 2)) != ST_OK ||
	    (st = lines_time(l, 1, &set->until)) != ST_OK)
		return st;
	if (set->from >= set->until)
		return lines_bad(l, "the key set ends before it begins");
	return lines_server(l, &set->server);
}

static enum status
read_lines(struct lines *l, struct keyset *set)
{
	const size_t room = count_epochs(l->p, l->left);
	enum status st;

	if ((st = read_top(l, set)) != ST_OK ||
	    (st = read_signers(l, set)) != ST_OK)
		return st;
	if (room > 0 &&
	    (set->epoch = calloc(room, sizeof(*set->epoch))) == NULL)
		return ST_NOMEM;
	do {
		if ((st = read_epoch(l, set, room)) != ST_OK)
			return st;
	} while (lines_peek(l, "epoch"));
	return lines_end(l);
}

enum status
keyset_parse(const void *text, size_t len, struct keyset *set, unsigned *line,
    const char **why)
{
	struct bytes again = BYTES_INIT(KEYSET_MAX);
	struct lines l = {0};
	enum status st;

	memset(set, 0, sizeof(*set));
	*line = 0;
	*why = "";
	if (len > KEYSET_MAX) {
		*why = "the key set is longer than 64 KiB";
		return ST_MALFORMED;
	}
	if ((st = lines_begin(&l, text, len)) != ST_OK ||
	    (st = read_lines(&l, set)) != ST_OK)
		goto out;
	if ((st = keyset_write(set, &again)) == ST_OK)
		st = lines_canonical(&l, text, len, &again);
out:
	bytes_free(&again);
	if (st != ST_OK) {
		keyset_free(set);
		if (st == ST_MALFORMED || st == ST_VERSION) {
			*line = l.number;
			*why = l.why;
		}
	}
	return st;
}

static enum status
write_epoch(struct bytes *out, const struct keyset_epoch *epoch)
{
	const struct recipients *const to = &epoch->to;
	enum status st;

	st = lines_put_epoch(out, to->epoch, to->from, to->until);
	for (size_t i = 0; st == ST_OK && i < to->count; i++)
		st = lines_put_key(
		    out, "key", to->r[i].id, epoch->name[i], to->r[i].key);
	return st;
}

enum status
keyset_write(const struct keyset *set, struct bytes *out)
{
	char from[TIME_TEXT_LEN + 1], until[TIME_TEXT_LEN + 1];
	enum status st;

	time_format(set->from, from);
	time_format(set->until, until);
	if ((st = bytes_append_text(out, "tipline-keyset 1\n")) != ST_OK ||
	    (st = lines_put_onion(out, &set->server)) != ST_OK ||
	    (st = bytes_printf(out, "sequence %llu\nfrom %s\nuntil %s\n",
		 (unsigned long long)set->sequence, from, until)) != ST_OK ||
	    (st = lines_put_server(out, &set->server)) != ST_OK)
		return st;
	for (size_t i = 0; st == ST_OK && i < set->signers; i++)
		st = lines_put_key(out, "signer", set->signer[i].id,
		    set->signer[i].name, set->signer[i].key);
	for (size_t i = 0; st == ST_OK && i < set->epochs; i++)
		st = write_epoch(out, &set->epoch[i]);
	return st;
}

const struct keyset_epoch *
keyset_in_force(const struct keyset *set, uint64_t now, uint32_t floor,
    enum epoch_state *state, uint64_t *opens)
{
	struct in_force f = {.now = now, .floor = floor};
	const struct recipients *to;

	/* Every epoch lies within the set's validity: keyset_parse() saw to
	 * it, so the set's own times need no look. */
	for (size_t i = 0; i < set->epochs; i++)
		in_force_see(&f, &set->epoch[i].to);
	to = in_force_choose(&f, state, opens);
	for (size_t i = 0; to != NULL && i < set->epochs; i++) {
		if (to == &set->epoch[i].to)
			return &set->epoch[i];
	}
	return NULL;
}

void
keyset_free(struct keyset *set)
{
	if (set == NULL)
		return;
	free(set->epoch);
	memset(set, 0, sizeof(*set));
}
