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

static struct text_back *
make(struct text_shelf *shelf)
{
	struct text_back *text;

	if (shelf->held == shelf->max ||
	    (text = guarded_new(sizeof(*text))) == NULL)
		return NULL;
	text->shelf = shelf;
	shelf->held++;
	return text;
}

static void
put(struct text_back *text, const void *p, size_t len)
{
	size_t room = LIMIT_TEXT_BACK - text->len;

	if (len > room) {
		len = room;
		text->cut = true;
	}
	memcpy(text->text + text->len, p, len);
	text->len += len;
}

void
text_back_add(struct text_shelf *shelf, struct text_back **text,
    const uint8_t *p, size_t len)
{
	if (len == 0 || (*text == NULL && (*text = make(shelf)) == NULL))
		return;
	if ((*text)->gap)
		put(*text, "\n\n", 2);
	(*text)->gap = false;
	put(*text, p, len);
}

void
text_back_field_end(struct text_back *text)
{
	if (text != NULL)
		text->gap = true;
}

struct site_text
text_back_get(const struct text_back *text, bool *cut)
{
	*cut = text != NULL && text->cut;
	if (text == NULL)
		return (struct site_text){NULL, 0};
	return (struct site_text){text->text, text->len};
}

bool
text_back_full(const struct text_back *text)
{
	return text != NULL && text->cut;
}

void
text_back_free(struct text_back *text)
{
	if (text == NULL)
		return;
	text->shelf->held--;
	guarded_free(text);
}
