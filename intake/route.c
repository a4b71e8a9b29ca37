#include "intake/route.h"

#include <string.h>

#include "base/num.h"
#include "intake/ascii.h"
#include "site/language.h"

static const struct {
	const char *path;
	enum route_page page;
} pages[] = {
    {"/", ROUTE_WELCOME},
    {"/before", ROUTE_BEFORE},
    {"/tip", ROUTE_TIP},
    {"/large", ROUTE_LARGE},
    {"/return", ROUTE_RETURN},
    {"/keys", ROUTE_KEYS},
};

/* Take "/CODE" off the front; true if something or nothing may follow. */
static bool
take_language(const uint8_t **p, size_t *len, struct route *out)
{
	const uint8_t *slash;
	size_t code;
	int language;

	if (*len < 2 || **p != '/')
		return false;
	slash = memchr(*p + 1, '/', *len - 1);
	code = (slash == NULL ? *len : (size_t)(slash - *p)) - 1;
	language = language_find((const char *)*p + 1, code);
	if (language <= LANGUAGE_ENGLISH) /* which has no other name */
		return false;
	out->language = (size_t)language;
	*p += code + 1;
	*len -= code + 1;
	return true;
}

static bool
starts(const uint8_t *p, size_t len, const char *with)
{
	return len > strlen(with) && memcmp(p, with, strlen(with)) == 0;
}

static bool
read_token(const uint8_t *p, size_t len, struct route *out)
{
	if (len != (size_t)2 * ROUTE_TOKEN_LEN)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (ascii_hex(p[i]) < 0 || p[i] != ascii_lower(p[i]))
			return false;
		out->token[i / 2] =
		    (uint8_t)(out->token[i / 2] << 4 | ascii_hex(p[i]));
	}
	out->has_token = true;
	return true;
}

static enum route_page
find_page(const uint8_t *p, size_t len, struct route *out)
{
	uint64_t part;

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (strlen(pages[i].path) == len &&
		    memcmp(pages[i].path, p, len) == 0)
			return pages[i].page;
	if (starts(p, len, "/tip/"))
		return read_token(p + 5, len - 5, out) ? ROUTE_TIP : ROUTE_NONE;
	if (starts(p, len, "/progress/"))
		return read_token(p + 10, len - 10, out) ? ROUTE_PROGRESS
							 : ROUTE_NONE;
	if (starts(p, len, "/keys/") && p[6] != '0' && len <= 8 &&
	    num_parse((const char *)p + 6, len - 6, ROUTE_PARTS_MAX, &part) ==
		ST_OK &&
	    part > 1) {
		out->part = (unsigned)part;
		return ROUTE_KEYS;
	}
	return ROUTE_NONE;
}

void
route_parse(const uint8_t *target, size_t len, struct route *out)
{
	*out = (struct route){.part = 1};
	if (take_language(&target, &len, out) && len == 0)
		out->page = ROUTE_WELCOME; /* "/ko" */
	else
		out->page = find_page(target, len, out);
}
