/*
 * status_judge: what of it is a reason to act, and which.  See
 * status_parts.h.  Each warning says what is wrong and what to do.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/num.h"
#include "operator/status_parts.h"

#define DAY 86400
#define FULL_PERCENT 80 /* files are refused at 90 */

static void __attribute__((format(printf, 3, 4)))
warn(struct status_facts *f, enum status_level level, const char *format, ...)
{
	struct status_warning *w;
	va_list ap;

	if (level > f->level)
		f->level = level;
	if (f->warnings == STATUS_WARNINGS_MAX)
		return;
	w = &f->warning[f->warnings++];
	w->level = level;
	va_start(ap, format);
	vsnprintf(w->text, sizeof(w->text), format, ap);
	va_end(ap);
}

uint64_t
status_days_left(const struct status_facts *f)
{
	return f->valid_until > f->now ? (f->valid_until - f->now) / DAY : 0;
}

unsigned
status_percent(const struct status_facts *f)
{
	if (f->usage.quota == 0)
		return 0;
	return (
	    unsigned)((double)f->usage.used * 100.0 / (double)f->usage.quota);
}

uint64_t
status_not_exported(const struct status_facts *f)
{
	return f->usage.last > f->exported.tip ? f->usage.last - f->exported.tip
					       : 0;
}

uint64_t
status_purged(const struct status_facts *f)
{
	return f->usage.last > f->usage.tips ? f->usage.last - f->usage.tips
					     : 0;
}

const char *
status_level_text(enum status_level level)
{
	static const char *const words[] = {
	    "ok", "warning", "critical", "unknown"};

	return words[level];
}

/* The form is closed for want of a key: which, and until when? */
static void
judge_closed(struct status_facts *f)
{
	char when[TIME_TEXT_LEN + 1], clock[TIME_TEXT_LEN + 1];

	time_format(f->now, clock);
	time_format(f->opens, when);
	if (!f->has_set && f->pid != 0 && f->set_status != ST_ABSENT &&
	    f->set_status != ST_WRONG_KEY)
		/* A server that loaded it before it was spoilt goes on. */
		warn(f, LEVEL_CRITICAL,
		    "the form is closed, or closes when tipline-intake is"
		    " started again: %s",
		    f->keyset_why);
	else if (!f->has_set)
		warn(
		    f, LEVEL_CRITICAL, "the form is closed: %s", f->keyset_why);
	else if (f->state == EPOCH_EARLY)
		warn(f, LEVEL_CRITICAL,
		    "the form is closed until %s, when the next key begins;"
		    " this machine's clock says %s: set it if it is wrong,"
		    " else install a key set for this time",
		    when, clock);
	else {
		time_format(f->valid_until, when);
		warn(f, LEVEL_CRITICAL,
		    "the form is closed: the key set's last key in force"
		    " here has ended (the set at %s; this machine's clock"
		    " says %s): set the clock if it is wrong, else install a"
		    " new key set",
		    when, clock);
	}
}

static void
judge_keys(struct status_facts *f)
{
	char when[TIME_TEXT_LEN + 1], clock[TIME_TEXT_LEN + 1];

	if (f->recipients == 0)
		judge_closed(f);
	time_format(f->now, clock);
	if (f->recipients != 0 && f->state == EPOCH_AHEAD) {
		time_format(f->epoch_from, when);
		warn(f, LEVEL_WARNING,
		    "the clock is behind: it says %s, but epoch %" PRIu32
		    ", which begins at %s, was in force here before and goes"
		    " on being used: set the clock (timedatectl)",
		    clock, f->epoch, when);
	}
	if (f->has_set && f->ages && f->now < f->valid_until) {
		time_format(f->valid_until, when);
		warn(f, LEVEL_WARNING,
		    "key set %" PRIu64 " has %" PRIu64
		    " days left, until %s: have a new one made and install"
		    " it",
		    f->sequence, status_days_left(f), when);
	}
	if (f->gap) {
		time_format(f->gap_at, when);
		warn(f, LEVEL_WARNING,
		    "the key set has no key from %s on for a while: the form"
		    " will be closed then",
		    when);
	}
	if (f->floor_why[0] != '\0')
		warn(f, LEVEL_WARNING, "%s", f->floor_why);
}

static void
judge_texts(struct status_facts *f)
{
	if (f->texts_why[0] != '\0')
		warn(f, LEVEL_WARNING,
		    "%s; mend it and put it in with tipline-operator texts"
		    " install: a server that is started now shows neutral"
		    " pages",
		    f->texts_why);
}

static void
judge_hand_offs(struct status_facts *f)
{
	if (f->exported_damaged)
		warn(f, LEVEL_WARNING,
		    "LINE/" LINE_EXPORTED " cannot be read, and nothing can be"
		    " exported: make it two lines, \"bundle N\" with the"
		    " highest number of a bundle and \"tip M\" with its last"
		    " tip; the analysts can tell both");
	for (size_t i = 0; i < f->signers; i++)
		if (f->confirmed[i].damaged)
			warn(f, LEVEL_WARNING,
			    "what %s confirmed cannot be read"
			    " (LINE/" LINE_CONFIRMED
			    "): remove it and import %s's newest return"
			    " bundle, which states all of it",
			    f->confirmed[i].name, f->confirmed[i].name);
}

void
status_judge(struct status_facts *f)
{
	f->level = LEVEL_FINE;
	f->warnings = 0;
	if (f->pid == 0 && !f->links_open)
		warn(f, LEVEL_CRITICAL,
		    "tipline-intake is not running: start it");
	else if (f->pid == 0)
		warn(f, LEVEL_CRITICAL,
		    "tipline-intake is not running; this line comes from a"
		    " backup: start it only when each analyst's return bundle"
		    " with links was imported (tipline-analyst ack KEYS OUT"
		    " --links-from %" PRIu64 "); after the first new tip it is"
		    " too late",
		    f->usage.last + 1);
	else if (f->links_open)
		warn(f, LEVEL_WARNING,
		    "this line comes from a backup and runs: unless each"
		    " analyst's return bundle with links was imported, stop"
		    " tipline-intake until it is; after the first new tip it is"
		    " too late");
	judge_keys(f);
	if (f->pid != 0 && f->recipients != 0 && !f->text)
		warn(f, LEVEL_CRITICAL,
		    "no tip is taken: the quota or the disk is full: export,"
		    " have it confirmed, and purge");
	else if (f->pid != 0 && f->recipients != 0 && !f->files)
		warn(f, LEVEL_WARNING,
		    "files are refused: the quota or the disk is nearly full:"
		    " export, have it confirmed, and purge");
	else if (status_percent(f) >= FULL_PERCENT)
		warn(f, LEVEL_WARNING,
		    "%u %% of the quota is used: export, have it confirmed,"
		    " and purge",
		    status_percent(f));
	judge_texts(f);
	judge_hand_offs(f);
}
