/*
 * keeper_parts: what the files of the keeper share; nobody else includes it.
 *
 * keeper.c         the loop: reading, waiting, answering, clearing
 * keeper_turn.c    frames of one turn sorted into uploads
 * keeper_group.c   the transaction of a turn
 * keeper_mail.c    replies: asked for, deleted, past their last day
 */
#ifndef TIPLINE_STORE_KEEPER_PARTS_H
#define TIPLINE_STORE_KEEPER_PARTS_H

#include <stdbool.h>

#include "store/keeper.h"
#include "store/keeper_day.h"
#include "store/keeper_msg.h"

#define IN_LEN (UINT32_C(1) << 19) /* frames of a turn */
#define RIPE_LEN (IN_LEN / 4 * 3)  /* a turn begins without a COMMIT */
#define FRAMES_MAX 4096            /* of these at most; the rest waits */
#define MAILS_AT_ONCE 2            /* answered after a turn; the rest waits */
#define BUSY_TRIES 15 /* STORE_BUSY_MS each, before it is trouble */
/* At most one answer for each upload, one more for each COMMIT to a refused
 * one, one ROOM, and a few mailboxes: nothing is read while answers wait. */
#define OUT_LEN                                                                \
	((KEEPER_UPLOADS_MAX + FRAMES_MAX) *                                   \
		(KEEPER_HEAD_LEN + KEEPER_REFUSED_LEN) +                       \
	    KEEPER_HEAD_LEN + KEEPER_ROOM_LEN +                                \
	    MAILS_AT_ONCE * KEEPER_SLOTS *                                     \
		(KEEPER_HEAD_LEN + KEEPER_SLOT_LEN))
#define CLEAR_LEN (UINT32_C(4) << 20) /* cleared in one step */
#define NONE UINT16_MAX
#define HASH_LEN 8192

enum held_state {
	HELD_FREE,
	HELD_OPEN,
	HELD_REFUSED, /* until the receiver's COMMIT or ABORT */
};

/* An upload of the receiver. */
struct held {
	uint64_t upload; /* its number in the store, 0 none yet */
	uint32_t id;     /* its number in the channel */
	uint32_t turn_len;
	uint64_t len;   /* sealed bytes received */
	uint16_t state; /* enum held_state */
	uint16_t next;  /* in its hash chain, or in the free list */
	uint16_t first_frame, last_frame; /* data of this turn, or NONE */
	uint16_t commit;                  /* frame, or NONE */
	bool active;                      /* in this turn's list */
	bool aborted;                     /* in this turn */
};

struct frame {
	uint32_t at; /* of its payload in in[] */
	uint16_t len;
	uint16_t next; /* data frame of the same upload in this turn */
};

/* A MAIL or FORGET that waits for its answer. */
struct asked {
	uint32_t id; /* its number in the channel */
	bool forget;
	uint8_t mailbox[KEEPER_MAILBOX_LEN];
	uint64_t reply;
};

struct keeper {
	struct store *store;
	int channel;
	uint32_t in_len, out_len, out_at;
	bool more;          /* whole frames are left in in[] */
	bool clearing;      /* store_clear() may have something to do */
	bool crashed;       /* the first clearing tells in the log */
	bool full;          /* said so in the log */
	bool told;          /* ROOM was sent */
	unsigned busy;      /* turns since the last clearing */
	unsigned trouble;   /* failed transactions in a row */
	uint64_t used;      /* bytes of the database in use */
	uint64_t room;      /* what may still be put */
	uint64_t full_room; /* for text, when it was full */
	uint64_t files_room, text_room; /* as measured */
	uint64_t files_told, text_told;
	uint32_t frames, actives;
	uint32_t done;                 /* bytes of in[] that this turn covers */
	bool commits;                  /* a COMMIT is in this turn */
	uint32_t scanned;              /* no COMMIT in in[] up to here */
	uint16_t free_held, used_held; /* the list, then those never used */
	uint16_t hash[HASH_LEN];
	uint16_t active[FRAMES_MAX];
	struct frame frame[FRAMES_MAX];
	struct held held[KEEPER_UPLOADS_MAX];
	uint32_t asks;
	unsigned asked_busy;           /* tries of the first one */
	int64_t expire_at;             /* ms; the next look for old replies */
	struct keeper_day day;         /* for that */
	int64_t scrub_at, scrubbed_at; /* ms; 0: nothing was deleted */
	struct asked asked[KEEPER_MAILS_MAX];
	struct store_reply replies[STORE_REPLIES_MAX];
	uint8_t gather[STORE_CHUNK_MAX];
	uint8_t out[OUT_LEN];
	uint8_t in[IN_LEN];
};

/* keeper.c: of a clock that only goes forward. */
int64_t keeper_now_ms(void);

/* keeper_mail.c */
/* Note a MAIL or FORGET whose payload is at in[at].  ST_OK, ST_MALFORMED. */
MUST_CHECK enum status keeper_mail_ask(
    struct keeper *k, const struct keeper_head *head, uint32_t at);
bool keeper_mail_is_asked(const struct keeper *k, uint32_t id);
/* Queue answers to at most MAILS_AT_ONCE of them. */
void keeper_mail_some(struct keeper *k);
/* What the clock asks for: old replies, and the log after a deletion. */
void keeper_mail_tend(struct keeper *k, bool silent);
/* How long it can wait for that, at most ms. */
int keeper_mail_patience(const struct keeper *k, int ms);
/* Something was: the log is emptied soon. */
void keeper_mail_deleted(struct keeper *k);

/* keeper_turn.c */
void keeper_turn_init(struct keeper *k);
/* Whether what is in in[] is worth a turn already. */
bool keeper_turn_is_ripe(struct keeper *k);
/* Sort whole frames of in[] into uploads.  ST_OK or ST_MALFORMED. */
MUST_CHECK enum status keeper_turn_sort(struct keeper *k);
/* After the turn: free what is done with, move the rest of in[] forward. */
void keeper_turn_end(struct keeper *k);

/* keeper_group.c */
/* Write the turn and queue its answers. */
void keeper_group_write(struct keeper *k);
/* Look how full it is; queue ROOM if what was measured changed notably. */
void keeper_group_measure(struct keeper *k);
void keeper_group_tell(struct keeper *k);
void keeper_group_answer(struct keeper *k, enum keeper_type type, uint32_t id,
    const uint8_t *p, size_t len);
/* Which reason the receiver hears; the log hears of it here. */
enum keeper_reason keeper_group_reason(struct keeper *k, enum status st);
void keeper_group_refuse(
    struct keeper *k, struct held *held, enum keeper_reason reason);

#endif
