#include "intake/keeper_link.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"
#include "intake/limits.h"
#include "store/keeper_msg.h"

#define IN_LEN 16384
#define ANSWER_MAX KEEPER_SLOT_LEN /* the longest of the keeper's frames */

_Static_assert((KEEPER_UPLOADS_MAX & (KEEPER_UPLOADS_MAX - 1)) == 0,
    "a number's low bits are its place");
_Static_assert(KEEPER_COMMIT_LEN == 8 + TIP_DIGEST_LEN, "length and digest");
_Static_assert(ENVELOPE_SEALED_RECORD_LEN <= KEEPER_DATA_MAX &&
	ENVELOPE_HEAD_MAX <= KEEPER_DATA_MAX,
    "what an envelope gives at once fits a frame");

_Static_assert(IN_LEN >= KEEPER_HEAD_LEN + ANSWER_MAX, "a frame fits");

enum kind { UPLOAD, MAIL, FORGET };

struct entry {
	uint32_t number; /* 0: free */
	enum kind kind;
	bool sent;           /* the keeper has heard of it */
	bool committed;      /* or asked: an answer will come */
	uint8_t slots;       /* of a MAIL that came */
	uint64_t commit_end; /* queue position behind its COMMIT */
	void *owner;         /* NULL: left */
};

struct keeper_link {
	struct event_base *base;
	struct keeper_events events;
	int fd;
	struct event *readable, *writable;
	struct evbuffer *queue; /* sealed bytes and frame heads, no more */
	uint64_t written;       /* bytes of the queue that went out, ever */
	bool broken;            /* half a message: ends at the next turn */
	uint32_t last;          /* the number given out last */
	uint32_t mails;         /* questions under way */
	size_t in_len;
	uint8_t in[IN_LEN];
	struct entry entry[KEEPER_UPLOADS_MAX];
};

static struct entry *
entry_of(struct keeper_link *link, uint32_t number)
{
	struct entry *e = &link->entry[number & (KEEPER_UPLOADS_MAX - 1)];

	return number != 0 && e->number == number ? e : NULL;
}

/* Free the number first: the owner may ask for another one at once. */
static void
settle(struct keeper_link *link, struct entry *e, enum keeper_outcome outcome)
{
	void *owner = e->owner;

	if (e->kind != UPLOAD)
		link->mails--;
	*e = (struct entry){0};
	if (owner != NULL)
		link->events.outcome(owner, outcome);
}

static void
close_channel(struct keeper_link *link)
{
	if (link->readable != NULL)
		event_free(link->readable);
	if (link->writable != NULL)
		event_free(link->writable);
	if (link->queue != NULL)
		evbuffer_free(link->queue);
	if (link->fd != -1)
		close(link->fd);
	link->readable = link->writable = NULL;
	link->queue = NULL;
	link->fd = -1;
	link->in_len = 0;
	link->broken = false;
}

/* The channel has ended: tell everybody who was using it. */
static void
drop_channel(struct keeper_link *link)
{
	struct entry *e;
	uint64_t written = link->written;

	if (link->fd == -1)
		return;
	close_channel(link);
	for (size_t i = 0; i < KEEPER_UPLOADS_MAX; i++) {
		e = &link->entry[i];
		if (e->number == 0)
			continue;
		/* A COMMIT that did not go out whole cannot be obeyed. */
		settle(link, e,
		    e->committed && e->commit_end <= written ? OUTCOME_UNCERTAIN
							     : OUTCOME_LOST);
	}
	link->events.gone(link->events.ctx);
}

static enum status
queue_frame(struct keeper_link *link, enum keeper_type type, uint32_t number,
    const void *p, size_t len)
{
	const struct keeper_head head = {type, number, (uint32_t)len};
	struct evbuffer_iovec space;
	uint8_t *to;

	/* Room for all of it first: half a frame would end the channel. */
	if (evbuffer_reserve_space(link->queue,
		(ev_ssize_t)(KEEPER_HEAD_LEN + len), &space, 1) != 1)
		return ST_NOMEM;
	to = space.iov_base;
	keeper_head_write(&head, to);
	if (len > 0)
		memcpy(to + KEEPER_HEAD_LEN, p, len);
	space.iov_len = KEEPER_HEAD_LEN + len;
	if (evbuffer_commit_space(link->queue, &space, 1) != 0)
		return ST_NOMEM;
	/* Written behind all that this turn of the loop has in hand: one call
	 * for many frames.  Only a full socket is waited for. */
	event_active(link->writable, EV_WRITE, 0);
	return ST_OK;
}

/*
 * ABORT, or the channel's end if there is no memory for that.  It ends at
 * the loop's next turn, since owners are not told from within their calls.
 */
static void
abort_upload(struct keeper_link *link, struct entry *e)
{
	uint32_t number = e->number;
	bool sent = e->sent;

	*e = (struct entry){0};
	if (sent && queue_frame(link, KEEPER_ABORT, number, NULL, 0) != ST_OK) {
		log_event(LOG_NOMEM);
		link->broken = true;
		event_active(link->writable, EV_WRITE, 1);
	}
}

static enum status
take_refused(struct keeper_link *link, struct entry *e, uint8_t reason)
{
	enum keeper_outcome outcome;
	void *owner = e->owner;
	bool committed = e->committed;

	if (reason != KEEPER_FULL && reason != KEEPER_TROUBLE)
		return ST_MALFORMED;
	outcome = reason == KEEPER_FULL ? OUTCOME_FULL : OUTCOME_TROUBLE;
	if (committed) {
		settle(link, e, outcome);
		return ST_OK;
	}
	/* The keeper keeps the number until it hears the end of it. */
	abort_upload(link, e);
	if (owner != NULL)
		link->events.outcome(owner, outcome);
	return ST_OK;
}

/* The keeper's last word about an entry of that kind. */
static enum status
take_done(struct keeper_link *link, struct entry *e, enum kind kind)
{
	if (e == NULL)
		return ST_OK;
	if (e->kind != kind || !e->committed)
		return ST_MALFORMED;
	settle(link, e, OUTCOME_KEPT);
	return ST_OK;
}

static enum status
take_slot(struct keeper_link *link, struct entry *e, const uint8_t *p)
{
	if (e == NULL)
		return ST_OK;
	if (e->kind != MAIL)
		return ST_MALFORMED;
	if (e->owner != NULL)
		link->events.slot(e->owner, le64_get(p), p + 8);
	return ++e->slots < KEEPER_SLOTS ? ST_OK : take_done(link, e, MAIL);
}

/* One frame of the keeper.  A number that is not known was left earlier. */
static enum status
take_frame(
    struct keeper_link *link, const struct keeper_head *head, const uint8_t *p)
{
	struct entry *e = entry_of(link, head->upload);

	switch (head->type) {
	case KEEPER_KEPT:
		return take_done(link, e, UPLOAD);
	case KEEPER_FORGOTTEN:
		return take_done(link, e, FORGET);
	case KEEPER_SLOT:
		return take_slot(link, e, p);
	case KEEPER_REFUSED:
		return e == NULL ? ST_OK : take_refused(link, e, p[0]);
	case KEEPER_ROOM:
		link->events.room(
		    link->events.ctx, le64_get(p), le64_get(p + 8));
		return ST_OK;
	case KEEPER_DATA:
	case KEEPER_COMMIT:
	case KEEPER_ABORT:
	case KEEPER_MAIL:
	case KEEPER_FORGET:
		break;
	}
	return ST_MALFORMED;
}

/* All whole frames of in.  The channel may end while one is taken. */
static enum status
take_frames(struct keeper_link *link)
{
	uint8_t body[ANSWER_MAX];
	struct keeper_head head;
	enum status st = ST_OK;
	size_t len;

	while (st == ST_OK && link->in_len >= KEEPER_HEAD_LEN) {
		if (keeper_head_parse(link->in, &head) != ST_OK ||
		    head.len > ANSWER_MAX)
			return ST_MALFORMED;
		len = KEEPER_HEAD_LEN + head.len;
		if (link->in_len < len)
			break;
		memcpy(body, link->in + KEEPER_HEAD_LEN, head.len);
		link->in_len -= len;
		memmove(link->in, link->in + len, link->in_len);
		st = take_frame(link, &head, body);
	}
	return st;
}

static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct keeper_link *link = ctx;
	ssize_t n;

	(void)what;
	n = read(fd, link->in + link->in_len, IN_LEN - link->in_len);
	if (n > 0) {
		link->in_len += (size_t)n;
		if (take_frames(link) == ST_OK)
			return;
		log_event(LOG_MESSAGE_MALFORMED);
	} else if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	drop_channel(link);
}

static void
on_writable(evutil_socket_t fd, short what, void *ctx)
{
	struct keeper_link *link = ctx;
	int n;

	(void)what;
	if (link->broken) {
		drop_channel(link);
		return;
	}
	n = evbuffer_write(link->queue, fd);
	if (n > 0)
		link->written += (uint64_t)n;
	else if (n == -1 && errno != EAGAIN && errno != EINTR) {
		drop_channel(link);
		return;
	}
	if (evbuffer_get_length(link->queue) > 0 &&
	    event_add(link->writable, NULL) != 0) {
		drop_channel(link);
		return;
	}
	if (evbuffer_get_length(link->queue) < LIMIT_KEEPER_QUEUE / 2)
		link->events.drained(link->events.ctx);
}

enum status
keeper_link_new(struct event_base *base, const struct keeper_events *events,
    struct keeper_link **out)
{
	struct keeper_link *link = calloc(1, sizeof(*link));

	*out = link;
	if (link == NULL)
		return ST_NOMEM;
	link->base = base;
	link->events = *events;
	link->fd = -1;
	return ST_OK;
}

void
keeper_link_free(struct keeper_link *link)
{
	if (link == NULL)
		return;
	close_channel(link);
	free(link);
}

enum status
keeper_link_attach(struct keeper_link *link, int fd)
{
	enum status st = ST_NOMEM;

	drop_channel(link);
	link->fd = fd;
	link->written = 0;
	if (evutil_make_socket_nonblocking(fd) != 0) {
		st = ST_IO;
		goto out;
	}
	if ((link->queue = evbuffer_new()) == NULL ||
	    (link->readable = event_new(link->base, fd, EV_READ | EV_PERSIST,
		 on_readable, link)) == NULL ||
	    (link->writable = event_new(
		 link->base, fd, EV_WRITE, on_writable, link)) == NULL ||
	    event_add(link->readable, NULL) != 0)
		goto out;
	st = ST_OK;
out:
	if (st != ST_OK)
		close_channel(link);
	return st;
}

bool
keeper_link_up(const struct keeper_link *link)
{
	return link->fd != -1 && !link->broken;
}

bool
keeper_link_full(const struct keeper_link *link)
{
	return link->fd != -1 &&
	    evbuffer_get_length(link->queue) >= LIMIT_KEEPER_QUEUE;
}

enum status
keeper_link_open(struct keeper_link *link, void *owner, uint32_t *number)
{
	struct entry *e;

	*number = 0;
	if (!keeper_link_up(link))
		return ST_AGAIN;
	for (uint32_t tried = 0; tried < KEEPER_UPLOADS_MAX; tried++) {
		if (++link->last == 0)
			link->last = 1;
		e = &link->entry[link->last & (KEEPER_UPLOADS_MAX - 1)];
		if (e->number != 0)
			continue;
		*e = (struct entry){.number = link->last, .owner = owner};
		*number = link->last;
		return ST_OK;
	}
	return ST_LIMIT;
}

enum status
keeper_link_data(
    struct keeper_link *link, uint32_t number, const uint8_t *p, size_t len)
{
	struct entry *e = entry_of(link, number);
	enum status st;

	assert(len >= 1 && len <= KEEPER_DATA_MAX);
	if (e == NULL)
		return ST_EOF;
	if ((st = queue_frame(link, KEEPER_DATA, number, p, len)) == ST_OK)
		e->sent = true;
	return st;
}

enum status
keeper_link_commit(struct keeper_link *link, uint32_t number, uint64_t len,
    const uint8_t digest[static TIP_DIGEST_LEN])
{
	struct entry *e = entry_of(link, number);
	uint8_t body[KEEPER_COMMIT_LEN];
	enum status st;

	if (e == NULL)
		return ST_EOF;
	le64_put(body, len);
	memcpy(body + 8, digest, TIP_DIGEST_LEN);
	st = queue_frame(link, KEEPER_COMMIT, number, body, sizeof(body));
	if (st != ST_OK)
		return st;
	e->committed = true;
	e->commit_end = link->written + evbuffer_get_length(link->queue);
	return ST_OK;
}

/* Send a question and wait for its answer. */
static enum status
ask(struct keeper_link *link, uint32_t *number, enum kind kind,
    const uint8_t *p, size_t len)
{
	enum keeper_type type = kind == MAIL ? KEEPER_MAIL : KEEPER_FORGET;
	struct entry *e = entry_of(link, *number);
	enum status st = queue_frame(link, type, *number, p, len);

	if (st != ST_OK) {
		*e = (struct entry){0};
		*number = 0;
		return st;
	}
	e->kind = kind;
	e->sent = e->committed = true;
	e->commit_end = link->written + evbuffer_get_length(link->queue);
	link->mails++;
	return ST_OK;
}

enum status
keeper_link_mail(struct keeper_link *link, void *owner,
    const uint8_t box[static MAILBOX_ID_LEN], uint32_t *number)
{
	enum status st = ST_LIMIT;

	*number = 0;
	if (link->mails == KEEPER_MAILS_MAX ||
	    (st = keeper_link_open(link, owner, number)) != ST_OK)
		return st;
	return ask(link, number, MAIL, box, MAILBOX_ID_LEN);
}

enum status
keeper_link_forget(struct keeper_link *link, void *owner,
    const uint8_t box[static MAILBOX_ID_LEN], uint64_t id, uint32_t *number)
{
	uint8_t body[KEEPER_FORGET_LEN];
	enum status st = ST_LIMIT;

	*number = 0;
	if (link->mails == KEEPER_MAILS_MAX ||
	    (st = keeper_link_open(link, owner, number)) != ST_OK)
		return st;
	memcpy(body, box, MAILBOX_ID_LEN);
	le64_put(body + MAILBOX_ID_LEN, id);
	return ask(link, number, FORGET, body, sizeof(body));
}

void
keeper_link_leave(struct keeper_link *link, uint32_t number)
{
	struct entry *e = entry_of(link, number);

	if (e == NULL)
		return;
	if (e->committed)
		e->owner = NULL;
	else
		abort_upload(link, e);
}
