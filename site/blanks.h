/*
 * blanks: what a {{name}} in a page stands for.
 *
 * A name is one of these, or a piece of site.h.  The build (pages_compile.c)
 * puts a mark in its place: SITE_MARK and SITE_MARK_FIRST + its number, the
 * pieces counting on behind the blanks.
 */
#ifndef TIPLINE_SITE_BLANKS_H
#define TIPLINE_SITE_BLANKS_H

#define SITE_MARK 0x01
#define SITE_MARK_FIRST 0x20

/* Given for one visitor (answer.h): X(name in C, name in the page, bytes that
 * it may take once escaped; 0: it holds nothing to escape). */
#define SITE_FILLS(X)                                                          \
	X(FILL_WORD, word1, 0)                                                 \
	X(FILL_WORD_2, word2, 0)                                               \
	X(FILL_WORD_3, word3, 0)                                               \
	X(FILL_WORD_4, word4, 0)                                               \
	X(FILL_WORD_5, word5, 0)                                               \
	X(FILL_WORD_6, word6, 0)                                               \
	X(FILL_WORD_7, word7, 0)                                               \
	X(FILL_WORD_8, word8, 0)                                               \
	X(FILL_WORD_9, word9, 0)                                               \
	X(FILL_WORD_10, word10, 0)                                             \
	X(FILL_WORD_11, word11, 0)                                             \
	X(FILL_WORD_12, word12, 0)                                             \
	X(FILL_WORDS_LANG, words_lang, 0) /* of these words, "ko" */           \
	X(FILL_CODE, code, 0)             /* all twelve, to be sent again */   \
	X(FILL_TYPED, typed, SITE_TYPED_ESCAPED_MAX) /* what was typed */      \
	X(FILL_NUMBER, number, 0)                                              \
	X(FILL_REPLY, reply, SITE_REPLY_ESCAPED_MAX)                           \
	X(FILL_DAY, day, 0)     /* "2026-05-03" */                             \
	X(FILL_PLACE, place, 0) /* 1 is the newest ... */                      \
	X(FILL_COUNT, count, 0) /* ... of so many */                           \
	X(FILL_ID, id, 0)       /* hex digits */                               \
	X(FILL_NEWER, newer, 0) /* its place, from 0 */                        \
	X(FILL_OLDER, older, 0)                                                \
	X(FILL_NO_NEWER, no_newer, 0) /* " hidden" if there is none */         \
	X(FILL_NO_OLDER, no_older, 0)                                          \
	X(FILL_TEXT, text, SITE_TEXT_BACK_ESCAPED_MAX) /* of a refused tip */  \
	X(FILL_TOKEN, token, 0)                        /* of one sending */    \
	X(FILL_PERCENT, percent, 0)

/* Known to the site: X(name in C, name in the page). */
#define SITE_BLANKS(X)                                                         \
	X(BLANK_TITLE, title)                                                  \
	X(BLANK_PAGE, page)                                                    \
	X(BLANK_NAME, name)                                                    \
	X(BLANK_STYLE, style)                                                  \
	X(BLANK_NOSCRIPT, noscript)                                            \
	X(BLANK_LANG, lang)                                                    \
	X(BLANK_DIR, dir)                                                      \
	X(BLANK_BASE, base) /* "/ko", or nothing for English */                \
	X(BLANK_LANGUAGES, languages)                                          \
	X(BLANK_ONION, onion)                                                  \
	X(BLANK_UPLOAD_MAX, upload_max)                                        \
	X(BLANK_MESSAGE_MAX, message_max)                                      \
	X(BLANK_FILES_MAX, files_max)                                          \
	X(BLANK_OPENS, opens)                                                  \
	X(BLANK_NO_CUT, no_cut) /* " hidden" if the last text was whole */     \
	X(BLANK_FAULT, fault)   /* what is wrong with a code */                \
	X(BLANK_WORDS, words)   /* the operator's, of the item at hand */      \
	X(BLANK_TOPIC_LIST, topic_list)                                        \
	X(BLANK_TOPIC_TEXT, topic_text)                                        \
	X(BLANK_TOPIC_OPTIONS, topic_options)                                  \
	X(BLANK_QUESTION_LIST, question_list)                                  \
	X(BLANK_FINGERPRINT, fingerprint)                                      \
	X(BLANK_ROOT_PUB, root_pub)                                            \
	X(BLANK_KEYSET_SIG, keyset_sig)                                        \
	X(BLANK_KEYSET, keyset)

enum site_blank {
#define X(name, text, max) name,
	SITE_FILLS(X)
#undef X
	    FILLS,
	BLANK_BEFORE_FIRST = FILLS - 1,
#define X(name, text) name,
	SITE_BLANKS(X)
#undef X
	    BLANKS
};

#endif
