/*
 * clean: see clean.h.
 */
#include "analyst/clean.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

struct range {
	uint32_t first, last;
};

static const struct range hostile[] = {
    {0x0000, 0x001f},
    {0x007f, 0x009f},
    {0x00ad, 0x00ad},
    {0x061c, 0x061c},
    {0x180e, 0x180e},
    {0x200b, 0x200b},
    {0x200e, 0x200f},
    {0x2028, 0x202e},
    {0x2060, 0x206f},
    {0xfeff, 0xfeff},
    {0xfff9, 0xfffb},
    {0xe0000, 0xe007f},
};

size_t
clean_next(const uint8_t *p, size_t len, uint32_t *c)
{
	/* The least value that needs so many bytes: less is overlong. */
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t v;
	size_t n;

	*c = CLEAN_INVALID;
	if (p[0] < 0x80) {
		*c = p[0];
		return 1;
	}
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 1;
	if (n > len)
		return 1;
	v = p[0] & (0xffU >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 1;
		v = v << 6 | (p[i] & 0x3f);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 1;
	*c = v;
	return n;
}

bool
clean_is_hostile(uint32_t c)
{
	if (c > 0x10ffff)
		return true;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		if (c >= hostile[i].first && c <= hostile[i].last)
			return true;
	}
	return false;
}

enum status
clean_name(const uint8_t *p, size_t len, struct bytes *out)
{
	bool leading = true;
	enum status st = ST_OK;
	uint32_t c;
	size_t n;

	for (; len > 0 && st == ST_OK; p += n, len -= n) {
		n = clean_next(p, len, &c);
		if (c != '.')
			leading = false;
		if (clean_is_hostile(c) || c == '/' || c == '\\' || leading)
			st = bytes_append_text(out, REPLACEMENT);
		else
			st = bytes_append(out, p, n);
	}
	return st;
}

/* How long the line at p is, without its LF. */
static size_t
line_len(const uint8_t *p, size_t len)
{
	const uint8_t *lf = memchr(p, '\n', len);

	return lf == NULL ? len : (size_t)(lf - p);
}

static bool
is_blank(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] != ' ' && p[i] != '\t' && p[i] != '\r')
			return false;
	}
	return true;
}

enum status
clean_first_line(const uint8_t *p, size_t len, size_t max, struct bytes *out)
{
	enum status st = ST_OK;
	size_t line, n;
	uint32_t c;

	while (len > 0 && is_blank(p, line = line_len(p, len))) {
		n = line < len ? line + 1 : line;
		p += n;
		len -= n;
	}
	if (len == 0)
		return ST_OK;
	len = line_len(p, len);
	if (len > 0 && p[len - 1] == '\r')
		len--;
	for (; len > 0 && st == ST_OK; p += n, len -= n) {
		if (max-- == 0)
			return bytes_append_text(out, "\xe2\x80\xa6");
		n = clean_next(p, len, &c);
		if (c == '\t')
			st = bytes_append_text(out, " ");
		else if (clean_is_hostile(c))
			st = bytes_append_text(out, REPLACEMENT);
		else
			st = bytes_append(out, p, n);
	}
	return st;
}

enum status
clean_line(const uint8_t *p, size_t len, struct bytes *out)
{
	enum status st = ST_OK;
	uint32_t c;
	size_t n;

	for (; len > 0 && st == ST_OK; p += n, len -= n) {
		n = clean_next(p, len, &c);
		if (c == '\r' && len > 1 && p[1] == '\n')
			continue;
		if (c == '\n' || c == '\t')
			st = bytes_append_text(out, " ");
		else if (clean_is_hostile(c))
			st = bytes_append_text(out, REPLACEMENT);
		else
			st = bytes_append(out, p, n);
	}
	return st;
}

static const char *
entity(uint32_t c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* How many bytes from p need no change; most text is all of that kind. */
static size_t
plain_run(const uint8_t *p, size_t len)
{
	size_t i = 0;

	while (i < len && p[i] >= ' ' && p[i] < 0x7f && entity(p[i]) == NULL)
		i++;
	return i;
}

enum status
clean_html(const uint8_t *p, size_t len, struct bytes *out)
{
	enum status st = ST_OK;
	uint32_t c;
	size_t n;

	for (; len > 0 && st == ST_OK; p += n, len -= n) {
		if ((n = plain_run(p, len)) > 0) {
			st = bytes_append(out, p, n);
			continue;
		}
		n = clean_next(p, len, &c);
		if (c == '\r' && len > 1 && p[1] == '\n')
			continue;
		if (entity(c) != NULL)
			st = bytes_append_text(out, entity(c));
		else if (c == '\n' || c == '\t' || !clean_is_hostile(c))
			st = bytes_append(out, p, n);
		else if (c == CLEAN_INVALID)
			st = bytes_printf(out, "<b>%02X</b>", (unsigned)p[0]);
		else
			st = bytes_printf(out, "<b>U+%04X</b>", (unsigned)c);
	}
	return st;
}

enum status
clean_hex(const uint8_t *p, size_t len, struct bytes *out)
{
	static const char digits[] = "0123456789abcdef";
	enum status st = ST_OK;

	for (size_t i = 0; i < len && st == ST_OK; i++) {
		char two[2] = {digits[p[i] >> 4], digits[p[i] & 15]};

		st = bytes_append(out, two, 2);
	}
	return st;
}

void
clean_terminal(char *text)
{
	uint8_t *p = (uint8_t *)text;
	size_t len = strlen(text), n;
	uint32_t c;

	for (; len > 0; p += n, len -= n) {
		n = clean_next(p, len, &c);
		if (c != '\n' && c != '\t' && clean_is_hostile(c))
			memset(p, '?', n);
	}
}
