#include "intake/conn_mail.h"

#include "base/bytes.h"
#include "base/log.h"
#include "intake/limits.h"

_Static_assert(LIMIT_RETURN_LEN <= LIMIT_READ_LEN, "one read takes it all");
_Static_assert(LIMIT_MAILS <= KEEPER_MAILS_MAX, "the keeper answers them all");

/* All places are taken: who has not sent the whole form yet gives way, the
 * oldest first.  False if there is none. */
static bool
yield(struct receiver *rx)
{
	struct conn *c;

	TAILQ_FOREACH(c, &rx->working, link)
	{
		if (c->phase != CONN_FORM)
			continue;
		log_event(LOG_CONN_LIMIT);
		conn_mail_end(c);
		conn_answer(c, ANSWER_MAIL_SLOW);
		return true;
	}
	return false;
}

enum answer
conn_mail_admit(struct conn *c)
{
	struct receiver *rx = c->rx;
	const uint8_t *boundary = c->head + c->http.boundary.at;

	if (!keeper_link_up(rx->link))
		return ANSWER_MAIL_AWAY;
	if (admission_mail_begin(c->circuit) != ST_OK) {
		log_event(LOG_CIRCUIT_LIMIT);
		return ANSWER_MAIL_BUSY_CIRCUIT;
	}
	if ((rx->mails == LIMIT_MAILS && !yield(rx)) ||
	    mail_new(&c->mail) != ST_OK) {
		admission_mail_end(c->circuit);
		return ANSWER_MAIL_BUSY;
	}
	mail_form(c->mail, boundary, c->http.boundary.len, rx->config.onion);
	rx->mails++;
	c->mail_counted = true;
	return ANSWER_COUNT;
}

void
conn_mail_end(struct conn *c)
{
	mail_free(c->mail);
	c->mail = NULL;
	if (!c->mail_counted)
		return;
	c->mail_counted = false;
	c->rx->mails--;
	admission_mail_end(c->circuit);
}

/* The form is whole: ask the keeper.  May drop c. */
static void
ask(struct conn *c)
{
	struct keeper_link *link = c->rx->link;
	enum status st;

	event_del(&c->readable);
	if ((st = mail_end(c->mail, conn_words(c))) == ST_OK)
		st = mail_wish(c->mail) == MAIL_READ
		    ? keeper_link_mail(link, c, mail_box(c->mail), &c->number)
		    : keeper_link_forget(link, c, mail_box(c->mail),
			  mail_reply_id(c->mail), &c->number);
	switch (st) {
	case ST_OK:
		conn_phase(
		    c, CONN_ASKED, &c->rx->working, LIMIT_ANSWER_SECONDS);
		return;
	case ST_MALFORMED:
		conn_answer(c, ANSWER_MAIL_MALFORMED);
		return;
	case ST_ABSENT:
		conn_answer(c, ANSWER_BAD_WORDS);
		return;
	case ST_DENIED:
		conn_answer(c, ANSWER_GATEWAY);
		return;
	case ST_AGAIN:
		conn_answer(c, ANSWER_MAIL_AWAY);
		return;
	case ST_LIMIT:
		conn_answer(c, ANSWER_MAIL_BUSY);
		return;
	default:
		log_event(LOG_NOMEM);
		conn_answer(c, ANSWER_MAIL_TROUBLE);
		return;
	}
}

/* Take in bytes of the form.  May drop c. */
static void
take(struct conn *c, const uint8_t *p, size_t len)
{
	c->left -= len;
	if (mail_feed(c->mail, p, len) != ST_OK)
		conn_answer(c, ANSWER_MAIL_MALFORMED);
	else if (c->left == 0)
		ask(c);
}

void
conn_mail_begin(struct conn *c)
{
	const uint8_t *rest;
	size_t len;
	uint8_t *head = conn_head_take(c, &rest, &len);

	conn_phase(c, CONN_FORM, &c->rx->working, LIMIT_RETURN_SECONDS);
	take(c, rest, len);
	wiping_free(head);
}

void
conn_mail_readable(struct conn *c)
{
	uint8_t *buf = c->rx->read_buf;
	size_t n;

	n = conn_body_read(c, c->left, ANSWER_MAIL_MALFORMED);
	if (n == 0)
		return;
	take(c, buf, n);
	wipe(buf, n);
}

void
conn_slot(void *owner, uint64_t id, const uint8_t *sealed)
{
	struct conn *c = owner;

	mail_slot(c->mail, id, sealed);
}

/* All slots are there: open them.  May drop c. */
static void
open_mail(struct conn *c)
{
	enum answer which;

	if (mail_open(c->mail, &which) != ST_OK) {
		log_event(LOG_NOMEM);
		which = ANSWER_MAIL_TROUBLE;
	}
	conn_answer(c, which);
}

void
conn_mail_outcome(struct conn *c, enum keeper_outcome outcome)
{
	bool read = mail_wish(c->mail) == MAIL_READ;

	switch (outcome) {
	case OUTCOME_KEPT:
		if (read)
			open_mail(c);
		else
			conn_answer(c, ANSWER_FORGOTTEN);
		return;
	case OUTCOME_UNCERTAIN: /* asked, and no word: deleted, perhaps */
		conn_answer(c, read ? ANSWER_MAIL_AWAY : ANSWER_MAIL_TROUBLE);
		return;
	case OUTCOME_LOST:
		conn_answer(c, ANSWER_MAIL_AWAY);
		return;
	case OUTCOME_FULL:
	case OUTCOME_TROUBLE:
		conn_answer(c, ANSWER_MAIL_TROUBLE);
		return;
	}
}

void
conn_mail_hold(struct conn *c, enum answer which)
{
	uint64_t since = conn_now() - c->tick_from;
	uint64_t ticks = since / LIMIT_TICK_MS + 1;

	/* A timer counts from when its loop last looked, which was before what
	 * we have just done: that would be told by an early answer. */
	(void)event_base_update_cache_time(event_get_base(&c->timer));
	event_del(&c->readable);
	c->tick_answer = which;
	conn_phase_ms(
	    c, CONN_TICK, &c->rx->working, ticks * LIMIT_TICK_MS - since);
}

void
conn_mail_deadline(struct conn *c)
{
	if (c->phase == CONN_FORM) {
		conn_answer(c, ANSWER_MAIL_SLOW);
	} else if (c->phase == CONN_ASKED) {
		keeper_link_leave(c->rx->link, c->number);
		c->number = 0;
		conn_answer(c, ANSWER_MAIL_TROUBLE);
	} else {
		c->ticks = false;
		conn_answer(c, c->tick_answer);
	}
}
