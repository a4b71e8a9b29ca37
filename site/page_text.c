#include "site/page_text.h"

#include <string.h>

#include "base/num.h"

void
page_text_day(uint64_t seconds, char day[static PAGE_DAY_LEN + 1])
{
	char text[TIME_TEXT_LEN + 1]; /* YYYY-MM-DDThh:mm:ssZ */

	time_format(seconds, text);
	memcpy(day, text, PAGE_DAY_LEN);
	day[PAGE_DAY_LEN] = '\0';
}

/* The bytes that stand for the character at p, of which len are there. */
static size_t
escape_one(const uint8_t *p, size_t len, const char **as)
{
	size_t n = 1;

	*as = NULL;
	switch (p[0]) {
	case '&':
		*as = "&amp;";
		break;
	case '<':
		*as = "&lt;";
		break;
	case '>':
		*as = "&gt;";
		break;
	case '"':
		*as = "&quot;";
		break;
	case '\'':
		*as = "&#39;";
		break;
	case '\r': /* browsers send lines that end with CR LF */
		*as = len > 1 && p[1] == '\n' ? "" : " ";
		break;
	default:
		if ((p[0] < 0x20 && p[0] != '\n') || p[0] == 0x7f)
			*as = " ";
		break;
	}
	/* A character and the bytes that belong to it. */
	if (p[0] >= 0xc0)
		while (n < len && n < 4 && (p[n] & 0xc0) == 0x80)
			n++;
	return n;
}

size_t
page_text_escape(
    const uint8_t *text, size_t len, uint8_t *out, size_t max, bool *cut)
{
	size_t at = 0, n, as_len;
	const char *as;

	*cut = false;
	for (size_t i = 0; i < len; i += n) {
		n = escape_one(text + i, len - i, &as);
		as_len = as == NULL ? n : strlen(as);
		if (as_len > max - at) {
			*cut = true;
			break;
		}
		memcpy(out + at,
		    as == NULL ? (const void *)(text + i) : (const void *)as,
		    as_len);
		at += as_len;
	}
	return at;
}

size_t
page_text_escaped_len(const uint8_t *text, size_t len)
{
	size_t all = 0, n;
	const char *as;

	for (size_t i = 0; i < len; i += n) {
		n = escape_one(text + i, len - i, &as);
		all += as == NULL ? n : strlen(as);
	}
	return all;
}
