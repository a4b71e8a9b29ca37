/*
 * worker: see worker.h.
 */
#include "handoff/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct piece {
	const void *p;
	size_t len;
};

struct worker {
	worker_job *job;
	void *ctx;
	bool started;
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t more, less;
	bool ending;
	enum status failed;  /* the first failure, or ST_OK */
	int err;             /* its errno */
	size_t first, count; /* of queue; the first is being done */
	struct piece queue[WORKER_QUEUE_MAX];
};

static void
do_piece(struct worker *w, struct piece piece)
{
	enum status st;

	/* Only this thread writes failed while a piece is being done. */
	if (w->failed != ST_OK)
		return;
	st = w->job(w->ctx, piece.p, piece.len);
	if (st == ST_OK)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->failed = st;
	w->err = errno;
	(void)pthread_mutex_unlock(&w->lock);
}

static void *
run(void *arg)
{
	struct worker *w = arg;

	(void)pthread_mutex_lock(&w->lock);
	for (;;) {
		while (w->count == 0 && !w->ending)
			(void)pthread_cond_wait(&w->more, &w->lock);
		if (w->count == 0)
			break;
		(void)pthread_mutex_unlock(&w->lock);
		do_piece(w, w->queue[w->first]);
		(void)pthread_mutex_lock(&w->lock);
		w->first = (w->first + 1) % WORKER_QUEUE_MAX;
		w->count--;
		(void)pthread_cond_signal(&w->less);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return NULL;
}

enum status
worker_new(worker_job *job, void *ctx, struct worker **out)
{
	struct worker *w;

	*out = NULL;
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return ST_NOMEM;
	w->job = job;
	w->ctx = ctx;
	/* These three cannot fail with default attributes on Linux. */
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->more, NULL);
	(void)pthread_cond_init(&w->less, NULL);
	*out = w;
	return ST_OK;
}

/* The failure so far, with its errno.  Called with the lock held. */
static enum status
failure(const struct worker *w)
{
	if (w->failed != ST_OK)
		errno = w->err;
	return w->failed;
}

enum status
worker_wait(struct worker *w, size_t most)
{
	enum status st;

	(void)pthread_mutex_lock(&w->lock);
	while (w->count > most)
		(void)pthread_cond_wait(&w->less, &w->lock);
	st = failure(w);
	(void)pthread_mutex_unlock(&w->lock);
	return st;
}

enum status
worker_add(struct worker *w, const void *p, size_t len)
{
	enum status st;

	if (!w->started && pthread_create(&w->thread, NULL, run, w) != 0) {
		do_piece(w, (struct piece){p, len});
		return worker_wait(w, 0);
	}
	w->started = true;
	st = worker_wait(w, WORKER_QUEUE_MAX - 1);
	if (st != ST_OK)
		return st;
	(void)pthread_mutex_lock(&w->lock);
	w->queue[(w->first + w->count) % WORKER_QUEUE_MAX] =
	    (struct piece){p, len};
	w->count++;
	(void)pthread_cond_signal(&w->more);
	st = failure(w);
	(void)pthread_mutex_unlock(&w->lock);
	return st;
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->ending = true;
	(void)pthread_cond_signal(&w->more);
	(void)pthread_mutex_unlock(&w->lock);
	if (w->started)
		(void)pthread_join(w->thread, NULL);
	(void)pthread_cond_destroy(&w->less);
	(void)pthread_cond_destroy(&w->more);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
}
