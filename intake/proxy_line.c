#include "intake/proxy_line.h"

#include <stdbool.h>
#include <string.h>

#include "base/num.h"
#include "intake/ascii.h"
#include "intake/limits.h"

struct cursor {
	const uint8_t *p, *end;
};

static bool
take_text(struct cursor *c, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(c->end - c->p) < n || memcmp(c->p, text, n) != 0)
		return false;
	c->p += n;
	return true;
}

/* One to four hex digits. */
static bool
take_hex(struct cursor *c, uint32_t *value)
{
	const uint8_t *from = c->p;
	uint64_t v;

	while (c->p < c->end && c->p - from < 4 && ascii_hex(*c->p) >= 0)
		c->p++;
	if (num_parse_hex((const char *)from, (size_t)(c->p - from), UINT16_MAX,
		&v) != ST_OK)
		return false;
	*value = (uint32_t)v;
	return true;
}

static bool
take_port(struct cursor *c)
{
	const uint8_t *from = c->p;
	uint64_t v;

	while (c->p < c->end && ascii_digit(*c->p))
		c->p++;
	return num_parse((const char *)from, (size_t)(c->p - from), UINT16_MAX,
		   &v) == ST_OK;
}

enum proxy_result
proxy_line_parse(
    const uint8_t *p, size_t len, uint32_t *circuit, size_t *line_len)
{
	static const char mark[] = "PROXY ";
	const size_t mark_len = sizeof(mark) - 1;
	size_t bound = len < LIMIT_PROXY_LINE ? len : LIMIT_PROXY_LINE;
	uint32_t hi, lo;
	const uint8_t *lf;
	struct cursor c;

	*circuit = 0;
	*line_len = 0;
	if (memcmp(p, mark, len < mark_len ? len : mark_len) != 0)
		return PROXY_ABSENT;
	if ((lf = memchr(p, '\n', bound)) == NULL)
		return bound < LIMIT_PROXY_LINE ? PROXY_MORE : PROXY_BAD;
	c = (struct cursor){p, lf + 1};
	if (!take_text(&c, "PROXY TCP6 fc00:dead:beef:4dad::") ||
	    !take_hex(&c, &hi) || !take_text(&c, ":") || !take_hex(&c, &lo) ||
	    !take_text(&c, " ::1 ") || !take_port(&c) || !take_text(&c, " ") ||
	    !take_port(&c) || !take_text(&c, "\r\n"))
		return PROXY_BAD;
	*circuit = hi << 16 | lo;
	*line_len = (size_t)(lf + 1 - p);
	return PROXY_TAKEN;
}
