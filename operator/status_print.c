/*
 * status_print: for people, and in one line.  See status_parts.h.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/num.h"
#include "operator/status_parts.h"
#include "operator/texts_told.h"
#include "operator/tool.h"

static void
print_keys(const struct status_facts *f)
{
	static const char *const notes[] = {
	    [EPOCH_BY_CLOCK] = "", [EPOCH_AHEAD] = " (the clock is behind)"};
	char text[TIME_TEXT_LEN + 1];

	if (!f->has_set) {
		printf("key set        none: %s\n", f->keyset_why);
		return;
	}
	time_format(f->valid_until, text);
	printf("key set        %" PRIu64 ", valid until %s (%" PRIu64
	       " days left)\n",
	    f->sequence, text, status_days_left(f));
	if (f->recipients != 0) {
		time_format(f->epoch_until, text);
		printf("epoch          %" PRIu32 ", until %s, to %zu"
		       " analyst%s%s\n",
		    f->epoch, text, f->recipients,
		    f->recipients == 1 ? "" : "s", notes[f->state]);
	} else if (f->state == EPOCH_EARLY) {
		time_format(f->opens, text);
		printf("epoch          none in force before %s: the form is"
		       " closed\n",
		    text);
	} else {
		puts("epoch          none in force: the form is closed");
	}
}

static void
print_languages(const struct status_facts *f)
{
	char text[TEXTS_TOLD_LEN];

	if (f->texts_why[0] != '\0') {
		puts("languages      not known");
		return;
	}
	(void)texts_told_languages(f->language_on, false, text);
	printf("languages      %s\n", text);
	if (texts_told_languages(f->language_on, true, text) > 0)
		printf("drafts         %s: not yet reviewed by native"
		       " speakers\n",
		    text);
}

static void
print_hand_offs(const struct status_facts *f)
{
	if (f->exported.bundle == 0)
		puts("last export    none");
	else
		printf("last export    bundle %" PRIu64 ", up to tip %" PRIu64
		       "\n",
		    f->exported.bundle, f->exported.tip);
	printf("not exported   %" PRIu64 "\n", status_not_exported(f));
	for (size_t i = 0; i < f->signers; i++) {
		const struct status_confirmed *c = &f->confirmed[i];

		if (c->highest == 0)
			printf("confirmed      nothing by %s\n", c->name);
		else if (c->up_to == 0)
			printf("confirmed      some up to tip %" PRIu64
			       " by %s, but not tip 1\n",
			    c->highest, c->name);
		else if (c->highest == c->up_to)
			printf("confirmed      up to tip %" PRIu64 " by %s\n",
			    c->up_to, c->name);
		else
			printf("confirmed      up to tip %" PRIu64
			       " by %s, and some up to tip %" PRIu64 "\n",
			    c->up_to, c->name, c->highest);
	}
	printf("replies        %" PRIu64 " waiting\n", f->usage.replies);
}

void
status_print(const struct status_facts *f)
{
	char used[TOOL_SIZE_LEN], quota[TOOL_SIZE_LEN], left[TOOL_SIZE_LEN];

	tool_size(f->usage.used, used);
	tool_size(f->usage.quota, quota);
	tool_size(f->usage.disk_free, left);
	if (f->pid != 0)
		printf("running        yes, process %ld\n", f->pid);
	else
		puts("running        no");
	if (f->restored)
		puts("restored       from a backup; waits for its key set");
	printf("tips kept      %" PRIu64 "\n", f->usage.tips);
	printf("tips purged    %" PRIu64 "\n", status_purged(f));
	printf("last number    %" PRIu64 "\n", f->usage.last);
	printf("used           %s of %s (%u %%)\n", used, quota,
	    status_percent(f));
	printf("disk free      %s\n", left);
	printf("takes text     %s\n", f->text ? "yes" : "no");
	printf("takes files    %s\n", f->files ? "yes" : "no");
	print_keys(f);
	print_languages(f);
	print_hand_offs(f);
	printf("state          %s\n", status_level_text(f->level));
	for (size_t i = 0; i < f->warnings; i++)
		printf("%-8s %s\n", status_level_text(f->warning[i].level),
		    f->warning[i].text);
}

void
status_print_monitor(const struct status_facts *f)
{
	static const char *const words[] = {
	    "OK", "WARNING", "CRITICAL", "UNKNOWN"};
	const char *joint = "";

	printf("TIPLINE %s - ", words[f->level]);
	if (f->warnings == 0)
		printf("%" PRIu64 " tips kept, %u %% used, keys for %" PRIu64
		       " days",
		    f->usage.tips, status_percent(f), status_days_left(f));
	/* The worst first: some systems show only the beginning. */
	for (int level = LEVEL_CRITICAL; level > LEVEL_FINE; level--)
		for (size_t i = 0; i < f->warnings; i++)
			if (f->warning[i].level == (enum status_level)level) {
				printf("%s%s", joint, f->warning[i].text);
				joint = "; ";
			}
	printf(" | used=%u%%;80;90 days_left=%" PRIu64 " tips=%" PRIu64
	       " not_exported=%" PRIu64 "\n",
	    status_percent(f), status_days_left(f), f->usage.tips,
	    status_not_exported(f));
}
