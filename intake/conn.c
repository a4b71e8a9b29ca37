#include "intake/conn_mail.h"
#include "intake/conn_parts.h"
#include "intake/conn_progress.h"

#include <errno.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/guarded.h"
#include "base/log.h"
#include "intake/limits.h"

_Static_assert(sizeof(struct conn) < 1024 - 64,
    "a silent connection costs less than 1 KiB, malloc's share included");

uint64_t
conn_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void
conn_move(struct conn *c, struct conn_list *list)
{
	if (c->list != NULL)
		TAILQ_REMOVE(c->list, c, link);
	c->list = list;
	TAILQ_INSERT_TAIL(list, c, link);
}

void
conn_phase_ms(
    struct conn *c, enum conn_phase phase, struct conn_list *list, uint64_t ms)
{
	const struct timeval after = {
	    (time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};

	c->phase = phase;
	conn_move(c, list);
	/* Its memory was set aside when the timer was first added. */
	(void)event_add(&c->timer, &after);
}

void
conn_phase(struct conn *c, enum conn_phase phase, struct conn_list *list,
    unsigned seconds)
{
	conn_phase_ms(c, phase, list, (uint64_t)seconds * 1000);
}

void
conn_head_drop(struct conn *c)
{
	wiping_free(c->head);
	c->head = NULL;
	c->head_len = 0;
}

void
conn_drop(struct conn *c)
{
	struct receiver *rx = c->rx;

	conn_body_end(c);
	keeper_link_leave(rx->link, c->number);
	conn_mail_end(c);
	conn_salvage_end(c);
	conn_progress_end(c, ANSWER_CUT);
	guarded_free(c->code);
	text_back_free(c->text);
	event_del(&c->readable);
	event_del(&c->writable);
	event_del(&c->timer);
	admission_leave(rx->admission, c->circuit);
	conn_head_drop(c);
	close(c->fd);
	TAILQ_REMOVE(c->list, c, link);
	wiping_free(c);
	receiver_conn_ended(rx);
}

void
conn_said(struct conn *c)
{
	if (c->close_now || shutdown(c->fd, SHUT_WR) != 0 ||
	    event_add(&c->readable, NULL) != 0) {
		conn_drop(c);
		return;
	}
	c->left = LIMIT_READ_LEN; /* so much more is not worth waiting for */
	conn_phase(c, CONN_LINGER, &c->rx->draining, LIMIT_LINGER_SECONDS);
}

static ssize_t
send_more(struct conn *c)
{
	size_t head_len;
	const uint8_t *p = conn_page(c, c->out_len - c->out_left, &head_len);
	ssize_t n = send(c->fd, p, c->out_left, MSG_NOSIGNAL);
	int err = errno;

	wipe(c->rx->page, PAGE_TOTAL_LEN);
	errno = err;
	return n;
}

/* All is said: nothing of it stays. */
static void
out_end(struct conn *c)
{
	conn_mail_end(c);
	guarded_free(c->code);
	text_back_free(c->text);
	c->code = NULL;
	c->text = NULL;
}

/* Write more of the answer.  May drop c. */
static void
out_writable(struct conn *c)
{
	ssize_t n;

	while (c->out_left > 0) {
		n = send_more(c);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN) {
			if (event_add(&c->writable, NULL) != 0)
				break;
			return;
		}
		if (n <= 0)
			break;
		c->out_left -= (size_t)n;
	}
	out_end(c);
	if (c->out_left > 0)
		conn_drop(c);
	else if (c->left == 0)
		conn_said(c);
	else /* its deadline began with the answer */
		conn_move(c, &c->rx->draining);
}

/* Read and forget.  May drop c. */
static void
drain_readable(struct conn *c)
{
	size_t want = c->left < LIMIT_READ_LEN ? c->left : LIMIT_READ_LEN;
	ssize_t n = read(c->fd, c->rx->read_buf, want);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		wipe(c->rx->read_buf, (size_t)n);
		c->left -= (uint64_t)n;
		if (c->left > 0)
			return;
	}
	if (c->phase == CONN_LINGER || n == -1) {
		conn_drop(c);
		return;
	}
	/* Nothing more is awaited; what is not yet written still goes out. */
	c->left = 0;
	c->close_now = c->close_now || n == 0;
	event_del(&c->readable);
	if (c->out_left == 0)
		conn_said(c);
}

/* What a tip that fails leaves for its answer. */
static void
take_text(struct conn *c)
{
	if (c->upload == NULL)
		return;
	c->fault = upload_fault(c->upload);
	text_back_free(c->text);
	c->text = upload_take_text(c->upload);
}

void
conn_answer(struct conn *c, enum answer which)
{
	unsigned seconds = LIMIT_ANSWER_SECONDS;

	if (c->ticks) {
		conn_mail_hold(c, which);
		return;
	}
	take_text(c);
	conn_body_end(c);
	conn_salvage_end(c);
	conn_progress_end(c, which);
	keeper_link_leave(c->rx->link, c->number);
	c->number = 0;
	conn_head_drop(c);
	if (!answers_refuses(which)) {
		text_back_free(c->text);
		c->text = NULL;
	}
	c->answer = which;
	c->out_len = PAGE_TOTAL_LEN;
	if (c->http.method == HTTP_HEAD)
		(void)conn_page(c, 0, &c->out_len);
	c->out_left = c->out_len;
	if (c->left > LIMIT_DRAIN_BYTES) {
		c->left = LIMIT_DRAIN_BYTES;
		c->close_now = true;
	}
	event_del(&c->readable);
	if (c->left > 0)
		seconds = LIMIT_DRAIN_SECONDS;
	conn_phase(c, CONN_OUT, &c->rx->working, seconds);
	if (c->left > 0 && event_add(&c->readable, NULL) != 0)
		conn_drop(c);
	else
		out_writable(c);
}

static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct conn *c = ctx;

	(void)fd, (void)what;
	switch (c->phase) {
	case CONN_HEAD:
		conn_head_readable(c);
		return;
	case CONN_BODY:
		conn_body_readable(c);
		return;
	case CONN_FORM:
		conn_mail_readable(c);
		return;
	case CONN_SALVAGE:
		conn_salvage_readable(c);
		return;
	case CONN_SHOW: /* it has nothing more to say, or it is gone */
		conn_drop(c);
		return;
	case CONN_WAIT: /* not listened to */
	case CONN_ASKED:
	case CONN_TICK:
		return;
	case CONN_OUT:
	case CONN_LINGER:
		drain_readable(c);
		return;
	}
}

static void
on_writable(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	out_writable(ctx);
}

static void
on_deadline(evutil_socket_t fd, short what, void *ctx)
{
	struct conn *c = ctx;

	(void)fd, (void)what;
	switch (c->phase) {
	case CONN_HEAD:
		/* A browser's spare connection must not find an answer to
		 * nothing waiting on it. */
		if (c->head_len == 0) {
			conn_drop(c);
			return;
		}
		conn_answer(c, ANSWER_TOO_SLOW);
		return;
	case CONN_BODY:
		conn_body_deadline(c);
		return;
	case CONN_WAIT:
		/* Committed and no word: it may be kept yet. */
		conn_answer(
		    c, c->upload == NULL ? ANSWER_UNCERTAIN : ANSWER_TROUBLE);
		return;
	case CONN_SALVAGE:
		conn_answer(c, c->refusal);
		return;
	case CONN_SHOW:
		conn_progress_tick(c);
		return;
	case CONN_FORM:
	case CONN_ASKED:
	case CONN_TICK:
		conn_mail_deadline(c);
		return;
	case CONN_OUT:
	case CONN_LINGER:
		conn_drop(c);
		return;
	}
}

void
conn_new(const struct door *door, int fd)
{
	struct receiver *rx = door->rx;
	struct conn *c = wiping_malloc(sizeof(*c));

	if (c == NULL) {
		log_event(LOG_NOMEM);
		close(fd);
		return;
	}
	*c = (struct conn){.rx = rx, .fd = fd};
	route_parse(NULL, 0, &c->route);
	c->route.language = texts_offered(rx->texts, c->route.language);
	http_parse_begin(&c->http);
	c->loopback = door == &rx->door[DOOR_LOOPBACK];
	c->proxied = c->loopback || rx->config.proxy == PROXY_OFF;
	event_assign(
	    &c->readable, rx->base, fd, EV_READ | EV_PERSIST, on_readable, c);
	event_assign(&c->writable, rx->base, fd, EV_WRITE, on_writable, c);
	evtimer_assign(&c->timer, rx->base, on_deadline, c);
	rx->conns++;
	conn_phase(c, CONN_HEAD, &rx->silent, LIMIT_HEAD_SECONDS);
	if (!evtimer_pending(&c->timer, NULL) ||
	    event_add(&c->readable, NULL) != 0) {
		log_event(LOG_NOMEM);
		conn_drop(c);
	}
}

bool
conn_evict(struct receiver *rx)
{
	struct conn_list *const lists[] = {
	    &rx->silent, &rx->heading, &rx->draining};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (TAILQ_EMPTY(lists[i]))
			continue;
		log_event(LOG_CONN_LIMIT);
		conn_drop(TAILQ_FIRST(lists[i]));
		return true;
	}
	return false;
}

void
conn_drop_idle(struct receiver *rx)
{
	struct conn *c, *next;

	while ((c = TAILQ_FIRST(&rx->silent)) != NULL ||
	    (c = TAILQ_FIRST(&rx->heading)) != NULL)
		conn_drop(c);
	for (c = TAILQ_FIRST(&rx->draining); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->phase == CONN_SHOW)
			conn_drop(c);
	}
}

void
conn_answer_bodies(struct receiver *rx, enum answer which)
{
	struct conn *c, *next;

	for (c = TAILQ_FIRST(&rx->working); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->phase == CONN_BODY)
			conn_answer(c, which);
		else if (c->phase == CONN_SALVAGE)
			conn_answer(c, c->refusal);
		else if (c->phase == CONN_FORM)
			conn_answer(c, ANSWER_MAIL_AWAY);
	}
}
