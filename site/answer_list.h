/*
 * answer_list: the answers, their status (RFC 9110 section 15) and page.
 */
#ifndef TIPLINE_SITE_ANSWER_LIST_H
#define TIPLINE_SITE_ANSWER_LIST_H

/* X(name, status code, its reason phrase, page, path that gives it to a GET
 * without more, or NULL). */
#define ANSWERS(X)                                                             \
	X(ANSWER_WELCOME, 200, "OK", SITE_WELCOME, "/")                        \
	X(ANSWER_BEFORE, 200, "OK", SITE_BEFORE, "/before")                    \
	X(ANSWER_FORM, 200, "OK", SITE_FORM, "/tip")                           \
	X(ANSWER_LARGE, 200, "OK", SITE_LARGE, "/large")                       \
	X(ANSWER_PROGRESS, 200, "OK", SITE_PROGRESS, NULL)                     \
	X(ANSWER_PROGRESS_KEPT, 200, "OK", SITE_PROGRESS_KEPT, NULL)           \
	X(ANSWER_RECEIPT, 200, "OK", SITE_RECEIPT, NULL)                       \
	X(ANSWER_RECEIPT_AGAIN, 200, "OK", SITE_RECEIPT_AGAIN, NULL)           \
	X(ANSWER_RECEIPT_NONE, 200, "OK", SITE_RECEIPT_NONE, NULL)             \
	X(ANSWER_RETURN, 200, "OK", SITE_RETURN, "/return")                    \
	X(ANSWER_BAD_WORDS, 400, "Bad Request", SITE_BAD_WORDS, NULL)          \
	X(ANSWER_REPLY, 200, "OK", SITE_REPLY, NULL)                           \
	X(ANSWER_NO_REPLY, 200, "OK", SITE_NO_REPLY, NULL)                     \
	X(ANSWER_FORGOTTEN, 200, "OK", SITE_FORGOTTEN, NULL)                   \
	X(ANSWER_KEYS, 200, "OK", SITE_KEYS, "/keys")                          \
	X(ANSWER_KEYS_PART, 200, "OK", SITE_KEYS_PART, NULL)                   \
	X(ANSWER_KEYS_NONE, 404, "Not Found", SITE_KEYS_NONE, NULL)            \
	X(ANSWER_BAD_CODE, 400, "Bad Request", SITE_BAD_CODE, NULL)            \
	X(ANSWER_MAIL_MALFORMED, 400, "Bad Request", SITE_MAIL_MALFORMED,      \
	    NULL)                                                              \
	X(ANSWER_MAIL_LARGE, 413, "Content Too Large", SITE_MAIL_MALFORMED,    \
	    NULL)                                                              \
	X(ANSWER_MAIL_SLOW, 408, "Request Timeout", SITE_MAIL_SLOW, NULL)      \
	X(ANSWER_MAIL_BUSY_CIRCUIT, 429, "Too Many Requests", SITE_MAIL_BUSY,  \
	    NULL)                                                              \
	X(ANSWER_MAIL_TROUBLE, 500, "Internal Server Error",                   \
	    SITE_MAIL_TROUBLE, NULL)                                           \
	X(ANSWER_MAIL_AWAY, 503, "Service Unavailable", SITE_MAIL_AWAY, NULL)  \
	X(ANSWER_MAIL_BUSY, 503, "Service Unavailable", SITE_MAIL_BUSY, NULL)  \
	X(ANSWER_EMPTY, 400, "Bad Request", SITE_EMPTY, NULL)                  \
	X(ANSWER_CUT, 400, "Bad Request", SITE_CUT, NULL)                      \
	X(ANSWER_MALFORMED, 400, "Bad Request", SITE_MALFORMED, NULL)          \
	X(ANSWER_FOREIGN, 403, "Forbidden", SITE_FOREIGN, NULL)                \
	X(ANSWER_GATEWAY, 403, "Forbidden", SITE_GATEWAY, NULL)                \
	X(ANSWER_NOT_FOUND, 404, "Not Found", SITE_NOT_FOUND, NULL)            \
	X(ANSWER_METHOD, 405, "Method Not Allowed", SITE_METHOD, NULL)         \
	X(ANSWER_TOO_SLOW, 408, "Request Timeout", SITE_TOO_SLOW, NULL)        \
	X(ANSWER_LENGTH, 411, "Length Required", SITE_MALFORMED, NULL)         \
	X(ANSWER_TOO_LARGE, 413, "Content Too Large", SITE_TOO_LARGE, NULL)    \
	X(ANSWER_TYPE, 415, "Unsupported Media Type", SITE_MALFORMED, NULL)    \
	X(ANSWER_EXPECT, 417, "Expectation Failed", SITE_MALFORMED, NULL)      \
	X(ANSWER_WRONG_HOST, 421, "Misdirected Request", SITE_WRONG_HOST,      \
	    NULL)                                                              \
	X(ANSWER_BUSY_CIRCUIT, 429, "Too Many Requests", SITE_BUSY, NULL)      \
	X(ANSWER_HEAD_LARGE, 431, "Request Header Fields Too Large",           \
	    SITE_MALFORMED, NULL)                                              \
	X(ANSWER_TROUBLE, 500, "Internal Server Error", SITE_TROUBLE, NULL)    \
	X(ANSWER_UNCERTAIN, 500, "Internal Server Error", SITE_UNCERTAIN,      \
	    NULL)                                                              \
	X(ANSWER_AWAY, 503, "Service Unavailable", SITE_AWAY, NULL)            \
	X(ANSWER_BUSY, 503, "Service Unavailable", SITE_BUSY, NULL)            \
	X(ANSWER_CLOSED, 503, "Service Unavailable", SITE_CLOSED, NULL)        \
	X(ANSWER_FULL, 507, "Insufficient Storage", SITE_FULL, NULL)           \
	X(ANSWER_FULL_FILES, 507, "Insufficient Storage", SITE_FULL_FILES, NULL)

enum answer {
#define X(name, code, reason, page, path) name,
	ANSWERS(X)
#undef X
	    ANSWER_COUNT
};

#endif
