#include "intake/http_parse.h"

#include <string.h>

#include "base/num.h"
#include "intake/ascii.h"
#include "intake/limits.h"

_Static_assert(LIMIT_HEAD_LEN <= UINT16_MAX, "http_span holds 16 bits");

/* Nothing that is added to a length can overflow. */
#define LENGTH_MAX (UINT64_C(1) << 60)

void
http_parse_begin(struct http_parse *hp)
{
	*hp = (struct http_parse){.result = HTTP_MORE};
}

bool
http_span_same(const uint8_t *buf, struct http_span span, const char *word)
{
	return ascii_same(buf + span.at, span.len, word);
}

static bool
starts_with(const uint8_t *p, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len >= n && memcmp(p, word, n) == 0;
}

/* pchar, "/" and "?" of RFC 3986; "%" only before two hex digits. */
static bool
target_ok(const uint8_t *p, size_t len)
{
	if (len == 0 || p[0] != '/')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '%') {
			if (len - i < 3 || ascii_hex(p[i + 1]) < 0 ||
			    ascii_hex(p[i + 2]) < 0)
				return false;
		} else if (!ascii_alnum(p[i]) &&
		    !ascii_among(p[i], "-._~!$&'()*+,;=:@/?")) {
			return false;
		}
	}
	return true;
}

/* method SP target SP version, RFC 9112 section 3. */
static enum http_result
request_line(struct http_parse *hp, const uint8_t *buf, size_t at, size_t len)
{
	const uint8_t *p = buf + at;
	size_t word = 0, target;

	while (word < len && ascii_token(p[word]))
		word++;
	if (word == 0 || word == len || p[word] != ' ')
		return HTTP_MALFORMED;
	if (starts_with(p, len, "GET "))
		hp->method = HTTP_GET;
	else if (starts_with(p, len, "HEAD "))
		hp->method = HTTP_HEAD;
	else if (starts_with(p, len, "POST "))
		hp->method = HTTP_POST;
	else
		return HTTP_METHOD;
	target = word + 1;
	for (word = target; word < len && p[word] != ' ';)
		word++;
	if (!target_ok(p + target, word - target))
		return HTTP_MALFORMED;
	if (word - target > HTTP_TARGET_MAX)
		return HTTP_LARGE;
	hp->target = (struct http_span){
	    (uint16_t)(at + target), (uint16_t)(word - target)};
	if (len - word == 9 && memcmp(p + word, " HTTP/1.1", 9) == 0)
		hp->version_1_1 = true;
	else if (len - word != 9 || memcmp(p + word, " HTTP/1.0", 9) != 0)
		return HTTP_MALFORMED;
	return HTTP_MORE;
}

/* uri-host [":" port] of RFC 9110 section 7.2, without brackets of IPv6. */
static enum http_result
take_host(struct http_parse *hp, const uint8_t *buf, struct http_span v)
{
	const uint8_t *p = buf + v.at;
	size_t i = 0;

	while (i < v.len && (ascii_alnum(p[i]) || ascii_among(p[i], "-._~")))
		i++;
	if (i == 0)
		return HTTP_MALFORMED;
	if (i < v.len) {
		if (p[i++] != ':' || i == v.len || v.len - i > 5)
			return HTTP_MALFORMED;
		while (i < v.len)
			if (!ascii_digit(p[i++]))
				return HTTP_MALFORMED;
	}
	hp->host = v;
	return HTTP_MORE;
}

static enum http_result
take_length(struct http_parse *hp, const uint8_t *buf, struct http_span v)
{
	if (num_parse((const char *)buf + v.at, v.len, LENGTH_MAX,
		&hp->length) != ST_OK)
		return HTTP_MALFORMED;
	hp->has_length = true;
	return HTTP_MORE;
}

/* bchars of RFC 2046 section 5.1.1; unquoted only those a token has. */
static bool
boundary_ok(const uint8_t *p, size_t len, bool quoted)
{
	if (len == 0 || len > HTTP_BOUNDARY_MAX || p[len - 1] == ' ')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (ascii_alnum(p[i]) || ascii_among(p[i], "'+_-."))
			continue;
		if (!quoted || !ascii_among(p[i], "(),/:=? "))
			return false;
	}
	return true;
}

/* Remember the boundary of multipart/form-data.  Another type is known by
 * its lack of one, since a GET may say what it likes. */
static enum http_result
take_type(struct http_parse *hp, const uint8_t *buf, struct http_span v)
{
	static const char type[] = "multipart/form-data";
	static const char param[] = "boundary=";
	size_t i = sizeof(type) - 1, end = v.len;
	const uint8_t *p = buf + v.at;
	bool quoted;

	if (v.len < i || !ascii_same(p, i, type))
		return HTTP_MORE;
	while (i < end && ascii_among(p[i], " \t"))
		i++;
	if (i == end || p[i++] != ';')
		return HTTP_MALFORMED;
	while (i < end && ascii_among(p[i], " \t"))
		i++;
	if (end - i < sizeof(param) - 1 ||
	    !ascii_same(p + i, sizeof(param) - 1, param))
		return HTTP_MALFORMED;
	i += sizeof(param) - 1;
	quoted = i < end && p[i] == '"';
	if (quoted && (end - i < 2 || p[--end] != '"'))
		return HTTP_MALFORMED;
	i += quoted;
	if (!boundary_ok(p + i, end - i, quoted))
		return HTTP_MALFORMED;
	hp->boundary =
	    (struct http_span){(uint16_t)(v.at + i), (uint16_t)(end - i)};
	return HTTP_MORE;
}

static enum http_result
take_origin(struct http_parse *hp, const uint8_t *buf, struct http_span v)
{
	(void)buf;
	hp->origin = v;
	return v.len == 0 ? HTTP_MALFORMED : HTTP_MORE;
}

static enum http_result
take_site(struct http_parse *hp, const uint8_t *buf, struct http_span v)
{
	bool own = http_span_same(buf, v, "same-origin") ||
	    http_span_same(buf, v, "none");

	hp->site = own ? HTTP_SITE_OWN : HTTP_SITE_FOREIGN;
	return HTTP_MORE;
}

static enum http_result
refuse_coding(struct http_parse *hp, const uint8_t *buf, struct http_span v)
{
	(void)hp, (void)buf, (void)v;
	return HTTP_LENGTH;
}

static enum http_result
take_expect(struct http_parse *hp, const uint8_t *buf, struct http_span v)
{
	hp->expects = http_span_same(buf, v, "100-continue");
	return hp->expects ? HTTP_MORE : HTTP_EXPECT;
}

/* Web gateways to Tor of the kind tor2web say what they are. */
static enum http_result
take_gateway(struct http_parse *hp, const uint8_t *buf, struct http_span v)
{
	(void)buf, (void)v;
	hp->gateway = true;
	return HTTP_MORE;
}

/* The fields that mean something here; each may stand once.  All others
 * are checked for their grammar and passed over. */
static const struct field {
	const char *name;
	enum http_result (*take)(
	    struct http_parse *hp, const uint8_t *buf, struct http_span value);
} known[] = {
    {"host", take_host},
    {"content-length", take_length},
    {"content-type", take_type},
    {"origin", take_origin},
    {"sec-fetch-site", take_site},
    {"transfer-encoding", refuse_coding},
    {"expect", take_expect},
    {"x-tor2web", take_gateway},
};

/* token ":" OWS value OWS, RFC 9112 section 5. */
static enum http_result
field_line(struct http_parse *hp, const uint8_t *buf, size_t at, size_t len)
{
	const uint8_t *p = buf + at;
	struct http_span value;
	size_t name = 0, from, to = len;

	if (++hp->fields > LIMIT_HEAD_FIELDS)
		return HTTP_LARGE;
	while (name < len && ascii_token(p[name]))
		name++;
	if (name == 0 || name == len || p[name] != ':')
		return HTTP_MALFORMED;
	for (from = name + 1; from < to && ascii_among(p[from], " \t");)
		from++;
	while (to > from && ascii_among(p[to - 1], " \t"))
		to--;
	for (size_t i = from; i < to; i++)
		if ((p[i] < 0x20 && p[i] != '\t') || p[i] == 0x7f)
			return HTTP_MALFORMED;
	value =
	    (struct http_span){(uint16_t)(at + from), (uint16_t)(to - from)};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!ascii_same(p, name, known[i].name))
			continue;
		if (hp->had & UINT32_C(1) << i)
			return HTTP_MALFORMED;
		hp->had |= UINT32_C(1) << i;
		return known[i].take(hp, buf, value);
	}
	return HTTP_MORE;
}

/* What can be said only about the whole head. */
static enum http_result
head_end(const struct http_parse *hp)
{
	if (hp->version_1_1 && hp->host.len == 0)
		return HTTP_MALFORMED;
	if (hp->method != HTTP_POST)
		return hp->length > 0 ? HTTP_MALFORMED : HTTP_DONE;
	if (!hp->has_length)
		return HTTP_LENGTH;
	return hp->boundary.len == 0 ? HTTP_TYPE : HTTP_DONE;
}

/* One line without its CR LF. */
static enum http_result
take_line(struct http_parse *hp, const uint8_t *buf, size_t at, size_t len)
{
	if (hp->method == HTTP_NONE)
		return request_line(hp, buf, at, len);
	if (len == 0)
		return head_end(hp);
	return field_line(hp, buf, at, len);
}

enum http_result
http_parse(struct http_parse *hp, const uint8_t *buf, size_t len)
{
	const uint8_t *lf;
	size_t at, end;

	if (len > LIMIT_HEAD_LEN)
		len = LIMIT_HEAD_LEN;
	while (hp->result == HTTP_MORE) {
		lf = hp->seen < len
		    ? memchr(buf + hp->seen, '\n', len - hp->seen)
		    : NULL;
		if (lf == NULL) {
			hp->seen = len;
			if (len == LIMIT_HEAD_LEN)
				hp->result = HTTP_LARGE;
			break;
		}
		at = hp->line;
		end = (size_t)(lf - buf);
		hp->line = hp->seen = hp->head_len = end + 1;
		/* A CR elsewhere in the line fails the grammar as a control
		 * byte; here it must stand before the LF. */
		if (end == at || buf[end - 1] != '\r')
			hp->result = HTTP_MALFORMED;
		else
			hp->result = take_line(hp, buf, at, end - 1 - at);
	}
	return hp->result;
}
