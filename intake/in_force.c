/*
 * in_force: see in_force.h.
 */
#include "intake/in_force.h"

#include <string.h>
#include <time.h>

#include "base/log.h"

#define MINUTE_MS UINT64_C(60000)
#define DAY_MS (1440 * MINUTE_MS)

void
in_force_begin(struct in_force *f, const struct setup *s)
{
	*f = (struct in_force){.floor = s->floor, .floor_kept = true};
}

/* Those that may be sealed to now or next; numbers and times rise. */
static void
choose(struct control_epochs *told, const struct keyset *set, uint64_t now)
{
	for (size_t i = 0; i < set->epochs && told->count < CONTROL_EPOCHS_MAX;
	     i++) {
		const struct recipients *e = &set->epoch[i].to;

		if (e->until > now && e->epoch >= told->floor)
			told->epoch[told->count++] = *e;
	}
}

/* The disk may be full: the receiver has the floor all the same, and what is
 * not remembered could be missed only after a restart with a wrong clock. */
static void
keep_floor(struct in_force *f, const struct setup *s, uint64_t now_ms)
{
	char why[LINE_WHY_LEN];

	if (f->floor_kept || now_ms < f->keep_at)
		return;
	f->floor_kept = line_epoch_keep(&s->line, f->floor, why) == ST_OK;
	f->keep_at = now_ms + MINUTE_MS;
	if (!f->floor_kept && !f->failed)
		log_event(LOG_EPOCH_NOT_KEPT);
	f->failed = !f->floor_kept;
}

static void
speak_of_age(
    struct in_force *f, const struct setup *s, uint64_t now, uint64_t now_ms)
{
	if (!s->has_set || !line_keyset_ages(&s->set, now)) {
		f->age_at = 0;
	} else if (now_ms >= f->age_at) {
		log_event(LOG_KEYS_AGE);
		f->age_at = now_ms + DAY_MS;
	}
}

/* The next look: when an epoch begins, but within a minute, since nobody
 * tells us when the clock is set. */
static void
plan(struct in_force *f, uint64_t now, uint64_t opens, uint64_t now_ms)
{
	uint64_t wait = MINUTE_MS;

	if (opens > now && (opens - now) * 1000 < wait)
		wait = (opens - now) * 1000;
	f->look_at = now_ms + wait;
}

bool
in_force_look(struct in_force *f, const struct setup *s, uint64_t now_ms)
{
	static struct control_epochs told;
	static uint8_t message[CONTROL_EPOCHS_LEN_MAX];
	const struct keyset_epoch *e = NULL;
	enum epoch_state state = EPOCH_ENDED;
	uint64_t now = (uint64_t)time(NULL), opens = 0;
	bool behind;
	size_t len;

	if (s->has_set)
		e = keyset_in_force(&s->set, now, f->floor, &state, &opens);
	if (e != NULL && e->to.epoch > f->floor) {
		f->floor = e->to.epoch;
		f->floor_kept = false;
		f->keep_at = 0;
	}
	keep_floor(f, s, now_ms);
	behind = e != NULL && state == EPOCH_AHEAD;
	if (behind && !f->behind)
		log_event(LOG_CLOCK_BEHIND);
	f->behind = behind;
	speak_of_age(f, s, now, now_ms);
	plan(f, now, opens, now_ms);
	memset(&told, 0, sizeof(told));
	told.floor = f->floor;
	told.opens = opens;
	if (s->has_set)
		choose(&told, &s->set, now);
	if (control_epochs_write(&told, message, sizeof(message), &len) !=
	    ST_OK) {
		log_event(LOG_BUG);
		return false;
	}
	if (len == f->len && memcmp(message, f->message, len) == 0)
		return false;
	memcpy(f->message, message, len);
	f->len = len;
	return true;
}
