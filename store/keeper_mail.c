/*
 * keeper_mail: replies asked for and deleted, and those whose time is over.
 *
 * Questions wait here until it is their turn: a few at a time, so that
 * neither their answers need much memory nor uploads wait for them.  What an
 * answer takes does not depend on whether there are replies: see
 * store_reply.c.
 */
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/num.h"
#include "store/keeper_parts.h"

#define DAY 86400
#define EXPIRE_MS 3600000     /* from one look at the calendar to the next */
#define EXPIRE_AGAIN_MS 60000 /* after a failure */
#define EXPIRE_MAX 32         /* replies in one step */
#define SCRUB_SOON_MS 200     /* from a deletion on, once it is silent ... */
#define SCRUB_LATE_MS 2000    /* ... or all the same */
#define SCRUB_PAUSE_MS 1000   /* from one to the next */

_Static_assert(KEEPER_SLOTS == STORE_REPLIES_MAX &&
	KEEPER_REPLY_LEN == STORE_REPLY_LEN &&
	KEEPER_MAILBOX_LEN == STORE_MAILBOX_LEN,
    "a slot for each reply of a mailbox");

bool
keeper_mail_is_asked(const struct keeper *k, uint32_t id)
{
	for (uint32_t i = 0; i < k->asks; i++)
		if (k->asked[i].id == id)
			return true;
	return false;
}

enum status
keeper_mail_ask(struct keeper *k, const struct keeper_head *head, uint32_t at)
{
	struct asked *asked = &k->asked[k->asks];

	if (k->asks == KEEPER_MAILS_MAX ||
	    keeper_mail_is_asked(k, head->upload))
		return ST_MALFORMED;
	*asked = (struct asked){.id = head->upload};
	memcpy(asked->mailbox, k->in + at, KEEPER_MAILBOX_LEN);
	if (head->type == KEEPER_FORGET) {
		asked->forget = true;
		asked->reply = le64_get(k->in + at + KEEPER_MAILBOX_LEN);
	}
	k->asks++;
	return ST_OK;
}

static enum status
answer_mail(struct keeper *k, const struct asked *asked)
{
	enum status st;
	size_t count;

	st = store_replies(k->store, asked->mailbox, k->replies, &count);
	if (st != ST_OK)
		return st;
	for (size_t i = 0; i < KEEPER_SLOTS; i++) {
		uint8_t slot[KEEPER_SLOT_LEN];

		le64_put(slot, k->replies[i].id);
		memcpy(slot + 8, k->replies[i].sealed, KEEPER_REPLY_LEN);
		keeper_group_answer(
		    k, KEEPER_SLOT, asked->id, slot, sizeof(slot));
	}
	return ST_OK;
}

void
keeper_mail_deleted(struct keeper *k)
{
	if (k->scrub_at == 0)
		k->scrub_at = keeper_now_ms() + SCRUB_SOON_MS;
}

static enum status
answer_forget(struct keeper *k, const struct asked *asked)
{
	enum status st;

	st = store_reply_delete(k->store, asked->mailbox, asked->reply);
	if (st != ST_OK)
		return st;
	keeper_mail_deleted(k);
	keeper_group_answer(k, KEEPER_FORGOTTEN, asked->id, NULL, 0);
	return ST_OK;
}

void
keeper_mail_some(struct keeper *k)
{
	uint32_t n;

	for (n = 0; n < MAILS_AT_ONCE && n < k->asks; n++) {
		const struct asked *asked = &k->asked[n];
		enum status st = asked->forget ? answer_forget(k, asked)
					       : answer_mail(k, asked);

		/* The operator's tool is writing; nobody else waits long. */
		if (st == ST_BUSY && ++k->asked_busy < BUSY_TRIES)
			break;
		k->asked_busy = 0;
		if (st != ST_OK) {
			uint8_t why = KEEPER_TROUBLE;

			(void)keeper_group_reason(k, st);
			keeper_group_answer(
			    k, KEEPER_REFUSED, asked->id, &why, 1);
		}
	}
	k->asks -= n;
	memmove(k->asked, k->asked + n, k->asks * sizeof(k->asked[0]));
}

/*
 * Days are all that is asked of the clock.  One that was put back deletes
 * nothing that should stay, it only keeps longer what should go; for one that
 * was put forward see keeper_day.h.
 */
static void
expire(struct keeper *k, int64_t now)
{
	time_t clock = time(NULL);
	uint32_t today = 0;
	enum status st;
	size_t count;

	if (clock > 0 && clock / DAY < UINT32_MAX)
		today = keeper_day(&k->day, (uint32_t)(clock / DAY), now);
	st = store_replies_expire(k->store, today, EXPIRE_MAX, &count);
	if (st != ST_OK) {
		k->expire_at = now + EXPIRE_AGAIN_MS;
		if (st != ST_BUSY)
			(void)keeper_group_reason(k, st);
		return;
	}
	if (count > 0)
		keeper_mail_deleted(k);
	if (count == EXPIRE_MAX)
		return; /* the next step goes on */
	k->expire_at = now + EXPIRE_MS;
	/* What a purge left that was cut off. */
	k->clearing = true;
}

static void
scrub(struct keeper *k, int64_t now)
{
	enum status st = store_scrub(k->store);

	k->scrub_at = st == ST_OK ? 0 : now + SCRUB_PAUSE_MS;
	k->scrubbed_at = now;
	if (st != ST_OK && st != ST_BUSY)
		(void)keeper_group_reason(k, st);
}

void
keeper_mail_tend(struct keeper *k, bool silent)
{
	int64_t now = keeper_now_ms();

	if (now >= k->expire_at)
		expire(k, now);
	if (k->scrub_at == 0 || now < k->scrub_at ||
	    now < k->scrubbed_at + SCRUB_PAUSE_MS)
		return;
	if (silent || now >= k->scrub_at + SCRUB_LATE_MS)
		scrub(k, now);
}

int
keeper_mail_patience(const struct keeper *k, int ms)
{
	int64_t now = keeper_now_ms(), until = k->scrub_at;

	if (until != 0 && until < k->scrubbed_at + SCRUB_PAUSE_MS)
		until = k->scrubbed_at + SCRUB_PAUSE_MS;
	if (until == 0 || until > k->expire_at)
		until = k->expire_at;
	if (until <= now)
		return 0;
	return until - now < ms ? (int)(until - now) : ms;
}
