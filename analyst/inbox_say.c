/*
 * inbox_say: see inbox_say.h.
 */
#include "analyst/inbox_say.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyst/say.h"

/* So many gaps are named one by one. */
#define GAPS_SAID_MAX 20
#define BUNDLES_TEXT_MAX 96

static void
say_server(const struct inbox *in)
{
	char theirs[KEY_ID_TEXT_LEN + 1], ours[KEY_ID_TEXT_LEN + 1];

	key_id_text(in->head.server, theirs);
	key_id_text(in->server->id, ours);
	say_error("this bundle is another server's: it names server %s, and"
		  " these keys are for server %s",
	    theirs, ours);
}

static void
say_cut(const struct inbox *in)
{
	const uint64_t at =
	    in->reader == NULL ? 0 : bundle_reader_offset(in->reader);

	if (in->reader == NULL)
		say_error("the bundle is cut off in its head: nothing of it"
			  " can be used; ask for another copy");
	else if (in->tip.number == 0)
		say_error("the bundle is cut off at byte %" PRIu64
			  ", before its first tip; ask for another copy",
		    at);
	else
		say_error("the bundle is cut off at byte %" PRIu64
			  ", %s tip %" PRIu64
			  ": the tips before that are proved one by one and"
			  " were used; ask for another copy",
		    at, in->in_tip ? "in" : "behind", in->tip.number);
}

/* What needs no place in the file to be said; NULL: said elsewhere. */
static const char *const plain_problem[] = {
    [BUNDLE_NONE] = "this is not a bundle of a tip line",
    [BUNDLE_OTHER_VERSION] =
	"this bundle is of a version that this program does not know:"
	" a newer tipline-analyst is needed",
    [BUNDLE_HEAD_FORGED] =
	"the bundle's head is forged: it names our server, but the server"
	" did not sign it; nothing of it was used",
    [BUNDLE_END_FORGED] =
	"the bundle's end is forged: the server did not sign it, so nothing"
	" proves that these are all tips of the bundle",
    [BUNDLE_INCOMPLETE] = NULL,
};

void
inbox_say_problem(const struct inbox *in, enum bundle_problem problem)
{
	const uint64_t at =
	    in->reader == NULL ? 0 : bundle_reader_offset(in->reader);

	switch (problem) {
	case BUNDLE_FINE:
		break;
	case BUNDLE_UNREADABLE:
		say_error("the bundle cannot be read on: %s", strerror(errno));
		break;
	case BUNDLE_OTHER_SERVER:
		say_server(in);
		break;
	case BUNDLE_CUT:
		say_cut(in);
		break;
	case BUNDLE_LAYOUT:
		say_error("the bundle is damaged at byte %" PRIu64
			  ": no tip begins there; the tips before it are"
			  " proved one by one and were used",
		    at);
		break;
	case BUNDLE_MORE:
		say_error("there is something behind the bundle's end, at byte"
			  " %" PRIu64 "; it was not used",
		    at);
		break;
	default:
		if (plain_problem[problem] != NULL)
			say_error("%s", plain_problem[problem]);
		break;
	}
}

/* Say "tips 17 and 18 one" or "... many". */
static void
say_tips(const struct ranges *ranges, const char *one, const char *many)
{
	char text[RANGES_TEXT_MAX];

	if (ranges->n == 0)
		return;
	ranges_text(ranges, text);
	say_error("%s %s", text, ranges_single(ranges) ? one : many);
}

static void
missing_tips(const struct inbox *in, struct ranges *missing)
{
	uint64_t first, last;
	bool more = false;

	*missing = (struct ranges){0};
	for (size_t i = 0;
	     bundle_reader_missing(in->reader, i, &first, &last, &more); i++)
		ranges_add(missing, first, last);
	missing->more = missing->more || more;
}

bool
inbox_say_deeds(const struct inbox *in)
{
	struct ranges missing;

	missing_tips(in, &missing);
	say_tips(&missing, "is missing: it was taken out of the bundle",
	    "are missing: they were taken out of the bundle");
	say_tips(&in->altered,
	    "was altered: its bytes do not have the digest that the server"
	    " signed; it was not kept",
	    "were altered: their bytes do not have the digests that the server"
	    " signed; they were not kept");
	/* One number alone cannot be out of order. */
	say_tips(&in->moved, "is out of order",
	    "are out of order: somebody exchanged their places; all that came"
	    " are proved and were used");
	say_tips(&in->again,
	    "was repeated: it stands in the bundle more than once; it was used"
	    " once",
	    "were repeated: they stand in the bundle more than once; they were"
	    " used once");
	say_tips(&in->mixed,
	    "was put in from another bundle; it is proved and was used",
	    "were put in from another bundle; they are proved and were used");
	say_tips(&in->invented,
	    "was invented: the server never signed such a tip of that number",
	    "were invented: the server never signed such tips of those"
	    " numbers");
	return missing.n == 0 && in->altered.n == 0 && in->moved.n == 0 &&
	    in->again.n == 0 && in->mixed.n == 0 && in->invented.n == 0;
}

bool
inbox_say_back(const struct inbox *in)
{
	const struct bundle_start *start = &in->head.start;
	char text[RANGES_TEXT_MAX];
	uint64_t from = UINT64_MAX;

	if (in->back_last) {
		say_error("this server went back in time: its last tip is now"
			  " tip %" PRIu64 ", and tip %" PRIu64
			  " was there before",
		    start->last, in->knew.last);
		from = start->last + 1;
	}
	if (in->back_epoch)
		say_error("this server went back in time: its week is now"
			  " epoch %" PRIu32 ", and it was in epoch %" PRIu32
			  " before",
		    start->epoch, in->knew.epoch);
	if (in->other.n > 0) {
		ranges_text(&in->other, text);
		say_error("this server went back in time: %s %s seen before as"
			  " %s; what is new under %s was not opened"
			  " (--unproved opens it apart)",
		    text, ranges_single(&in->other) ? "was" : "were",
		    ranges_single(&in->other) ? "another" : "others",
		    ranges_single(&in->other) ? "its number" : "their numbers");
		if (in->other.r[0].first < from)
			from = in->other.r[0].first;
	}
	if (in->back_before) {
		say_error("this server went back in time: the chain before tip"
			  " %" PRIu64 " is not the one that was seen",
		    start->before.number + 1);
		if (start->before.number < from)
			from = start->before.number;
	}
	if (from == UINT64_MAX)
		return !in->back_epoch;
	say("    Ask the operator: was it restored from a backup?  Then it"
	    " must learn what it forgot, before it takes tips again:\n"
	    "    tipline-analyst ack KEYS OUT --links-from %" PRIu64 "\n"
	    "    If it was not, somebody else has its database or its key.",
	    from);
	return false;
}

struct unseen {
	uint64_t next;   /* the lowest number not looked at */
	uint64_t bundle; /* in which the number before it came, 0 unknown */
	uint64_t gaps;
	struct ranges others;  /* other tips of known numbers that wait */
	struct ranges altered; /* of which no true bytes have come */
};

/* Name the bundles that must have been between, when they are known. */
static void
say_gap(struct unseen *u, uint64_t last, uint64_t bundle_after)
{
	const uint64_t first = u->next;
	const char *verb = first == last ? "has" : "have";
	char tips[64], bundles[BUNDLES_TEXT_MAX] = "";

	if (u->gaps++ >= GAPS_SAID_MAX)
		return;
	if (first == last)
		(void)snprintf(tips, sizeof(tips), "tip %" PRIu64, first);
	else
		(void)snprintf(tips, sizeof(tips),
		    "tips %" PRIu64 " to %" PRIu64, first, last);
	if (bundle_after > u->bundle && bundle_after - u->bundle == 2)
		(void)snprintf(bundles, sizeof(bundles),
		    ": bundle %" PRIu64 " not yet seen", u->bundle + 1);
	else if (bundle_after > u->bundle && bundle_after - u->bundle > 2)
		(void)snprintf(bundles, sizeof(bundles),
		    ": bundles %" PRIu64 " to %" PRIu64 " not yet seen",
		    u->bundle + 1, bundle_after - 1);
	say_error("%s %s not been seen%s\n"
		  "    to bring %s: tipline-operator export LINE FILE"
		  " --from %" PRIu64 " --to %" PRIu64,
	    tips, verb, bundles, first == last ? "it" : "them", first, last);
}

static enum status
pass_seen(void *ctx, uint64_t number, const struct ledger_tip *tip)
{
	struct unseen *u = ctx;

	if (tip->other_waits)
		ranges_add(&u->others, number, number);
	if (tip->state == LEDGER_ALTERED)
		ranges_add(&u->altered, number, number);
	if (tip->state == LEDGER_NOT_SEEN)
		return ST_OK;
	if (number > u->next)
		say_gap(u, number - 1, tip->bundle);
	u->next = number + 1;
	u->bundle = tip->bundle;
	return ST_OK;
}

/* Those of this bundle were said as what they are. */
static void
say_others(const struct inbox *in, const struct ranges *others)
{
	char text[RANGES_TEXT_MAX];

	if (others->n == 0 || in->other.n > 0)
		return;
	ranges_text(others, text);
	say_error("%s came a second time as %s, when the server went back in"
		  " time, and still %s: open that bundle again with --unproved",
	    text, ranges_single(others) ? "another one" : "others",
	    ranges_single(others) ? "waits" : "wait");
}

/* Not a fault of every later bundle: it may be damaged for good. */
static void
say_altered(const struct ranges *altered)
{
	char text[RANGES_TEXT_MAX];

	if (altered->n == 0)
		return;
	ranges_text(altered, text);
	say("%s came with altered bytes only.  To bring %s again:\n"
	    "    tipline-operator export LINE FILE --from %" PRIu64
	    " --to %" PRIu64 "\n"
	    "If the new copy is altered as well, the server's disk has lost"
	    " the bytes: that export names the tip as damaged.",
	    text, ranges_single(altered) ? "it" : "them", altered->r[0].first,
	    altered->r[altered->n - 1].last);
}

enum status
inbox_say_unseen(const struct inbox *in, bool *all)
{
	struct unseen u = {.next = 1};
	struct ledger_facts facts;
	enum status st;

	*all = false;
	ledger_facts(in->ledger, &facts);
	if ((st = ledger_walk(in->ledger, 1, pass_seen, &u)) != ST_OK)
		return st;
	if (u.next <= facts.last)
		say_gap(&u, facts.last, facts.bundle);
	if (u.gaps > GAPS_SAID_MAX)
		say_error(
		    "and %" PRIu64 " more such gaps", u.gaps - GAPS_SAID_MAX);
	say_others(in, &u.others);
	say_altered(&u.altered);
	*all = u.gaps == 0 && u.others.n == 0;
	if (*all && facts.last > 0 && u.altered.n == 0)
		say("Everything the server had up to tip %" PRIu64
		    " has been seen.",
		    facts.last);
	return ST_OK;
}

void
inbox_say_contents(const struct inbox *in, bool complete)
{
	const struct bundle_start *start = &in->head.start;
	const uint64_t first = start->before.number + 1;
	/* Also those that are others than were seen before. */
	const uint64_t held = in->highest < first ? 0 : in->highest - first + 1;
	char id[KEY_ID_TEXT_LEN + 1];

	if (!complete) {
		say("Bundle %" PRIu64 " is NOT complete and unaltered: first"
		    " number %" PRIu64 "; %" PRIu64
		    " tip%s of it %s proved and unaltered.",
		    start->bundle, first, in->tips, in->tips == 1 ? "" : "s",
		    in->tips == 1 ? "is" : "are");
		return;
	}
	key_id_text(in->server->id, id);
	say("Bundle %" PRIu64 " is complete and unaltered, from server %s.",
	    start->bundle, id);
	if (held == 0)
		say("It holds no tips; first number %" PRIu64
		    " would be the next.",
		    first);
	else
		say("It holds %" PRIu64 " tip%s: first number %" PRIu64
		    ", last number %" PRIu64 ".",
		    held, held == 1 ? "" : "s", first, in->highest);
	if (held > 0 && in->news == 0 && in->other.n == 0)
		say("Seen before: nothing in it is new.");
}
