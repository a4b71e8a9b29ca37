/*
 * What a receiver makes of a tip's body: too much, too little, cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "intake/limits.h"
#include "site/answer.h"
#include "tests/unit/intake/staged.h"
#include "tests/unit/intake/visit.h"

static void
what_is_not_a_tip_never_reaches_the_keeper(void **state)
{
	struct stage *s = *state;
	static const struct {
		int code;
		struct tip_part parts[3];
	} bad[] = {
	    {400, {{"message", NULL, "", 0}, {"file", "", "", 0}}},
	    {400, {TIP_END}},
	    {400, {{"massage", NULL, "x", 1}}},
	    {400, {{"message", "f", "x", 1}}},
	    {400, {{"file", NULL, "x", 1}}},
	    {400, {{"message", NULL, "", 0}, {"message", NULL, "x", 1}}},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(visit_post(s, bad[i].parts), bad[i].code);
	assert_int_equal(s->opened, 0);
}

static void
limits_within_a_body_are_held_and_nothing_is_kept(void **state)
{
	struct control_config config = stage_config();
	size_t len = PAGE_MESSAGE_MAX + 1;
	char *data = calloc(1, len);
	const struct tip_part message[] = {
	    {"message", NULL, data, len}, TIP_END};
	const struct tip_part exact[] = {
	    {"message", NULL, data, len - 1}, TIP_END};
	const struct tip_part files[] = {{"file", "1", "", 0},
	    {"file", "2", "", 0}, {"file", "3", "", 0}, {"file", "4", "", 0},
	    {"file", "5", "", 0}, TIP_END};
	struct stage s;

	(void)state;
	config.upload_max = PAGE_MESSAGE_MAX + 100;
	stage_open(&s, &config);
	assert_int_equal(visit_post(&s, exact), 200);
	assert_int_equal(visit_post(&s, message), 413);
	assert_int_equal(visit_post(&s, files), 413);
	const struct tip_part sum[] = {
	    {"file", "1", data, len - 1}, {"file", "2", data, 101}, TIP_END};

	assert_int_equal(visit_post(&s, sum), 413);
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
	assert_int_equal(visit_post(&s, parts), 200);
	visit_told(&s, "<message>m;");
	parts[most] = (struct tip_part){"file", "", "", 0};
	assert_int_equal(visit_post(&s, parts), 413);
	assert_int_equal(s.committed, 1);
	stage_close(&s);
	free(parts);
}

/* Firefox shows an answer only when it has sent everything. */
static void
a_refusal_by_the_head_is_told_to_the_frame_at_once(void **state)
{
	struct stage *s = *state;
	static const char head[] =
	    "POST /tip/" VISIT_TOKEN " HTTP/1.1\r\n"
	    "Host: x\r\nContent-Length: 8388608\r\n"
	    "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n";
	struct heard heard;
	int fd;

	fd = stage_visitor(s);
	assert_true(stage_say(s, fd, head, strlen(head)));
	stage_settle(s);
	visit_get(s, "/progress/" VISIT_TOKEN, &heard);
	assert_true(visit_says(&heard, "page-too_large"));
	heard_free(&heard);
	close(fd);
}

static void
a_body_too_large_is_answered_and_drained(void **state)
{
	struct stage *s = *state;
	size_t len = 8 << 20;
	char *data = calloc(1, len);
	const struct tip_part parts[] = {{"file", "f", data, len}, TIP_END};
	struct bytes request = tip_request("", parts);
	struct heard reply;
	int fd;

	/* As Firefox does: all is written before anything is read. */
	fd = stage_visitor(s);
	assert_true(stage_say(s, fd, request.p, request.len));
	stage_hear(s, fd, &reply);
	assert_int_equal(reply.code, 413);
	assert_int_equal(reply.text.len, PAGE_TOTAL_LEN);
	assert_false(reply.reset);
	assert_non_null(strstr((const char *)reply.text.p, "4 MiB"));
	assert_int_equal(s->opened, 0);
	heard_free(&reply);
	bytes_free(&request);
	free(data);
}

static void
a_cut_body_leaves_an_abort_and_gets_a_page(void **state)
{
	struct stage *s = *state;
	struct bytes request = tip_request("", visit_hello);
	struct heard reply;
	int fd;

	fd = stage_visitor(s);
	assert_true(stage_say(s, fd, request.p, request.len - 60));
	shutdown(fd, SHUT_WR);
	stage_hear(s, fd, &reply);
	assert_int_equal(reply.code, 400);
	assert_non_null(
	    strstr((const char *)reply.text.p, "did not arrive whole"));
	heard_free(&reply);
	stage_settle(s);
	assert_int_equal(s->opened, 1);
	assert_int_equal(s->aborted, 1);
	/* The same without anybody to answer. */
	fd = stage_visitor(s);
	assert_true(stage_say(s, fd, request.p, request.len - 60));
	stage_settle(s);
	close(fd);
	stage_settle(s);
	assert_int_equal(s->aborted, 2);
	assert_int_equal(s->committed, 0);
	bytes_free(&request);
}

static void
every_cut_of_a_request_keeps_nothing(void **state)
{
	struct stage *s = *state;
	struct bytes request = tip_request("", visit_hello);

	for (size_t len = 0; len < request.len; len += 7) {
		int fd = stage_visitor(s);

		assert_true(stage_say(s, fd, request.p, len));
		close(fd);
	}
	stage_settle(s);
	assert_int_equal(s->committed, 0);
	assert_int_equal(s->opened, s->aborted);
	assert_int_equal(visit_post(s, visit_hello), 200);
	bytes_free(&request);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGED(what_is_not_a_tip_never_reaches_the_keeper),
	    cmocka_unit_test(limits_within_a_body_are_held_and_nothing_is_kept),
	    cmocka_unit_test(
		fields_left_empty_are_passed_over_but_not_without_end),
	    STAGED(a_refusal_by_the_head_is_told_to_the_frame_at_once),
	    STAGED(a_body_too_large_is_answered_and_drained),
	    STAGED(a_cut_body_leaves_an_abort_and_gets_a_page),
	    STAGED(every_cut_of_a_request_keeps_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
