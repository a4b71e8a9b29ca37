#include "site/site.h"

#include <assert.h>

/* Made by embed.cmake, one pair for each file. */
#define EMBEDDED(stem)                                                         \
	extern const unsigned char site_embedded_##stem[];                     \
	extern const size_t site_embedded_##stem##_len
#define TEXT(stem)                                                             \
	((struct site_text){site_embedded_##stem, site_embedded_##stem##_len})

EMBEDDED(layout);
EMBEDDED(style);
#define X(name, stem) EMBEDDED(stem);
SITE_PAGES(X)
#undef X

struct site_text
site_layout(void)
{
	return TEXT(layout);
}

struct site_text
site_style(void)
{
	return TEXT(style);
}

struct site_text
site_page(enum site_page page)
{
	switch (page) {
#define X(name, stem)                                                          \
	case name:                                                             \
		return TEXT(stem);
		SITE_PAGES(X)
#undef X
	case SITE_PAGE_COUNT:
		break;
	}
	assert(!"a page of the enum");
	return (struct site_text){NULL, 0};
}
