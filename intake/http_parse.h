/*
 * http_parse: read the head of one HTTP request, strictly.
 *
 * Pure: no input, no output, no memory of its own.  The caller collects the
 * head in a buffer of LIMIT_HEAD_LEN bytes and calls http_parse() whenever
 * bytes were added; what is found is told as places in that buffer.  The
 * result depends on the bytes alone, never on how they were cut.
 *
 * RFC 9110 and 9112 where they leave a choice: only GET, HEAD and POST; only
 * HTTP/1.0 and 1.1; lines end in CR LF; no folding; no space before a colon;
 * no control bytes; Host once (and always in 1.1); Content-Length once, of
 * digits alone; no Transfer-Encoding; no Expect but 100-continue; the target
 * is a path of at most HTTP_TARGET_MAX bytes.  A POST names its length and is
 * multipart/form-data with one boundary and no other parameter.
 */
#ifndef TIPLINE_INTAKE_HTTP_PARSE_H
#define TIPLINE_INTAKE_HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_TARGET_MAX 256
#define HTTP_BOUNDARY_MAX 70

enum http_method { HTTP_NONE, HTTP_GET, HTTP_HEAD, HTTP_POST };

enum http_result {
	HTTP_MORE,      /* not whole yet */
	HTTP_DONE,      /* whole; what follows in the buffer is body */
	HTTP_MALFORMED, /* not of the grammar */
	HTTP_METHOD,    /* another method */
	HTTP_LENGTH,    /* a body whose length is not told */
	HTTP_EXPECT,    /* Expect, and not 100-continue */
	HTTP_TYPE,      /* a body that is not multipart/form-data */
	HTTP_LARGE,     /* too long a head or target, or too many fields */
};

/* Sec-Fetch-Site, from where the browser says the request comes. */
enum http_site { HTTP_SITE_UNTOLD, HTTP_SITE_OWN, HTTP_SITE_FOREIGN };

/* A stretch of the caller's buffer; empty if the field was not there. */
struct http_span {
	uint16_t at, len;
};

struct http_parse {
	/* where reading stands */
	size_t line;     /* where the line begins that is being read */
	size_t seen;     /* up to here it has no end */
	unsigned fields; /* read so far */
	uint32_t had;    /* which of the fields that may stand once did */
	enum http_result result;
	/* what was found, whole after HTTP_DONE */
	enum http_method method;
	bool version_1_1;
	bool has_length;
	bool expects; /* 100-continue, before it sends the body */
	bool gateway; /* X-Tor2web: a web gateway to Tor asks */
	enum http_site site;
	uint64_t length; /* of the body, 0 if untold */
	size_t head_len; /* where the body begins */
	struct http_span target, host, origin, boundary;
};

void http_parse_begin(struct http_parse *hp);

/*
 * Look at buf[0..len), of which what an earlier call saw has not changed.
 * After anything but HTTP_MORE further calls return the same again.
 */
enum http_result http_parse(
    struct http_parse *hp, const uint8_t *buf, size_t len);

/* Is span the characters of word, whatever their case? */
bool http_span_same(
    const uint8_t *buf, struct http_span span, const char *word);

#endif
