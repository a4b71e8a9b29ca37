/*
 * tip_open: see tip_open.h.
 *
 * The tip is opened, its digest computed and its bag written in one pass.
 * The bag counts only when all three agree: an envelope that opens but has
 * not the digest the server recorded is not what the server took in.
 */
#include "analyst/tip_open.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "analyst/bag.h"
#include "analyst/keyring_known.h"
#include "analyst/say.h"
#include "crypto/opener.h"

struct job {
	const struct keyring *kr;
	struct bag *bag;
	enum status bag_status; /* the first failure of the bag */
};

static const struct opener_key *
on_lookup(void *ctx, const uint8_t id[static KEY_ID_LEN], uint32_t epoch)
{
	const struct job *job = ctx;

	(void)epoch; /* the id alone decides */
	return keyring_find(job->kr, id);
}

static const uint8_t *
on_known(void *ctx, const uint8_t id[static KEY_ID_LEN])
{
	const struct job *job = ctx;

	return keyring_known(job->kr, id);
}

static bool
on_expected(void *ctx, const struct opener_report *report)
{
	const struct job *job = ctx;

	return keyring_names_exactly(
	    job->kr, report->epoch, report->ids, report->recipients);
}

static enum status
on_part(void *ctx, enum envelope_part kind, const uint8_t *name, size_t len)
{
	struct job *job = ctx;

	return job->bag_status = bag_part(job->bag, kind, name, len);
}

static enum status
on_data(void *ctx, const uint8_t *p, size_t len)
{
	struct job *job = ctx;

	return job->bag_status = bag_data(job->bag, p, len);
}

static enum status
on_part_end(void *ctx, uint64_t size)
{
	struct job *job = ctx;

	(void)size; /* the opener has compared it */
	return job->bag_status = bag_part_end(job->bag);
}

/* Add words to why; a reason too long is cut, which harms nobody. */
#define ADD(why, ...)                                                          \
	do {                                                                   \
		if (bytes_printf((why), __VA_ARGS__) != ST_OK)                 \
			break;                                                 \
	} while (0)

static bool
has_id(const struct opener_report *report, const uint8_t id[static KEY_ID_LEN])
{
	for (size_t i = 0; i < report->recipients; i++) {
		if (memcmp(report->ids[i], id, KEY_ID_LEN) == 0)
			return true;
	}
	return false;
}

static bool
is_named(const struct keyring_named *named, const uint8_t id[static KEY_ID_LEN])
{
	for (size_t i = 0; i < named->count; i++) {
		if (memcmp(named->who[i].id, id, KEY_ID_LEN) == 0)
			return true;
	}
	return false;
}

/* Whom this epoch's key set names and the tip leaves out, and the other way
 * round; with words that help whoever has only an older key set. */
static void
explain_recipients(const struct keyring *kr, const struct opener_report *report,
    struct bytes *why)
{
	const struct keyring_named *named = keyring_named(kr, report->epoch);
	const char *between = " ";
	char id[KEY_ID_TEXT_LEN + 1];

	if (named == NULL) {
		ADD(why,
		    "sealed for epoch %" PRIu32 ", which no key set in this"
		    " keyring names: take the newest key set (tipline-analyst"
		    " keyset take), then open this again",
		    report->epoch);
		return;
	}
	ADD(why,
	    "not sealed to those whom key set %" PRIu64 " names for epoch"
	    " %" PRIu32 ":",
	    named->sequence, report->epoch);
	for (size_t i = 0; i < named->count; i++) {
		if (has_id(report, named->who[i].id))
			continue;
		key_id_text(named->who[i].id, id);
		ADD(why, "%s%s (key %s) was left out", between,
		    named->who[i].name, id);
		between = ", ";
	}
	for (size_t i = 0; i < report->recipients; i++) {
		if (is_named(named, report->ids[i]))
			continue;
		key_id_text(report->ids[i], id);
		ADD(why, "%skey %s was put in", between, id);
		between = ", ";
	}
	ADD(why,
	    "; so it is refused.  If there is a newer key set, or one that was"
	    " missed here, take it (tipline-analyst keyset take) and open this"
	    " again; if there is none, tell the others: the server is not to"
	    " be trusted");
}

static void
explain_key(const struct opener_report *report, struct bytes *why)
{
	char id[KEY_ID_TEXT_LEN + 1];

	ADD(why, "sealed to key%s ", report->recipients == 1 ? "" : "s");
	for (size_t i = 0; i < report->recipients && i < RECIPIENTS_MAX; i++) {
		key_id_text(report->ids[i], id);
		ADD(why, "%s%s", i == 0 ? "" : ", ", id);
	}
	ADD(why, " of epoch %" PRIu32 ", which this keyring does not have",
	    report->epoch);
}

/* No key of the head is ours.  Were we left out, or is ours gone? */
static void
explain_not_ours(const struct keyring *kr, const struct opener_report *report,
    struct bytes *why)
{
	const struct keyring_named *named = keyring_named(kr, report->epoch);

	for (size_t i = 0; named != NULL && i < named->count; i++) {
		if (keyring_find(kr, named->who[i].id) != NULL) {
			explain_recipients(kr, report, why);
			return;
		}
	}
	explain_key(report, why);
}

/* Say why the opener gave up, with what it knows about the place. */
static void
explain(enum status st, const struct keyring *kr, const struct opener *op,
    struct bytes *why)
{
	struct opener_report report;

	opener_report(op, &report);
	if (report.unequal) {
		ADD(why,
		    "sealed unequally: it would open otherwise, or not at all,"
		    " for another analyst, so it is refused by both; tell"
		    " them");
		return;
	}
	if (report.unexpected) {
		explain_recipients(kr, &report, why);
		return;
	}
	switch (st) {
	case ST_WRONG_KEY:
		explain_not_ours(kr, &report, why);
		break;
	case ST_VERSION:
		ADD(why, "of a version that this program does not know");
		break;
	case ST_LIMIT:
		ADD(why, "more than %d parts: no form sends so many",
		    BAG_PARTS_MAX);
		break;
	case ST_SHORT:
		ADD(why,
		    "ends before it is whole, after record %" PRIu64
		    ", byte %" PRIu64,
		    report.record, report.offset);
		break;
	default:
		if (report.epoch == 0)
			ADD(why, "not a sealed tip: its head is damaged");
		else
			ADD(why,
			    "damaged in record %" PRIu64 ", at byte %" PRIu64,
			    report.record + 1, report.offset);
		break;
	}
}

/* Feed the whole tip; *opened is what the opener said in the end. */
static enum status
feed(struct inbox *in, struct opener *op, enum status *opened)
{
	const uint8_t *p;
	size_t n;
	enum status st;

	*opened = ST_OK;
	do {
		if ((st = inbox_data(in, &p, &n)) != ST_OK)
			return st;
		if (n > 0)
			*opened = opener_feed(op, p, n);
	} while (n > 0 && *opened == ST_OK);
	if (*opened == ST_OK)
		*opened = opener_finish(op);
	/* Whatever the opener made of it, the bundle goes on behind it. */
	return ST_OK;
}

static enum status
finish(struct tip_open *t, struct bag *bag, const struct opener *op)
{
	struct inbox *in = t->in;
	struct opener_report report;
	struct bag_about about = {
	    .number = in->tip.number, .sealed_len = in->tip.len};
	enum status st;

	opener_report(op, &report);
	about.epoch = in->entry.epoch = report.epoch;
	about.proved = in->verdict == INBOX_PROVED;
	memcpy(about.server, in->head.server, KEY_ID_LEN);
	memcpy(about.sealed_digest, in->tip.digest, DIGEST_LEN);
	if (about.proved) {
		st = sentinels_match(t->sentinels, bag_message(bag),
		    in->tip.number, &about.sentinel);
		if (st != ST_OK)
			return st;
		t->sentinels_back += about.sentinel;
		in->entry.state = LEDGER_OPENED;
	}
	if ((st = bag_finish(bag, &about)) != ST_OK)
		return st;
	return cases_add(t->cases, in->tip.number, bag_size(bag), &in->entry);
}

/* What was opened before stays opened, also when its key is gone by now. */
static void
note_failed(struct inbox *in)
{
	if (in->entry.state != LEDGER_OPENED)
		in->entry.state = LEDGER_FAILED;
}

static const char *
altered_words(const struct inbox *in)
{
	return in->verdict == INBOX_PROVED
	    ? "altered since the server signed it"
	    : "its bytes do not have the digest that it states";
}

static enum status
open_new(struct tip_open *t, enum tip_outcome *outcome, struct bytes *why)
{
	struct inbox *in = t->in;
	struct job job = {.kr = t->kr};
	const struct opener_events events = {.lookup = on_lookup,
	    .known = on_known,
	    .expected = on_expected,
	    .part = on_part,
	    .data = on_data,
	    .part_end = on_part_end,
	    .ctx = &job};
	struct opener *op = NULL;
	enum status st, opened, end;

	st = bag_begin(t->cases->dirfd, in->tip.number, &job.bag);
	if (st != ST_OK || (st = opener_new(&events, &op)) != ST_OK ||
	    (st = feed(in, op, &opened)) != ST_OK)
		goto out;
	/* This machine's failure, not the tip's. */
	st = job.bag_status == ST_LIMIT ? ST_OK : job.bag_status;
	if (st == ST_OK && opened == ST_NOMEM)
		st = ST_NOMEM;
	if (st != ST_OK)
		goto out;
	end = inbox_tip_end(in);
	if (end != ST_OK && end != ST_FORGED) {
		st = end;
		goto out;
	}
	if (end == ST_FORGED)
		ADD(why, "%s%s", altered_words(in),
		    opened == ST_OK ? "" : "; ");
	if (opened != ST_OK) {
		explain(opened, t->kr, op, why);
		note_failed(in);
	}
	if (opened == ST_OK && end == ST_OK &&
	    (st = finish(t, job.bag, op)) == ST_OK)
		*outcome = TIP_OPENED;
out:
	opener_free(op);
	bag_free(job.bag);
	return st;
}

enum status
tip_open(struct tip_open *t, enum tip_outcome *outcome, struct bytes *why)
{
	struct inbox *in = t->in;
	enum cases_found found;
	enum status st;

	*outcome = TIP_FAILED;
	found = cases_look(t->cases, in->tip.number, in->tip.digest);
	if (found == CASES_ABSENT)
		return open_new(t, outcome, why);
	st = inbox_tip_end(in);
	if (st != ST_OK && st != ST_FORGED)
		return st;
	if (st == ST_FORGED) {
		ADD(why, "%s", altered_words(in));
	} else if (found == CASES_CONFLICT) {
		ADD(why,
		    "something else has the place of tip %" PRIu64
		    " in the folder of cases; it was left as it is",
		    in->tip.number);
		note_failed(in);
	} else {
		in->entry.state = LEDGER_OPENED;
		*outcome = TIP_THERE;
	}
	return ST_OK;
}
