/*
 * limits: every bound on what a visitor may do, in one place.
 *
 * Those of the configuration (line/config.h) have their default and their
 * range here as well; docs/LIMITS.md is checked against this file by
 * tests/rules.
 */
#ifndef TIPLINE_INTAKE_LIMITS_H
#define TIPLINE_INTAKE_LIMITS_H

/* request head */
#define LIMIT_HEAD_LEN 8192
#define LIMIT_HEAD_FIELDS 64
#define LIMIT_HEAD_SECONDS 30
#define LIMIT_PROXY_LINE 108

/* body; the message: PAGE_MESSAGE_MAX (site/answer.h), which pages name */
#define LIMIT_PART_HEAD_LEN 1024
#define LIMIT_PARTS_EXTRA 16     /* parts beside the files */
#define LIMIT_QUESTION_LEN 2000  /* the answer to an operator's question */
#define LIMIT_BODY_SLACK 1048576 /* framing a browser adds to what it sends */
#define LIMIT_READ_LEN 16384     /* read(2) at a time */

/* pace: at least so many bytes in any so many seconds once a body began */
#define LIMIT_PACE_BYTES 61440
#define LIMIT_PACE_SECONDS 120

/* when all places are taken, the slowest upload older than this gives way */
#define LIMIT_YIELD_SECONDS 60

/* draining what we refused, so that the browser shows our page */
#define LIMIT_DRAIN_BYTES (1ULL << 30)
#define LIMIT_DRAIN_SECONDS 600

/* answer */
#define LIMIT_ANSWER_SECONDS 120
#define LIMIT_LINGER_SECONDS 5  /* for the other side to close first */
#define LIMIT_STALL_SECONDS 600 /* while it is us who make an upload wait */
#define LIMIT_STOP_SECONDS 2    /* for answers under way when told to stop */

/* uploads at once, and the guarded memory set aside for each */
#define LIMIT_UPLOADS 2048
#define LIMIT_UPLOAD_LEN 40960

/* what is kept of a message, so that a refusal can give it back, and the
 * guarded memory set aside for it */
#define LIMIT_TEXT_BACK 12000
#define LIMIT_TEXT_BACK_LEN 12288

/* looking for the message in a body that was refused by its head */
#define LIMIT_SALVAGES 64
#define LIMIT_SALVAGE_SECONDS 10
#define LIMIT_SALVAGE_LEN 4096

/* room held for an upload that begins, and for each byte that came */
#define LIMIT_CLAIM_FIRST 1048576
#define LIMIT_CLAIM_TIMES 16

/* telling how far an upload is */
#define LIMIT_PROGRESSES 256       /* uploads that are told of */
#define LIMIT_PROGRESS_KEEP 120    /* seconds: how it ended is known so long */
#define LIMIT_PROGRESS_SECONDS 60  /* one answer of the frame takes at most */
#define LIMIT_PROGRESS_TICK_MS 400 /* between two looks */

/* people who come back with a return code */
#define LIMIT_CODE_TEXT 1024    /* what is typed as a code */
#define LIMIT_RETURN_LEN 8192   /* the form's body */
#define LIMIT_RETURN_SECONDS 30 /* for it to arrive */
#define LIMIT_MAILS 64          /* looking at the same time */
#define LIMIT_CIRCUIT_MAILS 4   /* of one circuit */
#define LIMIT_MAIL_LEN 12288    /* guarded memory set aside for each */
#define LIMIT_TICK_MS 250 /* all their answers leave at a multiple of it */

/* between receiver and keeper */
#define LIMIT_KEEPER_QUEUE 1048576 /* sealed bytes waiting to be written */

#endif
