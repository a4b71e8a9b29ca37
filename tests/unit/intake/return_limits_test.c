/*
 * Somebody comes back with a return code: when, how often, and what if not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

#include "intake/limits.h"
#include "site/answer.h"
#include "tests/unit/intake/stage_world.h"
#include "tests/unit/intake/staged.h"
#include "tests/unit/intake/visit.h"

#define PART(name)                                                             \
	"--b\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n"

/* Send the form with an address in it; what its answer must be. */
static void
return_with(struct stage *s, const char *address, const char *page)
{
	struct bytes request = BYTES_INIT(4096);
	const char *code = VISIT_NOBODYS;
	size_t len = strlen(PART("code") PART("address") "\r\n\r\n--b--\r\n") +
	    strlen(code) + strlen(address);

	assert_int_equal(
	    bytes_printf(&request,
		"POST /return HTTP/1.1\r\nHost: " VISIT_ONION "\r\n"
		"Content-Type: multipart/form-data; boundary=b\r\n"
		"Content-Length: %zu\r\n\r\n" PART("code") "%s\r\n" PART(
		    "address") "%s\r\n--b--\r\n",
		len, code, address),
	    ST_OK);
	assert_int_equal(stage_hear_words(s, &request, page), STAGE_HEARD);
	bytes_free(&request);
}

static void
a_gateway_is_told_however_it_changed_our_address(void **state)
{
	static const char *const changed[] = {"http://" VISIT_ONION ".to",
	    "http://" VISIT_ONION ".example.of.a.gateway.with.a.very.long.name",
	    "https://" VISIT_ONION, "http://gateway/?" VISIT_ONION, ""};
	struct stage *s = *state;

	return_with(s, "http://" VISIT_ONION, "page-no_reply");
	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++)
		return_with(s, changed[i], "page-gateway");
}

/* What every answer has in common: it does not come before the first tick,
 * however long we were busy with it. */
static void
no_answer_comes_before_its_tick(void **state)
{
	struct stage *s = *state;
	static const struct tip_part malformed[] = {
	    {"tip", NULL, "x", 1}, TIP_END};
	static const struct tip_part code[] = {
	    TIP_FIELD("code", VISIT_NOBODYS), TIP_END};
	static const struct tip_part words[] = {
	    {"code", NULL, "abandon", 7}, TIP_END};
	const struct {
		const struct tip_part *parts;
		int code;
	} cases[] = {{malformed, 400}, {words, 400}, {code, 200}, {code, 500}};
	struct heard heard;
	long start, slow, took;

	for (int i = 0; i < 8; i++) {
		s->mood = i % 4 < 3 ? KEEPER_KEEPS : KEEPER_REFUSES_COMMIT;
		slow = i < 4 ? 0 : LIMIT_TICK_MS / 3;
		world_slow(slow);
		start = world_now();
		visit_ask(s, "/return", cases[i % 4].parts, &heard);
		/* The ticks begin with a look at the clock. */
		took = world_now() - start - slow;
		assert_true(took >= LIMIT_TICK_MS);
		assert_int_equal(heard.code, cases[i % 4].code);
		heard_free(&heard);
	}
}

static void
what_is_no_form_of_ours_is_refused_and_asks_nothing(void **state)
{
	struct stage *s = *state;
	static char large[LIMIT_RETURN_LEN];
	const struct {
		int code;
		struct tip_part parts[3];
	} bad[] = {
	    {400, {{"code", "file", "x", 1}}},
	    {400, {{"code", NULL, "x", 1}, {"code", NULL, "x", 1}}},
	    {400, {{"message", NULL, "x", 1}}},
	    {400, {{"action", NULL, "burn", 4}}},
	    {400, {{"action", NULL, "delete everything", 17}}},
	    {400, {{"reply", NULL, "xyz", 3}}},
	    {400, {{"reply", NULL, "00000000000000000", 17}}},
	    {400, {{"place", NULL, "-1", 2}}},
	    {400, {{"place", NULL, "9", 1}}},
	    {413, {{"code", NULL, large, sizeof(large)}}},
	};
	static const char elsewhere[] =
	    "POST /return HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
	    "Content-Type: multipart/form-data; boundary=b\r\n"
	    "Sec-Fetch-Site: cross-site\r\n\r\n--b--";
	struct heard heard;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		visit_ask(s, "/return", bad[i].parts, &heard);
		assert_int_equal(heard.code, bad[i].code);
		heard_free(&heard);
	}
	assert_int_equal(stage_ask(s, elsewhere, strlen(elsewhere)), 403);
	assert_int_equal(s->asked, 0);
}

static void
every_cut_of_a_form_asks_nothing(void **state)
{
	struct stage *s = *state;
	static const struct tip_part code[] = {
	    TIP_FIELD("code", VISIT_NOBODYS), TIP_END};
	struct bytes request = form_request("/return", "", code);
	struct heard heard;
	int fd;

	for (size_t len = 1; len < request.len; len += 7) {
		fd = stage_visitor(s);
		assert_true(stage_say(s, fd, request.p, len));
		close(fd);
	}
	/* With somebody there to hear it. */
	fd = stage_visitor(s);
	assert_true(stage_say(s, fd, request.p, request.len - 9));
	shutdown(fd, SHUT_WR);
	stage_hear(s, fd, &heard);
	assert_int_equal(heard.code, 400);
	heard_free(&heard);
	assert_int_equal(s->asked, 0);
	/* In pieces it is the same form. */
	fd = stage_visitor(s);
	for (size_t at = 0; at < request.len; at += 40) {
		size_t len = request.len - at < 40 ? request.len - at : 40;

		assert_true(stage_say(s, fd, request.p + at, len));
		stage_settle(s);
	}
	stage_hear(s, fd, &heard);
	assert_int_equal(heard.code, 200);
	heard_free(&heard);
	assert_int_equal(s->asked, 1);
	bytes_free(&request);
}

static void
a_keeper_that_fails_is_told_and_the_next_one_answers(void **state)
{
	struct stage *s = *state;
	static const struct {
		enum keeper_mood mood;
		const char *action;
		int code;
	} cases[] = {
	    {KEEPER_REFUSES_COMMIT, "read", 500},
	    {KEEPER_REFUSES_COMMIT, "delete", 500},
	    {KEEPER_DIES_AT_COMMIT, "read", 503},
	    {KEEPER_DIES_AT_COMMIT, "delete", 500},
	    {KEEPER_SPEAKS_NONSENSE, "read", 503},
	};
	char code[CODE_TEXT_LEN + 1];
	struct heard heard;

	visit_tip(s, code);
	stage_leave(s, &s->box, 3, VISIT_DAY, "still here");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s->mood = cases[i].mood;
		visit_return(s, code, "action", cases[i].action, &heard);
		assert_int_equal(heard.code, cases[i].code);
		assert_false(visit_says(&heard, "Your tip"));
		heard_free(&heard);
		s->mood = KEEPER_KEEPS;
		if (s->keeper == -1) {
			/* Nobody is there to be asked. */
			visit_return(s, code, NULL, NULL, &heard);
			assert_int_equal(heard.code, 503);
			heard_free(&heard);
			stage_tell_keeper(s);
			stage_settle(s);
		}
		visit_return(s, code, NULL, NULL, &heard);
		assert_true(visit_says(&heard, "still here"));
		heard_free(&heard);
	}
	/* A keeper that says nothing at all. */
	struct bytes request = form_request("/return", "",
	    (const struct tip_part[]){
		TIP_FIELD("code", VISIT_NOBODYS), TIP_END});
	int fd = stage_visitor(s);

	s->mood = KEEPER_SILENT;
	assert_true(stage_say(s, fd, request.p, request.len));
	stage_settle(s);
	stage_later(s, LIMIT_ANSWER_SECONDS);
	stage_hear(s, fd, &heard);
	assert_int_equal(heard.code, 500);
	heard_free(&heard);
	bytes_free(&request);
}

static void
say_half(struct stage *s, int *fd, const char *proxy, const struct bytes *form)
{
	*fd = stage_visitor(s);
	assert_true(stage_say(s, *fd, proxy, strlen(proxy)));
	assert_true(stage_say(s, *fd, form->p, form->len - 9));
}

/* Four of a circuit; of all, so many as the keeper takes, and then who sends
 * his form slowly gives way. */
static void
no_circuit_and_not_all_together_look_too_often(void **state)
{
	static const struct tip_part code[] = {
	    TIP_FIELD("code", VISIT_NOBODYS), TIP_END};
	struct control_config config = stage_config();
	struct bytes form = form_request("/return", "", code);
	struct heard heard;
	int fd[LIMIT_MAILS], late;
	char proxy[128];
	struct stage s;

	(void)state;
	config.proxy = PROXY_REQUIRE;
	config.connections_max = 100;
	config.circuit_connections_max = 16;
	stage_open(&s, &config);
	for (int i = 0; i < LIMIT_MAILS; i++) {
		snprintf(proxy, sizeof(proxy),
		    "PROXY TCP6 fc00:dead:beef:4dad::0:%x ::1 1 80\r\n",
		    i / LIMIT_CIRCUIT_MAILS + 1);
		say_half(&s, &fd[i], proxy, &form);
	}
	stage_settle(&s);
	/* The first circuit has all it may have. */
	late = stage_visitor(&s);
	strcpy(proxy, "PROXY TCP6 fc00:dead:beef:4dad::0:1 ::1 1 80\r\n");
	assert_true(stage_say(&s, late, proxy, strlen(proxy)));
	assert_true(stage_say(&s, late, form.p, form.len));
	stage_hear(&s, late, &heard);
	assert_int_equal(heard.code, 429);
	heard_free(&heard);
	/* Another gets a place all the same; the oldest gave way. */
	late = stage_visitor(&s);
	strcpy(proxy, "PROXY TCP6 fc00:dead:beef:4dad::1:1 ::1 1 80\r\n");
	assert_true(stage_say(&s, late, proxy, strlen(proxy)));
	assert_true(stage_say(&s, late, form.p, form.len));
	stage_hear(&s, late, &heard);
	assert_int_equal(heard.code, 200);
	heard_free(&heard);
	shutdown(fd[0], SHUT_WR);
	stage_hear(&s, fd[0], &heard);
	assert_int_equal(heard.code, 408);
	assert_true(visit_says(&heard, "words did not arrive in time"));
	heard_free(&heard);
	/* All others go on as if nothing had been. */
	for (int i = 1; i < LIMIT_MAILS; i++) {
		assert_true(stage_say(&s, fd[i], form.p + form.len - 9, 9));
		stage_hear(&s, fd[i], &heard);
		assert_int_equal(heard.code, 200);
		heard_free(&heard);
	}
	/* Half a form has its time. */
	say_half(&s, &fd[0], proxy, &form);
	stage_settle(&s);
	stage_later(&s, LIMIT_RETURN_SECONDS);
	shutdown(fd[0], SHUT_WR);
	stage_hear(&s, fd[0], &heard);
	assert_int_equal(heard.code, 408);
	assert_true(visit_says(&heard, "words did not arrive in time"));
	heard_free(&heard);
	bytes_free(&form);
	stage_close(&s);
}

/* When those who asked are waiting for the keeper, nobody gives way. */
static void
when_the_keeper_has_all_it_takes_more_are_sent_away(void **state)
{
	static const struct tip_part code[] = {
	    TIP_FIELD("code", VISIT_NOBODYS), TIP_END};
	struct control_config config = stage_config();
	struct bytes form = form_request("/return", "", code);
	struct heard heard;
	int fd[LIMIT_MAILS];
	struct stage s;

	(void)state;
	config.connections_max = 100;
	stage_open(&s, &config);
	s.mood = KEEPER_SILENT;
	for (int i = 0; i < LIMIT_MAILS; i++) {
		fd[i] = stage_visitor(&s);
		assert_true(stage_say(&s, fd[i], form.p, form.len));
	}
	/* On a machine that is busy, or under valgrind, not in a moment. */
	for (int i = 0; i < 500 && s.asked < LIMIT_MAILS; i++)
		stage_settle(&s);
	assert_int_equal(s.asked, LIMIT_MAILS);
	visit_ask(&s, "/return", code, &heard);
	assert_int_equal(heard.code, 503);
	assert_true(visit_says(&heard, "too many people"));
	heard_free(&heard);
	/* Tips are taken meanwhile. */
	s.mood = KEEPER_KEEPS;
	visit_ask(&s, "/tip", visit_hello, &heard);
	assert_int_equal(heard.code, 200);
	heard_free(&heard);
	/* Those who leave leave nothing behind; the keeper still owes the
	 * answers. */
	for (int i = 0; i < LIMIT_MAILS; i++)
		close(fd[i]);
	stage_tell_keeper(&s);
	stage_settle(&s);
	stage_later(&s, 1);
	visit_ask(&s, "/return", code, &heard);
	assert_int_equal(heard.code, 200);
	heard_free(&heard);
	bytes_free(&form);
	stage_close(&s);
}

static void
the_pages_of_a_closed_line_say_when_and_answers_can_be_read(void **state)
{
	struct stage *s = *state;
	static const char get[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	static const char page[] = "GET /return HTTP/1.1\r\nHost: x\r\n\r\n";
	char code[CODE_TEXT_LEN + 1];
	const struct {
		uint64_t opens;
		const char *words;
	} cases[] = {{0, "in a day or two"},
	    {UINT64_C(4102444800),
		"on <bdi dir=\"ltr\">2100-01-01</bdi> (UTC) or later"},
	    {UINT64_C(4102444799),
		"on <bdi dir=\"ltr\">2099-12-31</bdi> (UTC) or later"},
	    {1, "in a day or two"}};
	struct heard heard;
	int fd;

	visit_tip(s, code);
	stage_leave(s, &s->box, 3, VISIT_DAY, "still here");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stage_tell_opens(s, cases[i].opens);
		stage_settle(s);
		fd = stage_visitor(s);
		assert_true(stage_say(s, fd, get, strlen(get)));
		stage_hear(s, fd, &heard);
		assert_int_equal(heard.code, 503);
		assert_int_equal(heard.text.len, PAGE_TOTAL_LEN);
		assert_true(visit_says(&heard, cases[i].words));
		heard_free(&heard);
		assert_int_equal(stage_ask(s, page, strlen(page)), 200);
		visit_return(s, code, NULL, NULL, &heard);
		assert_true(visit_says(&heard, "still here"));
		heard_free(&heard);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGED_ONION(a_gateway_is_told_however_it_changed_our_address),
	    STAGED(no_answer_comes_before_its_tick),
	    STAGED(what_is_no_form_of_ours_is_refused_and_asks_nothing),
	    STAGED(every_cut_of_a_form_asks_nothing),
	    STAGED(a_keeper_that_fails_is_told_and_the_next_one_answers),
	    cmocka_unit_test(no_circuit_and_not_all_together_look_too_often),
	    cmocka_unit_test(
		when_the_keeper_has_all_it_takes_more_are_sent_away),
	    STAGED(the_pages_of_a_closed_line_say_when_and_answers_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
