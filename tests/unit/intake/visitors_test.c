#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "intake/limits.h"
#include "site/answer.h"
#include "tests/unit/intake/stage_world.h"
#include "tests/unit/intake/staged.h"
#include "tests/unit/intake/visit.h"

#define CIRCUIT(n) "PROXY TCP6 fc00:dead:beef:4dad::0:" n " ::1 1 80\r\n"
#define GET "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

static int
ask(struct stage *s, const char *text)
{
	return stage_ask(s, text, strlen(text));
}

static const struct tip_part hello[] = {{"message", NULL, "hello", 5}, TIP_END};

static int
post(struct stage *s, const char *fields)
{
	struct bytes request = tip_request(fields, hello);
	int code = stage_ask(s, request.p, request.len);

	bytes_free(&request);
	return code;
}

static void
every_request_gets_its_page(void **state)
{
	struct stage *s = *state;
	static const struct {
		int code;
		const char *request;
	} asked[] = {
	    {200, GET},
	    {200, "GET /tip HTTP/1.1\r\nHost: y:80\r\n\r\n"},
	    {200, "GET / HTTP/1.0\r\n\r\n"},
	    {200, GET GET}, /* what follows is not read as a request */
	    {404, "GET /favicon.ico HTTP/1.1\r\nHost: x\r\n\r\n"},
	    {404, "GET /?a HTTP/1.1\r\nHost: x\r\n\r\n"},
	    {405, "PUT / HTTP/1.1\r\nHost: x\r\n\r\n"},
	    {400, "GET / HTTP/1.1\r\n\r\n"},
	    {400, "GET / HTTP/1.1\nHost: x\n\n"},
	    {411, "POST /tip HTTP/1.1\r\nHost: x\r\n\r\n"},
	    {411,
		"POST /tip HTTP/1.1\r\nHost: x\r\n"
		"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	    {415,
		"POST /tip HTTP/1.1\r\nHost: x\r\n"
		"Content-Length: 3\r\n\r\na=b"},
	    {417,
		"POST /tip HTTP/1.1\r\nHost: x\r\n"
		"Expect: 200-ok\r\n\r\n"},
	    {405,
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
		"Content-Type: multipart/form-data; boundary=b\r\n\r\nabc"},
	    {400,
		"POST /tip HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
		"Content-Type: multipart/form-data; boundary=b\r\n\r\n"},
	};

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		assert_int_equal(ask(s, asked[i].request), asked[i].code);
	assert_int_equal(s->opened, 0);
}

static void
head_gets_the_head_alone(void **state)
{
	struct stage *s = *state;
	static const char head[] = "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n";
	struct heard reply;
	int fd;

	fd = stage_visitor(s);
	assert_true(stage_say(s, fd, head, strlen(head)));
	stage_hear(s, fd, &reply);
	assert_int_equal(reply.code, 200);
	assert_memory_equal(reply.text.p + reply.text.len - 4, "\r\n\r\n", 4);
	assert_in_range(reply.text.len, 200, 2048);
	heard_free(&reply);
}

static void
a_head_that_is_too_large_gets_a_page(void **state)
{
	struct stage *s = *state;
	char text[LIMIT_HEAD_LEN + 1] = "GET / HTTP/1.1\r\nHost: x\r\nX: ";

	memset(text + strlen(text), 'a', sizeof(text) - strlen(text) - 1);
	assert_int_equal(stage_ask(s, text, LIMIT_HEAD_LEN), 431);
}

static void
only_our_own_host_is_answered(void **state)
{
	struct control_config config = stage_config();
	struct stage s;

	(void)state;
	snprintf(config.onion, sizeof(config.onion), "%s", VISIT_ONION);
	stage_open(&s, &config);
	assert_int_equal(
	    ask(&s, "GET / HTTP/1.1\r\nHost: " VISIT_ONION "\r\n\r\n"), 200);
	assert_int_equal(ask(&s, GET), 421);
	assert_int_equal(ask(&s, "GET / HTTP/1.0\r\n\r\n"), 421);
	assert_int_equal(
	    ask(&s, "GET / HTTP/1.1\r\nHost: www." VISIT_ONION "\r\n\r\n"),
	    421);
	assert_int_equal(
	    ask(&s, "GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n"), 421);
	assert_int_equal(post(&s, ""), 421);
	stage_close(&s);

	/* By the other door, alone. */
	config.unix_on = 0;
	config.loopback = 1;
	config.port = 8000;
	config.proxy = PROXY_REQUIRE; /* does not hold there */
	stage_open(&s, &config);
	assert_int_equal(
	    ask(&s, "GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n"), 200);
	assert_int_equal(
	    ask(&s, "GET / HTTP/1.1\r\nHost: localhost:8000\r\n\r\n"), 200);
	assert_int_equal(
	    ask(&s, "GET / HTTP/1.1\r\nHost: " VISIT_ONION "\r\n\r\n"), 200);
	assert_int_equal(
	    ask(&s, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"), 421);
	stage_close(&s);

	config.onion[0] = '\0';
	stage_open(&s, &config);
	assert_int_equal(
	    ask(&s, "GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n"), 200);
	assert_int_equal(ask(&s, GET), 421);
	stage_close(&s);
}

static void
a_form_from_another_site_is_refused(void **state)
{
	struct stage *s = *state;
	static const struct {
		int code;
		const char *fields;
	} sent[] = {
	    {200, ""},
	    {200, "Origin: null\r\n"},
	    {200, "Origin: http://x\r\n"},
	    {200, "Origin: https://X\r\nSec-Fetch-Site: same-origin\r\n"},
	    {403, "Origin: http://y\r\n"},
	    {403, "Origin: http://x:80\r\n"},
	    {403, "Origin: http://xx\r\n"},
	    {403, "Origin: ftp://x\r\n"},
	    {403, "Origin: x\r\n"},
	    {403, "Sec-Fetch-Site: cross-site\r\n"},
	    {403, "Origin: null\r\nSec-Fetch-Site: same-site\r\n"},
	};

	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++)
		assert_int_equal(post(s, sent[i].fields), sent[i].code);
	assert_int_equal(s->committed, 4);
	assert_int_equal(s->opened, 4);
}

static void
the_proxy_line_is_taken_as_configured(void **state)
{
	static const int want[3][3] = {
	    /* none, good, bad */
	    [PROXY_OFF] = {200, 405, 405}, /* as any other method */
	    [PROXY_ACCEPT] = {200, 200, 400},
	    [PROXY_REQUIRE] = {400, 200, 400},
	};
	struct control_config config = stage_config();
	struct stage s;

	(void)state;
	for (uint8_t mode = PROXY_OFF; mode <= PROXY_REQUIRE; mode++) {
		config.proxy = mode;
		stage_open(&s, &config);
		assert_int_equal(ask(&s, GET), want[mode][0]);
		assert_int_equal(ask(&s, CIRCUIT("17") GET), want[mode][1]);
		assert_int_equal(
		    ask(&s, "PROXY UNKNOWN\r\n" GET), want[mode][2]);
		stage_close(&s);
	}
}

static void
one_circuit_cannot_hold_all_connections(void **state)
{
	struct control_config config = stage_config();
	struct stage s;
	int held[3];

	(void)state;
	config.proxy = PROXY_REQUIRE;
	stage_open(&s, &config);
	for (int i = 0; i < 3; i++) {
		held[i] = stage_visitor(&s);
		assert_true(
		    stage_say(&s, held[i], CIRCUIT("7"), strlen(CIRCUIT("7"))));
	}
	stage_settle(&s);
	assert_int_equal(ask(&s, CIRCUIT("7") GET), 429);
	assert_int_equal(ask(&s, CIRCUIT("8") GET), 200);
	close(held[0]);
	stage_settle(&s);
	assert_int_equal(ask(&s, CIRCUIT("7") GET), 200);
	close(held[1]);
	close(held[2]);
	stage_close(&s);
}

static void
one_circuit_cannot_hold_all_uploads(void **state)
{
	struct control_config config = stage_config();
	struct bytes request = tip_request("", hello), with;
	struct stage s;
	int held[2];

	(void)state;
	config.proxy = PROXY_REQUIRE;
	stage_open(&s, &config);
	with = BYTES_INIT(1 << 20);
	assert_int_equal(bytes_append_text(&with, CIRCUIT("7")), ST_OK);
	assert_int_equal(bytes_append(&with, request.p, request.len), ST_OK);
	for (int i = 0; i < 2; i++) {
		held[i] = stage_visitor(&s);
		assert_true(stage_say(&s, held[i], with.p, with.len - 100));
	}
	stage_settle(&s);
	assert_int_equal(stage_ask(&s, with.p, with.len), 429);
	with.p[strlen(CIRCUIT("7")) - 12] = '9'; /* another circuit */
	assert_int_equal(stage_ask(&s, with.p, with.len), 200);
	with.p[strlen(CIRCUIT("7")) - 12] = '7';
	close(held[0]);
	stage_settle(&s);
	assert_int_equal(stage_ask(&s, with.p, with.len), 200);
	close(held[1]);
	bytes_free(&request);
	bytes_free(&with);
	stage_close(&s);
}

static void
silent_connections_stop_nobody(void **state)
{
	struct control_config config = stage_config();
	int silent[64], half[8];
	struct stage s;
	long before;

	(void)state;
	config.connections_max = 16;
	stage_open(&s, &config);
	for (int i = 0; i < 8; i++) {
		half[i] = stage_visitor(&s);
		assert_true(stage_say(&s, half[i], "GET ", 4));
	}
	for (int i = 0; i < 64; i++)
		silent[i] = stage_visitor(&s);
	before = world_now();
	assert_int_equal(ask(&s, GET), 200);
	assert_int_equal(post(&s, ""), 200);
	assert_int_equal(world_now(), before); /* nor holds it anybody up */
	for (int i = 0; i < 64; i++)
		close(silent[i]);
	for (int i = 0; i < 8; i++)
		close(half[i]);
	stage_close(&s);
}

/* Half of the connections may be uploads.  When all those places are held,
 * the slowest gives way as soon as it is old enough. */
static void
slow_uploads_hold_no_place_for_long(void **state)
{
	struct control_config config = stage_config();
	struct bytes request = tip_request("", hello);
	struct heard reply;
	struct stage s;
	int held[4];

	(void)state;
	config.connections_max = 8;
	stage_open(&s, &config);
	for (int i = 0; i < 4; i++) {
		/* The third sends the least. */
		size_t less = i == 2 ? 80 : 60;

		held[i] = stage_visitor(&s);
		assert_true(
		    stage_say(&s, held[i], request.p, request.len - less));
	}
	stage_settle(&s);
	assert_int_equal(ask(&s, GET), 200);
	assert_int_equal(post(&s, ""), 503);
	stage_later(&s, LIMIT_YIELD_SECONDS + 1);
	assert_int_equal(post(&s, ""), 200);
	assert_true(stage_say(&s, held[2], request.p + request.len - 80, 80));
	stage_hear(&s, held[2], &reply);
	assert_int_equal(reply.code, 408);
	heard_free(&reply);
	/* The others were left alone. */
	for (int i = 0; i < 4; i++) {
		if (i == 2)
			continue;
		assert_true(
		    stage_say(&s, held[i], request.p + request.len - 60, 60));
		stage_hear(&s, held[i], &reply);
		assert_int_equal(reply.code, 200);
		heard_free(&reply);
	}
	bytes_free(&request);
	stage_close(&s);
}

static void
a_slow_head_gets_a_page_and_silence_none(void **state)
{
	struct stage *s = *state;
	struct heard reply;
	int slow, silent;

	slow = stage_visitor(s);
	silent = stage_visitor(s);
	assert_true(stage_say(s, slow, GET, 10));
	stage_settle(s);
	stage_later(s, LIMIT_HEAD_SECONDS - 2);
	assert_true(stage_say(s, slow, &GET[10], 5)); /* wins no time */
	stage_settle(s);
	stage_later(s, 3);
	stage_hear(s, slow, &reply);
	assert_int_equal(reply.code, 408);
	heard_free(&reply);
	stage_hear(s, silent, &reply);
	assert_int_equal(reply.text.len, 0);
	heard_free(&reply);
}

static void
a_body_keeps_a_pace_and_may_take_for_ever(void **state)
{
	struct stage *s = *state;
	static char data[4 * LIMIT_PACE_BYTES];
	const struct tip_part parts[] = {
	    {"file", "f", data, sizeof(data)}, TIP_END};
	struct bytes request = tip_request("", parts);
	struct heard reply;
	size_t at = 0;
	int fd;

	fd = stage_visitor(s);
	for (int i = 0; i < 3; i++) { /* fast enough */
		assert_true(
		    stage_say(s, fd, request.p + at, LIMIT_PACE_BYTES + 1000));
		at += LIMIT_PACE_BYTES + 1000;
		stage_settle(s);
		stage_later(s, LIMIT_PACE_SECONDS + 1);
	}
	assert_true(stage_say(s, fd, request.p + at, request.len - at));
	stage_hear(s, fd, &reply);
	assert_int_equal(reply.code, 200);
	heard_free(&reply);
	assert_true(s->tip_ok);

	fd = stage_visitor(s);
	assert_true(stage_say(s, fd, request.p, LIMIT_PACE_BYTES / 2));
	stage_settle(s);
	stage_later(s, LIMIT_PACE_SECONDS + 1);
	assert_true(stage_say(s, fd, request.p + LIMIT_PACE_BYTES / 2,
	    request.len - LIMIT_PACE_BYTES / 2)); /* drained */
	stage_hear(s, fd, &reply);
	assert_int_equal(reply.code, 408);
	assert_int_equal(reply.text.len, PAGE_TOTAL_LEN);
	heard_free(&reply);
	stage_settle(s);
	assert_int_equal(s->aborted, 1);
	bytes_free(&request);
}

static void
a_keeper_without_a_word_is_not_waited_for_for_ever(void **state)
{
	struct stage *s = *state;
	struct bytes request = tip_request("", hello);
	struct heard reply;
	int fd;

	s->mood = KEEPER_SILENT;
	fd = stage_visitor(s);
	assert_true(stage_say(s, fd, request.p, request.len));
	stage_settle(s);
	assert_int_equal(s->committed, 1);
	stage_later(s, LIMIT_ANSWER_SECONDS + 1);
	stage_hear(s, fd, &reply);
	assert_int_equal(reply.code, 500);
	assert_non_null(strstr((const char *)reply.text.p, "cannot tell"));
	heard_free(&reply);
	bytes_free(&request);
}

static void
draining_ends(void **state)
{
	static char data[5 << 20];
	const struct tip_part parts[] = {
	    {"file", "f", data, sizeof(data)}, TIP_END};
	struct control_config config = stage_config();
	struct bytes request = tip_request("", parts);
	struct heard reply;
	struct stage s;
	int fd;

	(void)state;
	config.upload_max = 1 << 20;
	stage_open(&s, &config);
	fd = stage_visitor(&s);
	assert_true(stage_say(&s, fd, request.p, 1 << 20));
	stage_settle(&s);
	stage_later(&s, LIMIT_DRAIN_SECONDS + 1);
	stage_hear(&s, fd, &reply);
	assert_int_equal(reply.code, 413);
	heard_free(&reply);
	bytes_free(&request);
	stage_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGED(every_request_gets_its_page),
	    STAGED(head_gets_the_head_alone),
	    STAGED(a_head_that_is_too_large_gets_a_page),
	    cmocka_unit_test(only_our_own_host_is_answered),
	    STAGED(a_form_from_another_site_is_refused),
	    cmocka_unit_test(the_proxy_line_is_taken_as_configured),
	    cmocka_unit_test(one_circuit_cannot_hold_all_connections),
	    cmocka_unit_test(one_circuit_cannot_hold_all_uploads),
	    cmocka_unit_test(silent_connections_stop_nobody),
	    cmocka_unit_test(slow_uploads_hold_no_place_for_long),
	    STAGED(a_slow_head_gets_a_page_and_silence_none),
	    STAGED(a_body_keeps_a_pace_and_may_take_for_ever),
	    STAGED(a_keeper_without_a_word_is_not_waited_for_for_ever),
	    cmocka_unit_test(draining_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
