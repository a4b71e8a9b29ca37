/*
 * The fields of the form: what of them is in the tip, and what a web gateway
 * to Tor makes of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "intake/limits.h"
#include "tests/unit/intake/staged.h"
#include "tests/unit/intake/visit.h"

#define OTHER "bbcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.onion"
#define HEAD "Host: " VISIT_ONION "\r\n"
#define ID_32 "abcdefghijklmnopqrstuvwxyz-01234"

static void
topic_and_answers_are_fields_of_the_tip(void **state)
{
	struct stage *s = *state;
	static const struct tip_part parts[] = {TIP_FIELD("topic", "lazarus"),
	    TIP_FIELD("message", "hello"),
	    TIP_FIELD("q-where", "in\r\nthe port"),
	    TIP_FIELD("q-since", "2024"), {"file", "a.txt", "A", 1}, TIP_END};

	assert_int_equal(visit_post(s, parts), 200);
	/* Whatever the topic is, it comes last: it alone is no tip. */
	visit_told(s,
	    "<message>hello;<q-where>in\r\nthe port;<q-since>2024;"
	    "<file|a.txt>A;<topic>lazarus;");
	assert_int_equal(s->boxes, 1);
}

static void
fields_left_empty_are_not_in_the_tip(void **state)
{
	struct stage *s = *state;
	static const struct tip_part parts[] = {TIP_FIELD("topic", ""),
	    TIP_FIELD("message", ""), TIP_FIELD("q-where", ""),
	    TIP_FIELD("q-since", "x"), TIP_FIELD("no-reply", ""),
	    {"file", "", "", 0}, TIP_END};

	assert_int_equal(visit_post(s, parts), 200);
	visit_told(s, "<q-since>x;");
	assert_int_equal(s->boxes, 1);
}

static void
ids_that_the_operator_took_away_meanwhile_are_kept(void **state)
{
	struct stage *s = *state;
	static const struct tip_part parts[] = {TIP_FIELD("topic", ID_32),
	    TIP_FIELD("q-" ID_32, "long"), TIP_FIELD("q--", "dash"),
	    TIP_FIELD("q-0", "digit"), TIP_END};

	assert_int_equal(visit_post(s, parts), 200);
	visit_told(
	    s, "<q-" ID_32 ">long;<q-->dash;<q-0>digit;<topic>" ID_32 ";");
}

static void
bad_ids_are_refused_and_nothing_is_kept(void **state)
{
	struct stage *s = *state;
	static const char *const bad_topic[] = {"Lazarus", "a b", "a_b", "a/b",
	    " a", "a ", "a\n", "\xed\x95\x9c", ID_32 "5", ID_32 ID_32 ID_32};
	static const char *const bad_question[] = {"q-", "q-A", "q-a b", "q-a_",
	    "q-\xed\x95\x9c", "q-" ID_32 "5", "Q-a", "q", "qa"};
	struct tip_part parts[] = {
	    TIP_FIELD("message", "m"), {"topic", NULL, NULL, 0}, TIP_END};

	for (size_t i = 0; i < sizeof(bad_topic) / sizeof(*bad_topic); i++) {
		parts[1].data = bad_topic[i];
		parts[1].len = strlen(bad_topic[i]);
		assert_int_equal(visit_post(s, parts), 400);
	}
	parts[1].data = "x";
	parts[1].len = 1;
	for (size_t i = 0; i < sizeof(bad_question) / sizeof(*bad_question);
	     i++) {
		parts[1].name = bad_question[i];
		assert_int_equal(visit_post(s, parts), 400);
	}
	/* A file is no answer. */
	parts[1] = (struct tip_part){"q-a", "f", "x", 1};
	assert_int_equal(visit_post(s, parts), 400);
	parts[1] = (struct tip_part){"topic", "f", "x", 1};
	assert_int_equal(visit_post(s, parts), 400);
	assert_int_equal(s->committed, 0);
	assert_int_equal(s->opened, s->aborted);
}

static void
an_answer_has_its_own_limit(void **state)
{
	struct stage *s = *state;
	static char much[LIMIT_QUESTION_LEN + 1];
	const struct tip_part exact[] = {
	    {"q-a", NULL, much, LIMIT_QUESTION_LEN}, TIP_END};
	const struct tip_part more[] = {
	    {"q-a", NULL, much, LIMIT_QUESTION_LEN + 1}, TIP_END};

	memset(much, 'x', sizeof(much));
	assert_int_equal(visit_post(s, exact), 200);
	assert_int_equal(visit_post(s, more), 413);
	assert_int_equal(s->committed, 1);
}

static void
eight_questions_are_answered_and_no_ninth(void **state)
{
	struct stage *s = *state;
	struct tip_part parts[] = {TIP_FIELD("q-1", "1"), TIP_FIELD("q-2", "2"),
	    TIP_FIELD("q-3", "3"), TIP_FIELD("q-4", "4"), TIP_FIELD("q-5", "5"),
	    TIP_FIELD("q-6", "6"), TIP_FIELD("q-7", "7"), TIP_FIELD("q-8", "8"),
	    TIP_END, TIP_END};

	assert_int_equal(visit_post(s, parts), 200);
	visit_told(
	    s, "<q-1>1;<q-2>2;<q-3>3;<q-4>4;<q-5>5;<q-6>6;<q-7>7;<q-8>8;");
	parts[8] = (struct tip_part)TIP_FIELD("q-9", "9");
	assert_int_equal(visit_post(s, parts), 400);
	assert_int_equal(s->committed, 1);
}

static void
a_topic_stands_once(void **state)
{
	struct stage *s = *state;
	static const struct tip_part twice[] = {TIP_FIELD("topic", "a"),
	    TIP_FIELD("topic", "b"), TIP_FIELD("message", "m"), TIP_END};
	static const struct tip_part empty_first[] = {TIP_FIELD("topic", ""),
	    TIP_FIELD("topic", "b"), TIP_FIELD("message", "m"), TIP_END};

	assert_int_equal(visit_post(s, twice), 400);
	assert_int_equal(s->committed, 0);
	assert_int_equal(visit_post(s, empty_first), 200);
	visit_told(s, "<message>m;<topic>b;");
}

static void
a_topic_alone_is_no_tip(void **state)
{
	struct stage *s = *state;
	static const struct tip_part parts[] = {TIP_FIELD("topic", "lazarus"),
	    TIP_FIELD("message", ""), TIP_FIELD("no-reply", "1"), TIP_END};
	struct heard heard;

	visit_ask(s, "/tip", parts, &heard);
	assert_int_equal(heard.code, 400);
	assert_true(visit_says(&heard, "page-empty"));
	heard_free(&heard);
	assert_int_equal(s->opened, 0);
}

static void
who_wants_no_answer_gets_no_words_and_no_mailbox(void **state)
{
	struct stage *s = *state;
	static const struct tip_part parts[] = {
	    TIP_FIELD("message", "m"), TIP_FIELD("no-reply", "1"), TIP_END};
	static const struct tip_part twice[] = {TIP_FIELD("no-reply", "1"),
	    TIP_FIELD("message", "m"), TIP_FIELD("no-reply", ""), TIP_END};
	static const struct tip_part bad[] = {
	    TIP_FIELD("message", "m"), TIP_FIELD("no-reply", "0"), TIP_END};
	struct heard heard;

	visit_ask(s, "/tip", parts, &heard);
	assert_int_equal(heard.code, 200);
	assert_true(visit_says(&heard, "page-receipt_none"));
	assert_false(visit_says(&heard, "<ol"));
	assert_false(visit_says(&heard, "name=\"code\""));
	heard_free(&heard);
	visit_told(s, "<message>m;");
	assert_int_equal(s->boxes, 0);
	/* What was said once is not taken back by an empty field. */
	assert_int_equal(visit_post(s, twice), 200);
	assert_int_equal(s->boxes, 0);
	assert_int_equal(visit_post(s, bad), 400);
	assert_int_equal(s->committed, 2);
}

static void
who_types_a_code_stays_in_its_thread_wanted_or_not(void **state)
{
	struct stage *s = *state;
	char code[CODE_TEXT_LEN + 1];
	struct mailbox box;
	struct heard heard;

	visit_tip(s, code);
	visit_mailbox(code, &box);
	const struct tip_part parts[] = {{"code", NULL, code, strlen(code)},
	    TIP_FIELD("message", "more"), TIP_FIELD("no-reply", "1"), TIP_END};

	visit_ask(s, "/tip", parts, &heard);
	assert_int_equal(heard.code, 200);
	assert_true(visit_says(&heard, "page-receipt_again"));
	heard_free(&heard);
	visit_told(s, "<message>more;");
	assert_int_equal(s->boxes, 1);
	assert_memory_equal(s->box.id, box.id, sizeof(box.id));
}

/* Send a form, with an address in it if that is not NULL. */
static void
ask_with(struct stage *s, const char *path, const char *name, const char *value,
    const char *address, struct heard *heard)
{
	struct tip_part parts[] = {TIP_END, TIP_END, TIP_END};
	struct bytes request;
	size_t n = 0;
	int fd = stage_visitor(s);

	if (address != NULL)
		parts[n++] = (struct tip_part){
		    "address", NULL, address, strlen(address)};
	parts[n] = (struct tip_part){name, NULL, value, strlen(value)};
	request = form_request_to(VISIT_ONION, path, "", parts);
	assert_true(stage_say(s, fd, request.p, request.len));
	visit_hear(s, fd, heard);
	bytes_free(&request);
}

static const char *const changed[] = {
    "http://" VISIT_ONION ".to",
    "https://" VISIT_ONION ".to",
    "http://" OTHER,
    "https://" VISIT_ONION,
    VISIT_ONION,
    "http://" VISIT_ONION "/",
    "http://",
    "",
    "https://gateway.example/fetch?address=http%3A%2F%2F" VISIT_ONION
    "&anything=that-is-much-longer-than-the-field-is-wide",
};

static void
an_address_that_a_gateway_changed_is_told_and_nothing_is_kept(void **state)
{
	struct stage *s = *state;
	struct heard heard;

	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++) {
		ask_with(s, "/tip", "message", "secret", changed[i], &heard);
		assert_int_equal(heard.code, 403);
		assert_true(visit_says(&heard, "page-gateway"));
		assert_false(visit_says(&heard, "secret"));
		heard_free(&heard);
		ask_with(
		    s, "/return", "code", VISIT_NOBODYS, changed[i], &heard);
		assert_int_equal(heard.code, 403);
		assert_true(visit_says(&heard, "page-gateway"));
		assert_false(visit_says(&heard, "abandon"));
		heard_free(&heard);
	}
	assert_int_equal(s->opened, 0);
	assert_int_equal(s->asked, 0);
}

/* The code stands before the address in the forms that have both. */
static void
who_comes_by_a_gateway_is_told_before_a_slip_in_the_code_is(void **state)
{
	struct stage *s = *state;
	struct tip_part parts[] = {TIP_FIELD("code", "abandon"),
	    TIP_FIELD("address", "http://" VISIT_ONION),
	    TIP_FIELD("message", "secret"), TIP_END};
	struct heard heard;

	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]) + 1; i++) {
		bool ours = i == sizeof(changed) / sizeof(changed[0]);
		const char *address = ours ? "http://" VISIT_ONION : changed[i];
		struct bytes request;
		int fd = stage_visitor(s);

		parts[1].data = address;
		parts[1].len = strlen(address);
		request = form_request_to(VISIT_ONION, "/tip", "", parts);
		assert_true(stage_say(s, fd, request.p, request.len));
		visit_hear(s, fd, &heard);
		assert_int_equal(visit_says(&heard, "page-gateway"), !ours);
		assert_int_equal(visit_says(&heard, "page-bad_code"), ours);
		assert_int_equal(visit_says(&heard, "secret"), ours);
		heard_free(&heard);
		bytes_free(&request);
	}
	assert_int_equal(s->committed, 0);
}

static void
our_own_address_passes_and_so_does_none(void **state)
{
	struct stage *s = *state;
	static const char *const own[] = {NULL, "http://" VISIT_ONION,
	    "HTTP://ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	    "abcdefghijklmnopqrstuvwx.onion"};
	struct heard heard;

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		ask_with(s, "/tip", "message", "m", own[i], &heard);
		assert_int_equal(heard.code, 200);
		heard_free(&heard);
		visit_told(s, "<message>m;");
		ask_with(s, "/return", "code", VISIT_NOBODYS, own[i], &heard);
		assert_int_equal(heard.code, 200);
		heard_free(&heard);
	}
	assert_int_equal(s->committed, 3);
	assert_int_equal(s->asked, 3);
}

static void
a_gateway_that_says_so_gets_its_page_for_whatever_it_asks(void **state)
{
	struct stage *s = *state;
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

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		int fd = stage_visitor(s);

		assert_true(stage_say(s, fd, heads[i], strlen(heads[i])));
		stage_hear(s, fd, &heard);
		assert_int_equal(heard.code, 403);
		assert_true(visit_says(&heard, "page-gateway"));
		heard_free(&heard);
	}
	assert_int_equal(
	    stage_ask(s, "GET / HTTP/1.1\r\n" HEAD "X-Tor3web: 1\r\n\r\n",
		strlen("GET / HTTP/1.1\r\n" HEAD "X-Tor3web: 1\r\n\r\n")),
	    200);
}

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
	    STAGED_ONION(
		an_address_that_a_gateway_changed_is_told_and_nothing_is_kept),
	    STAGED_ONION(
		who_comes_by_a_gateway_is_told_before_a_slip_in_the_code_is),
	    STAGED_ONION(our_own_address_passes_and_so_does_none),
	    STAGED_ONION(
		a_gateway_that_says_so_gets_its_page_for_whatever_it_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
