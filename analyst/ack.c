/*
 * ack: see ack.h.
 */
#include "analyst/ack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyst/bag.h"
#include "analyst/case_file.h"
#include "analyst/dice.h"
#include "analyst/say.h"

static enum status
add(struct ack *ack, enum ack_kind kind, uint64_t at)
{
	if (ack->n == ACK_REPLIES_MAX)
		return ST_LIMIT;
	if (ack->n == ack->cap) {
		size_t cap = ack->cap == 0 ? 256 : ack->cap * 2;
		void *more = realloc(ack->source, cap * sizeof(*ack->source));

		if (more == NULL)
			return ST_NOMEM;
		ack->source = more;
		ack->cap = cap;
	}
	ack->source[ack->n++] = (struct ack_source){.kind = kind, .at = at};
	return ST_OK;
}

/* The mailbox of an opened tip; false if there is none to be had. */
static bool
mailbox_of(const struct ack *ack, uint64_t number, struct mailbox *box)
{
	char name[BAG_NAME_LEN];
	struct case_file file;
	bool found;

	bag_name(number, name);
	if (case_file_read(ack->cases, name, &file) != ST_OK)
		return false;
	found = file.proved && case_file_is_of(&file, &ack->desk->server) &&
	    case_file_mailbox(&file, box);
	case_file_free(&file);
	return found;
}

static enum status
gather_arrived(void *ctx, uint64_t number, const struct ledger_tip *tip)
{
	struct ack *ack = ctx;
	struct mailbox box;
	enum status st;

	if (tip->state != LEDGER_OPENED || tip->answered)
		return ST_OK;
	if (!mailbox_of(ack, number, &box)) {
		ack->no_mailbox++;
		return ST_OK;
	}
	ack->arrived_tips++;
	if ((st = add(ack, ACK_ARRIVED, number)) == ST_OK)
		memcpy(ack->source[ack->n - 1].mailbox, box.id, MAILBOX_ID_LEN);
	return st;
}

/* By mailbox, the newest tip first. */
static int
by_mailbox(const void *a, const void *b)
{
	const struct ack_source *x = a, *y = b;
	const int c = memcmp(x->mailbox, y->mailbox, MAILBOX_ID_LEN);

	return c != 0 ? c : x->at > y->at ? -1 : x->at < y->at;
}

/*
 * One word to a thread is enough.  A server keeps only a few replies in a
 * mailbox, and whoever writes many tips would push out what was written to
 * him by hand.
 */
static enum status
one_for_each_thread(struct ack *ack)
{
	const size_t first = (size_t)ack->waiting, all = ack->n - first;
	struct ack_source *s = ack->source + first;
	size_t kept = 0;

	if (all < 2)
		return ST_OK;
	ack->covered = calloc(all, sizeof(*ack->covered));
	if (ack->covered == NULL)
		return ST_NOMEM;
	qsort(s, all, sizeof(*s), by_mailbox);
	for (size_t i = 1; i < all; i++) {
		if (memcmp(s[i].mailbox, s[kept].mailbox, MAILBOX_ID_LEN) != 0)
			s[++kept] = s[i];
		else
			ack->covered[ack->covered_tips++] = s[i].at;
	}
	ack->n = first + kept + 1;
	ack->arrived_tips = kept + 1;
	return ST_OK;
}

/* So that the number of real ones shows only in steps; with none, a whole
 * step, or "none" would show. */
static enum status
add_decoys(struct ack *ack)
{
	enum status st = ST_OK;

	if (ack->pad == 0)
		return ST_OK;
	while (st == ST_OK && (ack->n == 0 || ack->n % ack->pad != 0)) {
		st = add(ack, ACK_DECOY, 0);
		ack->decoys++;
	}
	return st;
}

static enum status
shuffle(struct ack *ack)
{
	enum status st = ST_OK;
	uint32_t k;

	for (size_t i = ack->n; i > 1 && st == ST_OK; i--) {
		struct ack_source kept = ack->source[i - 1];

		if ((st = dice_below((uint32_t)i, &k)) != ST_OK)
			break;
		ack->source[i - 1] = ack->source[k];
		ack->source[k] = kept;
	}
	return st;
}

enum status
ack_gather(struct ack *ack)
{
	enum status st = ST_OK;

	for (uint64_t i = 0; ack->again && i < ack->outbox->sent && st == ST_OK;
	     i++)
		st = add(ack, ACK_SENT, i);
	for (size_t i = 0; !ack->again && i < ack->outbox->n && st == ST_OK;
	     i++) {
		ack->waiting++;
		st = add(ack, ACK_WAITING, i);
	}
	if (st == ST_OK && !ack->again && ack->arrived != NULL)
		st = ledger_walk(ack->desk->ledger, 1, gather_arrived, ack);
	if (st == ST_OK && !ack->again)
		st = one_for_each_thread(ack);
	if (st == ST_OK && !ack->again)
		st = add_decoys(ack);
	if (st == ST_OK)
		st = shuffle(ack);
	if (st == ST_LIMIT)
		say_error("more than %u replies do not fit into one return"
			  " bundle",
		    ACK_REPLIES_MAX);
	else if (st != ST_OK)
		say_error("cannot gather the replies: %s", status_text(st));
	return st;
}

static enum status
seal_arrived(struct ack *ack, uint64_t number, struct outbox_item *item)
{
	struct mailbox box;

	/* Gone since it was gathered: a decoy then, the number stays. */
	if (!mailbox_of(ack, number, &box))
		return reply_decoy(item->mailbox, item->sealed);
	*ack->work = *ack->arrived;
	ack->work->day = ack->today;
	memcpy(item->mailbox, box.id, MAILBOX_ID_LEN);
	return reply_seal(&box, ack->work, ack->seed, item->sealed);
}

static enum status
put_reply(struct ack *ack, const struct ack_source *from)
{
	struct outbox_item item = {0};
	struct returns_reply reply = {.last_day = ack->last_day};
	enum status st = ST_BUG;

	switch (from->kind) {
	case ACK_WAITING:
		st = outbox_get(ack->outbox, (size_t)from->at, &item);
		break;
	case ACK_SENT:
		st = outbox_get_sent(ack->outbox, from->at, &item);
		break;
	case ACK_ARRIVED:
		st = seal_arrived(ack, from->at, &item);
		break;
	case ACK_DECOY:
		st = reply_decoy(item.mailbox, item.sealed);
		break;
	}
	if (st != ST_OK)
		return st;
	memcpy(reply.mailbox, item.mailbox, MAILBOX_ID_LEN);
	memcpy(reply.sealed, item.sealed, REPLY_LEN);
	if ((st = returns_writer_reply(ack->writer, &reply)) != ST_OK)
		return st;
	return ack->again ? ST_OK : outbox_sent_add(ack->sentfd, &item);
}

static enum status
close_range(struct ack *ack)
{
	const struct returns_confirmed *range = &ack->range;

	if (!ack->range_open)
		return ST_OK;
	ack->range_open = false;
	ranges_add(
	    &ack->confirmed, range->before.number + 1, range->last.number);
	ack->confirmed_tips += range->last.number - range->before.number;
	return returns_writer_confirmed(ack->writer, range);
}

/*
 * Go on to the chain behind tip number.  False where it is not known, or
 * does not continue what was before: then nothing across it is confirmed.
 */
static bool
go_on(struct ack *ack, uint64_t number, const struct ledger_tip *tip)
{
	struct chain next = ack->chain;
	bool known = ack->chain_known;

	if (known && tip->state != LEDGER_NOT_SEEN) {
		chain_add(&next, tip->len, tip->digest);
		known = !tip->has_link ||
		    memcmp(next.head, tip->link, DIGEST_LEN) == 0;
	} else {
		known = false;
	}
	ack->chain_known = known || tip->has_link;
	ack->chain = next;
	if (!known) {
		ack->chain.number = number;
		memcpy(ack->chain.head, tip->link, DIGEST_LEN);
	}
	return known;
}

static enum status
confirm(void *ctx, uint64_t number, const struct ledger_tip *tip)
{
	struct ack *ack = ctx;
	struct chain before;
	bool known;

	/* Where the server has another tip by now, its chain is another. */
	if (number != ack->chain.number + 1 || tip->diverted)
		ack->chain_known = false;
	before = ack->chain;
	known = go_on(ack, number, tip);
	if (tip->diverted)
		ack->chain_known = false;
	if (!known || tip->state != LEDGER_OPENED) {
		ack->not_confirmed += tip->state == LEDGER_OPENED;
		return close_range(ack);
	}
	if (!ack->range_open)
		ack->range.before = before;
	ack->range_open = true;
	ack->range.last = ack->chain;
	return ST_OK;
}

static enum status
put_link(void *ctx, uint64_t number, const struct ledger_tip *tip)
{
	struct ack *ack = ctx;
	struct returns_link link = {.number = number, .len = tip->len};

	if (number != ack->links_from + ack->links ||
	    tip->state == LEDGER_NOT_SEEN)
		return ST_EOF;
	memcpy(link.digest, tip->digest, DIGEST_LEN);
	ack->links++;
	ack->links_last = number;
	return returns_writer_link(ack->writer, &link);
}

enum status
ack_write(struct ack *ack)
{
	struct ledger *ledger = ack->desk->ledger;
	enum status st;

	chain_genesis(&ack->chain, ack->desk->kr.set.server.key);
	ack->chain_known = true;
	st = ledger_walk(ledger, 1, confirm, ack);
	if (st == ST_OK)
		st = close_range(ack);
	if (st == ST_OK && ack->links_from > 0)
		st = ledger_walk(ledger, ack->links_from, put_link, ack);
	for (size_t i = 0; i < ack->n && st == ST_OK; i++)
		st = put_reply(ack, &ack->source[i]);
	if (st == ST_OK)
		st = returns_writer_finish(ack->writer);
	if (st != ST_OK)
		say_error("cannot make the return bundle: %s",
		    st == ST_IO ? strerror(errno) : status_text(st));
	return st;
}

static enum status
set_answered(struct ledger *ledger, uint64_t number)
{
	struct ledger_tip tip;
	enum status st;

	if ((st = ledger_get(ledger, number, &tip)) != ST_OK)
		return st;
	tip.answered = true;
	return ledger_put(ledger, number, &tip);
}

enum status
ack_remember(struct ack *ack)
{
	struct ledger *ledger = ack->desk->ledger;
	enum status st = ST_OK;

	for (size_t i = 0; i < ack->n && st == ST_OK; i++) {
		if (ack->source[i].kind == ACK_ARRIVED)
			st = set_answered(ledger, ack->source[i].at);
	}
	for (uint64_t i = 0; i < ack->covered_tips && st == ST_OK; i++)
		st = set_answered(ledger, ack->covered[i]);
	return st != ST_OK ? st : ledger_sync(ledger);
}

void
ack_free(struct ack *ack)
{
	free(ack->source);
	free(ack->covered);
	ack->source = NULL;
	ack->covered = NULL;
	ack->n = ack->cap = 0;
}
