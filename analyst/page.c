/*
 * page: see page.h.
 */
#include "analyst/page.h"

#include <inttypes.h>
#include <string.h>

#include "analyst/base64.h"
#include "crypto/digest.h"

static const char style[] =
    "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;"
    "padding:0 1em;color:#1b1b1b;background:#fff}"
    "h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f4f2;"
    "padding:1em;border:1px solid #ddd;unicode-bidi:isolate}"
    "table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;vertical-align:top;padding:.3em .8em .3em 0;"
    "border-bottom:1px solid #ddd;overflow-wrap:anywhere}"
    "td{unicode-bidi:isolate}"
    "b{font:.75em monospace;color:#a00000;border:1px solid #a00000;"
    "padding:0 .2em}"
    ".n{white-space:nowrap}.d{color:#666;font-size:.85em}";

static enum status
style_hash(struct bytes *out)
{
	uint8_t digest[DIGEST_LEN];
	struct sha256 *sha = NULL;
	enum status st;

	if ((st = sha256_new(&sha)) != ST_OK)
		return st;
	if ((st = sha256_update(sha, style, strlen(style))) == ST_OK)
		st = sha256_final(sha, digest);
	sha256_free(sha);
	return st != ST_OK ? st : base64_append(digest, sizeof(digest), out);
}

enum status
page_begin(struct bytes *out, const char *title)
{
	enum status st;

	st = bytes_append_text(out,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\""
	    "default-src 'none'; base-uri 'none'; form-action 'none';"
	    " style-src 'sha256-");
	if (st == ST_OK)
		st = style_hash(out);
	if (st == ST_OK)
		st = bytes_append_text(out,
		    "'\">\n"
		    "<meta name=\"referrer\" content=\"no-referrer\">\n"
		    "<link rel=\"icon\" href=\"data:,\">\n<title>");
	if (st == ST_OK)
		st = bytes_append_text(out, title);
	if (st == ST_OK)
		st = bytes_append_text(out, "</title>\n<style>");
	if (st == ST_OK)
		st = bytes_append_text(out, style);
	if (st == ST_OK)
		st = bytes_append_text(out, "</style>\n</head>\n<body>\n<h1>");
	if (st == ST_OK)
		st = bytes_append_text(out, title);
	if (st == ST_OK)
		st = bytes_append_text(out, "</h1>\n");
	return st;
}

enum status
page_end(struct bytes *out)
{
	return bytes_append_text(out, "</body>\n</html>\n");
}

enum status
page_size(struct bytes *out, uint64_t size)
{
	static const char *const unit[] = {"KiB", "MiB", "GiB", "TiB"};
	uint64_t tenths = size * 10;
	size_t u = 0;

	if (size < 1024)
		return bytes_printf(
		    out, "%" PRIu64 " byte%s", size, size == 1 ? "" : "s");
	for (tenths /= 1024; tenths >= 10240 && u < 3; u++)
		tenths /= 1024;
	return bytes_printf(out, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10,
	    tenths % 10, unit[u]);
}
