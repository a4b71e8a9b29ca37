/*
 * answer: every answer the site can give, made once at start.
 *
 * Head and body together are PAGE_TOTAL_LEN bytes for every page and every
 * error, filled up with line ends behind the page, so that its length tells
 * nobody outside which one it was.  A HEAD request gets the head alone, as
 * RFC 9110 section 9.3.2 demands.  There is no Date, Server or ETag.
 *
 * Two pages have blanks, ANSWER_RECEIPT and ANSWER_REPLY: what is written
 * into them is secret, so they are filled in for one visitor, in memory of
 * the caller's that is wiped.
 */
#ifndef TIPLINE_SITE_ANSWER_H
#define TIPLINE_SITE_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "site/site.h"

#define PAGE_TOTAL_LEN 16384 /* every answer, head and body together */

/* X(name, status code, its reason phrase, page) */
#define ANSWERS(X)                                                             \
	X(ANSWER_FORM, 200, "OK", SITE_FORM)                                   \
	X(ANSWER_RECEIPT, 200, "OK", SITE_RECEIPT)                             \
	X(ANSWER_RECEIPT_AGAIN, 200, "OK", SITE_RECEIPT_AGAIN)                 \
	X(ANSWER_RETURN, 200, "OK", SITE_RETURN)                               \
	X(ANSWER_REPLY, 200, "OK", SITE_REPLY)                                 \
	X(ANSWER_NO_REPLY, 200, "OK", SITE_NO_REPLY)                           \
	X(ANSWER_FORGOTTEN, 200, "OK", SITE_FORGOTTEN)                         \
	X(ANSWER_BAD_CODE, 400, "Bad Request", SITE_BAD_CODE)                  \
	X(ANSWER_MAIL_MALFORMED, 400, "Bad Request", SITE_MAIL_MALFORMED)      \
	X(ANSWER_MAIL_LARGE, 413, "Content Too Large", SITE_MAIL_MALFORMED)    \
	X(ANSWER_MAIL_SLOW, 408, "Request Timeout", SITE_MAIL_SLOW)            \
	X(ANSWER_MAIL_BUSY_CIRCUIT, 429, "Too Many Requests", SITE_MAIL_BUSY)  \
	X(ANSWER_MAIL_TROUBLE, 500, "Internal Server Error",                   \
	    SITE_MAIL_TROUBLE)                                                 \
	X(ANSWER_MAIL_AWAY, 503, "Service Unavailable", SITE_MAIL_AWAY)        \
	X(ANSWER_MAIL_BUSY, 503, "Service Unavailable", SITE_MAIL_BUSY)        \
	X(ANSWER_EMPTY, 400, "Bad Request", SITE_EMPTY)                        \
	X(ANSWER_CUT, 400, "Bad Request", SITE_CUT)                            \
	X(ANSWER_MALFORMED, 400, "Bad Request", SITE_MALFORMED)                \
	X(ANSWER_FOREIGN, 403, "Forbidden", SITE_FOREIGN)                      \
	X(ANSWER_NOT_FOUND, 404, "Not Found", SITE_NOT_FOUND)                  \
	X(ANSWER_METHOD, 405, "Method Not Allowed", SITE_METHOD)               \
	X(ANSWER_TOO_SLOW, 408, "Request Timeout", SITE_TOO_SLOW)              \
	X(ANSWER_LENGTH, 411, "Length Required", SITE_MALFORMED)               \
	X(ANSWER_TOO_LARGE, 413, "Content Too Large", SITE_TOO_LARGE)          \
	X(ANSWER_TYPE, 415, "Unsupported Media Type", SITE_MALFORMED)          \
	X(ANSWER_EXPECT, 417, "Expectation Failed", SITE_MALFORMED)            \
	X(ANSWER_WRONG_HOST, 421, "Misdirected Request", SITE_WRONG_HOST)      \
	X(ANSWER_BUSY_CIRCUIT, 429, "Too Many Requests", SITE_BUSY)            \
	X(ANSWER_HEAD_LARGE, 431, "Request Header Fields Too Large",           \
	    SITE_MALFORMED)                                                    \
	X(ANSWER_TROUBLE, 500, "Internal Server Error", SITE_TROUBLE)          \
	X(ANSWER_UNCERTAIN, 500, "Internal Server Error", SITE_UNCERTAIN)      \
	X(ANSWER_AWAY, 503, "Service Unavailable", SITE_AWAY)                  \
	X(ANSWER_BUSY, 503, "Service Unavailable", SITE_BUSY)                  \
	X(ANSWER_CLOSED, 503, "Service Unavailable", SITE_CLOSED)              \
	X(ANSWER_FULL, 507, "Insufficient Storage", SITE_FULL)                 \
	X(ANSWER_FULL_FILES, 507, "Insufficient Storage", SITE_FULL_FILES)

enum answer {
#define X(name, code, reason, page) name,
	ANSWERS(X)
#undef X
	    ANSWER_COUNT
};

/* The limits that pages name. */
struct answer_limits {
	uint64_t upload_max, message_max;
	uint32_t files_max;
};

/* A page's {{blank}}s: X(name in C, name in the page). */
#define ANSWER_BLANKS(X)                                                       \
	X(BLANK_WORD, "word1")                                                 \
	X(BLANK_WORD_2, "word2")                                               \
	X(BLANK_WORD_3, "word3")                                               \
	X(BLANK_WORD_4, "word4")                                               \
	X(BLANK_WORD_5, "word5")                                               \
	X(BLANK_WORD_6, "word6")                                               \
	X(BLANK_WORD_7, "word7")                                               \
	X(BLANK_WORD_8, "word8")                                               \
	X(BLANK_WORD_9, "word9")                                               \
	X(BLANK_WORD_10, "word10")                                             \
	X(BLANK_WORD_11, "word11")                                             \
	X(BLANK_WORD_12, "word12")                                             \
	X(BLANK_CODE, "code")   /* all twelve */                               \
	X(BLANK_REPLY, "reply") /* its text, escaped */                        \
	X(BLANK_DAY, "day")     /* "3 May 2026" */                             \
	X(BLANK_PLACE, "place") /* 1 is the newest ... */                      \
	X(BLANK_COUNT, "count") /* ... of so many */                           \
	X(BLANK_ID, "id")       /* hex digits */                               \
	X(BLANK_NEWER, "newer") /* its place, from 0 */                        \
	X(BLANK_OLDER, "older")                                                \
	X(BLANK_NO_NEWER, "no_newer") /* " hidden" if there is none */         \
	X(BLANK_NO_OLDER, "no_older")                                          \
	X(BLANK_NO_CUT, "no_cut") /* " hidden" if the reply is whole */

enum answer_blank {
#define X(name, text) name,
	ANSWER_BLANKS(X)
#undef X
	    BLANKS
};

struct answers; /* opaque */

/* ST_OK (*out is the caller's), ST_NOMEM, ST_LIMIT (a page is too long),
 * ST_MALFORMED (a page names a value that is not known). */
MUST_CHECK enum status answers_new(
    const struct answer_limits *limits, struct answers **out);
void answers_free(struct answers *answers);

/* Say on the page of a closed line when it opens again, in seconds since
 * 1970; 0: not known, as at first.  ST_OK; ST_NOMEM, then it stays as it was.
 */
MUST_CHECK enum status answers_set_opens(
    struct answers *answers, uint64_t opens);

/* The PAGE_TOTAL_LEN bytes of an answer without blanks, and how long its head
 * is. */
const uint8_t *answers_get(
    const struct answers *answers, enum answer which, size_t *head_len);

/*
 * Write an answer with its blanks filled in to out, PAGE_TOTAL_LEN bytes of
 * guarded memory.  A reply is at most SITE_REPLY_ESCAPED_MAX bytes of HTML;
 * then it fits.  ST_OK, or ST_LIMIT if it does not.
 */
MUST_CHECK enum status answers_fill(const struct answers *answers,
    enum answer which, const struct site_text fill[static BLANKS],
    uint8_t *out);

#endif
