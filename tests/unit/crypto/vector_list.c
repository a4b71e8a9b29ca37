#include "tests/unit/crypto/vector_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/durable.h"

#define FILE_MAX (1 << 20)

struct bytes
vector_file(const char *name)
{
	struct bytes b = BYTES_INIT(FILE_MAX);
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", VECTORS, name);
	assert_int_equal(durable_read(AT_FDCWD, path, &b), ST_OK);
	return b;
}

cJSON *
vector_list(const char *name)
{
	struct bytes b = vector_file(name);
	cJSON *list = cJSON_ParseWithLength((const char *)b.p, b.len);

	assert_true(cJSON_IsArray(list));
	assert_true(cJSON_GetArraySize(list) > 0);
	bytes_free(&b);
	return list;
}

const char *
vector_text(const cJSON *v, const char *name)
{
	const cJSON *const s = cJSON_GetObjectItemCaseSensitive(v, name);

	assert_true(cJSON_IsString(s));
	return s->valuestring;
}

uint64_t
vector_number(const cJSON *v, const char *name)
{
	const cJSON *const n = cJSON_GetObjectItemCaseSensitive(v, name);

	assert_true(cJSON_IsNumber(n));
	return n->valuedouble >= 18446744073709551615.0
	    ? UINT64_MAX
	    : (uint64_t)n->valuedouble;
}

void
vector_hex(const cJSON *v, const char *name, uint8_t *out, size_t len)
{
	const char *const s = vector_text(v, name);
	size_t got;

	assert_int_equal(
	    sodium_hex2bin(out, len, s, strlen(s), NULL, &got, NULL), 0);
	assert_int_equal(got, len);
}

/* Says which file a failure is about, since cmocka only names the line. */
void
vector_must_be(enum status st, const char *expected, const char *file)
{
	static const struct {
		const char *name;
		enum status st;
	} names[] = {{"ok", ST_OK}, {"malformed", ST_MALFORMED},
	    {"version", ST_VERSION}, {"wrong-key", ST_WRONG_KEY},
	    {"forged", ST_FORGED}, {"short", ST_SHORT}, {"exists", ST_EXISTS},
	    {"early", ST_EARLY}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].name, expected) != 0)
			continue;
		if (st != names[i].st)
			fail_msg("%s: expected %s, got %s", file, expected,
			    status_text(st));
		return;
	}
	fail_msg("%s: no such status: %s", file, expected);
}
