#include "intake/multipart.h"

#include <assert.h>
#include <string.h>

#include "intake/ascii.h"

void
multipart_begin(struct multipart *mp, const uint8_t *boundary, size_t len,
    const struct multipart_events *events, void *ctx)
{
	assert(len >= 1 && len <= HTTP_BOUNDARY_MAX);
	mp->events = events;
	mp->ctx = ctx;
	mp->state = MULTIPART_START;
	mp->failed = ST_OK;
	/* The first boundary is the same without its CR LF. */
	mp->matched = 2;
	mp->mark = 0;
	mp->head_len = 0;
	memcpy(mp->delim, "\r\n--", 4);
	memcpy(mp->delim + 4, boundary, len);
	mp->delim_len = 4 + len;
}

bool
multipart_whole(const struct multipart *mp)
{
	return mp->failed == ST_OK && mp->state == MULTIPART_TAIL &&
	    (mp->matched == 0 || mp->matched == 2);
}

/* A parameter's value: a token, or anything between two quotes. */
static bool
param_value(
    const uint8_t **p, const uint8_t *end, const uint8_t **value, size_t *len)
{
	const uint8_t *q = *p;

	if (q < end && *q == '"') {
		*value = q + 1;
		if ((q = memchr(q + 1, '"', (size_t)(end - q - 1))) == NULL)
			return false;
		*len = (size_t)(q - *value);
		*p = q + 1;
		return true;
	}
	*value = q;
	while (q < end && ascii_token(*q))
		q++;
	*len = (size_t)(q - *value);
	*p = q;
	return *len > 0;
}

static void
skip_blank(const uint8_t **p, const uint8_t *end)
{
	while (*p < end && (**p == ' ' || **p == '\t'))
		(*p)++;
}

/* form-data *( ";" name "=" value ), RFC 7578 section 4.2. */
static bool
disposition(const uint8_t *p, const uint8_t *end, struct multipart_part *part)
{
	static const char type[] = "form-data";
	const uint8_t *word, *value;
	size_t word_len, len;

	if ((size_t)(end - p) < sizeof(type) - 1 ||
	    !ascii_same(p, sizeof(type) - 1, type))
		return false;
	p += sizeof(type) - 1;
	for (skip_blank(&p, end); p < end; skip_blank(&p, end)) {
		if (*p++ != ';')
			return false;
		skip_blank(&p, end);
		for (word = p; p < end && ascii_token(*p);)
			p++;
		word_len = (size_t)(p - word);
		if (p == end || *p++ != '=' ||
		    !param_value(&p, end, &value, &len))
			return false;
		if (ascii_same(word, word_len, "name") && part->name == NULL) {
			part->name = value;
			part->name_len = len;
		} else if (ascii_same(word, word_len, "filename") &&
		    part->file == NULL) {
			part->file = value;
			part->file_len = len;
		} else {
			return false;
		}
	}
	return part->name_len > 0;
}

/* One field of a part's head, without its CR LF. */
static bool
part_field(const uint8_t *p, const uint8_t *end, struct multipart_part *part)
{
	const uint8_t *colon = p;
	size_t len;

	while (colon < end && ascii_token(*colon))
		colon++;
	len = (size_t)(colon - p);
	if (len == 0 || colon == end || *colon++ != ':')
		return false;
	skip_blank(&colon, end);
	/* File names are sent raw but for quote, CR and LF, so that other
	 * control bytes may stand in them. */
	if (memchr(colon, '\r', (size_t)(end - colon)) != NULL ||
	    memchr(colon, '\0', (size_t)(end - colon)) != NULL)
		return false;
	if (ascii_same(p, len, "content-transfer-encoding"))
		return false;
	if (ascii_same(p, len, "content-disposition"))
		return part->name == NULL && disposition(colon, end, part);
	return true;
}

/* The whole head has come; its empty line is left out. */
static enum status
part_head(struct multipart *mp)
{
	struct multipart_part part = {NULL, NULL, 0, 0};
	const uint8_t *p = mp->head, *end = p + mp->head_len - 2, *lf;

	while (p < end) {
		lf = memchr(p, '\n', (size_t)(end - p));
		if (lf == NULL || lf == p || lf[-1] != '\r' ||
		    !part_field(p, lf - 1, &part))
			return ST_MALFORMED;
		p = lf + 1;
	}
	if (part.name == NULL)
		return ST_MALFORMED;
	mp->state = MULTIPART_DATA;
	mp->matched = 0;
	return mp->events->part(mp->ctx, &part);
}

static enum status
feed_head(struct multipart *mp, const uint8_t **p, const uint8_t *end)
{
	size_t n;

	while (*p < end) {
		if (mp->head_len == sizeof(mp->head))
			return ST_LIMIT;
		n = mp->head_len++;
		mp->head[n] = *(*p)++;
		if (mp->head[n] == '\n' && n >= 3 &&
		    memcmp(mp->head + n - 3, "\r\n\r\n", 4) == 0)
			return part_head(mp);
		/* An empty line at once: a part without any field. */
		if (n == 1 && memcmp(mp->head, "\r\n", 2) == 0)
			return ST_MALFORMED;
	}
	return ST_OK;
}

/* Behind a boundary: CR LF begins a part, "--" ends the body. */
static enum status
feed_mark(struct multipart *mp, const uint8_t **p)
{
	uint8_t c = *(*p)++;

	if (mp->matched++ == 0) {
		mp->mark = c;
		return c == '\r' || c == '-' ? ST_OK : ST_MALFORMED;
	}
	if (mp->mark == '-' && c == '-') {
		mp->state = MULTIPART_TAIL;
		mp->matched = 0;
		return ST_OK;
	}
	if (mp->mark == '\r' && c == '\n') {
		mp->state = MULTIPART_HEAD;
		mp->head_len = 0;
		return ST_OK;
	}
	return ST_MALFORMED;
}

static enum status
feed_tail(struct multipart *mp, const uint8_t **p)
{
	uint8_t c = *(*p)++;

	if (mp->matched == 2 || c != (mp->matched == 0 ? '\r' : '\n'))
		return ST_MALFORMED;
	mp->matched++;
	return ST_OK;
}

/* Go on with a boundary of which mp->matched bytes have come. */
static size_t
match(struct multipart *mp, const uint8_t **p, const uint8_t *end)
{
	size_t had = mp->matched;

	while (*p < end && mp->matched < mp->delim_len &&
	    **p == mp->delim[mp->matched]) {
		(*p)++;
		mp->matched++;
	}
	return had;
}

static enum status
feed_start(struct multipart *mp, const uint8_t **p, const uint8_t *end)
{
	(void)match(mp, p, end);
	if (mp->matched == mp->delim_len) {
		mp->state = MULTIPART_MARK;
		mp->matched = 0;
		return ST_OK;
	}
	return *p == end ? ST_OK : ST_MALFORMED;
}

/*
 * Where in p[0..len) a boundary begins, whole or cut off by the end; len if
 * none does.  A boundary holds one CR, its first byte, so a cut one can only
 * begin at the last CR.
 */
static size_t
find_delim(const struct multipart *mp, const uint8_t *p, size_t len)
{
	const uint8_t *hit = memmem(p, len, mp->delim, mp->delim_len);
	size_t tail = len < mp->delim_len - 1 ? len : mp->delim_len - 1;
	size_t n;

	if (hit != NULL)
		return (size_t)(hit - p);
	hit = memrchr(p + len - tail, '\r', tail);
	if (hit == NULL)
		return len;
	n = (size_t)(p + len - hit);
	return memcmp(hit, mp->delim, n) == 0 ? len - n : len;
}

static enum status
feed_data(struct multipart *mp, const uint8_t **p, const uint8_t *end)
{
	enum status st = ST_OK;
	size_t had, plain;

	if (mp->matched == 0) {
		plain = find_delim(mp, *p, (size_t)(end - *p));
		if (plain > 0)
			st = mp->events->data(mp->ctx, *p, plain);
		*p += plain;
		if (st != ST_OK || *p == end)
			return st;
	}
	had = match(mp, p, end);
	if (mp->matched == mp->delim_len) {
		mp->state = MULTIPART_MARK;
		mp->matched = 0;
		return mp->events->part_end(mp->ctx);
	}
	if (*p == end)
		return ST_OK;
	/* It was none.  What came in earlier calls is gone from the caller's
	 * buffer, but it is the same as the boundary's own first bytes; what
	 * came in this one is looked at again as data. */
	*p -= mp->matched - had;
	mp->matched = 0;
	return mp->events->data(mp->ctx, mp->delim, had);
}

enum status
multipart_feed(struct multipart *mp, const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;
	enum status st = mp->failed;

	while (p < end && st == ST_OK) {
		switch (mp->state) {
		case MULTIPART_START:
			st = feed_start(mp, &p, end);
			break;
		case MULTIPART_DATA:
			st = feed_data(mp, &p, end);
			break;
		case MULTIPART_MARK:
			st = feed_mark(mp, &p);
			break;
		case MULTIPART_HEAD:
			st = feed_head(mp, &p, end);
			break;
		case MULTIPART_TAIL:
			st = feed_tail(mp, &p);
			break;
		}
	}
	mp->failed = st;
	return st;
}
