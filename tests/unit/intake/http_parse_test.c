#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "intake/http_parse.h"
#include "intake/limits.h"
#include "tests/unit/intake/samples.h"

#define HOST "Host: x\r\n"
#define TYPE "Content-Type: multipart/form-data; boundary=b\r\n"
#define GET "GET / HTTP/1.1\r\n" HOST
#define POST "POST /tip HTTP/1.1\r\n" HOST TYPE

/* The bytes end where readable memory ends, for AddressSanitizer's sake. */
static struct http_parse
parse_cut(const uint8_t *p, size_t len, size_t cut)
{
	uint8_t *copy = malloc(len + 1), *part = malloc(cut + 1);
	struct http_parse hp;

	memcpy(copy, p, len);
	memcpy(part, p, cut);
	http_parse_begin(&hp);
	(void)http_parse(&hp, part, cut);
	(void)http_parse(&hp, copy, len);
	free(copy);
	free(part);
	return hp;
}

static bool
span_equal(struct http_span a, struct http_span b)
{
	return a.at == b.at && a.len == b.len;
}

/* Cut anywhere, and byte by byte: the same is found. */
static struct http_parse
parse_all_ways(const uint8_t *p, size_t len)
{
	struct http_parse whole = parse_cut(p, len, 0), hp;

	for (size_t cut = 0; cut <= len; cut++) {
		hp = parse_cut(p, len, cut);
		assert_int_equal(hp.result, whole.result);
		if (whole.result != HTTP_DONE)
			continue;
		assert_int_equal(hp.method, whole.method);
		assert_int_equal(hp.head_len, whole.head_len);
		assert_int_equal(hp.site, whole.site);
		assert_true(hp.length == whole.length);
		assert_true(span_equal(hp.target, whole.target));
		assert_true(span_equal(hp.host, whole.host));
		assert_true(span_equal(hp.origin, whole.origin));
		assert_true(span_equal(hp.boundary, whole.boundary));
	}
	http_parse_begin(&hp);
	for (size_t n = 0; n <= len; n++)
		(void)http_parse(&hp, p, n);
	assert_int_equal(hp.result, whole.result);
	return whole;
}

static struct http_parse
parse_text(const char *text)
{
	return parse_all_ways((const uint8_t *)text, strlen(text));
}

static void
requests_of_the_grammar_are_taken(void **state)
{
	static const char *const good[] = {
	    GET "\r\n",
	    "GET / HTTP/1.0\r\n\r\n",
	    "HEAD /a/b?c=d%20e HTTP/1.1\r\n" HOST "\r\n",
	    "GET / HTTP/1.1\r\nhOsT:x\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: \t x:80 \t\r\n\r\n",
	    GET "Content-Length: 0\r\n\r\n",
	    GET "X-Empty:\r\nX-Tab: a\tb\r\nX-High: \xe4\xb8\xad\r\n\r\n",
	    GET "!#$%&'*+-.^_`|~: all of a token\r\n\r\n",
	    GET "Content-Type: text/plain\r\n\r\n",
	    POST "Content-Length: 5\r\n\r\n12345",
	    POST "expect:100-Continue\r\nContent-Length: 0\r\n\r\n",
	    "POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n"
	    "Content-Type: MULTIPART/form-data;\tBOUNDARY=\"a b\"\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(parse_text(good[i]).result, HTTP_DONE);
}

struct refused {
	enum http_result result;
	const char *text;
};

static const struct refused refused[] = {
    /* lines */
    {HTTP_MALFORMED, "\r\n" GET "\r\n"},
    {HTTP_MALFORMED, "\n"},
    {HTTP_MALFORMED, "GET / HTTP/1.1\nHost: x\n\n"},
    {HTTP_MALFORMED, GET "X: a\n\r\n"},
    {HTTP_MALFORMED, GET "X: a\rb\r\n\r\n"},
    {HTTP_MALFORMED, GET "X: a\r\r\n\r\n"},
    {HTTP_MALFORMED, GET "X: a\r\n b\r\n\r\n"},
    {HTTP_MALFORMED, GET " X: a\r\n\r\n"},
    {HTTP_MALFORMED, GET "\tX: a\r\n\r\n"},
    {HTTP_MALFORMED, GET "\n"},
    /* request line */
    {HTTP_MALFORMED, "GET  / HTTP/1.1\r\n" HOST "\r\n"},
    {HTTP_MALFORMED, "GET /  HTTP/1.1\r\n" HOST "\r\n"},
    {HTTP_MALFORMED, "GET / HTTP/1.1 \r\n" HOST "\r\n"},
    {HTTP_MALFORMED, "GET\t/ HTTP/1.1\r\n" HOST "\r\n"},
    {HTTP_MALFORMED, " GET / HTTP/1.1\r\n" HOST "\r\n"},
    {HTTP_MALFORMED, "GET /\r\n\r\n"},
    {HTTP_MALFORMED, "GET\r\n\r\n"},
    {HTTP_MALFORMED, "GET \r\n\r\n"},
    {HTTP_MALFORMED, "GET / HTTP/1.2\r\n" HOST "\r\n"},
    {HTTP_MALFORMED, "GET / HTTP/2.0\r\n" HOST "\r\n"},
    {HTTP_MALFORMED, "GET / http/1.1\r\n" HOST "\r\n"},
    {HTTP_MALFORMED, "GET / HTTP/1.10\r\n" HOST "\r\n"},
    {HTTP_MALFORMED, "GET http://x/ HTTP/1.1\r\n" HOST "\r\n"},
    {HTTP_MALFORMED, "GET * HTTP/1.1\r\n" HOST "\r\n"},
    {HTTP_MALFORMED, "GET /#a HTTP/1.1\r\n" HOST "\r\n"},
    {HTTP_MALFORMED, "GET /% HTTP/1.1\r\n" HOST "\r\n"},
    {HTTP_MALFORMED, "GET /%4 HTTP/1.1\r\n" HOST "\r\n"},
    {HTTP_MALFORMED, "GET /%4g HTTP/1.1\r\n" HOST "\r\n"},
    {HTTP_MALFORMED, "GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n"},
    {HTTP_MALFORMED, "GET /\"<>\\^`{|} HTTP/1.1\r\n" HOST "\r\n"},
    {HTTP_METHOD, "PUT / HTTP/1.1\r\n" HOST "\r\n"},
    {HTTP_METHOD, "get / HTTP/1.1\r\n" HOST "\r\n"},
    {HTTP_METHOD, "GETT / HTTP/1.1\r\n" HOST "\r\n"},
    {HTTP_METHOD, "CONNECT x:80 HTTP/1.1\r\n" HOST "\r\n"},
    {HTTP_METHOD, "PRI * HTTP/2.0\r\n\r\n"},
    /* field names */
    {HTTP_MALFORMED, "GET / HTTP/1.1\r\nHost : x\r\n\r\n"},
    {HTTP_MALFORMED, GET "X\r\n\r\n"},
    {HTTP_MALFORMED, GET ": a\r\n\r\n"},
    {HTTP_MALFORMED, GET "X Y: a\r\n\r\n"},
    {HTTP_MALFORMED, GET "X(Y): a\r\n\r\n"},
    {HTTP_MALFORMED, GET "X\x80: a\r\n\r\n"},
    {HTTP_MALFORMED,
	GET "X: a\x01"
	    "b\r\n\r\n"},
    {HTTP_MALFORMED, GET "X: a\x7f\r\n\r\n"},
    /* Host */
    {HTTP_MALFORMED, "GET / HTTP/1.1\r\n\r\n"},
    {HTTP_MALFORMED, GET HOST "\r\n"},
    {HTTP_MALFORMED, "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
    {HTTP_MALFORMED, "GET / HTTP/1.1\r\nHost: x y\r\n\r\n"},
    {HTTP_MALFORMED, "GET / HTTP/1.1\r\nHost: x,y\r\n\r\n"},
    {HTTP_MALFORMED, "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n"},
    {HTTP_MALFORMED, "GET / HTTP/1.1\r\nHost: a@x\r\n\r\n"},
    {HTTP_MALFORMED, "GET / HTTP/1.1\r\nHost: x:\r\n\r\n"},
    {HTTP_MALFORMED, "GET / HTTP/1.1\r\nHost: :80\r\n\r\n"},
    {HTTP_MALFORMED, "GET / HTTP/1.1\r\nHost: x:8a\r\n\r\n"},
    {HTTP_MALFORMED, "GET / HTTP/1.1\r\nHost: x:123456\r\n\r\n"},
    /* lengths: what smuggles a second request past others */
    {HTTP_MALFORMED, POST "Content-Length:\r\n\r\n"},
    {HTTP_MALFORMED, POST "Content-Length: +5\r\n\r\n"},
    {HTTP_MALFORMED, POST "Content-Length: -5\r\n\r\n"},
    {HTTP_MALFORMED, POST "Content-Length: 0x5\r\n\r\n"},
    {HTTP_MALFORMED, POST "Content-Length: 5 5\r\n\r\n"},
    {HTTP_MALFORMED, POST "Content-Length: 5, 5\r\n\r\n"},
    {HTTP_MALFORMED, POST "Content-Length: 5;\r\n\r\n"},
    {HTTP_MALFORMED, POST "Content-Length: 5.0\r\n\r\n"},
    {HTTP_MALFORMED, POST "Content-Length: 05\r\n\r\n"},
    {HTTP_MALFORMED, POST "Content-Length: 99999999999999999999999\r\n\r\n"},
    {HTTP_MALFORMED, POST "Content-Length: 18446744073709551621\r\n\r\n"},
    {HTTP_MALFORMED, POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"},
    {HTTP_MALFORMED, POST "Content-Length: 5\r\ncontent-length: 6\r\n\r\n"},
    {HTTP_MALFORMED, GET "Content-Length: 1\r\n\r\n"},
    {HTTP_LENGTH, POST "\r\n"},
    {HTTP_LENGTH, POST "Transfer-Encoding: chunked\r\n\r\n"},
    {HTTP_LENGTH, GET "Transfer-Encoding: identity\r\n\r\n"},
    {HTTP_LENGTH, POST "Transfer-Encoding:\r\n\r\n"},
    {HTTP_LENGTH,
	POST "Content-Length: 5\r\n"
	     "Transfer-Encoding: chunked\r\n\r\n"},
    {HTTP_LENGTH,
	POST "tRANSFER-eNCODING: x\r\n"
	     "Content-Length: 5\r\n\r\n"},
    {HTTP_MALFORMED, POST "Transfer-Encoding : chunked\r\n\r\n"},
    {HTTP_MALFORMED, POST "Transfer-Encoding\x0b: chunked\r\n\r\n"},
    {HTTP_EXPECT, POST "Expect: 100-continue, x\r\n\r\n"},
    {HTTP_EXPECT, POST "Expect:\r\n\r\n"},
    /* what a form is sent as */
    {HTTP_TYPE, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n"},
    {HTTP_TYPE,
	"POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n"
	"Content-Type: application/x-www-form-urlencoded\r\n\r\n"},
};

static void
requests_outside_the_grammar_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		enum http_result result = parse_text(refused[i].text).result;

		if (result != refused[i].result)
			print_message("%s", refused[i].text);
		assert_int_equal(result, refused[i].result);
	}
}

static enum http_result
parse_type(const char *type)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n"
	    "Content-Type: %s\r\n\r\n",
	    type);
	return parse_text(text).result;
}

static void
a_boundary_has_1_to_70_legal_characters(void **state)
{
	static const char *const good[] = {
	    "multipart/form-data; boundary=----WebKitFormBoundaryql1b9IE6Q",
	    "multipart/form-data;boundary=x",
	    "multipart/form-data ; boundary='+_-.",
	    "multipart/form-data; boundary=\"'()+_,-./:=? x\"",
	};
	static const char *const bad[] = {
	    "multipart/form-data",
	    "multipart/form-data;",
	    "multipart/form-data; boundary",
	    "multipart/form-data; boundary=",
	    "multipart/form-data; boundary=\"\"",
	    "multipart/form-data; boundary=\"",
	    "multipart/form-data; boundary=\"a",
	    "multipart/form-data; boundary=a\"",
	    "multipart/form-data; boundary=\"a \"",
	    "multipart/form-data; boundary=\"a\\\"b\"",
	    "multipart/form-data; boundary=a b",
	    "multipart/form-data; boundary=a;",
	    "multipart/form-data; boundary=a; charset=utf-8",
	    "multipart/form-data; charset=utf-8; boundary=a",
	    "multipart/form-data; boundary=a; boundary=b",
	    "multipart/form-data; boundary=a/b",
	    "multipart/form-data; boundary=\xc3\xa9",
	    "multipart/form-data boundary=a",
	    "multipart/form-datax; boundary=a",
	};
	char type[200] = "multipart/form-data; boundary=";
	size_t at = strlen(type);

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(parse_type(good[i]), HTTP_DONE);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_in_range(parse_type(bad[i]), HTTP_MALFORMED, HTTP_TYPE);
	memset(type + at, 'a', HTTP_BOUNDARY_MAX);
	assert_int_equal(parse_type(type), HTTP_DONE);
	type[at + HTTP_BOUNDARY_MAX] = 'a';
	assert_int_equal(parse_type(type), HTTP_MALFORMED);
}

static void
what_is_found_points_into_the_head(void **state)
{
	static const char text[] =
	    "POST /tip?a HTTP/1.1\r\n"
	    "Sec-Fetch-Site: cross-site\r\n"
	    "Origin: http://x\r\n"
	    "Host: Ab.onion:80\r\n"
	    "Content-Length: 1234567890123\r\n" TYPE "\r\nbody";
	const uint8_t *p = (const uint8_t *)text;
	struct http_parse hp = parse_text(text);

	(void)state;
	assert_int_equal(hp.result, HTTP_DONE);
	assert_int_equal(hp.method, HTTP_POST);
	assert_true(hp.length == UINT64_C(1234567890123));
	assert_int_equal(hp.head_len, sizeof(text) - 5);
	assert_int_equal(hp.site, HTTP_SITE_FOREIGN);
	assert_true(http_span_same(p, hp.target, "/tip?a"));
	assert_true(http_span_same(p, hp.host, "ab.ONION:80"));
	assert_true(http_span_same(p, hp.origin, "http://x"));
	assert_true(http_span_same(p, hp.boundary, "b"));
	assert_false(http_span_same(p, hp.boundary, "bb"));
}

static void
where_a_form_comes_from_is_told(void **state)
{
	(void)state;
	assert_int_equal(parse_text(GET "\r\n").site, HTTP_SITE_UNTOLD);
	assert_int_equal(
	    parse_text(GET "Sec-Fetch-Site: same-origin\r\n\r\n").site,
	    HTTP_SITE_OWN);
	assert_int_equal(
	    parse_text(GET "Sec-Fetch-Site: none\r\n\r\n").site, HTTP_SITE_OWN);
	assert_int_equal(
	    parse_text(GET "Sec-Fetch-Site: same-site\r\n\r\n").site,
	    HTTP_SITE_FOREIGN);
	assert_int_equal(parse_text(GET "Sec-Fetch-Site: new\r\n\r\n").site,
	    HTTP_SITE_FOREIGN);
	assert_int_equal(
	    parse_text(GET "Origin:\r\n\r\n").result, HTTP_MALFORMED);
}

/* A GET of exactly len bytes with count fields, the last one the filler. */
static enum http_result
parse_sized(size_t len, unsigned count)
{
	uint8_t *p = malloc(len);
	size_t n = strlen(GET);
	struct http_parse hp;

	memcpy(p, GET, n);
	for (unsigned i = 2; i < count; i++, n += 6)
		memcpy(p + n, "x: y\r\n", 6);
	memcpy(p + n, "x:", 2);
	memset(p + n + 2, 'a', len - n - 6);
	memcpy(p + len - 4, "\r\n\r\n", 4);
	hp = parse_cut(p, len, len / 2);
	free(p);
	return hp.result;
}

static void
a_head_has_a_size_and_a_number_of_fields(void **state)
{
	char text[HTTP_TARGET_MAX + 100] = "GET /";

	(void)state;
	assert_int_equal(parse_sized(LIMIT_HEAD_LEN, 2), HTTP_DONE);
	assert_int_equal(parse_sized(LIMIT_HEAD_LEN + 1, 2), HTTP_LARGE);
	assert_int_equal(parse_sized(4000, LIMIT_HEAD_FIELDS), HTTP_DONE);
	assert_int_equal(parse_sized(4000, LIMIT_HEAD_FIELDS + 1), HTTP_LARGE);
	memset(text + 5, 'a', HTTP_TARGET_MAX - 1);
	snprintf(text + 4 + HTTP_TARGET_MAX, 90, "%s", " HTTP/1.0\r\n\r\n");
	assert_int_equal(parse_text(text).result, HTTP_DONE);
	snprintf(text + 4 + HTTP_TARGET_MAX, 90, "%s", "a HTTP/1.0\r\n\r\n");
	assert_int_equal(parse_text(text).result, HTTP_LARGE);
}

static void
every_cut_of_a_head_asks_for_more(void **state)
{
	static const char text[] = POST "Content-Length: 5\r\n\r\n";
	struct http_parse hp;

	(void)state;
	for (size_t len = 0; len + 1 < sizeof(text); len++) {
		hp = parse_cut((const uint8_t *)text, len, len / 2);
		assert_int_equal(hp.result, HTTP_MORE);
	}
}

static void
every_mutant_is_judged_alike_however_it_is_cut(void **state)
{
	static const char text[] =
	    POST "Content-Length: 5\r\nOrigin: null\r\n\r\n";
	static const uint8_t flips[] = {0x01, 0x20, 0x80, 0xff};
	uint8_t p[sizeof(text)];
	size_t len = sizeof(text) - 1;

	(void)state;
	for (size_t at = 0; at < len; at++) {
		for (size_t f = 0; f < sizeof(flips); f++) {
			memcpy(p, text, len);
			p[at] ^= flips[f];
			(void)parse_all_ways(p, len);
		}
	}
}

static void
check_sample(const struct sample *s)
{
	size_t have = s->len;
	struct http_parse hp;

	/* The body would make every split slow, and is not looked at. */
	hp = parse_cut(s->p, s->len, 0);
	if (hp.result == HTTP_DONE) {
		assert_true(hp.length == s->len - hp.head_len);
		have = hp.head_len + (hp.length > 0);
	}
	hp = parse_all_ways(s->p, have);
	assert_int_equal(
	    hp.result, strstr(s->name, "-url") != NULL ? HTTP_TYPE : HTTP_DONE);
	assert_int_not_equal(hp.site, HTTP_SITE_FOREIGN);
}

static void
what_browsers_send_is_taken(void **state)
{
	(void)state;
	samples_each(check_sample);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(requests_of_the_grammar_are_taken),
	    cmocka_unit_test(requests_outside_the_grammar_are_refused),
	    cmocka_unit_test(a_boundary_has_1_to_70_legal_characters),
	    cmocka_unit_test(what_is_found_points_into_the_head),
	    cmocka_unit_test(where_a_form_comes_from_is_told),
	    cmocka_unit_test(a_head_has_a_size_and_a_number_of_fields),
	    cmocka_unit_test(every_cut_of_a_head_asks_for_more),
	    cmocka_unit_test(every_mutant_is_judged_alike_however_it_is_cut),
	    cmocka_unit_test(what_browsers_send_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
