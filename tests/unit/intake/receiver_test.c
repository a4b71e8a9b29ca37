#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <unistd.h>

#include "intake/limits.h"
#include "tests/unit/intake/stage.h"
#include "tests/unit/intake/tip_form.h"

#define GET "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

static int
get(struct stage *s)
{
	return stage_ask(s, GET, strlen(GET));
}

static int
post(struct stage *s, const struct tip_part *parts)
{
	struct bytes request = tip_request("", parts);
	int code = stage_ask(s, request.p, request.len);

	bytes_free(&request);
	return code;
}

static const struct tip_part hello[] = {
    {"message", NULL, "hello", 5}, {"file", "", "", 0}, {NULL, NULL, NULL, 0}};

static void
assert_told(const struct stage *s, const char *want)
{
	assert_true(s->tip_ok);
	assert_int_equal(s->told.len, strlen(want));
	assert_memory_equal(s->told.p, want, s->told.len);
}

static void
a_tip_is_sealed_kept_and_acknowledged(void **state)
{
	static const struct tip_part parts[] = {
	    {"message", NULL, "a\r\n\xeb\xb6\x81", 6},
	    {"file", "one.txt", "1", 1}, {"file", "", "", 0},
	    {"file", "empty", "", 0}, {"file", "", "clip", 4},
	    {NULL, NULL, NULL, 0}};
	struct control_config config = stage_config();
	struct stage s;

	(void)state;
	stage_open(&s, &config);
	assert_int_equal(get(&s), 200);
	assert_int_equal(post(&s, parts), 200);
	assert_int_equal(s.committed, 1);
	assert_int_equal(s.aborted, 0);
	assert_told(&s,
	    "<message>a\r\n\xeb\xb6\x81;<file|one.txt>1;"
	    "<file|empty>;<file|>clip;");
	assert_int_equal(post(&s, hello), 200);
	assert_told(&s, "<message>hello;");
	stage_close(&s);
}

static void
a_large_tip_arrives_whole(void **state)
{
	struct control_config config = stage_config();
	size_t len = (3 << 20) + 12345;
	char *data = malloc(len);
	struct tip_part parts[] = {{"file", "f", data, len},
	    {"message", NULL, "m", 1}, {NULL, NULL, NULL, 0}};
	struct stage s;
	uint32_t x = 1;

	(void)state;
	/* Not random, but full of CR, LF and "-". */
	for (size_t i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		data[i] = "\r\n--fab\n"[x >> 29];
	}
	stage_open(&s, &config);
	assert_int_equal(post(&s, parts), 200);
	assert_true(s.tip_ok);
	assert_int_equal(s.told.len, len + strlen("<file|f>;<message>m;"));
	assert_memory_equal(s.told.p + strlen("<file|f>"), data, len);
	stage_close(&s);
	free(data);
}

/* curl asks before it sends a large body, and waits a second in vain if it
 * gets no word. */
static void
a_client_that_asks_first_is_told_to_go_on(void **state)
{
	static const char word[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct control_config config = stage_config();
	struct bytes request = tip_request("Expect: 100-Continue\r\n", hello);
	size_t head =
	    (size_t)((uint8_t *)memmem(request.p, request.len, "\r\n\r\n", 4) -
		request.p) +
	    4;
	char got[sizeof(word)] = "";
	struct heard reply;
	struct stage s;
	int fd;

	(void)state;
	stage_open(&s, &config);
	fd = stage_visitor(&s);
	assert_true(stage_say(&s, fd, request.p, head));
	assert_int_equal(read(fd, got, sizeof(got)), strlen(word));
	assert_string_equal(got, word);
	assert_true(stage_say(&s, fd, request.p + head, request.len - head));
	stage_hear(&s, fd, &reply);
	assert_int_equal(reply.code, 200);
	assert_told(&s, "<message>hello;");
	heard_free(&reply);
	/* Who sends its body without waiting needs no word. */
	assert_int_equal(stage_ask(&s, request.p, request.len), 200);
	assert_int_equal(s.committed, 2);
	stage_close(&s);
	bytes_free(&request);
}

static void
what_is_not_a_tip_never_reaches_the_keeper(void **state)
{
	static const struct {
		int code;
		struct tip_part parts[3];
	} bad[] = {
	    {400, {{"message", NULL, "", 0}, {"file", "", "", 0}}},
	    {400, {{NULL, NULL, NULL, 0}}},
	    {400, {{"massage", NULL, "x", 1}}},
	    {400, {{"message", "f", "x", 1}}},
	    {400, {{"file", NULL, "x", 1}}},
	    {400, {{"message", NULL, "", 0}, {"message", NULL, "x", 1}}},
	};
	struct control_config config = stage_config();
	struct stage s;

	(void)state;
	stage_open(&s, &config);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(post(&s, bad[i].parts), bad[i].code);
	assert_int_equal(s.opened, 0);
	stage_close(&s);
}

static void
limits_within_a_body_are_held_and_nothing_is_kept(void **state)
{
	struct control_config config = stage_config();
	size_t len = LIMIT_MESSAGE_LEN + 1;
	char *data = calloc(1, len);
	const struct tip_part message[] = {
	    {"message", NULL, data, len}, {NULL, NULL, NULL, 0}};
	const struct tip_part exact[] = {
	    {"message", NULL, data, len - 1}, {NULL, NULL, NULL, 0}};
	const struct tip_part files[] = {{"file", "1", "", 0},
	    {"file", "2", "", 0}, {"file", "3", "", 0}, {"file", "4", "", 0},
	    {"file", "5", "", 0}, {NULL, NULL, NULL, 0}};
	struct stage s;

	(void)state;
	config.upload_max = LIMIT_MESSAGE_LEN + 100;
	stage_open(&s, &config);
	assert_int_equal(post(&s, exact), 200);
	assert_int_equal(post(&s, message), 413);
	assert_int_equal(post(&s, files), 413);
	const struct tip_part sum[] = {{"file", "1", data, len - 1},
	    {"file", "2", data, 101}, {NULL, NULL, NULL, 0}};

	assert_int_equal(post(&s, sum), 413);
	assert_int_equal(s.committed, 1);
	assert_int_equal(s.aborted, s.opened - 1);
	stage_close(&s);
	free(data);
}

static void
fields_left_empty_are_passed_over_but_not_without_end(void **state)
{
	struct control_config config = stage_config();
	const size_t most = config.files_max + LIMIT_PARTS_EXTRA;
	struct tip_part *parts = calloc(most + 2, sizeof(*parts));
	struct stage s;

	(void)state;
	parts[0] = (struct tip_part){"message", NULL, "m", 1};
	for (size_t i = 1; i < most; i++)
		parts[i] = (struct tip_part){"file", "", "", 0};
	stage_open(&s, &config);
	assert_int_equal(post(&s, parts), 200);
	assert_told(&s, "<message>m;");
	parts[most] = (struct tip_part){"file", "", "", 0};
	assert_int_equal(post(&s, parts), 413);
	assert_int_equal(s.committed, 1);
	stage_close(&s);
	free(parts);
}

static void
a_body_too_large_is_answered_and_drained(void **state)
{
	struct control_config config = stage_config();
	size_t len = 8 << 20;
	char *data = calloc(1, len);
	const struct tip_part parts[] = {
	    {"file", "f", data, len}, {NULL, NULL, NULL, 0}};
	struct bytes request = tip_request("", parts);
	struct heard reply;
	struct stage s;
	int fd;

	(void)state;
	stage_open(&s, &config);
	/* As Firefox does: all is written before anything is read. */
	fd = stage_visitor(&s);
	assert_true(stage_say(&s, fd, request.p, request.len));
	stage_hear(&s, fd, &reply);
	assert_int_equal(reply.code, 413);
	assert_int_equal(reply.text.len, PAGE_TOTAL_LEN);
	assert_false(reply.reset);
	assert_non_null(strstr((const char *)reply.text.p, "4 MiB"));
	assert_int_equal(s.opened, 0);
	heard_free(&reply);
	bytes_free(&request);
	stage_close(&s);
	free(data);
}

static void
a_cut_body_leaves_an_abort_and_gets_a_page(void **state)
{
	struct control_config config = stage_config();
	struct bytes request = tip_request("", hello);
	struct heard reply;
	struct stage s;
	int fd;

	(void)state;
	stage_open(&s, &config);
	fd = stage_visitor(&s);
	assert_true(stage_say(&s, fd, request.p, request.len - 60));
	shutdown(fd, SHUT_WR);
	stage_hear(&s, fd, &reply);
	assert_int_equal(reply.code, 400);
	assert_non_null(
	    strstr((const char *)reply.text.p, "did not arrive whole"));
	heard_free(&reply);
	stage_settle(&s);
	assert_int_equal(s.opened, 1);
	assert_int_equal(s.aborted, 1);
	/* The same without anybody to answer. */
	fd = stage_visitor(&s);
	assert_true(stage_say(&s, fd, request.p, request.len - 60));
	stage_settle(&s);
	close(fd);
	stage_settle(&s);
	assert_int_equal(s.aborted, 2);
	assert_int_equal(s.committed, 0);
	bytes_free(&request);
	stage_close(&s);
}

static void
every_cut_of_a_request_keeps_nothing(void **state)
{
	struct control_config config = stage_config();
	struct bytes request = tip_request("", hello);
	struct stage s;

	(void)state;
	stage_open(&s, &config);
	for (size_t len = 0; len < request.len; len += 7) {
		int fd = stage_visitor(&s);

		assert_true(stage_say(&s, fd, request.p, len));
		close(fd);
	}
	stage_settle(&s);
	assert_int_equal(s.committed, 0);
	assert_int_equal(s.opened, s.aborted);
	assert_int_equal(post(&s, hello), 200);
	bytes_free(&request);
	stage_close(&s);
}

static void
the_keepers_refusal_is_told(void **state)
{
	struct control_config config = stage_config();
	struct stage s;

	(void)state;
	stage_open(&s, &config);
	s.mood = KEEPER_REFUSES_COMMIT;
	assert_int_equal(post(&s, hello), 507);
	s.reason = KEEPER_TROUBLE;
	assert_int_equal(post(&s, hello), 500);
	s.mood = KEEPER_REFUSES_DATA;
	assert_int_equal(post(&s, hello), 500);
	s.reason = KEEPER_FULL;
	assert_int_equal(post(&s, hello), 507);
	s.mood = KEEPER_KEEPS;
	assert_int_equal(post(&s, hello), 200);
	stage_close(&s);
}

/* Whose tip is whole is told that we cannot know; all others that nothing
 * was kept. */
static void
a_keeper_that_dies_is_told_honestly(void **state)
{
	static const struct {
		enum keeper_mood mood;
		int code;
		const char *words;
	} deaths[] = {
	    {KEEPER_DIES_AT_COMMIT, 500, "cannot tell"},
	    {KEEPER_SPEAKS_NONSENSE, 500, "cannot tell"},
	    {KEEPER_DIES_AT_DATA, 503, "Nothing of it was kept"},
	};
	struct control_config config = stage_config();
	size_t len = 2 << 20;
	char *data = calloc(1, len);
	const struct tip_part large[] = {
	    {"file", "f", data, len}, {NULL, NULL, NULL, 0}};
	struct heard reply;
	struct stage s;

	(void)state;
	stage_open(&s, &config);
	for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++) {
		struct bytes request = tip_request(
		    "", deaths[i].mood == KEEPER_DIES_AT_DATA ? large : hello);
		int fd = stage_visitor(&s);

		s.mood = deaths[i].mood;
		assert_true(stage_say(&s, fd, request.p, request.len));
		stage_hear(&s, fd, &reply);
		assert_int_equal(reply.code, deaths[i].code);
		assert_non_null(
		    strstr((const char *)reply.text.p, deaths[i].words));
		heard_free(&reply);
		bytes_free(&request);
		/* Until a new one is there, tips are refused; the form is
		 * shown. */
		assert_int_equal(post(&s, hello), 503);
		assert_int_equal(get(&s), 200);
		s.mood = KEEPER_KEEPS;
		stage_tell_keeper(&s);
		stage_settle(&s);
		assert_int_equal(post(&s, hello), 200);
	}
	stage_close(&s);
	free(data);
}

static void
a_keeper_that_is_behind_makes_uploads_wait(void **state)
{
	struct control_config config = stage_config();
	size_t len = 3 << 20;
	char *data = calloc(1, len);
	const struct tip_part large[] = {
	    {"file", "f", data, len}, {NULL, NULL, NULL, 0}};
	struct bytes request = tip_request("", large);
	struct heard reply;
	struct stage s;
	int fd;

	(void)state;
	stage_open(&s, &config);
	s.mood = KEEPER_DEAF;
	fd = stage_visitor(&s);
	/* Neither the queue nor anything else grows without bound. */
	assert_false(stage_say(&s, fd, request.p, request.len));
	/* The clock does not run against the visitor. */
	stage_later(&s, LIMIT_PACE_SECONDS + 1);
	stage_later(&s, LIMIT_PACE_SECONDS + 1);
	s.mood = KEEPER_SILENT;
	stage_settle(&s);
	assert_int_equal(s.aborted, 0);
	assert_int_equal(s.opened, 1);
	close(fd);
	stage_settle(&s);
	assert_int_equal(s.aborted, 1);
	/* But not for ever. */
	s.mood = KEEPER_DEAF;
	fd = stage_visitor(&s);
	assert_false(stage_say(&s, fd, request.p, request.len));
	for (int i = 0; i < 7; i++)
		stage_later(&s, LIMIT_PACE_SECONDS);
	s.mood = KEEPER_KEEPS;
	(void)stage_say(&s, fd, request.p, LIMIT_READ_LEN);
	shutdown(fd, SHUT_WR);
	stage_hear(&s, fd, &reply);
	assert_int_equal(reply.code, 500);
	heard_free(&reply);
	bytes_free(&request);
	stage_close(&s);
	free(data);
}

static void
room_is_asked_before_the_body(void **state)
{
	struct control_config config = stage_config();
	static char data[300000];
	const struct tip_part large[] = {
	    {"file", "f", data, sizeof(data)}, {NULL, NULL, NULL, 0}};
	const struct tip_part small[] = {
	    {"file", "f", "x", 1}, {NULL, NULL, NULL, 0}};
	struct stage s;

	(void)state;
	stage_open(&s, &config);
	stage_room(&s, 0, 1 << 20);
	stage_settle(&s);
	/* Files are refused first, text is still taken. */
	assert_int_equal(post(&s, large), 507);
	assert_int_equal(post(&s, small), 507);
	assert_int_equal(s.opened, 0);
	assert_int_equal(post(&s, hello), 200);
	stage_room(&s, 0, 1000);
	stage_settle(&s);
	assert_int_equal(post(&s, hello), 507);
	stage_room(&s, 1 << 21, 1 << 21);
	stage_settle(&s);
	assert_int_equal(post(&s, large), 200);
	stage_close(&s);
}

/* Announcing much keeps nobody out; what is really there counts. */
static void
announcing_much_takes_no_room_from_others(void **state)
{
	static const char promise[] =
	    "POST /tip HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n"
	    "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n";
	struct control_config config = stage_config();
	static char data[300000];
	const struct tip_part large[] = {
	    {"file", "f", data, sizeof(data)}, {NULL, NULL, NULL, 0}};
	struct bytes request = tip_request("", large);
	struct heard reply;
	struct stage s;
	int fds[8];

	(void)state;
	stage_open(&s, &config);
	stage_room(&s, 90 << 20, 98 << 20);
	for (size_t i = 0; i < 8; i++) {
		fds[i] = stage_visitor(&s);
		assert_true(stage_say(&s, fds[i], promise, strlen(promise)));
	}
	stage_settle(&s);
	assert_int_equal(post(&s, large), 200);
	assert_int_equal(post(&s, hello), 200);
	for (size_t i = 0; i < 8; i++)
		close(fds[i]);
	/* When files' room is gone, a file under way ends: text is taken. */
	fds[0] = stage_visitor(&s);
	assert_true(stage_say(&s, fds[0], request.p, request.len / 2));
	stage_settle(&s);
	stage_room(&s, 0, 8 << 20);
	stage_settle(&s);
	assert_true(stage_say(&s, fds[0], request.p + request.len / 2,
	    request.len - request.len / 2));
	stage_hear(&s, fds[0], &reply);
	assert_int_equal(reply.code, 507);
	assert_int_equal(post(&s, hello), 200);
	heard_free(&reply);
	bytes_free(&request);
	stage_close(&s);
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
	stage_tell_epochs(&s, 0);
	stage_tell_config(&s, &config);
	stage_ready(&s);
	assert_int_equal(get(&s), 503);
	assert_int_equal(post(&s, hello), 503);
	s.to.until = 1; /* long over */
	stage_tell_epochs(&s, 1);
	stage_settle(&s);
	assert_int_equal(post(&s, hello), 503);
	s.to.until = UINT64_C(1) << 40;
	stage_tell_epochs(&s, 1);
	stage_settle(&s);
	assert_int_equal(get(&s), 200);
	assert_int_equal(post(&s, hello), 200);
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
	if (post(s, hello) != 200)
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
	struct bytes request = tip_request("", hello);
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
	    cmocka_unit_test(a_tip_is_sealed_kept_and_acknowledged),
	    cmocka_unit_test(a_large_tip_arrives_whole),
	    cmocka_unit_test(a_client_that_asks_first_is_told_to_go_on),
	    cmocka_unit_test(what_is_not_a_tip_never_reaches_the_keeper),
	    cmocka_unit_test(
		fields_left_empty_are_passed_over_but_not_without_end),
	    cmocka_unit_test(limits_within_a_body_are_held_and_nothing_is_kept),
	    cmocka_unit_test(a_body_too_large_is_answered_and_drained),
	    cmocka_unit_test(a_cut_body_leaves_an_abort_and_gets_a_page),
	    cmocka_unit_test(every_cut_of_a_request_keeps_nothing),
	    cmocka_unit_test(the_keepers_refusal_is_told),
	    cmocka_unit_test(a_keeper_that_dies_is_told_honestly),
	    cmocka_unit_test(a_keeper_that_is_behind_makes_uploads_wait),
	    cmocka_unit_test(room_is_asked_before_the_body),
	    cmocka_unit_test(announcing_much_takes_no_room_from_others),
	    cmocka_unit_test(without_a_key_in_force_the_form_is_closed),
	    cmocka_unit_test(
		no_key_before_the_highest_ever_in_force_is_used_again),
	    cmocka_unit_test(the_supervisors_end_and_nonsense_end_the_receiver),
	    cmocka_unit_test(an_answer_under_way_is_finished_when_told_to_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
