/*
 * A tip that is refused by its head, before a byte of it was taken in: its
 * message is looked for in the body, which has to be drained anyway, and the
 * refusal gives it back.  Nothing is sealed and nothing goes to the keeper.
 *
 * It ends with the first part behind the message that is no text, with the
 * form or the body, or with LIMIT_SALVAGE_SECONDS; then comes the answer.  One
 * circuit has as many places for it as for looking for answers.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/guarded.h"
#include "intake/conn_parts.h"
#include "intake/conn_progress.h"
#include "intake/limits.h"
#include "intake/multipart.h"

struct salvage {
	struct conn *conn;
	struct multipart parser;
	bool text; /* the open part is one that people wrote */
};

_Static_assert(sizeof(struct salvage) + 64 < LIMIT_SALVAGE_LEN, "in a page");

static enum status
on_part(void *ctx, const struct multipart_part *part)
{
	struct salvage *s = ctx;

	s->text = part->file == NULL &&
	    ((part->name_len == 7 && memcmp(part->name, "message", 7) == 0) ||
		(part->name_len > 2 && memcmp(part->name, "q-", 2) == 0));
	/* Files come behind all that people wrote. */
	return part->file == NULL ? ST_OK : ST_EOF;
}

static enum status
on_data(void *ctx, const uint8_t *p, size_t len)
{
	struct salvage *s = ctx;
	struct conn *c = s->conn;

	if (s->text)
		text_back_add(&c->rx->texts_held, &c->text, p, len);
	return text_back_full(c->text) ? ST_EOF : ST_OK;
}

static enum status
on_part_end(void *ctx)
{
	struct salvage *s = ctx;

	if (s->text)
		text_back_field_end(s->conn->text);
	return ST_OK;
}

static const struct multipart_events events = {on_part, on_data, on_part_end};

void
conn_salvage_end(struct conn *c)
{
	if (c->salvage == NULL)
		return;
	guarded_free(c->salvage);
	c->salvage = NULL;
	c->rx->salvages--;
	admission_mail_end(c->circuit);
}

static bool
begin(struct conn *c)
{
	const uint8_t *boundary = c->head + c->http.boundary.at;

	if (c->rx->salvages == LIMIT_SALVAGES ||
	    admission_mail_begin(c->circuit) != ST_OK)
		return false;
	if ((c->salvage = guarded_new(sizeof(*c->salvage))) == NULL) {
		admission_mail_end(c->circuit);
		return false;
	}
	c->rx->salvages++;
	c->salvage->conn = c;
	multipart_begin(&c->salvage->parser, boundary, c->http.boundary.len,
	    &events, c->salvage);
	return true;
}

/* Take in bytes of the body.  May drop c. */
static void
take(struct conn *c, const uint8_t *p, size_t len)
{
	c->left -= len;
	if (multipart_feed(&c->salvage->parser, p, len) != ST_OK ||
	    multipart_whole(&c->salvage->parser) || c->left == 0)
		conn_answer(c, c->refusal);
}

void
conn_refuse(struct conn *c, enum answer which)
{
	const uint8_t *rest;
	uint8_t *head;
	size_t len = c->head_len - c->http.head_len;

	c->left = c->http.length;
	c->refusal = which;
	/* The frame beside the form tells it before the body is through. */
	if (c->route.page == ROUTE_TIP && c->http.method == HTTP_POST) {
		conn_progress_begin(c);
		conn_progress_end(c, which);
	}
	if (c->route.page != ROUTE_TIP || c->http.method != HTTP_POST ||
	    c->http.boundary.len == 0 || !answers_refuses(which) ||
	    c->http.expects || /* it has not sent its body, and need not */
	    c->left == 0 || !begin(c)) {
		c->left -= len < c->left ? len : c->left;
		conn_answer(c, which);
		return;
	}
	head = conn_head_take(c, &rest, &len);
	conn_phase(c, CONN_SALVAGE, &c->rx->working, LIMIT_SALVAGE_SECONDS);
	take(c, rest, len);
	wiping_free(head);
}

void
conn_salvage_readable(struct conn *c)
{
	uint8_t *buf = c->rx->read_buf;
	size_t want = c->left < LIMIT_READ_LEN ? c->left : LIMIT_READ_LEN;
	size_t n = conn_body_read(c, want, c->refusal);

	if (n == 0)
		return;
	take(c, buf, n);
	wipe(buf, n);
}
