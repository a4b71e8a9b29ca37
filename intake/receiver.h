/*
 * receiver: the process that talks to strangers.
 *
 * It opens no file and holds no database: the supervisor hands it a
 * listening socket, limits, public keys and a channel to the keeper
 * (control.h).  One loop serves all connections (conn.h).
 */
#ifndef TIPLINE_INTAKE_RECEIVER_H
#define TIPLINE_INTAKE_RECEIVER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/status.h"
#include "crypto/minisign.h"
#include "intake/admission.h"
#include "intake/control.h"
#include "intake/keeper_link.h"
#include "intake/mail.h"
#include "intake/pieces.h"
#include "intake/progress.h"
#include "intake/upload.h"
#include "site/answer.h"
#include "site/texts.h"

#define HOST_TEXT_LEN 32 /* "127.0.0.1:65535" and a NUL */

struct conn;
TAILQ_HEAD(conn_list, conn);

/* A listening socket.  A PROXY line may come only by the unix one, and only
 * at 127.0.0.1 are we known by that name. */
enum { DOOR_UNIX, DOOR_LOOPBACK, DOORS };
struct door {
	struct receiver *rx;
	int fd; /* -1: not there */
	struct event *accept;
};

struct receiver {
	int control_fd;
	struct door door[DOORS];
	struct event_base *base;
	struct event *control, *stop_signal, *stop_timer, *forget;
	/* told by the supervisor */
	bool configured, keyed;
	struct control_config config;
	char loopback[2][HOST_TEXT_LEN]; /* our names at 127.0.0.1 */
	struct control_epochs told;
	uint32_t floor; /* the highest epoch ever in force, as far as known */
	struct texts *texts; /* the operator's; never NULL once serving */
	bool shown;          /* told what follows, which may be empty */
	struct bytes keyset_text, keyset_sig, root_pub; /* for visitors */
	struct pieces_in texts_in, keys_in;             /* arriving */
	/* made once configured */
	struct answer_site site;                    /* what answers borrow */
	char fingerprint[FINGERPRINT_TEXT_LEN + 1]; /* of the root, or "" */
	struct answers *answers;
	struct admission *admission;
	struct keeper_link *link;
	struct upload_shop shop;
	struct text_shelf texts_held;
	struct progress_table *progresses;
	/* guarded; zero between uses, but for what a frame of progress left in
	 * page, which is nobody's words */
	uint8_t *read_buf; /* LIMIT_READ_LEN */
	uint8_t *page;     /* PAGE_TOTAL_LEN */
	/* serving */
	bool ready;       /* READY was sent */
	bool stopping;    /* finishing what is under way */
	bool was_closed;  /* for the log: no key was in force */
	bool keeper_lost; /* for the log: the channel ended */
	bool accept_idle; /* as many as may be are open, and none can go */
	uint32_t conns;
	uint32_t uploads, uploads_max;
	uint32_t mails; /* visits with a return code */
	uint32_t salvages;
	/* Every connection is in one of these, the oldest first. */
	struct conn_list silent;   /* no byte has come */
	struct conn_list heading;  /* a head is arriving */
	struct conn_list working;  /* upload, waiting, answering */
	struct conn_list draining; /* answered; what still comes is dropped.
				      Frames that tell how far it is */
	int exit_code;
};

/*
 * Make a receiver.  fds: where the supervisor's configuration may say that a
 * listening socket is, for each door; from then on it is the receiver's to
 * close, as control_fd is at once.  ST_OK (*out is the caller's), ST_NOMEM.
 */
MUST_CHECK enum status receiver_new(
    int control_fd, const int fds[static DOORS], struct receiver **out);
void receiver_free(struct receiver *rx);

/*
 * Take the supervisor's messages up to the point where all is there to
 * serve with; no visitor is heard before.  ST_OK, ST_EOF, ST_MALFORMED,
 * ST_NOMEM, ST_IO.
 */
MUST_CHECK enum status receiver_configure(struct receiver *rx);

/* Say READY and serve until SIGTERM or the supervisor's end.  Returns the
 * process's exit code. */
int receiver_run(struct receiver *rx);

/* The epoch in force now, or NULL: then the form is closed, and its page says
 * when it opens. */
const struct recipients *receiver_epoch(struct receiver *rx);

/* A connection has ended: another may come in. */
void receiver_conn_ended(struct receiver *rx);

#endif
