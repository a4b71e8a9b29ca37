/*
 * A request's head, and what it decides: a page, or a tip to take.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/log.h"
#include "intake/ascii.h"
#include "intake/conn_mail.h"
#include "intake/conn_parts.h"
#include "intake/conn_progress.h"
#include "intake/limits.h"
#include "intake/proxy_line.h"
#include "site/language.h"

static bool
host_ours(const struct conn *c)
{
	const struct receiver *rx = c->rx;
	struct http_span host = c->http.host;

	if (rx->config.onion[0] != '\0' &&
	    http_span_same(c->head, host, rx->config.onion))
		return true;
	if (!c->loopback)
		return rx->config.onion[0] == '\0';
	for (size_t i = 0; i < 2; i++)
		if (http_span_same(c->head, host, rx->loopback[i]))
			return true;
	return false;
}

/* Does the browser say that another site's page sent this form? */
static bool
foreign(const struct conn *c)
{
	const uint8_t *origin = c->head + c->http.origin.at;
	struct http_span host = c->http.host;
	size_t len = c->http.origin.len, scheme;

	if (c->http.site == HTTP_SITE_FOREIGN)
		return true;
	if (len == 0 || ascii_same(origin, len, "null"))
		return false;
	if (len > 7 && memcmp(origin, "http://", 7) == 0)
		scheme = 7;
	else if (len > 8 && memcmp(origin, "https://", 8) == 0)
		scheme = 8;
	else
		return true;
	if (len - scheme != host.len)
		return true;
	for (size_t i = 0; i < host.len; i++)
		if (ascii_lower(origin[scheme + i]) !=
		    ascii_lower(c->head[host.at + i]))
			return true;
	return false;
}

/* ANSWER_COUNT: none, let it in. */
static enum answer
admit(struct conn *c, const struct recipients **to)
{
	struct receiver *rx = c->rx;
	uint64_t need;

	*to = NULL;
	if (foreign(c))
		return ANSWER_FOREIGN;
	if ((*to = receiver_epoch(rx)) == NULL)
		return ANSWER_CLOSED;
	if (c->http.length > rx->config.upload_max + LIMIT_BODY_SLACK)
		return ANSWER_TOO_LARGE;
	if (!keeper_link_up(rx->link))
		return ANSWER_AWAY;
	need = envelope_bound(c->http.length, (*to)->count);
	if (need > admission_text_room(rx->admission))
		return ANSWER_FULL;
	if (c->http.length > UPLOAD_TEXT_MAX &&
	    need > admission_files_room(rx->admission))
		return ANSWER_FULL_FILES;
	return ANSWER_COUNT;
}

/* Let an upload in and count it. */
static enum answer
begin_upload(struct conn *c, const struct recipients *to)
{
	struct receiver *rx = c->rx;
	const uint8_t *boundary = c->head + c->http.boundary.at;

	if (admission_upload_begin(rx->admission, c->circuit) != ST_OK) {
		log_event(LOG_CIRCUIT_LIMIT);
		return ANSWER_BUSY_CIRCUIT;
	}
	if ((rx->uploads >= rx->uploads_max && !conn_body_yield(rx)) ||
	    upload_new(&rx->shop, to, c->http.length, c, &c->upload) != ST_OK) {
		admission_upload_end(c->circuit);
		return ANSWER_BUSY;
	}
	upload_form(c->upload, boundary, c->http.boundary.len, conn_words(c));
	rx->uploads++;
	c->counted = true;
	conn_progress_begin(c);
	return ANSWER_COUNT;
}

/* May it come back with a code?  ANSWER_COUNT: yes. */
static enum answer
decide_return(struct conn *c)
{
	if (c->http.method != HTTP_POST)
		return ANSWER_RETURN;
	c->ticks = true;
	c->tick_from = conn_now();
	if (foreign(c))
		return ANSWER_FOREIGN;
	return c->http.length > LIMIT_RETURN_LEN ? ANSWER_MAIL_LARGE
						 : conn_mail_admit(c);
}

/* A page of the key set. */
static enum answer
decide_keys(const struct conn *c)
{
	if (c->rx->keyset_text.len == 0)
		return ANSWER_KEYS_NONE;
	if (c->route.part > answers_key_parts(c->rx->answers))
		return ANSWER_NOT_FOUND;
	return c->route.part == 1 ? ANSWER_KEYS : ANSWER_KEYS_PART;
}

/* A GET or HEAD. */
static enum answer
decide_page(struct conn *c)
{
	static const enum answer pages[] = {
	    [ROUTE_WELCOME] = ANSWER_WELCOME,
	    [ROUTE_BEFORE] = ANSWER_BEFORE,
	    [ROUTE_TIP] = ANSWER_FORM,
	    [ROUTE_LARGE] = ANSWER_LARGE,
	    [ROUTE_PROGRESS] = ANSWER_PROGRESS,
	};

	if (c->route.page == ROUTE_KEYS)
		return decide_keys(c);
	if (c->route.page == ROUTE_TIP && c->route.has_token)
		return ANSWER_NOT_FOUND;
	if (c->route.page != ROUTE_PROGRESS && receiver_epoch(c->rx) == NULL)
		return ANSWER_CLOSED;
	if (c->route.page == ROUTE_LARGE && !conn_progress_token(c))
		return ANSWER_TROUBLE;
	return pages[c->route.page];
}

/* A language that is not offered has no pages.  But an address alone must
 * lead somewhere: where English is not offered, its paths are another's. */
static void
find_route(struct conn *c)
{
	route_parse(c->head + c->http.target.at, c->http.target.len, &c->route);
	if (c->rx->texts->language_on[c->route.language])
		return;
	if (c->route.language != LANGUAGE_ENGLISH)
		route_parse(NULL, 0, &c->route);
	c->route.language = texts_offered(c->rx->texts, LANGUAGE_ENGLISH);
}

/* The head is whole and of the grammar.  ANSWER_COUNT: a body is taken. */
static enum answer
decide(struct conn *c)
{
	const struct recipients *to;
	enum answer refusal;

	find_route(c);
	if (!host_ours(c))
		return ANSWER_WRONG_HOST;
	if (c->http.gateway)
		return ANSWER_GATEWAY;
	if (c->route.page == ROUTE_NONE)
		return ANSWER_NOT_FOUND;
	if (c->route.page == ROUTE_RETURN)
		return decide_return(c);
	if (c->http.method != HTTP_POST)
		return decide_page(c);
	if (c->route.page != ROUTE_TIP)
		return ANSWER_METHOD;
	if ((refusal = admit(c, &to)) != ANSWER_COUNT)
		return refusal;
	return begin_upload(c, to);
}

/*
 * Tell a client that asked (curl does, no browser) to send its body, RFC 9110
 * section 10.1.1.  A fresh socket has room for so little; if it has not, the
 * client sends its body after a moment all the same.
 */
static void
say_continue(const struct conn *c)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (c->http.expects && c->http.version_1_1 &&
	    c->head_len == c->http.head_len)
		(void)!send(c->fd, text, sizeof(text) - 1, MSG_NOSIGNAL);
}

uint8_t *
conn_head_take(struct conn *c, const uint8_t **rest, size_t *len)
{
	uint8_t *head = c->head;

	*rest = head + c->http.head_len;
	*len = c->head_len - c->http.head_len;
	if (*len > c->left)
		*len = c->left; /* what follows is not of this request */
	c->head = NULL;
	c->head_len = 0;
	return head;
}

static void
head_whole(struct conn *c)
{
	enum answer which = decide(c);

	if (which == ANSWER_PROGRESS) {
		conn_progress_show(c);
		return;
	}
	if (which != ANSWER_COUNT) {
		conn_refuse(c, which);
		return;
	}
	c->left = c->http.length;
	say_continue(c);
	if (c->mail != NULL)
		conn_mail_begin(c);
	else
		conn_body_begin(c);
}

/* Where the head is not whole, no browser asks: how much still comes is not
 * known, and there is little patience for it (conn.c, linger). */
static void
parse_head(struct conn *c)
{
	switch (http_parse(&c->http, c->head, c->head_len)) {
	case HTTP_MORE:
		return;
	case HTTP_DONE:
		head_whole(c);
		return;
	case HTTP_MALFORMED:
		conn_answer(c, ANSWER_MALFORMED);
		return;
	case HTTP_METHOD:
		conn_answer(c, ANSWER_METHOD);
		return;
	case HTTP_LENGTH:
		conn_answer(c, ANSWER_LENGTH);
		return;
	case HTTP_EXPECT:
		conn_answer(c, ANSWER_EXPECT);
		return;
	case HTTP_TYPE:
		conn_refuse(c, ANSWER_TYPE);
		return;
	case HTTP_LARGE:
		conn_answer(c, ANSWER_HEAD_LARGE);
		return;
	}
}

/* Take the PROXY line off the front.  True: go on with the head. */
static bool
take_proxy_line(struct conn *c)
{
	struct receiver *rx = c->rx;
	uint32_t number;
	size_t len;

	switch (proxy_line_parse(c->head, c->head_len, &number, &len)) {
	case PROXY_MORE:
		return false;
	case PROXY_ABSENT:
		if (rx->config.proxy == PROXY_ACCEPT)
			break;
		conn_answer(c, ANSWER_MALFORMED);
		return false;
	case PROXY_BAD:
		conn_answer(c, ANSWER_MALFORMED);
		return false;
	case PROXY_TAKEN:
		if (admission_enter(rx->admission, number, &c->circuit) !=
		    ST_OK) {
			log_event(LOG_CIRCUIT_LIMIT);
			conn_answer(c, ANSWER_BUSY_CIRCUIT);
			return false;
		}
		c->head_len -= len;
		memmove(c->head, c->head + len, c->head_len);
		break;
	}
	c->proxied = true;
	return true;
}

/* Make the buffer now that the first byte is there. */
static bool
make_head(struct conn *c)
{
	if (c->head != NULL)
		return true;
	if ((c->head = wiping_malloc(LIMIT_HEAD_LEN)) == NULL) {
		log_event(LOG_NOMEM);
		return false;
	}
	conn_move(c, &c->rx->heading);
	return true;
}

void
conn_head_readable(struct conn *c)
{
	ssize_t n = -1;

	if (make_head(c)) {
		n = read(
		    c->fd, c->head + c->head_len, LIMIT_HEAD_LEN - c->head_len);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
	}
	/* Gone before its head was whole: nobody is there to answer. */
	if (n <= 0) {
		conn_drop(c);
		return;
	}
	c->head_len += (size_t)n;
	if (c->proxied || take_proxy_line(c))
		parse_head(c);
}
