#include "intake/text_back.h"

#include <string.h>

#include "base/guarded.h"
#include "intake/limits.h"

struct text_back {
	struct text_shelf *shelf;
	size_t len;
	bool cut;
	bool gap; /* an empty line comes before what is added next */
	uint8_t text[LIMIT_TEXT_BACK];
};

_Static_assert(sizeof(struct text_back) + 16 <= LIMIT_TEXT_BACK_LEN,
    "room is set aside for it");

/* Stands for one that had no place when it began: should there be a place
 * later, what comes then is not the beginning. */
static struct text_back none;

static struct text_back *
make(struct text_shelf *shelf)
{
	struct text_back *text;

	if (shelf->held == shelf->max ||
	    (text = guarded_new(sizeof(*text))) == NULL)
		return &none;
	text->shelf = shelf;
	shelf->held++;
	return text;
}

/* No character of UTF-8 is cut in two: where the next byte, which has no
 * place, belongs to one that has begun, that one goes, too. */
static void
end_whole(struct text_back *text, uint8_t next)
{
	while (text->len > 0 && (next & 0xc0) == 0x80)
		next = text->text[--text->len];
}

static void
put(struct text_back *text, const uint8_t *p, size_t len)
{
	size_t room = LIMIT_TEXT_BACK - text->len;
	size_t take = len < room ? len : room;

	if (text->cut)
		return;
	memcpy(text->text + text->len, p, take);
	text->len += take;
	text->cut = take < len;
	if (text->cut)
		end_whole(text, p[take]);
}

void
text_back_add(struct text_shelf *shelf, struct text_back **text,
    const uint8_t *p, size_t len)
{
	if (len == 0)
		return;
	if (*text == NULL)
		*text = make(shelf);
	if (*text == &none)
		return;
	if ((*text)->gap)
		put(*text, (const uint8_t *)"\n\n", 2);
	(*text)->gap = false;
	put(*text, p, len);
}

void
text_back_field_end(struct text_back *text)
{
	if (text != NULL && text != &none)
		text->gap = true;
}

struct site_text
text_back_get(const struct text_back *text, bool *cut)
{
	*cut = false;
	if (text == NULL || text == &none)
		return (struct site_text){NULL, 0};
	*cut = text->cut || !text->gap;
	return (struct site_text){text->text, text->len};
}

bool
text_back_full(const struct text_back *text)
{
	return text != NULL && (text == &none || text->cut);
}

void
text_back_free(struct text_back *text)
{
	if (text == NULL || text == &none)
		return;
	text->shelf->held--;
	guarded_free(text);
}
