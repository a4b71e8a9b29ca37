/*
 * Whatever stands in texts.ini: no crash, a sentence for what is refused, and
 * what is taken fits the form in which the receiver gets it.
 */
#include "line/texts_file.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct bytes bytes = BYTES_INIT(TEXTS_BYTES_MAX);
	struct texts *t, *back;
	char why[TEXTS_WHY_LEN];
	unsigned line;

	if (texts_file_parse(
		(const char *)p, len, &t, &line, why, sizeof(why)) != ST_OK) {
		must(why[0] != '\0' && t == NULL);
		return 0;
	}
	must(texts_write(t, &bytes) == ST_OK);
	must(texts_parse(bytes.p, bytes.len, &back) == ST_OK);
	texts_free(back);
	bytes_free(&bytes);
	texts_free(t);
	return 0;
}
