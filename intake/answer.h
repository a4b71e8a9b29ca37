/*
 * answer: every answer the site can give, made once at start.
 *
 * Head and body together are PAGE_TOTAL_LEN bytes for every page and every
 * error, filled up with line ends behind the page, so that its length tells
 * nobody outside which one it was.  A HEAD request gets the head alone, as
 * RFC 9110 section 9.3.2 demands.  There is no Date, Server or ETag.
 */
#ifndef TIPLINE_INTAKE_ANSWER_H
#define TIPLINE_INTAKE_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "site/site.h"

/* X(name, status code, its reason phrase, page) */
#define ANSWERS(X)                                                             \
	X(ANSWER_FORM, 200, "OK", SITE_FORM)                                   \
	X(ANSWER_RECEIPT, 200, "OK", SITE_RECEIPT)                             \
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

struct answers; /* opaque */

/* ST_OK (*out is the caller's), ST_NOMEM, ST_LIMIT (a page is too long),
 * ST_MALFORMED (a page names a value that is not known). */
MUST_CHECK enum status answers_new(
    const struct answer_limits *limits, struct answers **out);
void answers_free(struct answers *answers);

/* The PAGE_TOTAL_LEN bytes of an answer, and how long its head is. */
const uint8_t *answers_get(
    const struct answers *answers, enum answer which, size_t *head_len);

#endif
