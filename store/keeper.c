/*
 * keeper: the loop.
 *
 * One channel, one thread, one fixed buffer: read what is there, write it as
 * one transaction, answer, and only then read again.  So the socket itself
 * holds back a receiver that is faster than the disk.
 */
#include "store/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "store/keeper_parts.h"

#define SILENT_MS 100     /* then a turn begins that has no COMMIT */
#define LOOK_MS 5000      /* how full is it? */
#define LOOK_FULL_MS 1000 /* the same when it was full */
#define CLEAR_BUSY 16     /* turns after which clearing has a step */
#define END_MS 2000       /* for clearing at the end */
#define TROUBLE_MAX 16    /* failed transactions in a row: start anew */

int64_t
keeper_now_ms(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return INT64_MAX / 2;
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum status
keeper_new(struct store *store, int channel, struct keeper **out)
{
	struct keeper *k;
	int flags;

	*out = NULL;
	/* calloc of this size is fresh zero pages: only what is used counts
	 * as resident. */
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return ST_NOMEM;
	k->store = store;
	k->channel = channel;
	k->clearing = k->crashed = true; /* for all we know */
	keeper_turn_init(k);
	flags = fcntl(channel, F_GETFL);
	if (flags < 0 || fcntl(channel, F_SETFL, flags | O_NONBLOCK) != 0) {
		free(k);
		return ST_IO;
	}
	*out = k;
	return ST_OK;
}

void
keeper_free(struct keeper *k)
{
	free(k);
}

/* Read until nothing is there or the buffer is full.  ST_OK, ST_EOF. */
static enum status
fill(struct keeper *k)
{
	while (k->in_len < IN_LEN) {
		ssize_t n =
		    read(k->channel, k->in + k->in_len, IN_LEN - k->in_len);

		if (n > 0) {
			k->in_len += (uint32_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return ST_OK;
		/* A reset is how a killed receiver ends. */
		return ST_EOF;
	}
	return ST_OK;
}

/* Write answers.  ST_OK (maybe some are left), ST_EOF. */
static enum status
answer(struct keeper *k)
{
	while (k->out_at < k->out_len) {
		ssize_t n = write(
		    k->channel, k->out + k->out_at, k->out_len - k->out_at);

		if (n >= 0) {
			k->out_at += (uint32_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		return errno == EAGAIN || errno == EWOULDBLOCK ? ST_OK : ST_EOF;
	}
	k->out_at = k->out_len = 0;
	return ST_OK;
}

/* One step of clearing, in a transaction of its own.  Only what a crash left
 * is told: the log must not be a list of uploads that were given up. */
static void
clear_step(struct keeper *k)
{
	uint64_t before = k->used;
	enum status st;

	k->busy = 0;
	st = store_clear(k->store, CLEAR_LEN, &k->clearing);
	if (st == ST_BUSY)
		return; /* the operator's tool is writing; later */
	if (st != ST_OK) {
		/* Not now; the next abort or the next start tries again. */
		log_event(LOG_STORE_IO);
		k->clearing = false;
		k->trouble++;
	}
	keeper_group_measure(k);
	if (k->crashed && k->used < before) {
		log_event(LOG_CLEARED);
		k->crashed = false;
		keeper_mail_deleted(k);
	}
	if (!k->clearing)
		k->crashed = false;
}

static enum status
turn(struct keeper *k)
{
	enum status st;

	if ((st = keeper_turn_sort(k)) != ST_OK) {
		log_event(LOG_MESSAGE_MALFORMED);
		return st;
	}
	if (k->actives > 0)
		keeper_group_write(k);
	keeper_turn_end(k);
	/* A busy channel must not keep room from coming back. */
	if (k->clearing && (++k->busy >= CLEAR_BUSY || k->full))
		clear_step(k);
	keeper_group_tell(k);
	return k->trouble > TROUBLE_MAX ? ST_IO : ST_OK;
}

static void
silence(struct keeper *k)
{
	if (k->clearing)
		clear_step(k);
	keeper_group_measure(k);
	keeper_group_tell(k);
}

static int
patience(const struct keeper *k)
{
	if (k->out_len > 0)
		return -1;
	if (k->more || k->asks > 0)
		return 0;
	if (k->scanned > 0) /* whole frames are waiting */
		return SILENT_MS;
	if (k->clearing)
		return 0;
	return keeper_mail_patience(k, k->full ? LOOK_FULL_MS : LOOK_MS);
}

/* ST_OK: go on; ST_EOF: the channel or we are to end; others as _run. */
static enum status
step(struct keeper *k, int stop_fd)
{
	struct pollfd fds[2] = {
	    {.fd = k->channel, .events = k->out_len > 0 ? POLLOUT : POLLIN},
	    {.fd = stop_fd, .events = POLLIN},
	};
	enum status st, end = ST_OK;
	int n;

	n = poll(fds, 2, patience(k));
	if (n < 0)
		return errno == EINTR ? ST_OK : ST_IO;
	if (fds[1].revents != 0)
		return ST_EOF;
	if (k->out_len > 0)
		return answer(k);
	if (fds[0].revents != 0)
		end = fill(k);
	/* What came before the end still counts. */
	if (keeper_turn_is_ripe(k) || k->more || (n == 0 && k->scanned > 0)) {
		if ((st = turn(k)) != ST_OK)
			return st;
	} else if (n == 0 && k->asks == 0) {
		silence(k);
	}
	keeper_mail_some(k);
	keeper_mail_tend(k, n == 0);
	if ((st = answer(k)) != ST_OK)
		return st;
	/* Nor is an answer left behind that the channel had no room for. */
	return k->more || k->asks > 0 || k->out_len > 0 ? ST_OK : end;
}

/* Give up what is not whole and clear it, as far as two seconds go. */
static void
put_away(struct keeper *k)
{
	int64_t end = keeper_now_ms() + END_MS;

	for (uint32_t i = 0; i < k->used_held; i++) {
		struct held *held = &k->held[i];

		if (held->state == HELD_FREE || held->upload == 0)
			continue;
		if (store_drop(k->store, held->upload) != ST_OK)
			log_event(LOG_BUG);
		k->clearing = true;
	}
	while (k->clearing && keeper_now_ms() < end)
		clear_step(k);
}

enum status
keeper_run(struct keeper *k, int stop_fd)
{
	enum status st;

	keeper_mail_deleted(k); /* before a crash, for all we know */
	keeper_group_measure(k);
	keeper_group_tell(k);
	if ((st = answer(k)) == ST_OK)
		do
			st = step(k, stop_fd);
		while (st == ST_OK);
	if (st == ST_EOF) {
		put_away(k);
		return ST_OK;
	}
	/* Nothing that was answered is open; the rest is cleared at the next
	 * start. */
	store_rollback(k->store);
	return st;
}
