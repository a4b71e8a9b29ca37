/*
 * some_texts: an operator's texts with something of everything in them.
 */
#ifndef TIPLINE_TESTS_UNIT_SITE_SOME_TEXTS_H
#define TIPLINE_TESTS_UNIT_SITE_SOME_TEXTS_H

#include <stddef.h>

#include "site/texts.h"

/* Make them: in English and Korean, with topics and questions.  The caller
 * frees what is returned. */
struct texts *some_texts(void);

/* The number of the language with this code. */
size_t some_texts_code(const char *text);

/* Set words in a language, and add a choice with an English label. */
void some_texts_set(
    struct texts_words *words, const char *language, const char *text);
void some_texts_add_choice(
    struct texts_question *q, const char *id, const char *label);

#endif
