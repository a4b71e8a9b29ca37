/*
 * The fields of the form: what of them is in the tip, and what a web gateway
 * to Tor makes of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "intake/limits.h"
#include "site/answer.h"
#include "tests/unit/intake/visit.h"

#define ONION "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.onion"
#define OTHER "bbcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.onion"
#define HEAD "Host: " ONION "\r\n"
#define END                                                                    \
	{                                                                      \
		NULL, NULL, NULL, 0                                            \
	}
#define FIELD(name, value)                                                     \
	{                                                                      \
		name, NULL, value, sizeof(value) - 1                           \
	}
#define ID_32 "abcdefghijklmnopqrstuvwxyz-01234"

static struct stage stage;

static int
open_stage(void **state)
{
	struct control_config config = stage_config();

	(void)state;
	stage_open(&stage, &config);
	return 0;
}

static int
open_stage_of_an_onion(void **state)
{
	struct control_config config = stage_config();

	(void)state;
	snprintf(config.onion, sizeof(config.onion), "%s", ONION);
	stage_open(&stage, &config);
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

static void
topic_and_answers_are_fields_of_the_tip(void **state)
{
	static const struct tip_part parts[] = {FIELD("topic", "lazarus"),
	    FIELD("message", "hello"), FIELD("q-where", "in\r\nthe port"),
	    FIELD("q-since", "2024"), {"file", "a.txt", "A", 1}, END};

	(void)state;
	assert_int_equal(visit_post(&stage, parts), 200);
	/* Whatever the topic is, it comes last: it alone is no tip. */
	visit_told(&stage,
	    "<message>hello;<q-where>in\r\nthe port;<q-since>2024;"
	    "<file|a.txt>A;<topic>lazarus;");
	assert_int_equal(stage.boxes, 1);
}

static void
fields_left_empty_are_not_in_the_tip(void **state)
{
	static const struct tip_part parts[] = {FIELD("topic", ""),
	    FIELD("message", ""), FIELD("q-where", ""), FIELD("q-since", "x"),
	    FIELD("no-reply", ""), {"file", "", "", 0}, END};

	(void)state;
	assert_int_equal(visit_post(&stage, parts), 200);
	visit_told(&stage, "<q-since>x;");
	assert_int_equal(stage.boxes, 1);
}

static void
ids_that_the_operator_took_away_meanwhile_are_kept(void **state)
{
	static const struct tip_part parts[] = {FIELD("topic", ID_32),
	    FIELD("q-" ID_32, "long"), FIELD("q--", "dash"),
	    FIELD("q-0", "digit"), END};

	(void)state;
	assert_int_equal(visit_post(&stage, parts), 200);
	visit_told(
	    &stage, "<q-" ID_32 ">long;<q-->dash;<q-0>digit;<topic>" ID_32 ";");
}

static void
bad_ids_are_refused_and_nothing_is_kept(void **state)
{
	static const char *const bad_topic[] = {"Lazarus", "a b", "a_b", "a/b",
	    " a", "a ", "a\n", "\xed\x95\x9c", ID_32 "5", ID_32 ID_32 ID_32};
	static const char *const bad_question[] = {"q-", "q-A", "q-a b", "q-a_",
	    "q-\xed\x95\x9c", "q-" ID_32 "5", "Q-a", "q", "qa"};
	struct tip_part parts[] = {
	    FIELD("message", "m"), {"topic", NULL, NULL, 0}, END};

	(void)state;
	for (size_t i = 0; i < sizeof(bad_topic) / sizeof(*bad_topic); i++) {
		parts[1].data = bad_topic[i];
		parts[1].len = strlen(bad_topic[i]);
		assert_int_equal(visit_post(&stage, parts), 400);
	}
	parts[1].data = "x";
	parts[1].len = 1;
	for (size_t i = 0; i < sizeof(bad_question) / sizeof(*bad_question);
	     i++) {
		parts[1].name = bad_question[i];
		assert_int_equal(visit_post(&stage, parts), 400);
	}
	/* A file is no answer. */
	parts[1] = (struct tip_part){"q-a", "f", "x", 1};
	assert_int_equal(visit_post(&stage, parts), 400);
	parts[1] = (struct tip_part){"topic", "f", "x", 1};
	assert_int_equal(visit_post(&stage, parts), 400);
	assert_int_equal(stage.committed, 0);
	assert_int_equal(stage.opened, stage.aborted);
}

static void
an_answer_has_its_own_limit(void **state)
{
	static char much[LIMIT_QUESTION_LEN + 1];
	const struct tip_part exact[] = {
	    {"q-a", NULL, much, LIMIT_QUESTION_LEN}, END};
	const struct tip_part more[] = {
	    {"q-a", NULL, much, LIMIT_QUESTION_LEN + 1}, END};

	(void)state;
	memset(much, 'x', sizeof(much));
	assert_int_equal(visit_post(&stage, exact), 200);
	assert_int_equal(visit_post(&stage, more), 413);
	assert_int_equal(stage.committed, 1);
}

static void
eight_questions_are_answered_and_no_ninth(void **state)
{
	struct tip_part parts[] = {FIELD("q-1", "1"), FIELD("q-2", "2"),
	    FIELD("q-3", "3"), FIELD("q-4", "4"), FIELD("q-5", "5"),
	    FIELD("q-6", "6"), FIELD("q-7", "7"), FIELD("q-8", "8"), END, END};

	(void)state;
	assert_int_equal(visit_post(&stage, parts), 200);
	visit_told(
	    &stage, "<q-1>1;<q-2>2;<q-3>3;<q-4>4;<q-5>5;<q-6>6;<q-7>7;<q-8>8;");
	parts[8] = (struct tip_part)FIELD("q-9", "9");
	assert_int_equal(visit_post(&stage, parts), 400);
	assert_int_equal(stage.committed, 1);
}

static void
a_topic_stands_once(void **state)
{
	static const struct tip_part twice[] = {FIELD("topic", "a"),
	    FIELD("topic", "b"), FIELD("message", "m"), END};
	static const struct tip_part empty_first[] = {FIELD("topic", ""),
	    FIELD("topic", "b"), FIELD("message", "m"), END};

	(void)state;
	assert_int_equal(visit_post(&stage, twice), 400);
	assert_int_equal(stage.committed, 0);
	assert_int_equal(visit_post(&stage, empty_first), 200);
	visit_told(&stage, "<message>m;<topic>b;");
}

static void
a_topic_alone_is_no_tip(void **state)
{
	static const struct tip_part parts[] = {FIELD("topic", "lazarus"),
	    FIELD("message", ""), FIELD("no-reply", "1"), END};
	struct heard heard;

	(void)state;
	visit_ask(&stage, "/tip", parts, &heard);
	assert_int_equal(heard.code, 400);
	assert_true(visit_says(&heard, "page-empty"));
	heard_free(&heard);
	assert_int_equal(stage.opened, 0);
}

static void
who_wants_no_answer_gets_no_words_and_no_mailbox(void **state)
{
	static const struct tip_part parts[] = {
	    FIELD("message", "m"), FIELD("no-reply", "1"), END};
	static const struct tip_part twice[] = {FIELD("no-reply", "1"),
	    FIELD("message", "m"), FIELD("no-reply", ""), END};
	static const struct tip_part bad[] = {
	    FIELD("message", "m"), FIELD("no-reply", "0"), END};
	struct heard heard;

	(void)state;
	visit_ask(&stage, "/tip", parts, &heard);
	assert_int_equal(heard.code, 200);
	assert_true(visit_says(&heard, "page-receipt_none"));
	assert_false(visit_says(&heard, "<ol"));
	assert_false(visit_says(&heard, "name=\"code\""));
	heard_free(&heard);
	visit_told(&stage, "<message>m;");
	assert_int_equal(stage.boxes, 0);
	/* What was said once is not taken back by an empty field. */
	assert_int_equal(visit_post(&stage, twice), 200);
	assert_int_equal(stage.boxes, 0);
	assert_int_equal(visit_post(&stage, bad), 400);
	assert_int_equal(stage.committed, 2);
}

static void
who_types_a_code_stays_in_its_thread_wanted_or_not(void **state)
{
	char code[CODE_TEXT_LEN + 1];
	struct mailbox box;
	struct heard heard;

	(void)state;
	visit_tip(&stage, code);
	visit_mailbox(code, &box);
	const struct tip_part parts[] = {{"code", NULL, code, strlen(code)},
	    FIELD("message", "more"), FIELD("no-reply", "1"), END};

	visit_ask(&stage, "/tip", parts, &heard);
	assert_int_equal(heard.code, 200);
	assert_true(visit_says(&heard, "page-receipt_again"));
	heard_free(&heard);
	visit_told(&stage, "<message>more;");
	assert_int_equal(stage.boxes, 1);
	assert_memory_equal(stage.box.id, box.id, sizeof(box.id));
}

/* Send a form, with an address in it if that is not NULL. */
static void
ask_with(const char *path, const char *name, const char *value,
    const char *address, struct heard *heard)
{
	struct tip_part parts[] = {END, END, END};
	struct bytes request;
	size_t n = 0;
	int fd = stage_visitor(&stage);

	if (address != NULL)
		parts[n++] = (struct tip_part){
		    "address", NULL, address, strlen(address)};
	parts[n] = (struct tip_part){name, NULL, value, strlen(value)};
	request = form_request_to(ONION, path, "", parts);
	assert_true(stage_say(&stage, fd, request.p, request.len));
	stage_hear(&stage, fd, heard);
	assert_int_equal(heard->text.len, PAGE_TOTAL_LEN);
	bytes_free(&request);
}

static const char *const changed[] = {
    "http://" ONION ".to",
    "https://" ONION ".to",
    "http://" OTHER,
    "https://" ONION,
    ONION,
    "http://" ONION "/",
    "http://",
    "",
    "https://gateway.example/fetch?address=http%3A%2F%2F" ONION
    "&anything=that-is-much-longer-than-the-field-is-wide",
};

static void
an_address_that_a_gateway_changed_is_told_and_nothing_is_kept(void **state)
{
	struct heard heard;

	(void)state;
	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++) {
		ask_with("/tip", "message", "secret", changed[i], &heard);
		assert_int_equal(heard.code, 403);
		assert_true(visit_says(&heard, "page-gateway"));
		assert_false(visit_says(&heard, "secret"));
		heard_free(&heard);
		ask_with("/return", "code", VISIT_NOBODYS, changed[i], &heard);
		assert_int_equal(heard.code, 403);
		assert_true(visit_says(&heard, "page-gateway"));
		assert_false(visit_says(&heard, "abandon"));
		heard_free(&heard);
	}
	assert_int_equal(stage.opened, 0);
	assert_int_equal(stage.asked, 0);
}

static void
our_own_address_passes_and_so_does_none(void **state)
{
	static const char *const own[] = {NULL, "http://" ONION,
	    "HTTP://ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	    "abcdefghijklmnopqrstuvwx.onion"};
	struct heard heard;

	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		ask_with("/tip", "message", "m", own[i], &heard);
		assert_int_equal(heard.code, 200);
		heard_free(&heard);
		visit_told(&stage, "<message>m;");
		ask_with("/return", "code", VISIT_NOBODYS, own[i], &heard);
		assert_int_equal(heard.code, 200);
		heard_free(&heard);
	}
	assert_int_equal(stage.committed, 3);
	assert_int_equal(stage.asked, 3);
}

static void
a_gateway_that_says_so_gets_its_page_for_whatever_it_asks(void **state)
{
	static const char *const heads[] = {
	    "GET / HTTP/1.1\r\n" HEAD "X-Tor2web: 1\r\n\r\n",
	    "GET /tip HTTP/1.1\r\n" HEAD "x-tor2web:\r\n\r\n",
	    "GET /ko/return HTTP/1.1\r\n" HEAD "X-TOR2WEB: encrypted\r\n\r\n",
	    "GET /nothing HTTP/1.1\r\n" HEAD "X-Tor2web: 1\r\n\r\n",
	    "POST /tip HTTP/1.1\r\n" HEAD
	    "X-Tor2web: 1\r\nContent-Length: 5\r\n"
	    "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b--",
	    "POST /return HTTP/1.1\r\n" HEAD
	    "X-Tor2web: 1\r\nContent-Length: 5\r\n"
	    "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b--",
	};
	struct heard heard;

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		int fd = stage_visitor(&stage);

		assert_true(stage_say(&stage, fd, heads[i], strlen(heads[i])));
		stage_hear(&stage, fd, &heard);
		assert_int_equal(heard.code, 403);
		assert_true(visit_says(&heard, "page-gateway"));
		heard_free(&heard);
	}
	assert_int_equal(
	    stage_ask(&stage, "GET / HTTP/1.1\r\n" HEAD "X-Tor3web: 1\r\n\r\n",
		strlen("GET / HTTP/1.1\r\n" HEAD "X-Tor3web: 1\r\n\r\n")),
	    200);
}

#define STAGED(test)                                                           \
	cmocka_unit_test_setup_teardown(test, open_stage, close_stage)
#define ONION_STAGED(test)                                                     \
	cmocka_unit_test_setup_teardown(                                       \
	    test, open_stage_of_an_onion, close_stage)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGED(topic_and_answers_are_fields_of_the_tip),
	    STAGED(fields_left_empty_are_not_in_the_tip),
	    STAGED(ids_that_the_operator_took_away_meanwhile_are_kept),
	    STAGED(bad_ids_are_refused_and_nothing_is_kept),
	    STAGED(an_answer_has_its_own_limit),
	    STAGED(eight_questions_are_answered_and_no_ninth),
	    STAGED(a_topic_stands_once),
	    STAGED(a_topic_alone_is_no_tip),
	    STAGED(who_wants_no_answer_gets_no_words_and_no_mailbox),
	    STAGED(who_types_a_code_stays_in_its_thread_wanted_or_not),
	    ONION_STAGED(
		an_address_that_a_gateway_changed_is_told_and_nothing_is_kept),
	    ONION_STAGED(our_own_address_passes_and_so_does_none),
	    ONION_STAGED(
		a_gateway_that_says_so_gets_its_page_for_whatever_it_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
