/*
 * http_parse: any bytes, cut at any place, are judged alike, and what is
 * found lies within the head.  The first byte says where to cut.
 */
#include <stdlib.h>
#include <string.h>

#include "intake/http_parse.h"
#include "intake/limits.h"
#include "intake/proxy_line.h"
#include "tests/fuzz/fuzz.h"

static void
check(struct http_span span, size_t head_len)
{
	if ((size_t)span.at + span.len > head_len)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_parse whole, parts;
	uint32_t circuit;
	size_t cut, line;

	if (size == 0)
		return 0;
	cut = data[0] * size / 256;
	data++;
	size--;
	if (cut > size)
		cut = size;
	http_parse_begin(&whole);
	http_parse_begin(&parts);
	(void)http_parse(&whole, data, size);
	(void)http_parse(&parts, data, cut);
	(void)http_parse(&parts, data, size);
	if (whole.result != parts.result)
		abort();
	if (whole.result == HTTP_DONE) {
		if (whole.head_len > size || whole.head_len > LIMIT_HEAD_LEN ||
		    whole.head_len != parts.head_len ||
		    whole.length != parts.length)
			abort();
		check(whole.target, whole.head_len);
		check(whole.host, whole.head_len);
		check(whole.origin, whole.head_len);
		check(whole.boundary, whole.head_len);
	}
	if (proxy_line_parse(data, size, &circuit, &line) == PROXY_TAKEN &&
	    line > size)
		abort();
	return 0;
}
