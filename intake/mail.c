#include "intake/mail.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/guarded.h"
#include "base/num.h"
#include "intake/ascii.h"
#include "intake/limits.h"
#include "intake/multipart.h"
#include "line/config.h"
#include "site/page_text.h"

_Static_assert(
    KEEPER_REPLY_LEN == REPLY_LEN && KEEPER_MAILBOX_LEN == MAILBOX_ID_LEN,
    "the keeper keeps what the analysts seal");

/* One byte more than the longest: "http://" and an address. */
#define VALUE_LEN (ONION_MAX + 8)
#define REPLY_ID_DIGITS 16
#define SECONDS_A_DAY 86400

enum field {
	FIELD_CODE,
	FIELD_ACTION,
	FIELD_REPLY,
	FIELD_PLACE,
	FIELD_ADDRESS,
	FIELDS
};

static const char *const field_name[FIELDS] = {
    "code", "action", "reply", "place", "address"};

struct slot {
	uint64_t id;
	uint8_t sealed[REPLY_LEN];
};

/* A reply that was opened: enough to put them in order. */
struct found {
	size_t slot;
	uint32_t day;
	uint64_t id;
};

/* What the page says around the reply. */
struct page_words {
	char code[CODE_TEXT_LEN + 1];
	char day[PAGE_DAY_LEN + 1];
	char id[REPLY_ID_DIGITS + 1];
	char place[2], count[2], newer[2], older[2];
};

_Static_assert(KEEPER_SLOTS < 10, "a digit is enough");

struct mail {
	struct multipart parser;
	const char *onion;
	enum field open;
	bool had[FIELDS];
	size_t len[FIELDS];
	uint8_t code_text[LIMIT_CODE_TEXT];
	uint8_t value[FIELDS][VALUE_LEN]; /* of all but the code */
	/* once the form is whole */
	struct code_text_fault fault;
	enum mail_wish wish;
	uint64_t reply_id;
	uint64_t place; /* 0 is the newest */
	uint8_t code[RETURN_CODE_LEN];
	uint8_t secret[SECRET_KEY_LEN];
	struct mailbox box;
	size_t slots;
	struct slot *slot; /* sealed, so in ordinary memory; KEEPER_SLOTS */
	size_t count;      /* of found */
	struct found found[KEEPER_SLOTS];
	struct reply reply; /* the one that is shown */
	struct page_words words;
};

_Static_assert(sizeof(struct mail) + 64 < LIMIT_MAIL_LEN, "room is set aside");

static enum status
on_part(void *ctx, const struct multipart_part *part)
{
	struct mail *mail = ctx;

	for (int f = 0; f < FIELDS; f++) {
		if (part->file != NULL || mail->had[f] ||
		    part->name_len != strlen(field_name[f]) ||
		    memcmp(part->name, field_name[f], part->name_len) != 0)
			continue;
		mail->had[f] = true;
		mail->open = (enum field)f;
		return ST_OK;
	}
	return ST_MALFORMED;
}

static enum status
on_data(void *ctx, const uint8_t *p, size_t len)
{
	struct mail *mail = ctx;
	bool code = mail->open == FIELD_CODE;
	uint8_t *to = code ? mail->code_text : mail->value[mail->open];
	size_t room = code ? LIMIT_CODE_TEXT : VALUE_LEN;
	size_t *have = &mail->len[mail->open];

	/* Too long a code is a wrong one, not a wrong form; too long an
	 * address is a gateway's. */
	if (len > room - *have) {
		if (!code && mail->open != FIELD_ADDRESS)
			return ST_MALFORMED;
		len = room - *have;
	}
	if (len > 0)
		memcpy(to + *have, p, len);
	*have += len;
	return ST_OK;
}

static enum status
on_part_end(void *ctx)
{
	(void)ctx;
	return ST_OK;
}

static const struct multipart_events events = {on_part, on_data, on_part_end};

enum status
mail_new(struct mail **out)
{
	*out = guarded_new(sizeof(**out));
	return *out == NULL ? ST_NOMEM : ST_OK;
}

void
mail_form(
    struct mail *mail, const uint8_t *boundary, size_t len, const char *onion)
{
	mail->onion = onion;
	multipart_begin(&mail->parser, boundary, len, &events, mail);
}

enum status
mail_feed(struct mail *mail, const uint8_t *p, size_t len)
{
	return multipart_feed(&mail->parser, p, len) == ST_OK ? ST_OK
							      : ST_MALFORMED;
}

static bool
value_is(const struct mail *mail, enum field f, const char *word)
{
	return mail->len[f] == strlen(word) &&
	    memcmp(mail->value[f], word, mail->len[f]) == 0;
}

/* The short fields; each may be left out or empty. */
static bool
read_values(struct mail *mail)
{
	int digit;

	if (value_is(mail, FIELD_ACTION, "delete"))
		mail->wish = MAIL_DELETE;
	else if (mail->len[FIELD_ACTION] > 0 &&
	    !value_is(mail, FIELD_ACTION, "read"))
		return false;
	if (mail->len[FIELD_REPLY] > REPLY_ID_DIGITS)
		return false;
	for (size_t i = 0; i < mail->len[FIELD_REPLY]; i++) {
		digit = ascii_hex(mail->value[FIELD_REPLY][i]);
		if (digit < 0)
			return false;
		mail->reply_id = mail->reply_id << 4 | (unsigned)digit;
	}
	return mail->len[FIELD_PLACE] == 0 ||
	    num_parse((const char *)mail->value[FIELD_PLACE],
		mail->len[FIELD_PLACE], KEEPER_SLOTS, &mail->place) == ST_OK;
}

/* Did a web gateway change our address in the form? */
static bool
gateway(const struct mail *mail)
{
	char own[VALUE_LEN + 1];

	if (!mail->had[FIELD_ADDRESS] || mail->onion[0] == '\0')
		return false;
	(void)snprintf(own, sizeof(own), "http://%s", mail->onion);
	return !ascii_same(
	    mail->value[FIELD_ADDRESS], mail->len[FIELD_ADDRESS], own);
}

enum status
mail_end(struct mail *mail, enum words_list list)
{
	if (!multipart_whole(&mail->parser) || !read_values(mail))
		return ST_MALFORMED;
	if (gateway(mail))
		return ST_DENIED;
	if (code_text_read(mail->code_text, mail->len[FIELD_CODE], list,
		mail->code, &mail->fault) != ST_OK)
		return ST_ABSENT;
	mail->slot = wiping_malloc(KEEPER_SLOTS * sizeof(*mail->slot));
	if (mail->slot == NULL)
		return ST_NOMEM;
	memset(mail->slot, 0, KEEPER_SLOTS * sizeof(*mail->slot));
	return_code_mailbox(mail->code, &mail->box, mail->secret);
	return ST_OK;
}

struct code_text_fault
mail_fault(const struct mail *mail)
{
	return mail->fault;
}

enum mail_wish
mail_wish(const struct mail *mail)
{
	return mail->wish;
}

const uint8_t *
mail_box(const struct mail *mail)
{
	return mail->box.id;
}

uint64_t
mail_reply_id(const struct mail *mail)
{
	return mail->reply_id;
}

void
mail_slot(
    struct mail *mail, uint64_t id, const uint8_t sealed[static REPLY_LEN])
{
	struct slot *slot;

	if (mail->slot == NULL || mail->slots == KEEPER_SLOTS)
		return;
	slot = &mail->slot[mail->slots++];
	slot->id = id;
	memcpy(slot->sealed, sealed, REPLY_LEN);
}

/* Put a reply among those found, the newest first. */
static void
insert(struct mail *mail, struct found new)
{
	size_t at = mail->count++;
	struct found *f = mail->found;

	for (; at > 0; at--) {
		if (f[at - 1].day > new.day ||
		    (f[at - 1].day == new.day &&f[at - 1].id > new.id))
			break;
		f[at] = f[at - 1];
	}
	f[at] = new;
}

/* Try every slot.  ST_OK or ST_NOMEM. */
static enum status
open_all(struct mail *mail)
{
	enum status st;

	for (size_t i = 0; i < mail->slots; i++) {
		st = reply_open(&mail->box, mail->secret, mail->slot[i].sealed,
		    &mail->reply);
		if (st == ST_NOMEM)
			return st;
		if (st == ST_OK)
			insert(mail,
			    (struct found){
				i, mail->reply.day, mail->slot[i].id});
	}
	return ST_OK;
}

static void
digit(char text[static 2], size_t n)
{
	text[0] = (char)('0' + n);
	text[1] = '\0';
}

static struct site_text
hidden(bool yes)
{
	return site_text_of(yes ? " hidden" : "");
}

/* The words around the reply that was chosen. */
static void
write_words(struct mail *mail)
{
	size_t at = mail->place, last = mail->count - 1;
	const struct found *f = &mail->found[at];
	struct page_words *w = &mail->words;

	/* Never shown, only sent again: one list does for all. */
	code_text_write(mail->code, WORDS_ENGLISH, w->code);
	page_text_day((uint64_t)f->day * SECONDS_A_DAY, w->day);
	snprintf(w->id, sizeof(w->id), "%016" PRIx64, f->id);
	digit(w->place, at + 1);
	digit(w->count, mail->count);
	digit(w->newer, at == 0 ? 0 : at - 1);
	digit(w->older, at == last ? at : at + 1);
}

enum status
mail_open(struct mail *mail, enum answer *which)
{
	size_t chosen = 0;
	enum status st;

	*which = ANSWER_NO_REPLY;
	if ((st = open_all(mail)) != ST_OK)
		return st;
	if (mail->count > 0) {
		if (mail->place >= mail->count)
			mail->place = mail->count - 1;
		chosen = mail->found[mail->place].slot;
	}
	/* The one to be shown is opened once more, and one is where there is
	 * none to show: as much work for all. */
	st = reply_open(
	    &mail->box, mail->secret, mail->slot[chosen].sealed, &mail->reply);
	if (st == ST_NOMEM)
		return st;
	if (mail->count > 0) {
		write_words(mail);
		*which = ANSWER_REPLY;
	}
	wiping_free(mail->slot);
	mail->slot = NULL;
	return ST_OK;
}

void
mail_fill(const struct mail *mail, struct site_text fill[static FILLS])
{
	const struct page_words *w = &mail->words;

	fill[FILL_TYPED] =
	    (struct site_text){mail->code_text, mail->len[FIELD_CODE]};
	fill[FILL_CODE] = site_text_of(w->code);
	fill[FILL_REPLY] =
	    (struct site_text){mail->reply.text, mail->reply.len};
	fill[FILL_DAY] = site_text_of(w->day);
	fill[FILL_PLACE] = site_text_of(w->place);
	fill[FILL_COUNT] = site_text_of(w->count);
	fill[FILL_ID] = site_text_of(w->id);
	fill[FILL_NEWER] = site_text_of(w->newer);
	fill[FILL_OLDER] = site_text_of(w->older);
	fill[FILL_NO_NEWER] = hidden(mail->place == 0);
	fill[FILL_NO_OLDER] = hidden(mail->place + 1 >= mail->count);
}

void
mail_free(struct mail *mail)
{
	if (mail == NULL)
		return;
	wiping_free(mail->slot);
	guarded_free(mail);
}
