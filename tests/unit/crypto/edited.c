/*
 * edited: see edited.h.
 */
#include "tests/unit/crypto/edited.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

struct bytes
edited(const struct bytes *text, const char *from, const char *to)
{
	struct bytes b = BYTES_INIT(1 << 17);
	const uint8_t *const at =
	    memmem(text->p, text->len, from, strlen(from));
	size_t before;

	if (at == NULL)
		fail_msg("%s is not in the text", from);
	before = (size_t)(at - text->p);
	assert_int_equal(bytes_append(&b, text->p, before), ST_OK);
	assert_int_equal(bytes_append_text(&b, to), ST_OK);
	before += strlen(from);
	assert_int_equal(
	    bytes_append(&b, text->p + before, text->len - before), ST_OK);
	return b;
}
