/*
 * edited: a text that is wrong in one place, for tests of what is refused.
 */
#ifndef TIPLINE_TESTS_UNIT_CRYPTO_EDITED_H
#define TIPLINE_TESTS_UNIT_CRYPTO_EDITED_H

#include "base/bytes.h"

/* The text with the first from made to; the caller frees it.  The test fails
 * if from does not stand in it. */
struct bytes edited(const struct bytes *text, const char *from, const char *to);

#endif
