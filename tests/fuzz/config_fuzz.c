/*
 * Whatever stands in tipline.conf: no crash, and what is taken is written
 * and read back the same.
 */
#include <stdint.h>
#include <string.h>

#include "line/config.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = BYTES_INIT(CONFIG_MAX),
		     again = BYTES_INIT(CONFIG_MAX);
	struct config c, back;
	unsigned line;
	char why[CONFIG_WHY_LEN];

	if (config_parse(
		(const char *)data, size, &c, &line, why, sizeof(why)) != ST_OK)
		return 0;
	if (config_write(&c, &text) != ST_OK ||
	    config_parse((const char *)text.p, text.len, &back, &line, why,
		sizeof(why)) != ST_OK ||
	    config_write(&back, &again) != ST_OK)
		__builtin_trap();
	if (text.len != again.len || memcmp(text.p, again.p, text.len) != 0)
		__builtin_trap();
	bytes_free(&text);
	bytes_free(&again);
	return 0;
}
