/*
 * What a connection is answered, written when it is sent.  Codes, words and
 * replies come from guarded memory into rx->page, which is guarded and wiped
 * after each write: a visitor who reads slowly costs no page of his own.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/log.h"
#include "intake/conn_parts.h"
#include "site/language.h"

/* What stands in fills that are made here. */
struct made {
	char code[CODE_TEXT_LEN + 1];
	char number[16];
	char token[2 * ROUTE_TOKEN_LEN + 1];
};

enum words_list
conn_words(const struct conn *c)
{
	int list = words_list_find(language_get(c->route.language)->words);

	return list < 0 ? WORDS_ENGLISH : (enum words_list)list;
}

static enum site_page
fault_piece(struct code_text_fault fault)
{
	switch (fault.what) {
	case CODE_TEXT_EMPTY:
		return PIECE_FAULT_EMPTY;
	case CODE_TEXT_COUNT:
		return PIECE_FAULT_COUNT;
	case CODE_TEXT_WORD:
		return PIECE_FAULT_WORD;
	case CODE_TEXT_SUM:
	case CODE_TEXT_FITS:
		break;
	}
	return PIECE_FAULT_SUM;
}

/* In the page's own list, which may be another language's. */
static const char *
words_lang(enum words_list list, const struct conn *c)
{
	return list == WORDS_ENGLISH ? language_get(LANGUAGE_ENGLISH)->code
				     : language_get(c->route.language)->code;
}

static void
fill_receipt(
    struct conn *c, struct site_text fill[static FILLS], struct made *made)
{
	enum words_list list = conn_words(c);
	uint16_t word[RETURN_WORDS];

	return_code_words(c->code, word);
	for (size_t i = 0; i < RETURN_WORDS; i++)
		fill[FILL_WORD + i] = site_text_of(words_text(list, word[i]));
	fill[FILL_WORDS_LANG] = site_text_of(words_lang(list, c));
	code_text_write(c->code, WORDS_ENGLISH, made->code);
	fill[FILL_CODE] = site_text_of(made->code);
	wipe(word, sizeof(word));
}

static void
fill_number(struct site_text fill[static FILLS], struct made *made, unsigned n)
{
	snprintf(made->number, sizeof(made->number), "%u", n);
	fill[FILL_NUMBER] = site_text_of(made->number);
}

/* What is wrong with a code, and the number that is said with it. */
static void
fill_fault(struct code_text_fault fault, struct answer_ask *ask,
    struct site_text fill[static FILLS], struct made *made)
{
	ask->fault = fault_piece(fault);
	fill_number(fill, made,
	    fault.what == CODE_TEXT_WORD ? fault.word : fault.count);
}

static void
fill_token(const struct conn *c, struct site_text fill[static FILLS],
    struct made *made)
{
	for (size_t i = 0; i < ROUTE_TOKEN_LEN; i++)
		snprintf(made->token + 2 * i, 3, "%02x", c->route.token[i]);
	fill[FILL_TOKEN] = site_text_of(made->token);
}

static void
fill_in(struct conn *c, struct answer_ask *ask,
    struct site_text fill[static FILLS], struct made *made)
{
	switch (c->answer) {
	case ANSWER_RECEIPT:
		fill_receipt(c, fill, made);
		break;
	case ANSWER_BAD_CODE:
		fill_fault(c->fault, ask, fill, made);
		break;
	case ANSWER_BAD_WORDS:
		mail_fill(c->mail, fill);
		fill_fault(mail_fault(c->mail), ask, fill, made);
		break;
	case ANSWER_REPLY:
		mail_fill(c->mail, fill);
		break;
	case ANSWER_LARGE:
		fill_token(c, fill, made);
		break;
	case ANSWER_KEYS:
	case ANSWER_KEYS_PART:
		fill_number(fill, made, c->route.part + 1);
		break;
	default:
		break;
	}
	fill[FILL_TEXT] = text_back_get(c->text, &ask->text_cut);
}

const uint8_t *
conn_page(struct conn *c, size_t at, size_t *head_len)
{
	struct site_text fill[FILLS] = {{NULL, 0}};
	struct made made = {.code = ""};
	struct answer_ask ask = {.which = c->answer,
	    .language = c->route.language,
	    .framed = c->route.has_token && c->route.page != ROUTE_LARGE,
	    .again = c->answer == ANSWER_PROGRESS, /* only its head */
	    .part = c->route.part,
	    .fill = fill};

	fill_in(c, &ask, fill, &made);
	if (answers_write(c->rx->answers, &ask, c->rx->page, head_len, NULL) !=
	    ST_OK)
		log_event(LOG_BUG); /* whoever made the texts was told */
	wipe(&made, sizeof(made));
	wipe(fill, sizeof(fill));
	return c->rx->page + at;
}
