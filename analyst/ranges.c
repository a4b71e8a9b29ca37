/*
 * ranges: see ranges.h.
 */
#include "analyst/ranges.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Room for ", 18446744073709551615 to 18446744073709551615, and more". */
#define ITEM_MAX 64

void
ranges_add(struct ranges *ranges, uint64_t first, uint64_t last)
{
	size_t at = 0, over = 0;

	/* Those that end before this one begins, with a gap between. */
	while (at < ranges->n && ranges->r[at].last < first &&
	    first - ranges->r[at].last > 1)
		at++;
	/* Those that this one touches become one with it. */
	while (at + over < ranges->n &&
	    (ranges->r[at + over].first <= last ||
		ranges->r[at + over].first - last == 1)) {
		if (ranges->r[at + over].first < first)
			first = ranges->r[at + over].first;
		if (ranges->r[at + over].last > last)
			last = ranges->r[at + over].last;
		over++;
	}
	if (over == 0 && ranges->n == RANGES_MAX) {
		ranges->more = true;
		return;
	}
	memmove(&ranges->r[at + 1], &ranges->r[at + over],
	    (ranges->n - at - over) * sizeof(ranges->r[0]));
	ranges->n = ranges->n - over + 1;
	ranges->r[at].first = first;
	ranges->r[at].last = last;
}

bool
ranges_has(const struct ranges *ranges, uint64_t number)
{
	for (size_t i = 0; i < ranges->n; i++) {
		if (number >= ranges->r[i].first && number <= ranges->r[i].last)
			return true;
	}
	return false;
}

bool
ranges_single(const struct ranges *ranges)
{
	return ranges->n == 1 && !ranges->more &&
	    ranges->r[0].first == ranges->r[0].last;
}

struct sentence {
	char *text;
	size_t len, said, items;
	bool more;
};

/* Add "17" or "31 to 39", with what stands before it. */
static void
put_item(struct sentence *s, uint64_t first, uint64_t last)
{
	const bool ends = s->said + 1 == s->items && !s->more;
	const char *before = s->said == 0 ? " " : ends ? " and " : ", ";

	s->said++;
	/* Room for this one and for the last words. */
	if (s->len + 2 * ITEM_MAX > RANGES_TEXT_MAX) {
		s->more = true;
		return;
	}
	s->len += (size_t)snprintf(s->text + s->len, RANGES_TEXT_MAX - s->len,
	    "%s%" PRIu64, before, first);
	if (last != first)
		s->len += (size_t)snprintf(s->text + s->len,
		    RANGES_TEXT_MAX - s->len, " to %" PRIu64, last);
}

void
ranges_text(const struct ranges *ranges, char text[static RANGES_TEXT_MAX])
{
	struct sentence s = {.text = text, .more = ranges->more};

	/* A run of two reads better as two. */
	for (size_t i = 0; i < ranges->n; i++)
		s.items += ranges->r[i].last - ranges->r[i].first == 1 ? 2 : 1;
	s.len = (size_t)snprintf(text, RANGES_TEXT_MAX, "%s",
	    ranges_single(ranges) ? "tip" : "tips");
	for (size_t i = 0; i < ranges->n; i++) {
		const uint64_t first = ranges->r[i].first;
		const uint64_t last = ranges->r[i].last;

		if (last - first == 1) {
			put_item(&s, first, first);
			put_item(&s, last, last);
		} else {
			put_item(&s, first, last);
		}
	}
	if (s.more)
		(void)snprintf(
		    text + s.len, RANGES_TEXT_MAX - s.len, " and more");
}
