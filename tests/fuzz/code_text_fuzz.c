/*
 * code_text: whatever is typed, a code that is read is read again from the
 * words it is shown as.
 */
#include <stdlib.h>
#include <string.h>

#include "intake/code_text.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t zeros[RETURN_CODE_LEN];
	uint8_t code[RETURN_CODE_LEN], again[RETURN_CODE_LEN];
	char text[CODE_TEXT_LEN + 1];

	if (code_text_read(data, size, code) != ST_OK) {
		if (memcmp(code, zeros, sizeof(code)) != 0)
			abort();
		return 0;
	}
	code_text_write(code, text);
	if (strlen(text) > CODE_TEXT_LEN ||
	    code_text_read((const uint8_t *)text, strlen(text), again) !=
		ST_OK ||
	    memcmp(code, again, sizeof(code)) != 0)
		abort();
	return 0;
}
