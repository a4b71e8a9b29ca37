/*
 * Whatever bytes are said to be texts: no crash, and what is taken is written
 * back byte for byte.
 */
#include "site/texts.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct bytes again = BYTES_INIT(TEXTS_BYTES_MAX);
	struct texts *t;

	if (texts_parse(p, len, &t) != ST_OK)
		return 0;
	must(texts_write(t, &again) == ST_OK);
	must(again.len == len && memcmp(again.p, p, len) == 0);
	bytes_free(&again);
	texts_free(t);
	return 0;
}
