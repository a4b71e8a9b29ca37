#include "intake/receiver.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/guarded.h"
#include "base/ipc.h"
#include "base/log.h"
#include "crypto/keyset.h"
#include "crypto/minisign.h"
#include "intake/conn.h"
#include "intake/limits.h"
#include "intake/receiver_setup.h"

#define ACCEPTS_A_TURN 32

/* The page of a closed line says when to come back, if that is known. */
static void
say_opens(struct receiver *rx, uint64_t now, uint64_t next)
{
	uint64_t opens = rx->told.opens > now ? rx->told.opens : next;

	if (opens <= now)
		opens = 0;
	if (opens == rx->site.opens)
		return;
	rx->site.opens = opens;
	answers_set(rx->answers, &rx->site);
}

const struct recipients *
receiver_epoch(struct receiver *rx)
{
	uint64_t now = (uint64_t)time(NULL), next;
	const struct recipients *e;
	enum epoch_state state;

	e = epoch_in_force(
	    rx->told.epoch, rx->told.count, now, rx->floor, &state, &next);
	if (e == NULL)
		say_opens(rx, now, next);
	else if (e->epoch > rx->floor)
		rx->floor = e->epoch;
	if (rx->was_closed != (e == NULL)) {
		rx->was_closed = e == NULL;
		log_event(rx->was_closed ? LOG_CLOSED : LOG_OPEN);
	}
	return e;
}

static void
pause_accept(struct receiver *rx)
{
	rx->accept_idle = true;
	for (size_t i = 0; i < DOORS; i++)
		if (rx->door[i].accept != NULL)
			event_del(rx->door[i].accept);
}

static bool
resume_accept(struct receiver *rx)
{
	rx->accept_idle = false;
	for (size_t i = 0; i < DOORS; i++)
		if (rx->door[i].accept != NULL &&
		    event_add(rx->door[i].accept, NULL) != 0)
			return false;
	return true;
}

void
receiver_conn_ended(struct receiver *rx)
{
	rx->conns--;
	if (rx->stopping && rx->conns == 0)
		event_base_loopexit(rx->base, NULL);
	if (rx->accept_idle && !rx->stopping && !resume_accept(rx))
		pause_accept(rx); /* until the next one ends */
}

static void
on_accept(evutil_socket_t listen_fd, short what, void *ctx)
{
	struct door *door = ctx;
	struct receiver *rx = door->rx;
	int fd;

	(void)what;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		if (rx->conns >= rx->config.connections_max) {
			/* Somebody waits for sure only at the first turn. */
			if (i == 0 && !conn_evict(rx))
				pause_accept(rx);
			if (i > 0 || rx->accept_idle)
				return;
		}
		fd = accept4(
		    listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd != -1) {
			conn_new(door, fd);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		if (errno == EAGAIN)
			return;
		/* Out of descriptors or memory: let one go, or wait until
		 * one goes. */
		log_errno(LOG_IO);
		if (!conn_evict(rx) && rx->conns > 0)
			pause_accept(rx);
		return;
	}
}

static void
quit(struct receiver *rx, int exit_code)
{
	rx->exit_code = exit_code;
	event_base_loopbreak(rx->base);
}

static void
on_control(evutil_socket_t fd, short what, void *ctx)
{
	struct receiver *rx = ctx;
	enum status st;

	(void)fd, (void)what;
	while ((st = receiver_setup_message(rx)) == ST_OK)
		;
	if (st == ST_AGAIN)
		return;
	if (st == ST_MALFORMED)
		log_event(LOG_MESSAGE_MALFORMED);
	/* Without its supervisor there is nothing to stay for. */
	quit(rx, st == ST_EOF ? 0 : 1);
}

static void
on_stop_timer(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	quit(ctx, 0);
}

static void
on_stop_signal(evutil_socket_t fd, short what, void *ctx)
{
	const struct timeval after = {.tv_sec = LIMIT_STOP_SECONDS};
	struct receiver *rx = ctx;

	(void)fd, (void)what;
	if (rx->stopping)
		return;
	rx->stopping = true;
	pause_accept(rx);
	conn_drop_idle(rx);
	conn_answer_bodies(rx, ANSWER_AWAY);
	if (rx->conns == 0 || event_add(rx->stop_timer, &after) != 0)
		quit(rx, 0);
}

static void
on_room(void *ctx, uint64_t files, uint64_t text)
{
	struct receiver *rx = ctx;

	admission_set_room(rx->admission, files, text);
}

static void
on_drained(void *ctx)
{
	(void)ctx;
	conn_resume_all();
}

static void
on_keeper_gone(void *ctx)
{
	struct receiver *rx = ctx;

	log_event(LOG_NO_KEEPER);
	rx->keeper_lost = true;
	/* Those the keeper knew of were answered one by one before. */
	conn_answer_bodies(rx, ANSWER_AWAY);
}

enum status
receiver_new(int control_fd, const int fds[static DOORS], struct receiver **out)
{
	struct receiver *rx = wiping_malloc(sizeof(*rx));
	struct keeper_events events = {
	    conn_outcome, conn_slot, on_room, on_drained, on_keeper_gone, rx};

	*out = NULL;
	if (rx == NULL)
		return ST_NOMEM;
	*rx = (struct receiver){.control_fd = control_fd};
	for (size_t i = 0; i < DOORS; i++)
		rx->door[i] = (struct door){rx, fds[i], NULL};
	rx->texts_in = (struct pieces_in){
	    .count = 1, .text = {BYTES_INIT(TEXTS_BYTES_MAX)}};
	rx->keys_in = (struct pieces_in){.count = CONTROL_KEYS_TEXTS,
	    .text = {BYTES_INIT(KEYSET_MAX), BYTES_INIT(MINISIGN_FILE_MAX),
		BYTES_INIT(MINISIGN_FILE_MAX)}};
	TAILQ_INIT(&rx->silent);
	TAILQ_INIT(&rx->heading);
	TAILQ_INIT(&rx->working);
	TAILQ_INIT(&rx->draining);
	if ((rx->base = event_base_new()) == NULL ||
	    (rx->control = event_new(rx->base, control_fd, EV_READ | EV_PERSIST,
		 on_control, rx)) == NULL ||
	    (rx->stop_signal = evsignal_new(
		 rx->base, SIGTERM, on_stop_signal, rx)) == NULL ||
	    (rx->stop_timer = evtimer_new(rx->base, on_stop_timer, rx)) ==
		NULL ||
	    (rx->forget = evtimer_new(rx->base, conn_progress_forget, rx)) ==
		NULL ||
	    keeper_link_new(rx->base, &events, &rx->link) != ST_OK) {
		receiver_free(rx);
		return ST_NOMEM;
	}
	*out = rx;
	return ST_OK;
}

static void
free_event(struct event *ev)
{
	if (ev != NULL)
		event_free(ev);
}

void
receiver_free(struct receiver *rx)
{
	struct conn_list *lists[4];

	if (rx == NULL)
		return;
	lists[0] = &rx->silent;
	lists[1] = &rx->heading;
	lists[2] = &rx->working;
	lists[3] = &rx->draining;
	rx->stopping = true;
	for (size_t i = 0; i < 4; i++)
		while (!TAILQ_EMPTY(lists[i]))
			conn_drop(TAILQ_FIRST(lists[i]));
	keeper_link_free(rx->link);
	admission_free(rx->admission);
	answers_free(rx->answers);
	texts_free(rx->texts);
	bytes_free(&rx->keyset_text);
	bytes_free(&rx->keyset_sig);
	bytes_free(&rx->root_pub);
	pieces_free(&rx->texts_in);
	pieces_free(&rx->keys_in);
	guarded_free(rx->read_buf);
	guarded_free(rx->page);
	progress_table_free(rx->progresses);
	free_event(rx->control);
	for (size_t i = 0; i < DOORS; i++) {
		free_event(rx->door[i].accept);
		if (rx->configured && rx->door[i].fd != -1)
			close(rx->door[i].fd);
	}
	free_event(rx->stop_signal);
	free_event(rx->stop_timer);
	free_event(rx->forget);
	if (rx->base != NULL)
		event_base_free(rx->base);
	close(rx->control_fd);
	wiping_free(rx);
}

static bool
open_doors(struct receiver *rx)
{
	for (size_t i = 0; i < DOORS; i++) {
		struct door *door = &rx->door[i];

		if (door->fd == -1)
			continue;
		door->accept = event_new(
		    rx->base, door->fd, EV_READ | EV_PERSIST, on_accept, door);
		if (door->accept == NULL ||
		    evutil_make_socket_nonblocking(door->fd) != 0)
			return false;
	}
	return resume_accept(rx);
}

int
receiver_run(struct receiver *rx)
{
	if (evutil_make_socket_nonblocking(rx->control_fd) != 0 ||
	    event_add(rx->control, NULL) != 0 || !open_doors(rx) ||
	    event_add(rx->stop_signal, NULL) != 0 ||
	    ipc_send(rx->control_fd, CONTROL_READY, NULL, 0, -1) != ST_OK) {
		log_errno(LOG_IO);
		return 1;
	}
	rx->ready = true;
	if (event_base_dispatch(rx->base) != 0) {
		log_event(LOG_BUG);
		return 1;
	}
	return rx->exit_code;
}
