/*
 * sentinels: see sentinels.h.
 */
#include "analyst/sentinels.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyst/clean.h"
#include "analyst/say.h"
#include "base/durable.h"
#include "base/num.h"

#define FILE_NAME "sentinels"
#define FIRST_LINE "tipline-sentinels 1\n"
#define LINE_BEGIN "sentinel "
#define FILE_MAX (SENTINELS_MAX * 160)

/* Take the next word of a line; the blank or LF behind it is passed. */
static const char *
word(const char **p, const char *end, char after, size_t *len)
{
	const char *begin = *p;
	const char *stop = memchr(begin, after, (size_t)(end - begin));

	*len = stop == NULL ? 0 : (size_t)(stop - begin);
	*p = stop == NULL ? end : stop + 1;
	return begin;
}

static bool
read_digest(const char *hex, size_t len, uint8_t out[static DIGEST_LEN])
{
	uint64_t v;

	if (len != (size_t)DIGEST_LEN * 2)
		return false;
	for (size_t i = 0; i < DIGEST_LEN; i++) {
		if (num_parse_hex(hex + 2 * i, 2, 255, &v) != ST_OK)
			return false;
		out[i] = (uint8_t)v;
	}
	return true;
}

static bool
read_line(const char **p, const char *end, struct sentinel *s)
{
	const size_t begin = strlen(LINE_BEGIN);
	const char *at;
	size_t n;

	if ((size_t)(end - *p) < begin || memcmp(*p, LINE_BEGIN, begin) != 0)
		return false;
	*p += begin;
	at = word(p, end, ' ', &n);
	if (!read_digest(at, n, s->digest))
		return false;
	at = word(p, end, ' ', &n);
	if (time_parse(at, n, &s->made) != ST_OK)
		return false;
	at = word(p, end, ' ', &n);
	if (time_parse(at, n, &s->due) != ST_OK)
		return false;
	at = word(p, end, '\n', &n);
	return num_parse(at, n, UINT64_MAX, &s->tip) == ST_OK;
}

static enum status
parse(const struct bytes *text, struct sentinels *out)
{
	const char *p = (const char *)text->p, *end = p + text->len;
	const size_t first = strlen(FIRST_LINE);

	if (text->len < first || memcmp(p, FIRST_LINE, first) != 0)
		return ST_MALFORMED;
	p += first;
	while (p < end) {
		if (out->n == SENTINELS_MAX)
			return ST_LIMIT;
		if (!read_line(&p, end, &out->s[out->n]))
			return ST_MALFORMED;
		out->n++;
	}
	return ST_OK;
}

enum status
sentinels_load(int keys_dirfd, struct sentinels *out)
{
	struct bytes text = BYTES_INIT(FILE_MAX);
	enum status st;

	*out = (struct sentinels){.keys = keys_dirfd};
	out->s = calloc(SENTINELS_MAX, sizeof(*out->s));
	st = out->s == NULL ? ST_NOMEM
			    : durable_read_secret(keys_dirfd, FILE_NAME, &text);
	if (st == ST_OK)
		st = parse(&text, out);
	bytes_free(&text);
	if (st == ST_ABSENT)
		return ST_OK;
	if (st != ST_OK)
		say_error("cannot use the file sentinels of the key folder:"
			  " %s",
		    status_text(st));
	return st;
}

static enum status
save(const struct sentinels *sentinels)
{
	struct bytes out = BYTES_INIT(FILE_MAX);
	char made[TIME_TEXT_LEN + 1], due[TIME_TEXT_LEN + 1];
	enum status st = bytes_append_text(&out, FIRST_LINE);

	for (size_t i = 0; i < sentinels->n && st == ST_OK; i++) {
		const struct sentinel *s = &sentinels->s[i];

		time_format(s->made, made);
		time_format(s->due, due);
		st = bytes_append_text(&out, LINE_BEGIN);
		if (st == ST_OK)
			st = clean_hex(s->digest, DIGEST_LEN, &out);
		if (st == ST_OK)
			st = bytes_printf(
			    &out, " %s %s %" PRIu64 "\n", made, due, s->tip);
	}
	if (st == ST_OK)
		st = durable_write(sentinels->keys, FILE_NAME, out.p, out.len,
		    0600, DURABLE_REPLACE);
	bytes_free(&out);
	return st;
}

/* Append one line without the blanks at its end. */
static enum status
add_line(const char *p, size_t len, struct bytes *out)
{
	enum status st;

	while (len > 0 &&
	    (p[len - 1] == ' ' || p[len - 1] == '\t' || p[len - 1] == '\r'))
		len--;
	st = bytes_append(out, p, len);
	return st != ST_OK ? st : bytes_append(out, "\n", 1);
}

enum status
sentinels_digest(
    const void *text, size_t len, uint8_t digest[static DIGEST_LEN])
{
	struct bytes out = BYTES_INIT(SENTINELS_TEXT_MAX + 1);
	const char *p = text;
	enum status st = ST_OK;

	memset(digest, 0, DIGEST_LEN);
	while (len > 0 && st == ST_OK) {
		const char *lf = memchr(p, '\n', len);
		size_t n = lf == NULL ? len : (size_t)(lf - p);

		st = add_line(p, n, &out);
		n += lf != NULL;
		p += n;
		len -= n;
	}
	while (out.len > 0 && out.p[out.len - 1] == '\n')
		out.len--;
	if (st == ST_OK && out.len == 0)
		st = ST_ABSENT;
	if (st == ST_OK)
		blake2b("tipline-sentinel", NULL, 0, out.p, out.len, digest);
	bytes_free(&out);
	return st;
}

static struct sentinel *
find(const struct sentinels *in, const uint8_t digest[static DIGEST_LEN])
{
	for (size_t i = 0; i < in->n; i++) {
		if (memcmp(in->s[i].digest, digest, DIGEST_LEN) == 0)
			return &in->s[i];
	}
	return NULL;
}

enum status
sentinels_add(struct sentinels *sentinels,
    const uint8_t digest[static DIGEST_LEN], uint64_t made, uint64_t due)
{
	struct sentinel *s;
	enum status st;

	if (find(sentinels, digest) != NULL)
		return ST_EXISTS;
	if (sentinels->n == SENTINELS_MAX)
		return ST_LIMIT;
	s = &sentinels->s[sentinels->n++];
	*s = (struct sentinel){.made = made, .due = due};
	memcpy(s->digest, digest, DIGEST_LEN);
	if ((st = save(sentinels)) != ST_OK)
		sentinels->n--;
	return st;
}

enum status
sentinels_match(struct sentinels *sentinels, const struct bytes *message,
    uint64_t number, bool *is)
{
	uint8_t digest[DIGEST_LEN];
	struct sentinel *s;
	enum status st;

	*is = false;
	if (sentinels->n == 0 || message == NULL)
		return ST_OK;
	st = sentinels_digest(message->p, message->len, digest);
	if (st == ST_ABSENT || st == ST_LIMIT)
		return ST_OK;
	if (st != ST_OK || (s = find(sentinels, digest)) == NULL)
		return st;
	*is = true;
	if (s->tip != 0)
		return ST_OK;
	s->tip = number;
	if ((st = save(sentinels)) != ST_OK)
		s->tip = 0;
	return st;
}

size_t
sentinels_overdue(
    const struct sentinels *sentinels, uint64_t now, uint64_t *since)
{
	size_t n = 0;

	*since = 0;
	for (size_t i = 0; i < sentinels->n; i++) {
		const struct sentinel *s = &sentinels->s[i];

		if (s->tip != 0 || s->due > now)
			continue;
		if (n++ == 0 || s->due < *since)
			*since = s->due;
	}
	return n;
}

void
sentinels_free(struct sentinels *sentinels)
{
	free(sentinels->s);
	*sentinels = (struct sentinels){0};
}
