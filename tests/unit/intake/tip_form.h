/*
 * tip_form: the request that a browser makes of the form.
 */
#ifndef TIPLINE_TESTS_UNIT_INTAKE_TIP_FORM_H
#define TIPLINE_TESTS_UNIT_INTAKE_TIP_FORM_H

#include <stddef.h>

#include "base/bytes.h"

/* file is NULL for a field.  A row ends with a name of NULL. */
struct tip_part {
	const char *name, *file, *data;
	size_t len;
};

/* The end of such a row, and a field with a string literal in it. */
#define TIP_END                                                                \
	{                                                                      \
		NULL, NULL, NULL, 0                                            \
	}
#define TIP_FIELD(name, value)                                                 \
	{                                                                      \
		name, NULL, value, sizeof(value) - 1                           \
	}

/* POST /tip with these parts; fields: further lines of the head.  The caller
 * frees what is returned. */
struct bytes tip_request(const char *fields, const struct tip_part *parts);

/* The same to another path. */
struct bytes form_request(
    const char *path, const char *fields, const struct tip_part *parts);

/* The same to another host than x. */
struct bytes form_request_to(const char *host, const char *path,
    const char *fields, const struct tip_part *parts);

#endif
