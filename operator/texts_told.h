/*
 * texts_told: what there is to say of an operator's texts, in words.
 */
#ifndef TIPLINE_OPERATOR_TEXTS_TOLD_H
#define TIPLINE_OPERATOR_TEXTS_TOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "site/texts.h"

#define TEXTS_TOLD_LEN 400

/* Read an operator's file, which came from path; to be freed.  NULL after
 * words that say what is wrong in which line, and that nothing was done:
 * "changed". */
struct texts *texts_told_read(
    const char *path, const struct bytes *file, const char *done);

/* "en ko ru": the languages that are offered; with drafts, only those whose
 * translation of the pages no native speaker has read.  How many. */
size_t texts_told_languages(const bool on[static LANGUAGE_MAX], bool drafts,
    char out[static TEXTS_TOLD_LEN]);

/* "9 topics, 2 questions"; false if the texts say nothing at all. */
bool texts_told_count(const struct texts *t, char out[static TEXTS_TOLD_LEN]);

/* "ko: 3 of 17 texts are not translated; ..."; false if that language is not
 * offered or lacks none. */
bool texts_told_missing(
    const struct texts *t, size_t language, char out[static TEXTS_TOLD_LEN]);

#endif
