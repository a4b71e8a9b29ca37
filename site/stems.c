/*
 * stems: the names of the files, also for the tool that reads them.
 */
#include <assert.h>

#include "site/site.h"

static const char *const stem[SITE_FILE_COUNT] = {
#define X(name, text) [name] = #text,
    SITE_PAGES(X) SITE_PIECES(X)
#undef X
};

const char *
site_stem(enum site_page page)
{
	assert(page < SITE_FILE_COUNT);
	return stem[page];
}
