/*
 * preview_parts: the parts of tipline-operator preview.
 *
 * preview.c is the command and its folder; preview_pages.c writes the pages
 * of one language; preview_index.c the page that lists them all.
 */
#ifndef TIPLINE_OPERATOR_PREVIEW_PARTS_H
#define TIPLINE_OPERATOR_PREVIEW_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "operator/shown_site.h"
#include "site/answer.h"
#include "site/sample.h"

#define PREVIEW_INDEX "index.html"
#define PREVIEW_INDEX_MAX (1 << 20)
#define PREVIEW_FILE_MAX (4 * PAGE_TOTAL_LEN)
#define PREVIEW_NAME_MAX 64 /* of a file, with its NUL */

struct preview {
	struct shown_site shown;
	struct answers *answers;
	int folder;         /* FOLDER */
	size_t files;       /* pages written */
	struct bytes index; /* as far as it is made */
	/* the language at hand */
	size_t language;
	int dir; /* FOLDER/CODE */
	struct sample sample;
	struct site_text fill[FILLS];
	/* the page at hand */
	uint8_t page[PAGE_TOTAL_LEN];
	struct bytes file;
};

/* Write a new file of mode 0600 into an open folder.  ST_OK, ST_FULL or
 * ST_IO. */
MUST_CHECK enum status preview_put(
    int dirfd, const char *name, const struct bytes *text);

/*
 * Write every page of p->language into p->dir and list it in the index.
 * ST_OK, ST_FULL, ST_IO, ST_NOMEM, ST_LIMIT (larger than a preview can be).
 */
MUST_CHECK enum status preview_pages(struct preview *p);

/* The index, in this order: its beginning; for each language its heading,
 * each page by its title (HTML) and its file's name without .html, the end of
 * the language; its end.  As bytes_append(). */
MUST_CHECK enum status preview_index_begin(struct preview *p);
MUST_CHECK enum status preview_index_language(struct preview *p);
MUST_CHECK enum status preview_index_page(
    struct preview *p, struct site_text title, const char *name);
MUST_CHECK enum status preview_index_language_end(struct preview *p);
MUST_CHECK enum status preview_index_end(struct preview *p);

#endif
