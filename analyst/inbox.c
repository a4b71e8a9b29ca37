/*
 * inbox: see inbox.h.
 */
#include "analyst/inbox.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyst/inbox_say.h"
#include "analyst/say.h"
#include "base/num.h"

static enum status
read_some(void *ctx, void *p, size_t len, size_t *got)
{
	struct inbox *in = ctx;
	ssize_t n;

	*got = 0;
	do {
		n = read(in->fd, p, len);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return ST_IO;
	*got = (size_t)n;
	return ST_OK;
}

/* A fault of the ledger, said once. */
static enum status
ledger_failed(struct inbox *in, enum status st)
{
	if (st == ST_OK)
		return ST_OK;
	if (!in->ledger_fault && st != ST_MALFORMED)
		say_error("cannot use the ledger of the key folder: %s",
		    st == ST_LIMIT    ? "no server has so many tips"
			: st == ST_IO ? strerror(errno)
				      : status_text(st));
	in->ledger_fault = true;
	return st;
}

struct older {
	uint64_t bundle;
	bool found;
};

static enum status
look_for_older(void *ctx, uint64_t number, const struct ledger_tip *tip)
{
	struct older *older = ctx;

	(void)number;
	older->found = tip->bundle > 0 && tip->bundle <= older->bundle;
	return older->found ? ST_EOF : ST_OK;
}

/*
 * An honest server's last tip, and the highest epoch that was in force, only
 * rise from one bundle to the next.  A bundle may come late; then no tip
 * behind its last was ever in it or in one before it.
 */
static enum status
look_back(struct inbox *in)
{
	const struct bundle_start *start = &in->head.start;
	struct older older = {.bundle = start->bundle};
	struct ledger_tip before;
	enum status st;

	if (start->bundle > in->knew.bundle) {
		in->back_last = start->last < in->knew.last;
		in->back_epoch = start->epoch < in->knew.epoch;
	} else {
		st = ledger_walk(
		    in->ledger, start->last + 1, look_for_older, &older);
		if (st != ST_OK)
			return st;
		in->back_last = older.found;
	}
	if (start->before.number == 0)
		return ST_OK; /* the genesis, which the reader knows */
	st = ledger_get(in->ledger, start->before.number, &before);
	if (st != ST_OK)
		return st;
	if (before.has_link) {
		in->back_before =
		    memcmp(before.link, start->before.head, DIGEST_LEN) != 0;
		return ST_OK;
	}
	before.has_link = true;
	memcpy(before.link, start->before.head, DIGEST_LEN);
	return ledger_put(in->ledger, start->before.number, &before);
}

enum status
inbox_open(const char *path, const struct server_identity *server,
    struct ledger *ledger, struct inbox *in)
{
	enum bundle_problem problem;
	struct stat sb;
	enum status st;

	*in = (struct inbox){.fd = -1, .server = server, .ledger = ledger};
	ledger_facts(ledger, &in->knew);
	in->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (in->fd == -1) {
		say_error(
		    "cannot open the bundle %s: %s", path, strerror(errno));
		return errno == ENOENT ? ST_ABSENT : ST_DENIED;
	}
	if (fstat(in->fd, &sb) == 0 && S_ISREG(sb.st_mode))
		in->size = (uint64_t)sb.st_size;
	(void)posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	st = bundle_reader_begin(
	    read_some, in, server->key, &in->head, &problem, &in->reader);
	if (st != ST_OK) {
		inbox_say_problem(in, problem);
		return st;
	}
	return ledger_failed(in, look_back(in));
}

/*
 * Two tips of one number: the server went back in time.  What was opened
 * stays; the other one is remembered until it was opened apart, or its key
 * would be destroyed before.
 */
static enum status
note_other(struct inbox *in)
{
	struct ledger_tip *e = &in->entry;

	in->verdict = INBOX_OTHER;
	ranges_add(&in->other, in->tip.number, in->tip.number);
	if (memcmp(e->other, in->tip.digest, DIGEST_LEN) != 0) {
		memcpy(e->other, in->tip.digest, DIGEST_LEN);
		e->other_waits = true;
	}
	e->diverted = true;
	return ledger_failed(in, ledger_put(in->ledger, in->tip.number, e));
}

enum status
inbox_other_opened(struct inbox *in)
{
	struct ledger_tip e;
	enum status st = ledger_get(in->ledger, in->tip.number, &e);

	if (st == ST_OK && memcmp(e.other, in->tip.digest, DIGEST_LEN) == 0) {
		e.other_waits = false;
		st = ledger_put(in->ledger, in->tip.number, &e);
	}
	return ledger_failed(in, st);
}

/* What the ledger knows of the tip, and is to know. */
static enum status
judge(struct inbox *in)
{
	const struct bundle_tip *tip = &in->tip;
	struct ledger_tip *e = &in->entry;
	bool known, other;
	enum status st;

	if ((st = ledger_get(in->ledger, tip->number, e)) != ST_OK)
		return ledger_failed(in, st);
	in->was = e->state == LEDGER_ALTERED ? LEDGER_NOT_SEEN : e->state;
	known = e->state != LEDGER_NOT_SEEN;
	other = (known &&
		    (e->len != tip->len ||
			memcmp(e->digest, tip->digest, DIGEST_LEN) != 0)) ||
	    (e->has_link && tip->has_link &&
		memcmp(e->link, tip->link, DIGEST_LEN) != 0);
	if (other)
		return note_other(in);
	/* Was the server put right? */
	if (in->head.start.bundle > in->knew.bundle)
		e->diverted = false;
	in->verdict = tip->purged ? INBOX_PURGED : INBOX_PROVED;
	if (in->was == LEDGER_NOT_SEEN) {
		e->state = LEDGER_SEEN;
		e->epoch = 0; /* it may have been a bound */
		e->bundle = in->head.start.bundle;
	}
	e->len = tip->len;
	e->purged = e->purged || tip->purged;
	memcpy(e->digest, tip->digest, DIGEST_LEN);
	if (tip->has_link) {
		e->has_link = true;
		memcpy(e->link, tip->link, DIGEST_LEN);
	}
	return ST_OK;
}

enum status
inbox_next(struct inbox *in)
{
	struct bundle_tip *tip = &in->tip, next;
	enum status st;

	st = bundle_reader_next(in->reader, &next);
	if (st != ST_OK)
		return st;
	*tip = next;
	in->in_tip = true;
	in->whole = false;
	say_progress(bundle_reader_offset(in->reader), in->size, tip->number);
	in->peeked = 0;
	in->entry = (struct ledger_tip){.state = LEDGER_NOT_SEEN};
	if (!tip->proved) {
		in->verdict = INBOX_INVENTED;
		ranges_add(&in->invented, tip->number, tip->number);
		return ST_OK;
	}
	if (tip->order == BUNDLE_AGAIN) {
		in->verdict = INBOX_AGAIN;
		ranges_add(&in->again, tip->number, tip->number);
		/* Unless the first was altered: this one may be whole. */
		return ranges_has(&in->altered, tip->number) ? judge(in)
							     : ST_OK;
	}
	/* True, but of another bundle. */
	if (tip->order == BUNDLE_OUTSIDE) {
		ranges_add(&in->mixed, tip->number, tip->number);
		return judge(in);
	}
	/* All from here to the one that came too early are out of order. */
	if (tip->order == BUNDLE_MOVED)
		ranges_add(&in->moved, tip->number, in->highest);
	if (tip->number > in->highest)
		in->highest = tip->number;
	return judge(in);
}

enum status
inbox_data(struct inbox *in, const uint8_t **p, size_t *got)
{
	enum status st = bundle_reader_data(in->reader, p, got);
	size_t n;

	if (st != ST_OK)
		return st;
	if (*got > 0 && in->peeked < INBOX_PEEK_LEN) {
		n = INBOX_PEEK_LEN - in->peeked;
		n = *got < n ? *got : n;
		memcpy(in->peek + in->peeked, *p, n);
		in->peeked += n;
	}
	say_progress(
	    bundle_reader_offset(in->reader), in->size, in->tip.number);
	return ST_OK;
}

/* The epoch of a sealed tip (docs/FORMATS.md section 1), 0 if it is none. */
static uint32_t
peek_epoch(const struct inbox *in)
{
	static const char magic[] = "tipline-tip-0001";

	if (in->peeked < INBOX_PEEK_LEN ||
	    memcmp(in->peek, magic, sizeof(magic) - 1) != 0)
		return 0;
	return le32_get(in->peek + sizeof(magic) - 1);
}

/*
 * Remember what the server signed although other bytes came: the chain goes
 * on across it, and tips behind it are confirmed.  No tip is of a later epoch
 * than the one that was in force when the bundle was made.
 */
static enum status
note_altered(struct inbox *in)
{
	struct ledger_tip *e = &in->entry;
	enum status st;

	ranges_add(&in->altered, in->tip.number, in->tip.number);
	if (in->was != LEDGER_NOT_SEEN)
		return ST_FORGED;
	e->state = LEDGER_ALTERED;
	e->epoch = in->head.start.epoch;
	st = ledger_failed(in, ledger_put(in->ledger, in->tip.number, e));
	return st == ST_OK ? ST_FORGED : st;
}

enum status
inbox_tip_end(struct inbox *in)
{
	const uint8_t *p;
	size_t n;
	enum status st;

	do {
		if ((st = inbox_data(in, &p, &n)) != ST_OK)
			return st;
	} while (n > 0);
	st = bundle_reader_tip_end(in->reader);
	in->in_tip = st != ST_OK && st != ST_FORGED;
	in->whole = st == ST_OK;
	if (in->verdict != INBOX_PROVED && in->verdict != INBOX_PURGED)
		return st;
	if (st == ST_FORGED)
		return note_altered(in);
	if (st != ST_OK)
		return st;
	in->tips++;
	if (in->entry.epoch == 0)
		in->entry.epoch = peek_epoch(in);
	return ST_OK;
}

enum status
inbox_record(struct inbox *in)
{
	if (in->verdict != INBOX_PROVED && in->verdict != INBOX_PURGED)
		return ST_OK;
	return ledger_failed(
	    in, ledger_put(in->ledger, in->tip.number, &in->entry));
}

/* Remember what the head said, with all that was recorded. */
static enum status
write_ledger(struct inbox *in)
{
	const struct bundle_start *start = &in->head.start;
	const struct ledger_facts facts = {.last = start->last,
	    .bundle = start->bundle,
	    .epoch = start->epoch};

	ledger_facts_raise(in->ledger, &facts);
	return ledger_failed(in, ledger_sync(in->ledger));
}

bool
inbox_conclude(struct inbox *in, enum status st)
{
	bool complete, untouched, forth, all = false;

	say_progress_end();
	if (st == ST_EOF)
		st = bundle_reader_finish(in->reader, NULL);
	inbox_say_problem(in, bundle_reader_problem(in->reader));
	untouched = inbox_say_deeds(in);
	forth = inbox_say_back(in);
	complete = st == ST_OK && untouched;
	inbox_say_contents(in, complete);
	if (in->ledger_fault || write_ledger(in) != ST_OK)
		return false;
	if (ledger_failed(in, inbox_say_unseen(in, &all)) != ST_OK)
		return false;
	return complete && forth && all;
}

void
inbox_close(struct inbox *in)
{
	say_progress_end();
	bundle_reader_free(in->reader);
	if (in->fd != -1)
		close(in->fd);
	*in = (struct inbox){.fd = -1};
}
