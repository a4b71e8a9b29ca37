/*
 * status_learn: find out how the line is.  See status_parts.h.
 */
#include <string.h>
#include <time.h>

#include "crypto/envelope.h"
#include "line/texts_file.h"
#include "operator/confirmed.h"
#include "operator/relink.h"
#include "operator/status_parts.h"

#define TEXT_TIP 262144 /* a message of the largest size, sealed for all */

bool
status_gap(const struct keyset *set, uint64_t now, uint64_t *at)
{
	uint64_t covered = now;

	for (size_t i = 0; i < set->epochs; i++) {
		const struct recipients *e = &set->epoch[i].to;

		if (e->until <= covered)
			continue;
		*at = covered;
		if (e->from > covered)
			return true;
		covered = e->until;
	}
	return false;
}

/* As the supervisor does (intake/in_force.c). */
static void
learn_epoch(const struct keyset *set, struct status_facts *f)
{
	const struct keyset_epoch *e;

	e = keyset_in_force(set, f->now, f->floor, &f->state, &f->opens);
	if (e == NULL)
		return;
	f->epoch = e->to.epoch;
	f->epoch_from = e->to.from;
	f->epoch_until = e->to.until;
	f->recipients = e->to.count;
	/* Up to its end the epoch in force covers, if the clock is behind. */
	f->gap = status_gap(
	    set, f->state == EPOCH_AHEAD ? e->to.until : f->now, &f->gap_at);
}

static void
learn_confirmed(const struct line *line, const struct keyset_signer *signer,
    struct status_confirmed *to)
{
	struct confirmed c;
	enum status st;

	*to = (struct status_confirmed){0};
	memcpy(to->name, signer->name, sizeof(to->name));
	memcpy(to->id, signer->id, sizeof(to->id));
	st = confirmed_open(line, signer->id, &c);
	if (st == ST_OK && !c.end && c.first == 1)
		to->up_to = c.last;
	while (st == ST_OK && !c.end) {
		to->highest = c.last;
		st = confirmed_next(&c);
	}
	to->damaged = st != ST_OK && st != ST_ABSENT;
	confirmed_close(&c);
}

static void
learn_keys(const struct line *line, struct status_facts *f)
{
	struct keyset set;

	f->restored = line_is_restored(line);
	f->state = EPOCH_ENDED;
	if (line_epoch(line, &f->floor, f->floor_why) == ST_OK)
		f->floor_why[0] = '\0';
	f->set_status = line_keyset_load(line, &set, f->keyset_why);
	if (f->set_status != ST_OK)
		return;
	f->has_set = true;
	f->sequence = set.sequence;
	f->valid_from = set.from;
	f->valid_until = set.until;
	f->ages = line_keyset_ages(&set, f->now);
	learn_epoch(&set, f);
	f->signers = set.signers;
	for (size_t i = 0; i < set.signers; i++)
		learn_confirmed(line, &set.signer[i], &f->confirmed[i]);
	keyset_free(&set);
}

/* A file that is not there is right: all languages are offered. */
static void
learn_texts(const struct line *line, struct status_facts *f)
{
	struct texts *t;
	enum status st = line_texts_load(line, &t, f->texts_why);

	if (st != ST_OK && st != ST_ABSENT)
		return;
	f->texts_why[0] = '\0';
	memcpy(f->language_on, t->language_on, sizeof(f->language_on));
	texts_free(t);
}

enum status
status_learn(const struct line *line, struct status_facts *f)
{
	const struct store_limits limits = {
	    line->config.quota, line->config.reserve};
	struct store *store = NULL;
	uint64_t need;
	enum status st;

	*f = (struct status_facts){.now = (uint64_t)time(NULL)};
	st = store_open(line->data_path, STORE_READ, &limits, &store);
	if (st == ST_OK)
		st = store_usage(store, &f->usage);
	/* A damaged LINE/links is for import to tell, not for here. */
	if (st == ST_OK &&
	    relink_open(line, store, f->usage.last, &f->links_open) != ST_OK)
		f->links_open = false;
	store_close(store);
	if (st != ST_OK)
		return st;
	f->pid = (long)line_running(line);
	learn_keys(line, f);
	learn_texts(line, f);
	f->exported_damaged = exported_read(line, &f->exported) != ST_OK;
	/* As the receiver decides: by what a tip may come to, sealed. */
	need = envelope_bound(TEXT_TIP, f->recipients > 0 ? f->recipients : 1);
	f->text =
	    f->pid != 0 && f->recipients > 0 && f->usage.text_room >= need;
	f->files = f->text && f->usage.files_room >= need;
	status_judge(f);
	return ST_OK;
}
