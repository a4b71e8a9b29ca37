#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <unistd.h>

#include "intake/limits.h"
#include "tests/unit/intake/staged.h"
#include "tests/unit/intake/visit.h"

#define GET "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

static int
get(struct stage *s)
{
	return stage_ask(s, GET, strlen(GET));
}

static void
a_tip_is_sealed_kept_and_acknowledged(void **state)
{
	struct stage *s = *state;
	static const struct tip_part parts[] = {
	    {"message", NULL, "a\r\n\xeb\xb6\x81", 6},
	    {"file", "one.txt", "1", 1}, {"file", "", "", 0},
	    {"file", "empty", "", 0}, {"file", "", "clip", 4}, TIP_END};

	assert_int_equal(get(s), 200);
	assert_int_equal(visit_post(s, parts), 200);
	assert_int_equal(s->committed, 1);
	assert_int_equal(s->aborted, 0);
	visit_told(s,
	    "<message>a\r\n\xeb\xb6\x81;<file|one.txt>1;"
	    "<file|empty>;<file|>clip;");
	assert_int_equal(visit_post(s, visit_hello), 200);
	visit_told(s, "<message>hello;");
}

static void
a_large_tip_arrives_whole(void **state)
{
	struct stage *s = *state;
	size_t len = (3 << 20) + 12345;
	char *data = malloc(len);
	struct tip_part parts[] = {
	    {"file", "f", data, len}, {"message", NULL, "m", 1}, TIP_END};
	uint32_t x = 1;

	/* Not random, but full of CR, LF and "-". */
	for (size_t i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		data[i] = "\r\n--fab\n"[x >> 29];
	}
	assert_int_equal(visit_post(s, parts), 200);
	assert_true(s->tip_ok);
	assert_int_equal(s->told.len, len + strlen("<file|f>;<message>m;"));
	assert_memory_equal(s->told.p + strlen("<file|f>"), data, len);
	free(data);
}

/* curl asks before it sends a large body, and waits a second in vain if it
 * gets no word. */
static void
a_client_that_asks_first_is_told_to_go_on(void **state)
{
	struct stage *s = *state;
	static const char word[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct bytes request =
	    tip_request("Expect: 100-Continue\r\n", visit_hello);
	size_t head =
	    (size_t)((uint8_t *)memmem(request.p, request.len, "\r\n\r\n", 4) -
		request.p) +
	    4;
	char got[sizeof(word)] = "";
	struct heard reply;
	int fd;

	fd = stage_visitor(s);
	assert_true(stage_say(s, fd, request.p, head));
	assert_int_equal(read(fd, got, sizeof(got)), strlen(word));
	assert_string_equal(got, word);
	assert_true(stage_say(s, fd, request.p + head, request.len - head));
	stage_hear(s, fd, &reply);
	assert_int_equal(reply.code, 200);
	visit_told(s, "<message>hello;");
	heard_free(&reply);
	/* Who sends its body without waiting needs no word. */
	assert_int_equal(stage_ask(s, request.p, request.len), 200);
	assert_int_equal(s->committed, 2);
	bytes_free(&request);
}

static void
the_keepers_refusal_is_told(void **state)
{
	struct stage *s = *state;

	s->mood = KEEPER_REFUSES_COMMIT;
	assert_int_equal(visit_post(s, visit_hello), 507);
	s->reason = KEEPER_TROUBLE;
	assert_int_equal(visit_post(s, visit_hello), 500);
	s->mood = KEEPER_REFUSES_DATA;
	assert_int_equal(visit_post(s, visit_hello), 500);
	s->reason = KEEPER_FULL;
	assert_int_equal(visit_post(s, visit_hello), 507);
	s->mood = KEEPER_KEEPS;
	assert_int_equal(visit_post(s, visit_hello), 200);
}

/* Whose tip is whole is told that we cannot know; all others that nothing
 * was kept. */
static void
a_keeper_that_dies_is_told_honestly(void **state)
{
	struct stage *s = *state;
	static const struct {
		enum keeper_mood mood;
		int code;
		const char *words;
	} deaths[] = {
	    {KEEPER_DIES_AT_COMMIT, 500, "cannot tell"},
	    {KEEPER_SPEAKS_NONSENSE, 500, "cannot tell"},
	    {KEEPER_DIES_AT_DATA, 503, "Nothing of it was kept"},
	};
	size_t len = 2 << 20;
	char *data = calloc(1, len);
	const struct tip_part large[] = {{"file", "f", data, len}, TIP_END};
	struct heard reply;

	for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++) {
		struct bytes request = tip_request("",
		    deaths[i].mood == KEEPER_DIES_AT_DATA ? large
							  : visit_hello);
		int fd = stage_visitor(s);

		s->mood = deaths[i].mood;
		assert_true(stage_say(s, fd, request.p, request.len));
		stage_hear(s, fd, &reply);
		assert_int_equal(reply.code, deaths[i].code);
		assert_non_null(
		    strstr((const char *)reply.text.p, deaths[i].words));
		heard_free(&reply);
		bytes_free(&request);
		/* Until a new one is there, tips are refused; the form is
		 * shown. */
		assert_int_equal(visit_post(s, visit_hello), 503);
		assert_int_equal(get(s), 200);
		s->mood = KEEPER_KEEPS;
		stage_tell_keeper(s);
		stage_settle(s);
		assert_int_equal(visit_post(s, visit_hello), 200);
	}
	free(data);
}

static void
a_keeper_that_is_behind_makes_uploads_wait(void **state)
{
	struct stage *s = *state;
	size_t len = 3 << 20;
	char *data = calloc(1, len);
	const struct tip_part large[] = {{"file", "f", data, len}, TIP_END};
	struct bytes request = tip_request("", large);
	struct heard reply;
	int fd;

	s->mood = KEEPER_DEAF;
	fd = stage_visitor(s);
	/* Neither the queue nor anything else grows without bound. */
	assert_false(stage_say(s, fd, request.p, request.len));
	/* The clock does not run against the visitor. */
	stage_later(s, LIMIT_PACE_SECONDS + 1);
	stage_later(s, LIMIT_PACE_SECONDS + 1);
	s->mood = KEEPER_SILENT;
	stage_settle(s);
	assert_int_equal(s->aborted, 0);
	assert_int_equal(s->opened, 1);
	close(fd);
	stage_settle(s);
	assert_int_equal(s->aborted, 1);
	/* But not for ever. */
	s->mood = KEEPER_DEAF;
	fd = stage_visitor(s);
	assert_false(stage_say(s, fd, request.p, request.len));
	for (int i = 0; i < 7; i++)
		stage_later(s, LIMIT_PACE_SECONDS);
	s->mood = KEEPER_KEEPS;
	(void)stage_say(s, fd, request.p, LIMIT_READ_LEN);
	shutdown(fd, SHUT_WR);
	stage_hear(s, fd, &reply);
	assert_int_equal(reply.code, 500);
	heard_free(&reply);
	bytes_free(&request);
	free(data);
}

static void
room_is_asked_before_the_body(void **state)
{
	struct stage *s = *state;
	static char data[300000];
	const struct tip_part large[] = {
	    {"file", "f", data, sizeof(data)}, TIP_END};
	const struct tip_part small[] = {{"file", "f", "x", 1}, TIP_END};

	stage_room(s, 0, 1 << 20);
	stage_settle(s);
	/* Files are refused first, text is still taken. */
	assert_int_equal(visit_post(s, large), 507);
	assert_int_equal(visit_post(s, small), 507);
	assert_int_equal(s->opened, 0);
	assert_int_equal(visit_post(s, visit_hello), 200);
	stage_room(s, 0, 1000);
	stage_settle(s);
	assert_int_equal(visit_post(s, visit_hello), 507);
	stage_room(s, 1 << 21, 1 << 21);
	stage_settle(s);
	assert_int_equal(visit_post(s, large), 200);
}

/* Announcing much keeps nobody out; what is really there counts. */
static void
announcing_much_takes_no_room_from_others(void **state)
{
	struct stage *s = *state;
	static const char promise[] =
	    "POST /tip HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n"
	    "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n";
	static char data[300000];
	const struct tip_part large[] = {
	    {"file", "f", data, sizeof(data)}, TIP_END};
	struct bytes request = tip_request("", large);
	struct heard reply;
	int fds[8];

	stage_room(s, 90 << 20, 98 << 20);
	for (size_t i = 0; i < 8; i++) {
		fds[i] = stage_visitor(s);
		assert_true(stage_say(s, fds[i], promise, strlen(promise)));
	}
	stage_settle(s);
	assert_int_equal(visit_post(s, large), 200);
	assert_int_equal(visit_post(s, visit_hello), 200);
	for (size_t i = 0; i < 8; i++)
		close(fds[i]);
	/* When files' room is gone, a file under way ends: text is taken. */
	fds[0] = stage_visitor(s);
	assert_true(stage_say(s, fds[0], request.p, request.len / 2));
	stage_settle(s);
	stage_room(s, 0, 8 << 20);
	stage_settle(s);
	assert_true(stage_say(s, fds[0], request.p + request.len / 2,
	    request.len - request.len / 2));
	stage_hear(s, fds[0], &reply);
	assert_int_equal(reply.code, 507);
	assert_int_equal(visit_post(s, visit_hello), 200);
	heard_free(&reply);
	bytes_free(&request);
}

static void
without_a_key_in_force_the_form_is_closed(void **state)
{
	struct control_config config = stage_config();
	struct stage s;

	(void)state;
	stage_open_bare(&s);
	/* In any order. */
	stage_tell_keeper(&s);
	stage_tell_nothing_shown(&s);
	stage_tell_epochs(&s, 0);
	stage_tell_config(&s, &config);
	stage_ready(&s);
	assert_int_equal(get(&s), 503);
	assert_int_equal(visit_post(&s, visit_hello), 503);
	s.to.until = 1; /* long over */
	stage_tell_epochs(&s, 1);
	stage_settle(&s);
	assert_int_equal(visit_post(&s, visit_hello), 503);
	s.to.until = UINT64_C(1) << 40;
	stage_tell_epochs(&s, 1);
	stage_settle(&s);
	assert_int_equal(get(&s), 200);
	assert_int_equal(visit_post(&s, visit_hello), 200);
	assert_int_equal(s.committed, 1);
	stage_close(&s);
}

/* Which epoch tips are sealed to; 0: the form is closed. */
static uint32_t
epoch_of_a_tip(struct stage *s, const struct control_epochs *told)
{
	unsigned before = s->committed;

	stage_tell_all(s, told);
	stage_settle(s);
	if (visit_post(s, visit_hello) != 200)
		return 0;
	assert_int_equal(s->committed, before + 1);
	/* The number stands behind the magic, in the open. */
	return s->epoch;
}

/* Neither the clock nor the supervisor leads back to an earlier key. */
static void
no_key_before_the_highest_ever_in_force_is_used_again(void **state)
{
	static const uint64_t ever = UINT64_C(1) << 40;
	struct control_config config = stage_config();
	struct control_epochs told = {.count = 2};
	struct stage s;

	(void)state;
	stage_open(&s, &config); /* epoch 5 is in force */
	told.epoch[0] = told.epoch[1] = s.to;
	told.epoch[1].epoch = 6;
	told.epoch[1].from = ever - 1; /* not yet */
	assert_int_equal(epoch_of_a_tip(&s, &told), 5);
	told.epoch[1].from = 0;
	assert_int_equal(epoch_of_a_tip(&s, &told), 6);
	/* As if the clock had gone back behind its beginning. */
	told.epoch[1].from = ever - 1;
	assert_int_equal(epoch_of_a_tip(&s, &told), 6);
	/* The earlier one alone is none. */
	told.count = 1;
	assert_int_equal(epoch_of_a_tip(&s, &told), 0);
	/* What the supervisor remembers counts as well. */
	told.count = 2;
	told.epoch[1].from = 0;
	told.floor = 7;
	assert_int_equal(epoch_of_a_tip(&s, &told), 0);
	told.floor = 0;
	assert_int_equal(epoch_of_a_tip(&s, &told), 0);
	told.epoch[1].epoch = 7;
	assert_int_equal(epoch_of_a_tip(&s, &told), 7);
	stage_close(&s);
}

static void
the_supervisors_end_and_nonsense_end_the_receiver(void **state)
{
	struct control_config config = stage_config();
	struct stage s;

	(void)state;
	stage_open(&s, &config);
	shutdown(s.control, SHUT_RDWR);
	assert_int_equal(stage_wait(&s), 0);
	stage_open_bare(&s);
	shutdown(s.control, SHUT_RDWR);
	assert_int_equal(stage_wait(&s), 0);
	stage_open(&s, &config);
	stage_tell_config(&s, &config); /* twice */
	assert_int_equal(stage_wait(&s), 1);
	config.proxy = 7;
	stage_open_bare(&s);
	stage_tell_config(&s, &config);
	assert_int_equal(stage_wait(&s), 1);
}

static void
an_answer_under_way_is_finished_when_told_to_stop(void **state)
{
	struct control_config config = stage_config();
	struct bytes request = tip_request("", visit_hello);
	struct heard reply;
	struct stage s;
	int fd, cut;

	(void)state;
	stage_open(&s, &config);
	s.mood = KEEPER_DEAF;
	fd = stage_visitor(&s);
	assert_true(stage_say(&s, fd, request.p, request.len));
	cut = stage_visitor(&s);
	assert_true(stage_say(&s, cut, request.p, request.len - 30));
	stage_settle(&s);
	assert_int_equal(kill(s.pid, SIGTERM), 0);
	s.mood = KEEPER_KEEPS;
	stage_hear(&s, fd, &reply);
	assert_int_equal(reply.code, 200);
	heard_free(&reply);
	stage_hear(&s, cut, &reply); /* half a tip: refused */
	assert_int_equal(reply.code, 503);
	heard_free(&reply);
	bytes_free(&request);
	assert_int_equal(stage_wait(&s), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGED(a_tip_is_sealed_kept_and_acknowledged),
	    STAGED(a_large_tip_arrives_whole),
	    STAGED(a_client_that_asks_first_is_told_to_go_on),
	    STAGED(the_keepers_refusal_is_told),
	    STAGED(a_keeper_that_dies_is_told_honestly),
	    STAGED(a_keeper_that_is_behind_makes_uploads_wait),
	    STAGED(room_is_asked_before_the_body),
	    STAGED(announcing_much_takes_no_room_from_others),
	    cmocka_unit_test(without_a_key_in_force_the_form_is_closed),
	    cmocka_unit_test(
		no_key_before_the_highest_ever_in_force_is_used_again),
	    cmocka_unit_test(the_supervisors_end_and_nonsense_end_the_receiver),
	    cmocka_unit_test(an_answer_under_way_is_finished_when_told_to_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
