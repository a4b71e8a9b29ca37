/*
 * stage: a receiver in a process of its own, between a supervisor, a keeper
 * and visitors that the test plays.
 *
 * The keeper's side opens every tip it is sent with the analysts' key, so a
 * test sees what an analyst would.  The receiver's clock can be moved.
 */
#ifndef TIPLINE_TESTS_UNIT_INTAKE_STAGE_H
#define TIPLINE_TESTS_UNIT_INTAKE_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "base/bytes.h"
#include "crypto/reply.h"
#include "intake/control.h"
#include "site/texts.h"
#include "store/keeper_msg.h"

/* Replies that the keeper has. */
#define STAGE_REPLIES 16

struct stage_reply {
	uint64_t id; /* 0: none */
	uint8_t box[MAILBOX_ID_LEN];
	uint8_t sealed[REPLY_LEN];
};

/* What the keeper does with a tip, or with a question. */
enum keeper_mood {
	KEEPER_KEEPS,
	KEEPER_SILENT,          /* takes all, never answers */
	KEEPER_REFUSES_DATA,    /* REFUSED at the first DATA, and at COMMIT */
	KEEPER_REFUSES_COMMIT,  /* REFUSED at COMMIT */
	KEEPER_DIES_AT_DATA,    /* closes the channel */
	KEEPER_DIES_AT_COMMIT,  /* the same, without a word; or when asked */
	KEEPER_SPEAKS_NONSENSE, /* a malformed frame at COMMIT */
	KEEPER_DEAF,            /* reads nothing at all */
};

struct stage {
	pid_t pid;
	int control, keeper;
	struct sockaddr_un address;
	socklen_t address_len;
	uint8_t secret[SECRET_KEY_LEN];
	struct recipients to;
	enum keeper_mood mood;
	enum keeper_reason reason;
	struct bytes in;     /* from the keeper's channel, not yet a frame */
	struct bytes sealed; /* of the upload that is open */
	uint32_t upload;     /* its number, 0 for none */
	bool refused;
	unsigned opened, aborted, committed;
	struct bytes told;  /* the last tip, opened: <name|file>data; */
	uint32_t epoch;     /* in its head */
	bool tip_ok;        /* it opened, and its length and digest fit */
	unsigned boxes;     /* mailboxes in the last tip */
	struct mailbox box; /* the last of them */
	bool in_box;
	struct bytes box_bytes;
	unsigned asked, forgot;            /* questions */
	uint8_t asked_box[MAILBOX_ID_LEN]; /* of the last one */
	struct stage_reply reply[STAGE_REPLIES];
};

/* An answer, cut to head and page. */
struct heard {
	struct bytes text; /* ends in a NUL that is not counted */
	int code;
	bool reset; /* the connection was reset instead of closed */
};

/* Called in the receiver's process when it is ready to serve, and when it has
 * served; what after returns, if not 0, becomes the exit code.  May be NULL. */
struct stage_hooks {
	void (*before)(void);
	int (*after)(void);
};
extern struct stage_hooks stage_hooks;

/* A configuration without onion or loopback: every Host is ours. */
struct control_config stage_config(void);

/* Start a receiver and wait until it is ready. */
void stage_open(struct stage *stage, const struct control_config *config);

/* Start one, and tell it nothing. */
void stage_open_bare(struct stage *stage);

/* Send the receiver messages of the supervisor. */
void stage_tell_config(
    struct stage *stage, const struct control_config *config);
void stage_tell_epochs(struct stage *stage, size_t count);
void stage_tell_all(struct stage *stage, const struct control_epochs *epochs);
void stage_tell_opens(struct stage *stage, uint64_t opens);
void stage_tell_keeper(struct stage *stage);

/* The operator's texts; NULL: neutral ones.  And what is shown of the keys:
 * key set, signature, root. */
void stage_tell_texts(struct stage *stage, const struct texts *texts);
void stage_tell_keys_page(
    struct stage *stage, const char *const text[static CONTROL_KEYS_TEXTS]);

/* Neutral texts and no keys to be shown. */
void stage_tell_nothing_shown(struct stage *stage);

/* Wait for READY. */
void stage_ready(struct stage *stage);

/* Read what the keeper was sent, and answer it; for stage's own files. */
void stage_play_keeper(struct stage *stage);

/* Say how much room there is. */
void stage_room(struct stage *stage, uint64_t files, uint64_t text);

/* Leave a reply of a day for a mailbox, with an id that is not 0. */
void stage_leave(struct stage *stage, const struct mailbox *box, uint64_t id,
    uint32_t day, const char *text);

/* End it with SIGTERM; it must exit with 0 and leave nothing behind. */
void stage_close(struct stage *stage);

/* Wait for its end and return the exit code, or -1 after a signal. */
int stage_wait(struct stage *stage);

/* Move the receiver's clock on, and settle. */
void stage_later(struct stage *stage, unsigned seconds);

/* Connect a visitor. */
int stage_visitor(const struct stage *stage);

/* Write all, playing the keeper meanwhile.  False if the other side does not
 * take it: it has nothing else to do, and this does not fit. */
bool stage_say(struct stage *stage, int fd, const void *p, size_t len);

/* Play the keeper until the receiver has dealt with all that it was sent and
 * waits for more, or has ended. */
void stage_settle(struct stage *stage);

/* Read up to the end, playing the keeper meanwhile, and close fd. */
void stage_hear(struct stage *stage, int fd, struct heard *heard);
void heard_free(struct heard *heard);

/* One request, one answer: its code, or 0 if there was none. */
int stage_ask(struct stage *stage, const void *p, size_t len);

/* One request: does its answer say words?  STAGE_HEARD, or another number. */
#define STAGE_HEARD 1
int stage_hear_words(
    struct stage *stage, const struct bytes *request, const char *words);

#endif
