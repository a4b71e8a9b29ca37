#include "site/site.h"

#include <assert.h>

#include "site/embedded.h"

struct site_text
site_style(void)
{
	return (struct site_text){site_embedded_style, site_embedded_style_len};
}

/* Without any character that browsers read otherwise within <noscript>. */
struct site_text
site_noscript(void)
{
	return site_text_of("#js{display:none}");
}

struct site_text
site_page(enum site_page page, size_t language)
{
	const struct site_embedded *e;

	assert(page < SITE_FILE_COUNT && language < site_embedded_languages);
	e = site_embedded_language[language];
	return (struct site_text){
	    e->text + e->place[page].at, e->place[page].len};
}
