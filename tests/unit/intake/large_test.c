/*
 * The page for large files, and the frame in it that tells how far they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

#include "intake/limits.h"
#include "site/answer.h"
#include "site/language.h"
#include "tests/unit/intake/stage_world.h"
#include "tests/unit/intake/visit.h"

#define TOKEN "00112233445566778899aabbccddeeff"
#define END                                                                    \
	{                                                                      \
		NULL, NULL, NULL, 0                                            \
	}

static struct stage stage;
static char data[300000];

static const struct tip_part parts[] = {
    {"message", NULL, "a secret", 8}, {"file", "f", data, sizeof(data)}, END};
static const struct tip_part bad[] = {
    {"message", NULL, "a secret", 8}, {"massage", NULL, "x", 1}, END};

static int
open_stage(void **state)
{
	struct control_config config = stage_config();

	(void)state;
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

static int
begin(const char *method, const char *target)
{
	char request[256];
	int fd = stage_visitor(&stage);

	snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: x\r\n\r\n",
	    method, target);
	assert_true(stage_say(&stage, fd, request, strlen(request)));
	return fd;
}

static void
hear(int fd, struct heard *heard)
{
	stage_hear(&stage, fd, heard);
	assert_int_equal(heard->text.len, PAGE_TOTAL_LEN);
	assert_false(heard->reset);
}

static void
ask(const char *target, struct heard *heard)
{
	hear(begin("GET", target), heard);
}

/* Let the receiver's frame look again, while nothing comes. */
static void
tick(void)
{
	stage_later(&stage, 1);
}

/* The hex digits behind words in a page. */
static void
token_behind(const struct heard *heard, const char *words, char token[33])
{
	const char *p = strstr((const char *)heard->text.p, words);

	assert_non_null(p);
	p += strlen(words);
	assert_int_equal(strspn(p, "0123456789abcdef"), 32);
	assert_int_equal(p[32], '"');
	memcpy(token, p, 32);
	token[32] = '\0';
}

static void
each_page_has_one_token_of_its_own_in_form_and_frame(void **state)
{
	char form[33], frame[33], before[33] = "";
	struct heard heard;

	(void)state;
	for (int i = 0; i < 3; i++) {
		ask("/ko/large", &heard);
		assert_int_equal(heard.code, 200);
		token_behind(&heard, "action=\"/ko/tip/", form);
		token_behind(&heard, "src=\"/ko/progress/", frame);
		assert_string_equal(form, frame);
		assert_string_not_equal(form, before);
		strcpy(before, form);
		assert_true(visit_says(&heard, " frame-src 'self';"));
		assert_true(visit_says(&heard, "frame-ancestors 'none'"));
		assert_true(visit_says(&heard, "X-Frame-Options: DENY"));
		heard_free(&heard);
	}
}

/* A page that takes many writes has one token in all of them. */
static void
a_slow_visitor_sees_one_token(void **state)
{
	char form[33], frame[33];
	struct heard heard;

	(void)state;
	world_sends(500);
	ask("/large", &heard);
	world_sends(0);
	token_behind(&heard, "action=\"/tip/", form);
	token_behind(&heard, "src=\"/progress/", frame);
	assert_string_equal(form, frame);
	heard_free(&heard);
}

static void
before_sending_the_frame_waits_and_is_loaded_again(void **state)
{
	struct heard heard;
	int fd;

	(void)state;
	for (int i = 0; i < 2; i++) {
		fd = begin(
		    "GET", i == 0 ? "/progress/" TOKEN : "/fa/progress/" TOKEN);
		tick();
		stage_later(&stage, LIMIT_PROGRESS_SECONDS + 1);
		hear(fd, &heard);
		assert_int_equal(heard.code, 200);
		/* Said once, since nothing changed. */
		assert_int_equal(visit_times(&heard, "class=\"step\""), 1);
		assert_int_equal(visit_times(&heard, "</html>"), 1);
		assert_true(visit_says(&heard, "\r\nRefresh: 1\r\n"));
		assert_true(visit_says(&heard, "X-Frame-Options: SAMEORIGIN"));
		assert_true(visit_says(&heard, "; sandbox\r\n"));
		assert_true(visit_says(&heard,
		    i == 0 ? "Nothing is being sent yet" : "dir=\"rtl\""));
		heard_free(&heard);
	}
}

/* Send a request up to a percentage of its body, of which from came. */
static size_t
send_to(int fd, const struct bytes *request, size_t from, unsigned percent)
{
	const uint8_t *body = memmem(request->p, request->len, "\r\n\r\n", 4);
	size_t head, to;

	assert_non_null(body);
	head = (size_t)(body + 4 - request->p);
	to = head + ((request->len - head) * percent + 99) / 100;
	assert_true(to <= request->len);
	assert_true(stage_say(&stage, fd, request->p + from, to - from));
	stage_settle(&stage);
	return to;
}

static void
an_upload_is_told_step_by_step_and_then_as_kept(void **state)
{
	struct bytes request = form_request("/tip/" TOKEN, "", parts);
	int upload = stage_visitor(&stage), frame;
	const char *first, *second, *stored;
	struct heard heard;
	size_t at;

	(void)state;
	at = send_to(upload, &request, 0, 10);
	frame = begin("GET", "/progress/" TOKEN);
	tick();
	at = send_to(upload, &request, at, 50);
	tick();
	stage.mood = KEEPER_SILENT;
	send_to(upload, &request, at, 100);
	tick();
	stage_later(&stage, LIMIT_PROGRESS_SECONDS + 1);
	hear(frame, &heard);
	assert_int_equal(heard.code, 200);
	first = strstr((const char *)heard.text.p, "value=\"10\"");
	second = strstr((const char *)heard.text.p, "value=\"50\"");
	stored = strstr((const char *)heard.text.p, "All of it is here");
	assert_non_null(first);
	assert_true(first < second && second < stored);
	assert_int_equal(visit_times(&heard, "class=\"step\""), 3);
	assert_false(visit_says(&heard, "value=\"100\""));
	assert_true(visit_says(&heard, "\r\nRefresh: 1\r\n"));
	heard_free(&heard);
	/* Its end is not known before the keeper has spoken. */
	stage_later(&stage, LIMIT_ANSWER_SECONDS);
	hear(upload, &heard);
	assert_true(visit_says(&heard, "page-uncertain"));
	heard_free(&heard);
	ask("/progress/" TOKEN, &heard);
	assert_true(visit_says(&heard, "page-uncertain"));
	heard_free(&heard);
	bytes_free(&request);
}

static void
what_was_kept_is_told_while_a_frame_looks_and_later(void **state)
{
	struct bytes request = form_request("/tip/" TOKEN, "", parts);
	int frame = begin("GET", "/progress/" TOKEN);
	int upload = stage_visitor(&stage);
	struct heard heard;

	(void)state;
	tick();
	assert_true(stage_say(&stage, upload, request.p, request.len));
	hear(upload, &heard);
	assert_int_equal(heard.code, 200);
	assert_true(visit_says(&heard, "page-receipt"));
	heard_free(&heard);
	/* The frame ends by itself, to be loaded again at once. */
	hear(frame, &heard);
	assert_true(visit_says(&heard, "\r\nRefresh: 1\r\n"));
	assert_true(visit_says(&heard, "Nothing is being sent yet"));
	assert_true(visit_says(&heard, "All of it is here"));
	heard_free(&heard);
	for (int i = 0; i < 2; i++) {
		ask("/ko/progress/" TOKEN, &heard);
		assert_int_equal(heard.code, 200);
		assert_true(visit_says(&heard, "page-progress_kept"));
		assert_false(visit_says(&heard, "Refresh:"));
		assert_true(visit_says(&heard, "; sandbox\r\n"));
		assert_false(visit_says(&heard, "<ol")); /* no words here */
		heard_free(&heard);
	}
	stage_later(&stage, LIMIT_PROGRESS_KEEP + 1);
	frame = begin("GET", "/progress/" TOKEN);
	tick();
	stage_later(&stage, LIMIT_PROGRESS_SECONDS + 1);
	hear(frame, &heard);
	assert_true(visit_says(&heard, "Nothing is being sent yet"));
	heard_free(&heard);
	bytes_free(&request);
}

static void
a_refusal_is_told_without_what_was_written(void **state)
{
	struct bytes request = form_request("/tip/" TOKEN, "", bad);
	int frame = begin("GET", "/progress/" TOKEN);
	int upload = stage_visitor(&stage);
	struct heard heard;

	(void)state;
	tick();
	assert_true(stage_say(&stage, upload, request.p, request.len));
	hear(upload, &heard);
	assert_true(visit_says(&heard, "page-malformed"));
	assert_true(visit_says(&heard, "a secret"));
	heard_free(&heard);
	hear(frame, &heard);
	assert_int_equal(heard.code, 200);
	assert_true(visit_says(&heard, "class=\"step\"><p class=\"bad\""));
	assert_false(visit_says(&heard, "a secret"));
	heard_free(&heard);
	ask("/progress/" TOKEN, &heard);
	assert_int_equal(heard.code, 400);
	assert_true(visit_says(&heard, "page-malformed"));
	assert_false(visit_says(&heard, "Refresh:"));
	assert_false(visit_says(&heard, "a secret"));
	heard_free(&heard);
	/* Sent again from the same page. */
	bytes_free(&request);
	request = form_request("/tip/" TOKEN, "", parts);
	assert_int_equal(stage_ask(&stage, request.p, request.len), 200);
	ask("/progress/" TOKEN, &heard);
	assert_true(visit_says(&heard, "page-progress_kept"));
	heard_free(&heard);
	bytes_free(&request);
}

/* With an answer on its way that nobody reads, his leaving is an error. */
static void
an_upload_whose_visitor_left_is_told_as_cut(void **state)
{
	static const char *const fields[] = {"", "Expect: 100-continue\r\n"};
	struct heard heard;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bytes request =
		    form_request("/tip/" TOKEN, fields[i], parts);
		int upload = stage_visitor(&stage);
		size_t at = send_to(upload, &request, 0, 0);

		send_to(upload, &request, at, 20);
		close(upload);
		stage_settle(&stage);
		ask("/progress/" TOKEN, &heard);
		assert_true(visit_says(&heard, "page-cut"));
		heard_free(&heard);
		bytes_free(&request);
	}
}

/* The answer stands in a frame of ours, and its links lead out of it. */
static void
an_answer_in_the_frame_has_the_frames_policy(void **state)
{
	const struct tip_part *forms[] = {visit_hello, bad};
	struct heard heard;

	(void)state;
	for (int i = 0; i < 2; i++) {
		visit_ask(&stage, "/ko/tip/" TOKEN, forms[i], &heard);
		assert_int_equal(heard.code, i == 0 ? 200 : 400);
		assert_true(visit_says(&heard, "frame-ancestors 'self'"));
		assert_true(visit_says(&heard, "X-Frame-Options: SAMEORIGIN"));
		assert_true(visit_says(&heard,
		    "; sandbox allow-top-navigation-by-user-activation"));
		assert_true(visit_says(&heard, "form-action 'none'"));
		assert_true(visit_says(&heard, "<base target=\"_top\">"));
		assert_false(visit_says(&heard, "<form"));
		assert_false(visit_says(&heard, "<nav"));
		heard_free(&heard);
		visit_ask(&stage, "/ko/tip", forms[i], &heard);
		assert_true(visit_says(&heard, "frame-ancestors 'none'"));
		assert_true(visit_says(&heard, "X-Frame-Options: DENY"));
		assert_false(visit_says(&heard, "sandbox"));
		heard_free(&heard);
	}
}

static void
a_frame_that_is_gone_ends_quietly(void **state)
{
	struct heard heard;
	int fd[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		fd[i] = begin("GET", "/progress/" TOKEN);
	tick();
	/* One closes, one stops reading, one says more than it should. */
	close(fd[0]);
	shutdown(fd[1], SHUT_RD);
	assert_true(stage_say(&stage, fd[2], "more", 4));
	stage_settle(&stage);
	stage_later(&stage, LIMIT_PROGRESS_SECONDS + 1);
	close(fd[1]);
	close(fd[2]);
	stage_settle(&stage);
	ask("/", &heard);
	assert_int_equal(heard.code, 200);
	heard_free(&heard);
}

/* They cost a place each, and nobody is lost with them. */
static void
frames_give_way_when_all_places_are_taken(void **state)
{
	struct control_config config = stage_config();
	struct heard heard;
	int fd[6];

	(void)state;
	config.connections_max = 4;
	stage_open(&stage, &config);
	for (int i = 0; i < 6; i++) {
		fd[i] = begin("GET", "/progress/" TOKEN);
		tick();
	}
	ask("/", &heard);
	assert_int_equal(heard.code, 200);
	heard_free(&heard);
	/* Nor is the receiver's end waited for: this would take a minute. */
	stage_close(&stage);
	for (int i = 0; i < 6; i++)
		close(fd[i]);
}

static void
a_socket_that_takes_no_whole_piece_ends_the_frame(void **state)
{
	struct heard heard;
	int fd;

	(void)state;
	world_sends(100);
	for (int i = 0; i < 4; i++) {
		fd = begin("GET", "/progress/" TOKEN);
		stage_hear(&stage, fd, &heard);
		assert_in_range(heard.text.len, 0, 200);
		heard_free(&heard);
	}
	world_sends(0);
	ask("/", &heard);
	heard_free(&heard);
}

static void
what_the_frame_does_not_know_is_no_page(void **state)
{
	static const char *const none[] = {"/progress", "/progress/",
	    "/progress/00", "/progress/" TOKEN "00", "/tip/" TOKEN};
	struct bytes request = form_request("/progress/" TOKEN, "", parts);
	struct heard heard;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		ask(none[i], &heard);
		assert_int_equal(heard.code, 404);
		heard_free(&heard);
	}
	assert_int_equal(stage_ask(&stage, request.p, request.len), 405);
	bytes_free(&request);
}

/* tell() has room for so much: PIECE_MAX of conn_progress.c. */
static void
every_line_of_the_frame_fits_in_every_language(void **state)
{
	static const enum site_page pieces[] = {PIECE_PROGRESS_STEP,
	    PIECE_PROGRESS_STORED, PIECE_PROGRESS_WAIT, PIECE_PROGRESS_REFUSED};
	struct site_text fill[FILLS] = {{NULL, 0}};
	struct answer_site site = {.onion = ""};
	struct answers *answers;
	struct texts *texts;
	uint8_t out[1024];

	(void)state;
	assert_int_equal(texts_new(&texts), ST_OK);
	site.texts = texts;
	assert_int_equal(answers_new(&site, &answers), ST_OK);
	fill[FILL_PERCENT] = site_text_of("99");
	for (size_t l = 0; l < language_count(); l++)
		for (int which = 0; which < ANSWER_COUNT; which++) {
			struct answer_ask ask = {.which = (enum answer)which,
			    .language = l,
			    .fill = fill};

			for (size_t i = 0;
			     i < sizeof(pieces) / sizeof(pieces[0]); i++)
				assert_in_range(
				    answers_piece(answers, &ask, pieces[i], out,
					sizeof(out)),
				    20, sizeof(out));
		}
	answers_free(answers);
	texts_free(texts);
}

int
main(void)
{
#define STAGED(test)                                                           \
	cmocka_unit_test_setup_teardown(test, open_stage, close_stage)
	const struct CMUnitTest tests[] = {
	    STAGED(each_page_has_one_token_of_its_own_in_form_and_frame),
	    STAGED(a_slow_visitor_sees_one_token),
	    STAGED(before_sending_the_frame_waits_and_is_loaded_again),
	    STAGED(an_upload_is_told_step_by_step_and_then_as_kept),
	    STAGED(what_was_kept_is_told_while_a_frame_looks_and_later),
	    STAGED(a_refusal_is_told_without_what_was_written),
	    STAGED(an_upload_whose_visitor_left_is_told_as_cut),
	    STAGED(an_answer_in_the_frame_has_the_frames_policy),
	    STAGED(a_frame_that_is_gone_ends_quietly),
	    STAGED(a_socket_that_takes_no_whole_piece_ends_the_frame),
	    STAGED(what_the_frame_does_not_know_is_no_page),
	    cmocka_unit_test(frames_give_way_when_all_places_are_taken),
	    cmocka_unit_test(every_line_of_the_frame_fits_in_every_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
