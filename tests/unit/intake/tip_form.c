#include "tests/unit/intake/tip_form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define BOUNDARY "----geckoformboundary79e612fc18949fc58ff03eaf"

struct bytes
tip_request(const char *fields, const struct tip_part *parts)
{
	return form_request("/tip", fields, parts);
}

struct bytes
form_request(const char *path, const char *fields, const struct tip_part *parts)
{
	return form_request_to("x", path, fields, parts);
}

struct bytes
form_request_to(const char *host, const char *path, const char *fields,
    const struct tip_part *parts)
{
	struct bytes body = BYTES_INIT(64 << 20), all = BYTES_INIT(65 << 20);

	for (const struct tip_part *p = parts; p->name != NULL; p++) {
		assert_int_equal(bytes_printf(&body,
				     "--" BOUNDARY "\r\nContent-Disposition:"
				     " form-data; name=\"%s\"",
				     p->name),
		    ST_OK);
		if (p->file != NULL)
			assert_int_equal(bytes_printf(&body,
					     "; filename=\"%s\"\r\n"
					     "Content-Type: text/plain",
					     p->file),
			    ST_OK);
		assert_int_equal(bytes_append_text(&body, "\r\n\r\n"), ST_OK);
		if (p->len > 0)
			assert_int_equal(
			    bytes_append(&body, p->data, p->len), ST_OK);
		assert_int_equal(bytes_append_text(&body, "\r\n"), ST_OK);
	}
	assert_int_equal(
	    bytes_append_text(&body, "--" BOUNDARY "--\r\n"), ST_OK);
	assert_int_equal(bytes_printf(&all,
			     "POST %s HTTP/1.1\r\nHost: %s\r\n%s"
			     "Content-Type: multipart/form-data;"
			     " boundary=" BOUNDARY "\r\n"
			     "Content-Length: %zu\r\n\r\n",
			     path, host, fields, body.len),
	    ST_OK);
	assert_int_equal(bytes_append(&all, body.p, body.len), ST_OK);
	bytes_free(&body);
	return all;
}
