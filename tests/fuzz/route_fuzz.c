/*
 * route: whatever is asked for, a target that is a page is the one way to
 * write what was found: written again from it, it is the same bytes.
 */
#include <stdio.h>
#include <string.h>

#include "intake/route.h"
#include "site/language.h"
#include "tests/fuzz/fuzz.h"

static const char *const path[] = {
    [ROUTE_WELCOME] = "/",
    [ROUTE_BEFORE] = "/before",
    [ROUTE_TIP] = "/tip",
    [ROUTE_LARGE] = "/large",
    [ROUTE_PROGRESS] = "/progress",
    [ROUTE_RETURN] = "/return",
    [ROUTE_KEYS] = "/keys",
};

static size_t
write_again(const struct route *r, char *out, size_t size)
{
	const char *code = language_get(r->language)->code;
	size_t len = 0;

	if (r->language != LANGUAGE_ENGLISH)
		len += (size_t)snprintf(out, size, "/%s", code);
	len += (size_t)snprintf(out + len, size - len, "%s", path[r->page]);
	if (r->part > 1)
		len += (size_t)snprintf(out + len, size - len, "/%u", r->part);
	for (size_t i = 0; r->has_token && i < ROUTE_TOKEN_LEN; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%02x",
		    i == 0 ? "/" : "", r->token[i]);
	return len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct route r;
	char again[128];
	size_t len;

	route_parse(data, size, &r);
	must(r.language < language_count());
	must(r.part >= 1 && r.part <= ROUTE_PARTS_MAX);
	if (r.page == ROUTE_NONE)
		return 0;
	must(r.page == ROUTE_KEYS || r.part == 1);
	must(r.page != ROUTE_PROGRESS || r.has_token);
	must(!r.has_token || r.page == ROUTE_PROGRESS || r.page == ROUTE_TIP);
	len = write_again(&r, again, sizeof(again));
	/* The front page of a language has a name without a slash, too. */
	if (r.page == ROUTE_WELCOME && size + 1 == len)
		len--;
	must(len == size && memcmp(again, data, len) == 0);
	return 0;
}
