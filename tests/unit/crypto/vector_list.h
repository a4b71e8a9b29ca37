/*
 * vector_list: read the lists of tests/vectors and what stands in them.
 *
 * Whatever is missing or of another type fails the test that asked.
 */
#ifndef TIPLINE_TESTS_UNIT_CRYPTO_VECTOR_LIST_H
#define TIPLINE_TESTS_UNIT_CRYPTO_VECTOR_LIST_H

#include <cjson/cJSON.h>

#include "base/bytes.h"
#include "base/status.h"

/* A file by its path below tests/vectors; the caller frees it. */
struct bytes vector_file(const char *name);

/* A list that is not empty; the caller deletes it. */
cJSON *vector_list(const char *name);

const char *vector_text(const cJSON *v, const char *name);
uint64_t vector_number(const cJSON *v, const char *name);
void vector_hex(const cJSON *v, const char *name, uint8_t *out, size_t len);

/* Hold st against a status as README.md there names it; file is for the
 * message, since cmocka only names the line. */
void vector_must_be(enum status st, const char *expected, const char *file);

#endif
