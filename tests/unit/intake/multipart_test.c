#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "intake/http_parse.h"
#include "intake/multipart.h"
#include "tests/unit/intake/samples.h"

/* What the parser told, as text: <name|file>data; of each part. */
struct told {
	struct bytes text;
	enum status st;
	bool whole;
	int fail_at, calls; /* the fail_at-th call returns ST_FULL */
};

static enum status
count_call(struct told *t)
{
	return ++t->calls == t->fail_at ? ST_FULL : ST_OK;
}

static enum status
on_part(void *ctx, const struct multipart_part *part)
{
	struct told *t = ctx;

	assert_int_equal(bytes_append(&t->text, "<", 1), ST_OK);
	assert_int_equal(
	    bytes_append(&t->text, part->name, part->name_len), ST_OK);
	if (part->file != NULL) {
		assert_int_equal(bytes_append(&t->text, "|", 1), ST_OK);
		assert_int_equal(
		    bytes_append(&t->text, part->file, part->file_len), ST_OK);
	}
	assert_int_equal(bytes_append(&t->text, ">", 1), ST_OK);
	return count_call(t);
}

static enum status
on_data(void *ctx, const uint8_t *p, size_t len)
{
	struct told *t = ctx;

	assert_true(len > 0);
	assert_int_equal(bytes_append(&t->text, p, len), ST_OK);
	return count_call(t);
}

static enum status
on_part_end(void *ctx)
{
	struct told *t = ctx;

	assert_int_equal(bytes_append(&t->text, ";", 1), ST_OK);
	return count_call(t);
}

static const struct multipart_events events = {on_part, on_data, on_part_end};

/* Feed p in stretches of the given lengths (the last one: all the rest).
 * Each stretch ends where readable memory ends. */
static struct told
feed(const char *boundary, const uint8_t *p, size_t len, size_t first,
    size_t step)
{
	struct told t = {.text = BYTES_INIT(1 << 22)};
	struct multipart mp;
	size_t at = 0, n = first;

	multipart_begin(
	    &mp, (const uint8_t *)boundary, strlen(boundary), &events, &t);
	while (at < len || n == 0) {
		uint8_t *copy;

		if (n > len - at)
			n = len - at;
		copy = malloc(n + 1);
		memcpy(copy + 1, p + at, n);
		t.st = multipart_feed(&mp, copy + 1, n);
		free(copy);
		at += n;
		if (t.st != ST_OK)
			break;
		n = step;
	}
	if (t.st != ST_OK)
		assert_int_equal(multipart_feed(&mp, p, 1), t.st);
	t.whole = multipart_whole(&mp);
	return t;
}

static void
check_equal(const struct told *a, const struct told *b)
{
	assert_int_equal(a->st, b->st);
	assert_int_equal(a->whole, b->whole);
	if (a->st != ST_OK)
		return; /* what was told before a failure is given up */
	assert_int_equal(a->text.len, b->text.len);
	if (a->text.len > 0)
		assert_memory_equal(a->text.p, b->text.p, a->text.len);
}

/* Cut at every place, and in even steps: the same is told. */
static struct told
feed_all_ways(const char *boundary, const uint8_t *p, size_t len)
{
	struct told whole = feed(boundary, p, len, len, len + 1), t;

	for (size_t cut = 0; cut <= len; cut++) {
		t = feed(boundary, p, len, cut, len + 1);
		check_equal(&t, &whole);
		bytes_free(&t.text);
	}
	for (size_t step = 1; step < 100; step++) {
		t = feed(boundary, p, len, step, step);
		check_equal(&t, &whole);
		bytes_free(&t.text);
	}
	return whole;
}

#define CD "Content-Disposition: form-data; "
#define PART(params, data) "--b\r\n" CD params "\r\n\r\n" data "\r\n"
#define END "--b--\r\n"

struct good {
	const char *body, *told;
};

static void
bodies_of_the_grammar_are_taken_apart(void **state)
{
	static const struct good good[] = {
	    {END, ""},
	    {"--b--", ""},
	    {PART("name=\"a\"", "x") END, "<a>x;"},
	    {PART("name=\"a\"", "x") "--b--", "<a>x;"},
	    {PART("name=a", "") END, "<a>;"},
	    {PART("name=\"a\"; filename=\"f\"", "") END, "<a|f>;"},
	    {PART("filename=\"f\"; name=\"a\"", "x") END, "<a|f>x;"},
	    {PART("name=\"a\"; filename=\"\"", "") END, "<a|>;"},
	    {PART("name=\"a\"\t;\tfilename=f ", "x") END, "<a|f>x;"},
	    {PART("NAME=\"a\"; FileName=\"f\"", "x") END, "<a|f>x;"},
	    {PART("name=\"a\";filename=\"c:\\d\\e%22;x=1.txt\"", "x") END,
		"<a|c:\\d\\e%22;x=1.txt>x;"},
	    {PART("name=\"a\"; filename=\"\x01\t \xec\x96\xb4\"", "x") END,
		"<a|\x01\t \xec\x96\xb4>x;"},
	    {"--b\r\nContent-Type: text/plain\r\nX-Odd:\r\n" CD
	     "name=a\r\n\r\nx\r\n" END,
		"<a>x;"},
	    {"--b\r\ncontent-disposition:FORM-DATA;name=a\r\n\r\nx\r\n" END,
		"<a>x;"},
	    /* what looks like a boundary and is none */
	    {PART("name=a", "--b") END, "<a>--b;"},
	    {PART("name=a", "\r\n--") END, "<a>\r\n--;"},
	    {PART("name=a", "\r\n-\r\n--\r\n--a\r") END,
		"<a>\r\n-\r\n--\r\n--a\r;"},
	    {PART("name=a", "\r\r\r\n\n\n--b") END, "<a>\r\r\r\n\n\n--b;"},
	    {PART("name=a", "\n--b\r\n") END, "<a>\n--b\r\n;"},
	    {PART("name=a", "\r--b--\r\n") END, "<a>\r--b--\r\n;"},
	    {PART("name=a", "\r\n--\r\n--\r\n--B") END,
		"<a>\r\n--\r\n--\r\n--B;"},
	    {PART("name=a", "x") PART("name=a", "y") PART("name=c", "") END,
		"<a>x;<a>y;<c>;"},
	};
	struct told t;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const uint8_t *p = (const uint8_t *)good[i].body;

		t = feed_all_ways("b", p, strlen(good[i].body));
		assert_int_equal(t.st, ST_OK);
		assert_true(t.whole);
		assert_int_equal(t.text.len, strlen(good[i].told));
		if (t.text.len > 0)
			assert_memory_equal(t.text.p, good[i].told, t.text.len);
		bytes_free(&t.text);
	}
}

static const char *const refused[] = {
    "preamble\r\n" END,
    "\r\n" END,
    "-b--",
    "--c--",
    "--b\n" CD "name=a\r\n\r\nx\r\n" END,
    "--b \r\n" CD "name=a\r\n\r\nx\r\n" END,
    "--b-\r\n",
    "--b-x",
    "--b\rx",
    END "x",
    END "\r\n",
    "--b--\rx",
    "--b--\n",
    "--b--" END,
    PART("name=a", "x\r\n--bx") END,
    PART("name=a", "x\r\n--b--x") END,
    /* heads */
    "--b\r\n\r\nx\r\n" END,
    "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" END,
    "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n" END,
    "--b\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n" END,
    "--b\r\nContent-Disposition: form-datax; name=a\r\n\r\nx\r\n" END,
    "--b\r\nContent-Disposition : form-data; name=a\r\n\r\nx\r\n" END,
    "--b\r\n " CD "name=a\r\n\r\nx\r\n" END,
    "--b\r\n" CD "\r\n name=a\r\n\r\nx\r\n" END,
    "--b\r\n" CD "name=a\n\r\n\r\nx\r\n" END,
    "--b\r\n" CD "name=a\nX: y\r\n\r\nx\r\n" END,
    "--b\r\n" CD "name=\"a\rb\"\r\n\r\nx\r\n" END,
    "--b\r\n" CD "name=a\r\n" CD "name=c\r\n\r\nx\r\n" END,
    "--b\r\n" CD "name=a\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "eA==\r\n" END,
    PART("", "x") END,
    PART("name", "x") END,
    PART("name=", "x") END,
    PART("name=\"\"", "x") END,
    PART("name=\"a", "x") END,
    PART("name=a\"", "x") END,
    PART("name=\"a\"b", "x") END,
    PART("name=\"a\\\"b\"", "x") END,
    PART("name=a b", "x") END,
    PART("name=a;", "x") END,
    PART("name=a;;filename=f", "x") END,
    PART("name=a; name=a", "x") END,
    PART("name=a; filename=f; filename=f", "x") END,
    PART("name=a; filename*=utf-8''f", "x") END,
    PART("name*=utf-8''a", "x") END,
    PART("name=a; size=3", "x") END,
    PART("filename=\"f\"", "x") END,
    PART("name =a", "x") END,
};

static void
bodies_outside_the_grammar_are_refused(void **state)
{
	struct told t;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const uint8_t *p = (const uint8_t *)refused[i];

		t = feed_all_ways("b", p, strlen(refused[i]));
		if (t.st != ST_MALFORMED)
			print_message("%s\n", refused[i]);
		assert_int_equal(t.st, ST_MALFORMED);
		assert_false(t.whole);
		bytes_free(&t.text);
	}
}

static void
a_zero_byte_in_a_part_head_is_refused(void **state)
{
	static const char body[] =
	    "--b\r\n" CD "name=\"a\0b\"\r\n\r\nx\r\n" END;
	struct told t;

	(void)state;
	t = feed_all_ways("b", (const uint8_t *)body, sizeof(body) - 1);
	assert_int_equal(t.st, ST_MALFORMED);
	bytes_free(&t.text);
}

static void
a_part_head_has_a_size(void **state)
{
	static const char front[] = "--b\r\n", mid[] = CD "name=a; filename=\"";
	uint8_t body[LIMIT_PART_HEAD_LEN + 64];
	struct told t;

	(void)state;
	for (size_t over = 0; over <= 1; over++) {
		size_t head = LIMIT_PART_HEAD_LEN + over, n = 5;

		memcpy(body, front, 5);
		memset(body + n, 'f', head);
		memcpy(body + n, mid, strlen(mid));
		memcpy(body + n + head - 5, "\"\r\n\r\n", 5);
		n += head;
		memcpy(body + n, "\r\n" END, 9);
		t = feed_all_ways("b", body, n + 9);
		assert_int_equal(t.st, over == 0 ? ST_OK : ST_LIMIT);
		assert_int_equal(t.whole, over == 0);
		bytes_free(&t.text);
	}
}

static void
a_cut_body_is_never_whole(void **state)
{
	static const char body[] = PART("name=a", "x") PART("name=c", "y") END;
	size_t close_mark = strlen(body) - 2;
	struct told t;

	(void)state;
	for (size_t len = 0; len < strlen(body); len++) {
		t = feed("b", (const uint8_t *)body, len, len, len + 1);
		assert_int_equal(t.st, ST_OK);
		assert_int_equal(t.whole, len == close_mark);
		bytes_free(&t.text);
	}
}

static void
every_mutant_is_judged_alike_however_it_is_cut(void **state)
{
	static const char body[] = PART(
	    "name=\"a\"; filename=\"f\"", "x\r\n--y") PART("name=c", "") END;
	static const uint8_t flips[] = {0x01, 0x20, 0x80, 0xff};
	uint8_t p[sizeof(body)];
	struct told t;

	(void)state;
	for (size_t at = 0; at < sizeof(body) - 1; at++) {
		for (size_t f = 0; f < sizeof(flips); f++) {
			memcpy(p, body, sizeof(body));
			p[at] ^= flips[f];
			t = feed_all_ways("b", p, sizeof(body) - 1);
			bytes_free(&t.text);
		}
	}
}

static void
a_boundary_is_found_at_every_edge_of_a_buffer(void **state)
{
	static const char bd[] = "----geckoformboundary79e612fc18949fc58ff03ea";
	static uint8_t body[4096];
	struct told t;
	int n;

	(void)state;
	/* The data grows by one, so that the boundary crosses the edges of
	 * stretches of 64 bytes at each of its places. */
	for (size_t data = 0; data < 130; data++) {
		n = snprintf((char *)body, sizeof(body),
		    "--%s\r\n" CD "name=a\r\n\r\n", bd);
		for (size_t i = 0; i < data; i++)
			body[n++] = (uint8_t)("\r\n--"[i % 4]);
		n += snprintf((char *)body + n, sizeof(body) - (size_t)n,
		    "\r\n--%s--\r\n", bd);
		for (size_t step = 60; step <= 70; step++) {
			t = feed(bd, body, (size_t)n, step, step);
			assert_int_equal(t.st, ST_OK);
			assert_true(t.whole);
			assert_int_equal(t.text.len, 3 + data + 1);
			bytes_free(&t.text);
		}
	}
}

static void
a_call_that_fails_stops_the_parser(void **state)
{
	static const char body[] = PART("name=a", "x") END;
	struct told t = {.text = BYTES_INIT(100)};
	struct multipart mp;

	(void)state;
	for (int at = 1; at <= 3; at++) {
		t.calls = 0;
		t.fail_at = at;
		multipart_begin(&mp, (const uint8_t *)"b", 1, &events, &t);
		assert_int_equal(
		    multipart_feed(&mp, (const uint8_t *)body, strlen(body)),
		    ST_FULL);
		assert_int_equal(t.calls, at);
		assert_int_equal(
		    multipart_feed(&mp, (const uint8_t *)body, 1), ST_FULL);
		assert_int_equal(t.calls, at);
		assert_false(multipart_whole(&mp));
		bytes_clear(&t.text);
	}
	bytes_free(&t.text);
}

static void
data_is_given_on_as_it_lies(void **state)
{
	static const char head[] = "--b\r\n" CD "name=a\r\n\r\n";
	static const uint8_t data[1000];
	struct told t = {.text = BYTES_INIT(4096)};
	struct multipart mp;

	(void)state;
	multipart_begin(&mp, (const uint8_t *)"b", 1, &events, &t);
	assert_int_equal(
	    multipart_feed(&mp, (const uint8_t *)head, strlen(head)), ST_OK);
	t.calls = 0;
	assert_int_equal(multipart_feed(&mp, data, sizeof(data)), ST_OK);
	assert_int_equal(t.calls, 1); /* one stretch, not many */
	bytes_free(&t.text);
}

static void
check_sample(const struct sample *s)
{
	char boundary[HTTP_BOUNDARY_MAX + 1];
	struct http_parse hp;
	struct told t;

	http_parse_begin(&hp);
	if (http_parse(&hp, s->p, s->len) != HTTP_DONE ||
	    hp.method != HTTP_POST)
		return;
	memcpy(boundary, s->p + hp.boundary.at, hp.boundary.len);
	boundary[hp.boundary.len] = '\0';
	t = feed_all_ways(boundary, s->p + hp.head_len, s->len - hp.head_len);
	assert_int_equal(t.st, ST_OK);
	assert_true(t.whole);
	if (strstr(s->name, "many-files") != NULL) {
		static const char name[] =
		    "<file|quo%22te \xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac"
		    " %22;x=1.txt>tricky name\r\nsecond\n;<go>send;";

		assert_true(t.text.len > sizeof(name));
		assert_memory_equal(
		    t.text.p + t.text.len - strlen(name), name, strlen(name));
	}
	bytes_free(&t.text);
}

static void
what_browsers_send_is_taken_apart(void **state)
{
	(void)state;
	samples_each(check_sample);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bodies_of_the_grammar_are_taken_apart),
	    cmocka_unit_test(bodies_outside_the_grammar_are_refused),
	    cmocka_unit_test(a_zero_byte_in_a_part_head_is_refused),
	    cmocka_unit_test(a_part_head_has_a_size),
	    cmocka_unit_test(a_cut_body_is_never_whole),
	    cmocka_unit_test(every_mutant_is_judged_alike_however_it_is_cut),
	    cmocka_unit_test(a_boundary_is_found_at_every_edge_of_a_buffer),
	    cmocka_unit_test(a_call_that_fails_stops_the_parser),
	    cmocka_unit_test(data_is_given_on_as_it_lies),
	    cmocka_unit_test(what_browsers_send_is_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
