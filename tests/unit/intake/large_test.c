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

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "intake/limits.h"
#include "intake/route.h"
#include "site/answer.h"
#include "tests/unit/intake/stage_world.h"
#include "tests/unit/intake/staged.h"
#include "tests/unit/intake/visit.h"

static char data[300000];

static const struct tip_part parts[] = {TIP_FIELD("message", "a secret"),
    {"file", "f", data, sizeof(data)}, TIP_END};
static const struct tip_part bad[] = {
    TIP_FIELD("message", "a secret"), TIP_FIELD("massage", "x"), TIP_END};

/* Let the receiver's frame look again, while nothing comes. */
static void
tick(struct stage *s)
{
	stage_later(s, 1);
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
	struct stage *s = *state;
	char form[33], frame[33], before[33] = "";
	struct heard heard;

	for (int i = 0; i < 3; i++) {
		visit_get(s, "/ko/large", &heard);
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
	struct stage *s = *state;
	char form[33], frame[33];
	struct heard heard;

	world_sends(500);
	visit_get(s, "/large", &heard);
	world_sends(0);
	token_behind(&heard, "action=\"/tip/", form);
	token_behind(&heard, "src=\"/progress/", frame);
	assert_string_equal(form, frame);
	heard_free(&heard);
}

static void
before_sending_the_frame_waits_and_is_loaded_again(void **state)
{
	struct stage *s = *state;
	struct heard heard;
	int fd;

	for (int i = 0; i < 2; i++) {
		fd = visit_begin(s, "GET",
		    i == 0 ? "/progress/" VISIT_TOKEN
			   : "/fa/progress/" VISIT_TOKEN);
		tick(s);
		stage_later(s, LIMIT_PROGRESS_SECONDS + 1);
		visit_hear(s, fd, &heard);
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
send_to(struct stage *s, int fd, const struct bytes *request, size_t from,
    unsigned percent)
{
	const uint8_t *body = memmem(request->p, request->len, "\r\n\r\n", 4);
	size_t head, to;

	assert_non_null(body);
	head = (size_t)(body + 4 - request->p);
	to = head + ((request->len - head) * percent + 99) / 100;
	assert_true(to <= request->len);
	assert_true(stage_say(s, fd, request->p + from, to - from));
	stage_settle(s);
	return to;
}

static void
an_upload_is_told_step_by_step_and_then_as_kept(void **state)
{
	struct stage *s = *state;
	struct bytes request = form_request("/tip/" VISIT_TOKEN, "", parts);
	int upload = stage_visitor(s), frame;
	const char *first, *second, *stored;
	struct heard heard;
	size_t at;

	at = send_to(s, upload, &request, 0, 10);
	frame = visit_begin(s, "GET", "/progress/" VISIT_TOKEN);
	tick(s);
	at = send_to(s, upload, &request, at, 50);
	tick(s);
	s->mood = KEEPER_SILENT;
	send_to(s, upload, &request, at, 100);
	tick(s);
	stage_later(s, LIMIT_PROGRESS_SECONDS + 1);
	visit_hear(s, frame, &heard);
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
	stage_later(s, LIMIT_ANSWER_SECONDS);
	visit_hear(s, upload, &heard);
	assert_true(visit_says(&heard, "page-uncertain"));
	heard_free(&heard);
	visit_get(s, "/progress/" VISIT_TOKEN, &heard);
	assert_true(visit_says(&heard, "page-uncertain"));
	heard_free(&heard);
	bytes_free(&request);
}

static void
what_was_kept_is_told_while_a_frame_looks_and_later(void **state)
{
	struct stage *s = *state;
	struct bytes request = form_request("/tip/" VISIT_TOKEN, "", parts);
	int frame = visit_begin(s, "GET", "/progress/" VISIT_TOKEN);
	int upload = stage_visitor(s);
	struct heard heard;

	tick(s);
	assert_true(stage_say(s, upload, request.p, request.len));
	visit_hear(s, upload, &heard);
	assert_int_equal(heard.code, 200);
	assert_true(visit_says(&heard, "page-receipt"));
	heard_free(&heard);
	/* The frame ends by itself, to be loaded again at once. */
	visit_hear(s, frame, &heard);
	assert_true(visit_says(&heard, "\r\nRefresh: 1\r\n"));
	assert_true(visit_says(&heard, "Nothing is being sent yet"));
	assert_true(visit_says(&heard, "All of it is here"));
	heard_free(&heard);
	for (int i = 0; i < 2; i++) {
		visit_get(s, "/ko/progress/" VISIT_TOKEN, &heard);
		assert_int_equal(heard.code, 200);
		assert_true(visit_says(&heard, "page-progress_kept"));
		assert_false(visit_says(&heard, "Refresh:"));
		assert_true(visit_says(&heard, "; sandbox\r\n"));
		assert_false(visit_says(&heard, "<ol")); /* no words here */
		heard_free(&heard);
	}
	stage_later(s, LIMIT_PROGRESS_KEEP + 1);
	frame = visit_begin(s, "GET", "/progress/" VISIT_TOKEN);
	tick(s);
	stage_later(s, LIMIT_PROGRESS_SECONDS + 1);
	visit_hear(s, frame, &heard);
	assert_true(visit_says(&heard, "Nothing is being sent yet"));
	heard_free(&heard);
	bytes_free(&request);
}

/* Larger stretches are not memory, but what a sanitizer has set aside. */
#define STRETCH_MAX (64 << 20)

/* Is the token in any memory that the receiver can write? */
static bool
receiver_knows(const struct stage *s, const uint8_t token[ROUTE_TOKEN_LEN])
{
	unsigned long from, to;
	char path[64], line[512], mode[5];
	bool found = false;
	FILE *maps;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/maps", (long)s->pid);
	assert_non_null(maps = fopen(path, "r"));
	snprintf(path, sizeof(path), "/proc/%ld/mem", (long)s->pid);
	assert_true((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0);
	while (!found && fgets(line, sizeof(line), maps) != NULL) {
		uint8_t *p;
		ssize_t n;

		assert_int_equal(
		    sscanf(line, "%lx-%lx %4s", &from, &to, mode), 3);
		if (mode[1] != 'w' || to - from > STRETCH_MAX)
			continue;
		assert_non_null(p = malloc(to - from));
		n = pread(fd, p, to - from, (off_t)from);
		found = n > 0 &&
		    memmem(p, (size_t)n, token, ROUTE_TOKEN_LEN) != NULL;
		free(p);
	}
	fclose(maps);
	close(fd);
	return found;
}

/* Even when nobody comes any more. */
static void
a_token_is_forgotten_when_its_time_is_over(void **state)
{
	struct stage *s = *state;
	struct bytes request = form_request("/tip/" VISIT_TOKEN, "", parts);
	uint8_t token[ROUTE_TOKEN_LEN];

	for (unsigned i = 0; i < ROUTE_TOKEN_LEN; i++)
		token[i] = (uint8_t)(i << 4 | i);
	assert_false(receiver_knows(s, token));
	assert_int_equal(stage_ask(s, request.p, request.len), 200);
	stage_later(s, LIMIT_PROGRESS_KEEP / 2);
	assert_true(receiver_knows(s, token));
	stage_later(s, LIMIT_PROGRESS_KEEP / 2 + 1);
	assert_false(receiver_knows(s, token));
	bytes_free(&request);
}

static void
a_refusal_is_told_without_what_was_written(void **state)
{
	struct stage *s = *state;
	struct bytes request = form_request("/tip/" VISIT_TOKEN, "", bad);
	int frame = visit_begin(s, "GET", "/progress/" VISIT_TOKEN);
	int upload = stage_visitor(s);
	struct heard heard;

	tick(s);
	assert_true(stage_say(s, upload, request.p, request.len));
	visit_hear(s, upload, &heard);
	assert_true(visit_says(&heard, "page-malformed"));
	assert_true(visit_says(&heard, "a secret"));
	heard_free(&heard);
	visit_hear(s, frame, &heard);
	assert_int_equal(heard.code, 200);
	assert_true(visit_says(&heard, "class=\"step\"><p class=\"bad\""));
	assert_false(visit_says(&heard, "a secret"));
	heard_free(&heard);
	visit_get(s, "/progress/" VISIT_TOKEN, &heard);
	assert_int_equal(heard.code, 400);
	assert_true(visit_says(&heard, "page-malformed"));
	assert_false(visit_says(&heard, "Refresh:"));
	assert_false(visit_says(&heard, "a secret"));
	heard_free(&heard);
	/* Sent again from the same page. */
	bytes_free(&request);
	request = form_request("/tip/" VISIT_TOKEN, "", parts);
	assert_int_equal(stage_ask(s, request.p, request.len), 200);
	visit_get(s, "/progress/" VISIT_TOKEN, &heard);
	assert_true(visit_says(&heard, "page-progress_kept"));
	heard_free(&heard);
	bytes_free(&request);
}

/* With an answer on its way that nobody reads, his leaving is an error. */
static void
an_upload_whose_visitor_left_is_told_as_cut(void **state)
{
	struct stage *s = *state;
	static const char *const fields[] = {"", "Expect: 100-continue\r\n"};
	struct heard heard;

	for (int i = 0; i < 2; i++) {
		struct bytes request =
		    form_request("/tip/" VISIT_TOKEN, fields[i], parts);
		int upload = stage_visitor(s);
		size_t at = send_to(s, upload, &request, 0, 0);

		send_to(s, upload, &request, at, 20);
		close(upload);
		stage_settle(s);
		visit_get(s, "/progress/" VISIT_TOKEN, &heard);
		assert_true(visit_says(&heard, "page-cut"));
		heard_free(&heard);
		bytes_free(&request);
	}
}

/* The answer stands in a frame of ours, and its links lead out of it. */
static void
an_answer_in_the_frame_has_the_frames_policy(void **state)
{
	struct stage *s = *state;
	const struct tip_part *forms[] = {visit_hello, bad};
	struct heard heard;

	for (int i = 0; i < 2; i++) {
		visit_ask(s, "/ko/tip/" VISIT_TOKEN, forms[i], &heard);
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
		visit_ask(s, "/ko/tip", forms[i], &heard);
		assert_true(visit_says(&heard, "frame-ancestors 'none'"));
		assert_true(visit_says(&heard, "X-Frame-Options: DENY"));
		assert_false(visit_says(&heard, "sandbox"));
		heard_free(&heard);
	}
}

static void
a_frame_that_is_gone_ends_quietly(void **state)
{
	struct stage *s = *state;
	struct heard heard;
	int fd[3];

	for (int i = 0; i < 3; i++)
		fd[i] = visit_begin(s, "GET", "/progress/" VISIT_TOKEN);
	tick(s);
	/* One closes, one stops reading, one says more than it should. */
	close(fd[0]);
	shutdown(fd[1], SHUT_RD);
	assert_true(stage_say(s, fd[2], "more", 4));
	stage_settle(s);
	stage_later(s, LIMIT_PROGRESS_SECONDS + 1);
	close(fd[1]);
	close(fd[2]);
	stage_settle(s);
	visit_get(s, "/", &heard);
	assert_int_equal(heard.code, 200);
	heard_free(&heard);
}

/* They cost a place each, and nobody is lost with them. */
static void
frames_give_way_when_all_places_are_taken(void **state)
{
	struct control_config config = stage_config();
	struct heard heard;
	struct stage s;
	int fd[6];

	(void)state;
	config.connections_max = 4;
	stage_open(&s, &config);
	for (int i = 0; i < 6; i++) {
		fd[i] = visit_begin(&s, "GET", "/progress/" VISIT_TOKEN);
		tick(&s);
	}
	visit_get(&s, "/", &heard);
	assert_int_equal(heard.code, 200);
	heard_free(&heard);
	/* Nor is the receiver's end waited for: this would take a minute. */
	stage_close(&s);
	for (int i = 0; i < 6; i++)
		close(fd[i]);
}

static void
a_socket_that_takes_no_whole_piece_ends_the_frame(void **state)
{
	struct stage *s = *state;
	struct heard heard;
	int fd;

	world_sends(100);
	for (int i = 0; i < 4; i++) {
		fd = visit_begin(s, "GET", "/progress/" VISIT_TOKEN);
		stage_hear(s, fd, &heard);
		assert_in_range(heard.text.len, 0, 200);
		heard_free(&heard);
	}
	world_sends(0);
	visit_get(s, "/", &heard);
	heard_free(&heard);
}

static void
what_the_frame_does_not_know_is_no_page(void **state)
{
	struct stage *s = *state;
	static const char *const none[] = {"/progress", "/progress/",
	    "/progress/00", "/progress/" VISIT_TOKEN "00", "/tip/" VISIT_TOKEN};
	struct bytes request =
	    form_request("/progress/" VISIT_TOKEN, "", parts);
	struct heard heard;

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		visit_get(s, none[i], &heard);
		assert_int_equal(heard.code, 404);
		heard_free(&heard);
	}
	assert_int_equal(stage_ask(s, request.p, request.len), 405);
	bytes_free(&request);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGED(each_page_has_one_token_of_its_own_in_form_and_frame),
	    STAGED(a_slow_visitor_sees_one_token),
	    STAGED(before_sending_the_frame_waits_and_is_loaded_again),
	    STAGED(an_upload_is_told_step_by_step_and_then_as_kept),
	    STAGED(what_was_kept_is_told_while_a_frame_looks_and_later),
	    STAGED(a_token_is_forgotten_when_its_time_is_over),
	    STAGED(a_refusal_is_told_without_what_was_written),
	    STAGED(an_upload_whose_visitor_left_is_told_as_cut),
	    STAGED(an_answer_in_the_frame_has_the_frames_policy),
	    STAGED(a_frame_that_is_gone_ends_quietly),
	    STAGED(a_socket_that_takes_no_whole_piece_ends_the_frame),
	    STAGED(what_the_frame_does_not_know_is_no_page),
	    cmocka_unit_test(frames_give_way_when_all_places_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
