/*
 * site: what visitors see, as it stands in files.
 *
 * pages/NAME.html is a page (its title on the first line, the rest goes into
 * layout.html) or a piece that others hold.  [[text]] is put into each
 * language, {{name}} is a blank (blanks.h) or another piece.  The build
 * (pages_compile.c) translates all of it by po/CODE.po and embeds it, since
 * the receiver can open no file; answer.c writes answers from it.
 */
#ifndef TIPLINE_SITE_SITE_H
#define TIPLINE_SITE_SITE_H

#include <stddef.h>
#include <string.h>

/* The longest texts of a visitor or a reader that a page shows whole, in
 * bytes of HTML: &, <, > and quotes take 4 to 6 each.  Of a longer one the
 * beginning is shown, and the page says so, but for what was typed as words,
 * of which twelve take far less. */
#define SITE_REPLY_ESCAPED_MAX 8000
#define SITE_TEXT_BACK_ESCAPED_MAX 12000
#define SITE_TYPED_ESCAPED_MAX 3000

/* X(name, stem of the file). */
#define SITE_PAGES(X)                                                          \
	X(SITE_WELCOME, welcome)                                               \
	X(SITE_BEFORE, before)                                                 \
	X(SITE_FORM, form)                                                     \
	X(SITE_LARGE, large)                                                   \
	X(SITE_PROGRESS, progress)                                             \
	X(SITE_PROGRESS_KEPT, progress_kept)                                   \
	X(SITE_RECEIPT, receipt)                                               \
	X(SITE_RECEIPT_AGAIN, receipt_again)                                   \
	X(SITE_RECEIPT_NONE, receipt_none)                                     \
	X(SITE_RETURN, return )                                                \
	X(SITE_BAD_WORDS, bad_words)                                           \
	X(SITE_REPLY, reply)                                                   \
	X(SITE_NO_REPLY, no_reply)                                             \
	X(SITE_FORGOTTEN, forgotten)                                           \
	X(SITE_KEYS, keys)                                                     \
	X(SITE_KEYS_PART, keys_part)                                           \
	X(SITE_KEYS_NONE, keys_none)                                           \
	X(SITE_BAD_CODE, bad_code)                                             \
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
	X(SITE_GATEWAY, gateway)                                               \
	X(SITE_METHOD, method)                                                 \
	X(SITE_FOREIGN, foreign)

#define SITE_PIECES(X)                                                         \
	X(PIECE_LAYOUT, layout)                                                \
	X(PIECE_TOP, top)                                                      \
	X(PIECE_TARGET, target)                                                \
	X(PIECE_RELAY, relay)                                                  \
	X(PIECE_RELAY_FIELD, relay_field)                                      \
	X(PIECE_ORGANISATION, organisation)                                    \
	X(PIECE_ABOUT, about)                                                  \
	X(PIECE_TOPICS, topics)                                                \
	X(PIECE_TOPIC, topic)                                                  \
	X(PIECE_TOPIC_REWARD, topic_reward)                                    \
	X(PIECE_ADVICE, advice)                                                \
	X(PIECE_TIP_FIELDS, tip_fields)                                        \
	X(PIECE_MORE_FIELDS, more_fields)                                      \
	X(PIECE_TOPIC_FIELD, topic_field)                                      \
	X(PIECE_QUESTIONS, questions)                                          \
	X(PIECE_QUESTION_NONE, question_none)                                  \
	X(PIECE_CODE_FORM, code_form)                                          \
	X(PIECE_FAULT_EMPTY, fault_empty)                                      \
	X(PIECE_FAULT_COUNT, fault_count)                                      \
	X(PIECE_FAULT_WORD, fault_word)                                        \
	X(PIECE_FAULT_SUM, fault_sum)                                          \
	X(PIECE_ADD, add)                                                      \
	X(PIECE_LEAVE, leave)                                                  \
	X(PIECE_TEXT_BACK, text_back)                                          \
	X(PIECE_TEXT_CUT, text_cut)                                            \
	X(PIECE_KEYSET_MORE, keyset_more)                                      \
	X(PIECE_OPENS_UNKNOWN, opens_unknown)                                  \
	X(PIECE_OPENS_DAY, opens_day)                                          \
	X(PIECE_BACK_TO_FORM, back_to_form)                                    \
	X(PIECE_BACK_TO_RETURN, back_to_return)                                \
	X(PIECE_PROGRESS_WAIT, progress_wait)                                  \
	X(PIECE_PROGRESS_STEP, progress_step)                                  \
	X(PIECE_PROGRESS_STORED, progress_stored)                              \
	X(PIECE_PROGRESS_REFUSED, progress_refused)

/* Pages first, then pieces. */
enum site_page {
#define X(name, stem) name,
	SITE_PAGES(X)
#undef X
	    SITE_PAGE_COUNT,
	SITE_BEFORE_FIRST_PIECE = SITE_PAGE_COUNT - 1,
#define X(name, stem) name,
	SITE_PIECES(X)
#undef X
	    SITE_FILE_COUNT
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

/* pages/style.css, and the style that hides the banner about scripts where
 * none run. */
struct site_text site_style(void);
struct site_text site_noscript(void);

/* A page or piece in a language (language.h): marks in the place of blanks. */
struct site_text site_page(enum site_page page, size_t language);

/* The stem of its file. */
const char *site_stem(enum site_page page);

#endif
