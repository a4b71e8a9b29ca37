/*
 * conn: one visitor's connection, one request, one answer.
 *
 *	HEAD    the request's head arrives         30 s, 8 KiB
 *	BODY    a tip arrives and is sealed        512 B/s over 2 minutes
 *	WAIT    padding, COMMIT, the keeper's word
 *	SALVAGE a tip refused by its head: its message is looked for in the
 *	        body, so that the answer can give it back
 *	FORM    somebody comes back with a code      30 s, 8 KiB
 *	ASKED   what waits for that code? the keeper's word
 *	TICK    an answer to that is made, and leaves at the next tick
 *	OUT     the answer goes out, and what the visitor still sends of a
 *	        refused body is read and dropped: Firefox reads no answer before
 *	        it has written all
 *	SHOW    a frame that tells how far an upload is, in pieces
 *	LINGER  all was said; the other side may close first
 *
 * Each phase has one deadline.  A silent connection costs less than 1 KiB:
 * its head's buffer is made when its first byte is there.
 */
#ifndef TIPLINE_INTAKE_CONN_H
#define TIPLINE_INTAKE_CONN_H

#include <event2/event_struct.h>

#include "intake/http_parse.h"
#include "intake/receiver.h"
#include "intake/route.h"

enum conn_phase {
	CONN_HEAD,
	CONN_BODY,
	CONN_WAIT,
	CONN_SALVAGE,
	CONN_FORM,
	CONN_ASKED,
	CONN_TICK,
	CONN_SHOW,
	CONN_OUT,
	CONN_LINGER,
};

struct conn {
	TAILQ_ENTRY(conn) link;
	struct conn_list *list;
	struct receiver *rx;
	bool loopback; /* came by that door */
	int fd;
	enum conn_phase phase;
	struct event readable, writable, timer;
	/* HEAD */
	uint8_t *head; /* LIMIT_HEAD_LEN, NULL before the first byte */
	size_t head_len;
	bool proxied; /* the PROXY line is behind us, or none is expected */
	struct http_parse http;
	struct route
	    route; /* what is asked for; English before that is known */
	struct circuit *circuit;
	/* BODY, WAIT */
	struct upload *upload; /* NULL once committed */
	bool counted;          /* as one of rx->uploads and the circuit's */
	bool paused;           /* waits for room in the keeper's queue */
	uint32_t number;       /* at the keeper, once committed */
	uint64_t left;         /* bytes of the body that have not come */
	uint64_t began;        /* ms; when the body did */
	uint64_t pace_bytes;   /* came since the pace was last looked at */
	uint64_t pace_end;     /* ms; when it will be looked at */
	uint64_t paused_at;    /* ms */
	TAILQ_ENTRY(conn) pause;
	enum answer receipt;    /* once committed */
	uint8_t *code;          /* to be shown on it, or NULL */
	struct text_back *text; /* to be given back by a refusal, or NULL */
	struct code_text_fault fault; /* of the code that came with a tip */
	struct progress *progress;    /* told how far it is, or NULL */
	/* SALVAGE */
	struct salvage *salvage;
	enum answer refusal;
	/* FORM, ASKED, TICK */
	struct mail *mail;
	bool mail_counted;  /* as one of rx->mails and the circuit's */
	bool ticks;         /* what is answered waits for a tick */
	uint64_t tick_from; /* ms; when the head was there */
	enum answer tick_answer;
	/* OUT, made anew for each write; SHOW */
	enum answer answer;
	size_t out_len, out_left;
	unsigned shown;    /* SHOW: what was told last */
	uint64_t show_end; /* ms */
	bool close_now;    /* once that is out: nobody is left to wait for */
};

/* Those that wait for room, first come first served. */
TAILQ_HEAD(conn_pauses, conn);

/* Take fd, which came by door.  Without memory it is closed. */
void conn_new(const struct door *door, int fd);

/* End the connection at once; nothing uncommitted is kept. */
void conn_drop(struct conn *c);

/* Drop the connection that matters least: the oldest silent one, else one
 * whose head arrives, else one that was answered.  False if there is none. */
bool conn_evict(struct receiver *rx);

/* End every connection that has not sent its whole head, and every frame that
 * only tells how far an upload is. */
void conn_drop_idle(struct receiver *rx);

/* Answer every connection whose body is still arriving. */
void conn_answer_bodies(struct receiver *rx, enum answer which);

/* The timer rx->forget: how uploads ended is forgotten when its time is over,
 * also if nobody looks any more. */
void conn_progress_forget(evutil_socket_t fd, short what, void *rx);

/* All places for uploads are taken: answer the slowest, so that nobody holds
 * one for days at little cost.  False if all are young. */
bool conn_body_yield(struct receiver *rx);

/* The keeper's queue has room again. */
void conn_resume_all(void);

/* keeper_link's word about the upload or the question of owner, a
 * connection. */
void conn_outcome(void *owner, enum keeper_outcome outcome);
void conn_slot(void *owner, uint64_t id, const uint8_t *sealed);

#endif
