/*
 * keeper_msg: what the receiver and the keeper say to each other.
 *
 * A unix stream socket carries frames both ways: a head of 12 bytes, then
 * len bytes.  Sealed bytes, a length and a digest go to the keeper; "kept",
 * "refused" and "so much room" come back.  No time, no address, no name.
 * The keeper ends the channel at any frame that breaks these rules.
 *
 *	0  u8  type
 *	1  3 reserved bytes, zero
 *	4  u32 upload, chosen by the receiver, not 0, not in use (0 in ROOM)
 *	8  u32 len
 */
#ifndef TIPLINE_STORE_KEEPER_MSG_H
#define TIPLINE_STORE_KEEPER_MSG_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define KEEPER_FD 3 /* in the keeper: the channel */
#define KEEPER_HEAD_LEN 12
#define KEEPER_DATA_MAX 32768
#define KEEPER_UPLOADS_MAX 8192 /* open at once */

enum keeper_type {
	/* receiver to keeper */
	KEEPER_DATA =
	    1, /* 1 to KEEPER_DATA_MAX sealed bytes; opens the upload */
	KEEPER_COMMIT = 2, /* u64 sealed length, 32 bytes digest: it is whole */
	KEEPER_ABORT = 3,  /* empty: forget it */
	KEEPER_MAIL = 4,   /* mailbox id: which replies wait there? */
	KEEPER_FORGET = 5, /* mailbox id, u64 reply id: delete that reply */
	/* keeper to receiver */
	KEEPER_KEPT = 17,    /* empty: on disk; the number may be used again */
	KEEPER_REFUSED = 18, /* u8 enum keeper_reason; dropped, send no more */
	KEEPER_ROOM = 19, /* u64 room for files, u64 room for text, in bytes */
	KEEPER_SLOT = 20, /* u64 reply id, REPLY; KEEPER_SLOTS of them answer
			   * each MAIL, those without a reply all zero */
	KEEPER_FORGOTTEN = 21, /* empty: answers FORGET, once it is on disk,
				* whether there was such a reply or not */
};

enum keeper_reason { KEEPER_FULL = 1, KEEPER_TROUBLE = 2 };

#define KEEPER_COMMIT_LEN 40
#define KEEPER_REFUSED_LEN 1
#define KEEPER_ROOM_LEN 16
#define KEEPER_MAILBOX_LEN 16
#define KEEPER_FORGET_LEN (KEEPER_MAILBOX_LEN + 8)
#define KEEPER_REPLY_LEN 4144
#define KEEPER_SLOT_LEN (8 + KEEPER_REPLY_LEN)
#define KEEPER_SLOTS 8

/*
 * MAIL and FORGET carry a number like an upload's, free again after the last
 * answer; REFUSED with TROUBLE answers them when the database fails.  They
 * wait for no upload: at most KEEPER_MAILS_MAX may be under way.  An ABORT of
 * such a number is ignored; its answers come all the same.
 */
#define KEEPER_MAILS_MAX 64

/*
 * After REFUSED the receiver sends no more of that upload; what was already
 * under way is ignored by the keeper up to the COMMIT or ABORT that the
 * receiver still sends, which frees the number (COMMIT is then answered with
 * REFUSED once more).  An ABORT for a number not in use is ignored: the tip
 * was kept before it came.  So an answer may cross an ABORT: a receiver takes
 * rising numbers and ignores answers for one it has forgotten.
 */
struct keeper_head {
	enum keeper_type type;
	uint32_t upload, len;
};

void keeper_head_write(
    const struct keeper_head *head, uint8_t out[static KEEPER_HEAD_LEN]);

/* Check type, reserved bytes and length.  ST_OK or ST_MALFORMED. */
MUST_CHECK enum status keeper_head_parse(
    const uint8_t in[static KEEPER_HEAD_LEN], struct keeper_head *head);

#endif
