/*
 * A tip's body: read, seal, send on, and wait when the keeper is behind.
 */
#include <errno.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/log.h"
#include "intake/conn_mail.h"
#include "intake/conn_parts.h"
#include "intake/conn_progress.h"
#include "intake/limits.h"

/* Reads of one connection before others get their turn. */
#define READS_A_TURN 4

/* Those that wait for room; a process has one receiver. */
static struct conn_pauses pauses = TAILQ_HEAD_INITIALIZER(pauses);

static void
pause_conn(struct conn *c)
{
	c->paused = true;
	c->paused_at = conn_now();
	event_del(&c->readable);
	TAILQ_INSERT_TAIL(&pauses, c, pause);
}

/* The clock did not run against the visitor while we made them wait. */
static void
unpause(struct conn *c)
{
	c->paused = false;
	c->pace_end += conn_now() - c->paused_at;
	TAILQ_REMOVE(&pauses, c, pause);
}

void
conn_body_end(struct conn *c)
{
	if (c->paused)
		unpause(c);
	upload_free(c->upload);
	c->upload = NULL;
	if (!c->counted)
		return;
	c->counted = false;
	c->rx->uploads--;
	admission_upload_end(c->circuit);
}

static void
fail(struct conn *c, enum status st)
{
	if (st == ST_NOMEM)
		log_event(LOG_NOMEM);
	else if (st == ST_BUG)
		log_event(LOG_BUG);
	conn_answer(c, upload_why(c->upload));
}

/* Seal a step of padding, now or when there is room.  May drop c. */
static void
pad(struct conn *c)
{
	enum status st;
	bool done = false;

	if (keeper_link_full(c->rx->link)) {
		pause_conn(c);
		return;
	}
	if ((st = upload_pad(c->upload, &done)) != ST_OK) {
		fail(c, st);
		return;
	}
	/* Long padding must not fill the queue at once: others would find it
	 * full each time they looked. */
	if (!done) {
		pause_conn(c);
		return;
	}
	c->number = upload_number(c->upload);
	c->receipt = upload_receipt(c->upload);
	c->code = upload_take_code(c->upload);
	c->text = upload_take_text(c->upload);
	conn_body_end(c);
	conn_phase(c, CONN_WAIT, &c->rx->working, LIMIT_ANSWER_SECONDS);
}

/* All of the body is there.  May drop c. */
static void
body_whole(struct conn *c)
{
	enum status st;

	event_del(&c->readable);
	conn_phase(c, CONN_WAIT, &c->rx->working, LIMIT_STALL_SECONDS);
	if ((st = upload_end(c->upload)) != ST_OK)
		fail(c, st);
	else
		pad(c);
}

/* Take in bytes.  False: c has gone on to another phase, or is dropped. */
static bool
take(struct conn *c, const uint8_t *p, size_t len)
{
	enum status st;

	c->left -= len;
	c->pace_bytes += len;
	conn_progress_moved(c);
	if ((st = upload_feed(c->upload, p, len)) != ST_OK) {
		fail(c, st);
		return false;
	}
	if (c->left > 0)
		return true;
	body_whole(c);
	return false;
}

void
conn_body_begin(struct conn *c)
{
	const uint8_t *rest;
	size_t len;
	uint8_t *head = conn_head_take(c, &rest, &len);

	c->began = conn_now();
	c->pace_end = c->began + LIMIT_PACE_SECONDS * 1000;
	conn_phase(c, CONN_BODY, &c->rx->working, LIMIT_PACE_SECONDS);
	(void)take(c, rest, len);
	wiping_free(head);
}

size_t
conn_body_read(struct conn *c, size_t want, enum answer cut)
{
	ssize_t n = read(c->fd, c->rx->read_buf, want);

	if (n > 0)
		return (size_t)n;
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n == -1) {
		conn_drop(c);
		return 0;
	}
	/* It may have closed its own side alone. */
	c->left = 0;
	c->close_now = true;
	conn_answer(c, cut);
	return 0;
}

void
conn_body_readable(struct conn *c)
{
	uint8_t *buf = c->rx->read_buf;
	size_t want, n;
	bool more;

	for (int i = 0; i < READS_A_TURN; i++) {
		if (keeper_link_full(c->rx->link)) {
			pause_conn(c);
			return;
		}
		want = c->left < LIMIT_READ_LEN ? c->left : LIMIT_READ_LEN;
		if ((n = conn_body_read(c, want, ANSWER_CUT)) == 0)
			return;
		more = take(c, buf, n);
		wipe(buf, n);
		if (!more || n < want)
			return;
	}
}

void
conn_body_deadline(struct conn *c)
{
	uint64_t now = conn_now(), wait = LIMIT_PACE_SECONDS * 1000;
	struct timeval after;

	if (c->paused) {
		if (now - c->paused_at >= LIMIT_STALL_SECONDS * 1000) {
			conn_answer(c, ANSWER_TROUBLE);
			return;
		}
	} else if (now < c->pace_end) {
		wait = c->pace_end - now;
	} else if (c->pace_bytes < LIMIT_PACE_BYTES) {
		conn_answer(c, ANSWER_TOO_SLOW);
		return;
	} else {
		c->pace_bytes = 0;
		c->pace_end = now + wait;
	}
	after = (struct timeval){
	    (time_t)(wait / 1000), (suseconds_t)(wait % 1000 * 1000)};
	(void)event_add(&c->timer, &after);
}

bool
conn_body_yield(struct receiver *rx)
{
	uint64_t now = conn_now(), least = UINT64_MAX, age, rate;
	struct conn *c, *slowest = NULL;

	TAILQ_FOREACH(c, &rx->working, link)
	{
		/* Who waits for the keeper is not slow himself. */
		if (c->phase != CONN_BODY || c->paused)
			continue;
		age = now - c->began;
		if (age < LIMIT_YIELD_SECONDS * 1000)
			continue;
		/* A body is shorter than 2^41, so this fits. */
		rate = ((c->http.length - c->left) << 20) / age;
		if (rate < least) {
			least = rate;
			slowest = c;
		}
	}
	if (slowest == NULL)
		return false;
	log_event(LOG_CONN_LIMIT);
	conn_answer(slowest, ANSWER_TOO_SLOW);
	return true;
}

void
conn_resume_all(void)
{
	struct conn *last = TAILQ_LAST(&pauses, conn_pauses), *c;
	bool end = last == NULL;

	/* Those who wait now; whoever must wait again goes to the end. */
	while (!end && (c = TAILQ_FIRST(&pauses)) != NULL) {
		end = c == last;
		unpause(c);
		if (c->phase == CONN_WAIT)
			pad(c);
		else if (event_add(&c->readable, NULL) != 0)
			conn_drop(c);
	}
}

void
conn_outcome(void *owner, enum keeper_outcome outcome)
{
	static const enum answer answer[] = {
	    [OUTCOME_FULL] = ANSWER_FULL,
	    [OUTCOME_TROUBLE] = ANSWER_TROUBLE,
	    [OUTCOME_LOST] = ANSWER_AWAY,
	    [OUTCOME_UNCERTAIN] = ANSWER_UNCERTAIN,
	};
	struct conn *c = owner;

	c->number = 0;
	if (c->mail != NULL)
		conn_mail_outcome(c, outcome);
	else if (outcome == OUTCOME_KEPT)
		conn_answer(c, c->receipt);
	else
		conn_answer(c, answer[outcome]);
}
