/*
 * A refusal gives back what somebody wrote.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <sys/socket.h>

#include "intake/limits.h"
#include "site/answer.h"
#include "tests/unit/intake/staged.h"
#include "tests/unit/intake/visit.h"

#define WRITTEN                                                                \
	TIP_FIELD("message", "They <b>meet</b> & \"talk\"\r\non page 4.")
#define CUT "This is only the beginning."

static char data[300000];

/* What stands in the box, up to its end; NULL: there is none. */
static const char *
box_of(const struct heard *heard, size_t *len)
{
	const char *p = strstr((const char *)heard->text.p, VISIT_BOX), *end;

	*len = 0;
	if (p == NULL)
		return NULL;
	p = strchr(p, '>');
	assert_non_null(p);
	assert_int_equal(p[1], '\n'); /* which a browser leaves out */
	p += 2;
	end = strstr(p, "</textarea>");
	assert_non_null(end);
	*len = (size_t)(end - p);
	return p;
}

static void
assert_given(
    const struct heard *heard, const char *page, const char *text, bool cut)
{
	char id[64] = "id=\"page-";
	const char *box;
	size_t len;

	assert_int_equal(heard->text.len, PAGE_TOTAL_LEN);
	strcat(strcat(id, page), "\"");
	if (!visit_says(heard, id))
		fail_msg("not %s: %s", page,
		    strstr((const char *)heard->text.p, "id=\"page-"));
	box = box_of(heard, &len);
	if (text == NULL) {
		assert_null(box);
		assert_false(visit_says(heard, "Here is what you wrote"));
		return;
	}
	assert_non_null(box);
	assert_true(visit_says(heard, "Here is what you wrote"));
	assert_int_equal(len, strlen(text));
	assert_memory_equal(box, text, len);
	assert_int_equal(visit_says(heard, CUT), cut);
}

static void
send_part(struct stage *s, const struct bytes *request, size_t len,
    struct heard *heard)
{
	int fd = stage_visitor(s);

	(void)stage_say(s, fd, request->p, len);
	if (len < request->len)
		shutdown(fd, SHUT_WR);
	stage_hear(s, fd, heard);
}

/* Sent with these fields in its head, a tip is refused with that page, which
 * has this text. */
static void
assert_refused(struct stage *s, const char *fields,
    const struct tip_part *parts, const char *page, const char *text, bool cut)
{
	struct bytes request = tip_request(fields, parts);
	struct heard heard;

	visit_send(s, &request, &heard);
	assert_given(&heard, page, text, cut);
	heard_free(&heard);
	bytes_free(&request);
	stage_settle(s);
}

/* Only a message and a field that does not matter. */
static const struct tip_part plain[] = {
    TIP_FIELD("topic", "t"), WRITTEN, {"file", "", "", 0}, TIP_END};
static const char plain_text[] =
    "They &lt;b&gt;meet&lt;/b&gt; &amp; &quot;talk&quot;\non page 4.";

static void
what_a_body_is_refused_for_gives_the_text_back(void **state)
{
	struct stage *s = *state;
	const struct {
		const char *page;
		struct tip_part parts[8];
	} cases[] = {
	    {"too_large",
		{WRITTEN, {"file", "1", "", 0}, {"file", "2", "", 0},
		    {"file", "3", "", 0}, {"file", "4", "", 0},
		    {"file", "5", "", 0}, TIP_END}},
	    {"malformed", {WRITTEN, TIP_FIELD("massage", "x"), TIP_END}},
	    {"malformed", {WRITTEN, {"massage", "f", "x", 1}, TIP_END}},
	    {"malformed", {WRITTEN, TIP_FIELD("message", ""), TIP_END}},
	    {"malformed", {WRITTEN, TIP_FIELD("no-reply", "no"), TIP_END}},
	    {"malformed", {TIP_FIELD("topic", "No Topic"), WRITTEN, TIP_END}},
	    {"bad_code", {TIP_FIELD("code", "abandon"), WRITTEN, TIP_END}},
	    {"bad_code",
		{TIP_FIELD("code", "abandon"), WRITTEN, {"file", "f", "x", 1},
		    TIP_END}},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused(
		    s, "", cases[i].parts, cases[i].page, plain_text, false);
	assert_int_equal(s->committed, 0);
	assert_int_equal(s->opened, s->aborted);
}

static void
answers_to_questions_come_back_too(void **state)
{
	struct stage *s = *state;
	const struct tip_part long_answer[] = {WRITTEN, TIP_FIELD("q-a", "one"),
	    {"q-b", NULL, data, LIMIT_QUESTION_LEN + 1},
	    TIP_FIELD("q-c", "three"), {"file", "", "", 0}, TIP_END};
	const struct tip_part bad[] = {TIP_FIELD("code", "abandon"),
	    TIP_FIELD("message", ""), TIP_FIELD("q-a", "<1>"),
	    TIP_FIELD("q-b", ""), TIP_FIELD("q-c", "3"), TIP_END};
	char want[4096];

	assert_refused(s, "", bad, "bad_code", "&lt;1&gt;\n\n3", false);
	memset(want, 0, sizeof(want));
	strcpy(want, plain_text);
	strcat(want, "\n\none\n\n");
	memcpy(want + strlen(want), data, LIMIT_QUESTION_LEN + 1);
	strcat(want, "\n\nthree");
	assert_refused(s, "", long_answer, "too_large", want, false);
	/* By the head as well. */
	stage_tell_epochs(s, 0);
	stage_settle(s);
	assert_refused(s, "", bad, "closed", "&lt;1&gt;\n\n3", false);
}

static void
too_long_a_message_comes_back_as_its_beginning(void **state)
{
	struct stage *s = *state;
	const struct tip_part parts[] = {
	    {"message", NULL, data, PAGE_MESSAGE_MAX + 1}, TIP_END};
	char want[LIMIT_TEXT_BACK + 1] = "";

	memset(want, 'x', LIMIT_TEXT_BACK);
	assert_refused(s, "", parts, "too_large", want, true);
	stage_tell_epochs(s, 0);
	stage_settle(s);
	assert_refused(s, "", parts, "closed", want, true);
}

static void
a_text_that_is_too_long_for_the_page_is_cut_and_it_says_so(void **state)
{
	struct stage *s = *state;
	char amps[LIMIT_TEXT_BACK];
	const struct tip_part parts[] = {TIP_FIELD("code", "x"),
	    {"message", NULL, amps, sizeof(amps)}, TIP_END};
	struct bytes request;
	struct heard heard;
	size_t len;

	memset(amps, '&', sizeof(amps));
	request = tip_request("", parts);
	visit_send(s, &request, &heard);
	assert_non_null(box_of(&heard, &len));
	assert_in_range(
	    len, SITE_TEXT_BACK_ESCAPED_MAX - 4, SITE_TEXT_BACK_ESCAPED_MAX);
	assert_int_equal(len % 5, 0); /* whole "&amp;" */
	assert_true(visit_says(&heard, CUT));
	heard_free(&heard);
	bytes_free(&request);
}

static void
a_body_refused_by_its_head_gives_the_text_back(void **state)
{
	struct stage *s = *state;
	char *large = calloc(1, 8 << 20);
	const struct tip_part too_large[] = {
	    WRITTEN, {"file", "f", large, 8 << 20}, TIP_END};
	const struct tip_part files[] = {
	    WRITTEN, {"file", "f", data, sizeof(data)}, TIP_END};
	const struct tip_part nothing[] = {
	    TIP_FIELD("topic", "t"), {"file", "f", "x", 1}, TIP_END};

	assert_refused(s, "", too_large, "too_large", plain_text, false);
	stage_room(s, 0, UINT64_C(1) << 30);
	stage_settle(s);
	assert_refused(s, "", files, "full_files", plain_text, false);
	stage_room(s, 0, 0);
	stage_settle(s);
	assert_refused(s, "", plain, "full", plain_text, false);
	stage_tell_epochs(s, 0);
	stage_settle(s);
	assert_refused(s, "", plain, "closed", plain_text, false);
	assert_refused(s, "", too_large, "closed", plain_text, false);
	/* Where nothing was written, nothing is given back. */
	assert_refused(s, "", nothing, "closed", NULL, false);
	assert_int_equal(s->opened, 0);
	free(large);
}

static void
no_room_for_a_file_gives_the_text_back(void **state)
{
	struct stage *s = *state;
	static const struct tip_part parts[] = {
	    WRITTEN, {"file", "f", "x", 1}, TIP_END};

	stage_room(s, 0, UINT64_C(1) << 30);
	stage_settle(s);
	assert_refused(s, "", parts, "full_files", plain_text, false);
}

static void
a_keeper_that_fails_takes_no_text_with_it(void **state)
{
	struct stage *s = *state;
	const struct tip_part file[] = {
	    WRITTEN, {"file", "f", data, sizeof(data)}, TIP_END};
	static const struct {
		enum keeper_mood mood;
		enum keeper_reason reason;
		const char *page;
		bool with_file;
	} cases[] = {
	    {KEEPER_REFUSES_COMMIT, KEEPER_FULL, "full", false},
	    {KEEPER_REFUSES_COMMIT, KEEPER_TROUBLE, "trouble", false},
	    {KEEPER_REFUSES_DATA, KEEPER_FULL, "full", true},
	    {KEEPER_DIES_AT_DATA, KEEPER_FULL, "away", true},
	    {KEEPER_DIES_AT_COMMIT, KEEPER_FULL, "uncertain", false},
	    {KEEPER_SPEAKS_NONSENSE, KEEPER_FULL, "uncertain", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s->mood = cases[i].mood;
		s->reason = cases[i].reason;
		assert_refused(s, "", cases[i].with_file ? file : plain,
		    cases[i].page, plain_text, false);
		s->mood = KEEPER_KEEPS;
		if (s->keeper == -1) {
			assert_refused(s, "", plain, "away", plain_text, false);
			stage_tell_keeper(s);
			stage_settle(s);
		}
	}
}

static void
a_keeper_without_a_word_takes_no_text_with_it(void **state)
{
	struct stage *s = *state;
	struct bytes request = tip_request("", plain);
	int fd = stage_visitor(s);
	struct heard heard;

	s->mood = KEEPER_SILENT;
	assert_true(stage_say(s, fd, request.p, request.len));
	stage_settle(s);
	stage_later(s, LIMIT_ANSWER_SECONDS + 1);
	stage_hear(s, fd, &heard);
	assert_given(&heard, "uncertain", plain_text, false);
	heard_free(&heard);
	bytes_free(&request);
}

static void
a_receipt_never_has_the_text(void **state)
{
	struct stage *s = *state;
	static const struct tip_part none[] = {
	    WRITTEN, TIP_FIELD("no-reply", "1"), TIP_END};
	static const struct tip_part again[] = {
	    TIP_FIELD("code", VISIT_NOBODYS), WRITTEN, TIP_END};

	assert_refused(s, "", plain, "receipt", NULL, false);
	assert_refused(s, "", none, "receipt_none", NULL, false);
	assert_refused(s, "", again, "receipt_again", NULL, false);
	assert_int_equal(s->committed, 3);
}

static void
another_sites_form_gets_nothing_back(void **state)
{
	struct stage *s = *state;
	assert_refused(
	    s, "Origin: http://y\r\n", plain, "foreign", NULL, false);
	assert_refused(s, "X-Tor2web: 1\r\n", plain, "gateway", NULL, false);
	stage_tell_epochs(s, 0);
	stage_settle(s);
	assert_refused(
	    s, "Origin: http://y\r\n", plain, "foreign", NULL, false);
	assert_refused(s, "X-Tor2web: 1\r\n", plain, "gateway", NULL, false);
}

/* How much of a request comes before the words. */
static size_t
up_to(const struct bytes *request, const char *words)
{
	const uint8_t *p =
	    memmem(request->p, request->len, words, strlen(words));

	assert_non_null(p);
	return (size_t)(p - request->p);
}

static void
a_cut_body_gives_back_what_came(void **state)
{
	struct stage *s = *state;
	static const struct tip_part parts[] = {
	    TIP_FIELD("message", "first words, last words"),
	    TIP_FIELD("q-a", "an answer"), {"file", "f", "content", 7},
	    TIP_END};
	static const struct {
		const char *before, *text;
		bool cut;
	} cases[] = {
	    {"last words", "first words, ", true},
	    {"\"q-a\"", "first words, last words", false},
	    {"swer\r", "first words, last words\n\nan an", true},
	    {"tent\r", "first words, last words\n\nan answer", false},
	    {"\"message\"", NULL, false},
	};
	struct bytes request = tip_request("", parts);
	struct heard heard;

	for (int closed = 0; closed < 2; closed++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			send_part(s, &request, up_to(&request, cases[i].before),
			    &heard);
			assert_given(&heard, closed ? "closed" : "cut",
			    cases[i].text, cases[i].cut);
			heard_free(&heard);
		}
		stage_tell_epochs(s, 0);
		stage_settle(s);
	}
	assert_int_equal(s->committed, 0);
	bytes_free(&request);
}

/* For every cut of its body the page is the same, byte for byte. */
static void
assert_same_at_every_split(
    struct stage *s, const struct tip_part *parts, const char *page)
{
	struct bytes request = tip_request("", parts);
	struct heard whole, split;
	size_t head = up_to(&request, "\r\n\r\n") + 4;

	visit_send(s, &request, &whole);
	assert_given(&whole, page, "It is on page 4.\n\nyes", false);
	for (size_t at = head; at <= request.len; at++) {
		int fd = stage_visitor(s);

		assert_true(stage_say(s, fd, request.p, at));
		stage_settle(s);
		(void)stage_say(s, fd, request.p + at, request.len - at);
		stage_hear(s, fd, &split);
		assert_int_equal(split.text.len, whole.text.len);
		assert_memory_equal(split.text.p, whole.text.p, whole.text.len);
		heard_free(&split);
	}
	heard_free(&whole);
	bytes_free(&request);
}

static void
however_a_body_is_cut_the_same_comes_back(void **state)
{
	struct stage *s = *state;
	static const struct tip_part parts[] = {TIP_FIELD("code", "abandon"),
	    TIP_FIELD("topic", "t"), TIP_FIELD("message", "It is on page 4."),
	    TIP_FIELD("q-a", ""), TIP_FIELD("q-b", "yes"),
	    {"file", "f", "x", 1}, TIP_END};

	assert_same_at_every_split(s, parts, "bad_code");
	stage_tell_epochs(s, 0);
	stage_settle(s);
	assert_same_at_every_split(s, parts, "closed");
}

/* Somebody announces more than the form has: nothing more is waited for. */
static void
a_whole_form_is_enough_to_give_the_text_back(void **state)
{
	struct stage *s = *state;
	static const struct tip_part no_file[] = {WRITTEN, TIP_END};
	struct bytes request = tip_request("", no_file);
	struct bytes longer = BYTES_INIT(1 << 20);
	size_t at = up_to(&request, "Content-Length: ") + 16;
	struct heard heard;
	int fd = stage_visitor(s);

	stage_tell_epochs(s, 0);
	stage_settle(s);
	/* Ten times as much, and ten hours would not bring it. */
	assert_int_equal(bytes_append(&longer, request.p, at), ST_OK);
	assert_int_equal(bytes_append(&longer, "9", 1), ST_OK);
	assert_int_equal(
	    bytes_append(&longer, request.p + at, request.len - at), ST_OK);
	assert_true(stage_say(s, fd, longer.p, longer.len));
	stage_settle(s); /* no time has passed */
	assert_int_equal(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 0), 1);
	shutdown(fd, SHUT_WR);
	stage_hear(s, fd, &heard);
	assert_true(visit_says(&heard, "page-closed"));
	assert_true(visit_says(&heard, VISIT_BOX));
	heard_free(&heard);
	bytes_free(&longer);
	bytes_free(&request);
}

static void
who_sends_slowly_is_answered_after_a_while(void **state)
{
	struct stage *s = *state;
	static const struct tip_part parts[] = {
	    TIP_FIELD("message", "first words, last words"), TIP_END};
	struct bytes request = tip_request("", parts);
	struct heard heard;
	int fd = stage_visitor(s);

	stage_tell_epochs(s, 0);
	stage_settle(s);
	assert_true(stage_say(s, fd, request.p, up_to(&request, "last words")));
	stage_settle(s);
	/* What comes meanwhile gives no more time. */
	stage_later(s, LIMIT_SALVAGE_SECONDS / 2);
	assert_true(stage_say(s, fd, "and ", 4));
	stage_settle(s);
	stage_later(s, LIMIT_SALVAGE_SECONDS / 2 + 1);
	/* Firefox sends all before it reads; that is drained. */
	assert_true(
	    stage_say(s, fd, request.p + up_to(&request, "last words") + 4,
		request.len - up_to(&request, "last words") - 4));
	stage_hear(s, fd, &heard);
	assert_given(&heard, "closed", "first words, and ", true);
	heard_free(&heard);
	bytes_free(&request);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGED(what_a_body_is_refused_for_gives_the_text_back),
	    STAGED(answers_to_questions_come_back_too),
	    STAGED(too_long_a_message_comes_back_as_its_beginning),
	    STAGED(a_text_that_is_too_long_for_the_page_is_cut_and_it_says_so),
	    STAGED(a_body_refused_by_its_head_gives_the_text_back),
	    STAGED(no_room_for_a_file_gives_the_text_back),
	    STAGED(a_keeper_that_fails_takes_no_text_with_it),
	    STAGED(a_keeper_without_a_word_takes_no_text_with_it),
	    STAGED(a_receipt_never_has_the_text),
	    STAGED(another_sites_form_gets_nothing_back),
	    STAGED(a_cut_body_gives_back_what_came),
	    STAGED(however_a_body_is_cut_the_same_comes_back),
	    STAGED(a_whole_form_is_enough_to_give_the_text_back),
	    STAGED(who_sends_slowly_is_answered_after_a_while),
	};

	memset(data, 'x', sizeof(data));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
