/*
 * site: what visitors see.
 *
 * Every page is NAME.html: its title on the first line, then what goes into
 * layout.html's {{page}}.  {{style}} is style.css; {{upload_max}},
 * {{message_max}} and {{files_max}} are the limits in words, {{opens}} a
 * sentence that says when to come back; all others are the blanks of
 * site/answer.h.  The files are embedded when the program is built
 * (embed.cmake); the receiver, which can open no file, renders them once at
 * start (intake/answer.c).
 */
#ifndef TIPLINE_SITE_SITE_H
#define TIPLINE_SITE_SITE_H

#include <stddef.h>
#include <string.h>

/* The longest reply that its page shows whole, in bytes of HTML: &, <, > and
 * quotes take 4 to 6 each.  A longer one is cut, and the page says so. */
#define SITE_REPLY_ESCAPED_MAX 8000

/* X(name, stem of the file).  CMakeLists.txt embeds every *.html. */
#define SITE_PAGES(X)                                                          \
	X(SITE_FORM, form)                                                     \
	X(SITE_RECEIPT, receipt)                                               \
	X(SITE_RECEIPT_AGAIN, receipt_again)                                   \
	X(SITE_BAD_CODE, bad_code)                                             \
	X(SITE_RETURN, return )                                                \
	X(SITE_REPLY, reply)                                                   \
	X(SITE_NO_REPLY, no_reply)                                             \
	X(SITE_FORGOTTEN, forgotten)                                           \
	X(SITE_MAIL_MALFORMED, mail_malformed)                                 \
	X(SITE_MAIL_BUSY, mail_busy)                                           \
	X(SITE_MAIL_SLOW, mail_slow)                                           \
	X(SITE_MAIL_TROUBLE, mail_trouble)                                     \
	X(SITE_MAIL_AWAY, mail_away)                                           \
	X(SITE_CLOSED, closed)                                                 \
	X(SITE_BUSY, busy)                                                     \
	X(SITE_FULL, full)                                                     \
	X(SITE_FULL_FILES, full_files)                                         \
	X(SITE_TOO_LARGE, too_large)                                           \
	X(SITE_TOO_SLOW, too_slow)                                             \
	X(SITE_CUT, cut)                                                       \
	X(SITE_MALFORMED, malformed)                                           \
	X(SITE_EMPTY, empty)                                                   \
	X(SITE_TROUBLE, trouble)                                               \
	X(SITE_AWAY, away)                                                     \
	X(SITE_UNCERTAIN, uncertain)                                           \
	X(SITE_NOT_FOUND, not_found)                                           \
	X(SITE_WRONG_HOST, wrong_host)                                         \
	X(SITE_METHOD, method)                                                 \
	X(SITE_FOREIGN, foreign)

enum site_page {
#define X(name, stem) name,
	SITE_PAGES(X)
#undef X
	    SITE_PAGE_COUNT
};

struct site_text {
	const unsigned char *p; /* UTF-8, no NUL behind it */
	size_t len;
};

/* A string as such a text, borrowed. */
static inline struct site_text
site_text_of(const char *s)
{
	return (struct site_text){(const unsigned char *)s, strlen(s)};
}

/* The frame of every page, and its style. */
struct site_text site_layout(void);
struct site_text site_style(void);

/* A page: the title's line, then the rest.  page is one of the enum. */
struct site_text site_page(enum site_page page);

#endif
