/*
 * embedded: what pages_compile.c writes, one for each language.
 */
#ifndef TIPLINE_SITE_EMBEDDED_H
#define TIPLINE_SITE_EMBEDDED_H

#include <stdint.h>

#include "site/language.h"

struct site_place {
	uint32_t at, len;
};

struct site_embedded {
	struct language language;
	const unsigned char *text;      /* of all files, one after another */
	const struct site_place *place; /* of each, by enum site_page */
};

extern const struct site_embedded *const site_embedded_language[];
extern const size_t site_embedded_languages;
extern const unsigned char site_embedded_style[];
extern const size_t site_embedded_style_len;

#endif
