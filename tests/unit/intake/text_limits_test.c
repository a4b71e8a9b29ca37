/*
 * Places for looking for a message in a body that is refused: when all are
 * taken, a tip is refused all the same, and each place is given back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <unistd.h>

#include "intake/limits.h"
#include "site/answer.h"
#include "tests/unit/intake/staged.h"
#include "tests/unit/intake/visit.h"

#define WORDS "what somebody wrote"

static const struct tip_part parts[] = {
    TIP_FIELD("message", WORDS), {"file", "", "", 0}, TIP_END};

/* The request of a visitor of a circuit; 0: of none. */
static struct bytes
request_of(unsigned circuit, const char *path, const struct tip_part *form)
{
	struct bytes request = form_request(path, "", form);
	struct bytes all = BYTES_INIT(1 << 20);

	if (circuit > 0)
		assert_int_equal(
		    bytes_printf(&all,
			"PROXY TCP6 fc00:dead:beef:4dad::0:%x ::1 1 80\r\n",
			circuit),
		    ST_OK);
	assert_int_equal(bytes_append(&all, request.p, request.len), ST_OK);
	bytes_free(&request);
	return all;
}

/* Send a tip up to the middle of its message, and no more. */
static int
send_half(struct stage *s, unsigned circuit)
{
	struct bytes request = request_of(circuit, "/tip", parts);
	const uint8_t *half = memmem(request.p, request.len, "wrote", 5);
	int fd = stage_visitor(s);

	assert_non_null(half);
	assert_true(stage_say(s, fd, request.p, (size_t)(half - request.p)));
	bytes_free(&request);
	return fd;
}

/* Send a whole tip: the page that refuses it, with the text or without. */
static void
assert_refused(
    struct stage *s, unsigned circuit, const char *page, bool with_text)
{
	struct bytes request = request_of(circuit, "/tip", parts);
	struct heard heard;

	visit_send(s, &request, &heard);
	assert_int_equal(heard.text.len, PAGE_TOTAL_LEN);
	assert_true(visit_says(&heard, page));
	assert_int_equal(visit_says(&heard, VISIT_BOX), with_text);
	assert_int_equal(visit_says(&heard, WORDS), with_text);
	heard_free(&heard);
	bytes_free(&request);
}

static void
when_all_places_are_taken_a_tip_is_refused_without_its_text(void **state)
{
	struct control_config config = stage_config();
	int fd[LIMIT_SALVAGES];
	struct stage s;

	(void)state;
	config.connections_max = LIMIT_SALVAGES + 16;
	stage_open(&s, &config);
	stage_tell_epochs(&s, 0);
	stage_settle(&s);
	/* Twice: those who left have given their places back. */
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < LIMIT_SALVAGES; i++)
			fd[i] = send_half(&s, 0);
		stage_settle(&s);
		assert_refused(&s, 0, "page-closed", false);
		close(fd[0]);
		stage_settle(&s);
		assert_refused(&s, 0, "page-closed", true);
		for (int i = 1; i < LIMIT_SALVAGES; i++)
			close(fd[i]);
		stage_settle(&s);
		assert_refused(&s, 0, "page-closed", true);
	}
	stage_close(&s);
}

static void
one_circuit_takes_few_places_and_gives_each_back(void **state)
{
	static const struct tip_part code[] = {
	    TIP_FIELD("code", VISIT_NOBODYS), TIP_END};
	struct control_config config = stage_config();
	struct bytes look = request_of(1, "/return", code);
	int fd[LIMIT_CIRCUIT_MAILS];
	struct stage s;

	(void)state;
	config.proxy = PROXY_REQUIRE;
	config.circuit_connections_max = LIMIT_CIRCUIT_MAILS + 2;
	stage_open(&s, &config);
	stage_tell_epochs(&s, 0);
	stage_settle(&s);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < LIMIT_CIRCUIT_MAILS; i++)
			fd[i] = send_half(&s, 1);
		stage_settle(&s);
		assert_refused(&s, 1, "page-closed", false);
		assert_refused(&s, 2, "page-closed", true);
		/* They are the places for looking for an answer. */
		assert_int_equal(stage_ask(&s, look.p, look.len), 429);
		if (round == 0) { /* they run out of time ... */
			stage_later(&s, LIMIT_SALVAGE_SECONDS + 1);
			assert_int_equal(stage_ask(&s, look.p, look.len), 200);
		}
		/* ... or leave ... */
		for (int i = 0; i < LIMIT_CIRCUIT_MAILS; i++)
			close(fd[i]);
		stage_settle(&s);
		assert_refused(&s, 1, "page-closed", true);
		assert_int_equal(stage_ask(&s, look.p, look.len), 200);
	}
	/* ... or we do. */
	for (int i = 0; i < LIMIT_CIRCUIT_MAILS; i++)
		fd[i] = send_half(&s, 1);
	stage_settle(&s);
	stage_close(&s);
	for (int i = 0; i < LIMIT_CIRCUIT_MAILS; i++)
		close(fd[i]);
	bytes_free(&look);
}

static void
a_busy_circuit_gets_its_text_back(void **state)
{
	struct control_config config = stage_config();
	struct stage s;
	int fd[2];

	(void)state;
	config.proxy = PROXY_REQUIRE;
	stage_open(&s, &config);
	for (int i = 0; i < 2; i++)
		fd[i] = send_half(&s, 1);
	stage_settle(&s);
	assert_refused(&s, 1, "page-busy", true);
	for (int i = 0; i < 2; i++)
		close(fd[i]);
	stage_settle(&s);
	stage_close(&s);
}

/* It waits for what was written and for nothing else. */
static void
a_tip_refused_in_its_form_lets_go_of_the_keeper_at_once(void **state)
{
	struct stage *s = *state;
	static const struct tip_part form[] = {{"message", NULL, "what ", 5},
	    {"massage", NULL, "x", 1}, TIP_FIELD("q-a", WORDS), TIP_END};
	struct bytes request = tip_request("", form);
	const uint8_t *half = memmem(request.p, request.len, "wrote", 5);
	size_t len = (size_t)(half - request.p);
	struct heard heard;
	int fd;

	fd = stage_visitor(s);
	assert_true(stage_say(s, fd, request.p, len));
	stage_settle(s);
	/* A short tip has sent nothing yet; its room is free for others. */
	assert_int_equal(s->opened, s->aborted);
	stage_room(s, 1 << 20, 1 << 20);
	stage_settle(s);
	assert_int_equal(visit_post(s, visit_hello), 200);
	assert_true(stage_say(s, fd, half, request.len - len));
	stage_hear(s, fd, &heard);
	assert_true(visit_says(&heard, "page-malformed"));
	assert_true(visit_says(&heard, "what \n\n" WORDS "</textarea>"));
	heard_free(&heard);
	bytes_free(&request);
}

static void
a_receiver_that_stops_answers_with_what_came(void **state)
{
	struct control_config config = stage_config();
	struct heard heard;
	struct stage s;
	int refused, under_way;

	(void)state;
	stage_open(&s, &config);
	under_way = send_half(&s, 0);
	stage_settle(&s);
	stage_tell_epochs(&s, 0);
	stage_settle(&s);
	refused = send_half(&s, 0);
	stage_settle(&s);
	assert_int_equal(kill(s.pid, SIGTERM), 0);
	stage_hear(&s, refused, &heard);
	assert_true(visit_says(&heard, "page-closed"));
	assert_true(visit_says(&heard, "what somebody </textarea>"));
	heard_free(&heard);
	stage_hear(&s, under_way, &heard);
	assert_true(visit_says(&heard, "page-away"));
	assert_true(visit_says(&heard, "what somebody </textarea>"));
	heard_free(&heard);
	assert_int_equal(stage_wait(&s), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		when_all_places_are_taken_a_tip_is_refused_without_its_text),
	    cmocka_unit_test(one_circuit_takes_few_places_and_gives_each_back),
	    cmocka_unit_test(a_busy_circuit_gets_its_text_back),
	    STAGED(a_tip_refused_in_its_form_lets_go_of_the_keeper_at_once),
	    cmocka_unit_test(a_receiver_that_stops_answers_with_what_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
