/*
 * What fails while a text is kept or looked for costs that text at most.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <unistd.h>

#include "site/answer.h"
#include "tests/unit/fault.h"
#include "tests/unit/intake/visit.h"

#define NOT_FIRED 77
#define END                                                                    \
	{                                                                      \
		NULL, NULL, NULL, 0                                            \
	}
#define BOX "<textarea readonly"
#define TOKEN "00112233445566778899aabbccddeeff"

static unsigned kinds;
static unsigned long nth;

static void
arm(int sig)
{
	(void)sig;
	fault_at(kinds, nth);
}

/* The receiver arms itself when the test says so, since it is ready. */
static void
listen_for_word(void)
{
	signal(SIGUSR1, arm);
}

static int
disarm(void)
{
	bool fired = fault_fired();

	fault_off();
	return fired ? 0 : NOT_FIRED;
}

/* What one visitor sees: how often each was so, over all faults. */
struct seen {
	unsigned none, other, without_text, with_text;
};

static void
see(struct stage *s, const struct bytes *request, const char *page,
    struct seen *seen)
{
	int fd = stage_visitor(s);
	struct heard heard;

	(void)stage_say(s, fd, request->p, request->len);
	stage_hear(s, fd, &heard);
	if (heard.code == 0) {
		seen->none++;
	} else {
		assert_int_equal(heard.text.len, PAGE_TOTAL_LEN);
		if (!visit_says(&heard, page))
			seen->other++;
		else if (visit_says(&heard, BOX))
			seen->with_text++;
		else
			seen->without_text++;
	}
	heard_free(&heard);
	stage_settle(s);
}

/*
 * The n-th call of the kinds fails once while a tip is refused with page, for
 * each n; a later one always gets its text back.
 */
static void
refuse_each(unsigned which, bool closed, const struct tip_part *parts,
    const char *page, struct seen *first)
{
	struct control_config config = stage_config();
	struct bytes request = tip_request("", parts);
	struct seen then = {0, 0, 0, 0};
	struct stage s;
	int end = 0;

	*first = (struct seen){0, 0, 0, 0};
	kinds = which;
	stage_hooks = (struct stage_hooks){listen_for_word, disarm};
	for (nth = 1; end == 0; nth++) {
		assert_in_range(nth, 1, 300);
		stage_open(&s, &config);
		if (closed)
			stage_tell_epochs(&s, 0);
		stage_settle(&s);
		assert_int_equal(kill(s.pid, SIGUSR1), 0);
		stage_settle(&s);
		see(&s, &request, page, first);
		/* Twice: the fault may only now have come to be. */
		see(&s, &request, page, &then);
		if (then.with_text < nth)
			see(&s, &request, page, &then);
		assert_int_equal(then.with_text, nth);
		assert_int_equal(s.committed, 0);
		assert_int_equal(kill(s.pid, SIGTERM), 0);
		end = stage_wait(&s);
	}
	assert_int_equal(end, NOT_FIRED);
	/* The last had no fault any more. */
	assert_true(first->with_text > 0);
	stage_hooks = (struct stage_hooks){NULL, NULL};
	bytes_free(&request);
}

static const struct tip_part plain[] = {
    {"message", NULL, "m", 1}, {"file", "", "", 0}, END};
static const struct tip_part bad[] = {
    {"message", NULL, "m", 1}, {"massage", NULL, "x", 1}, END};

static void
a_tip_is_refused_without_memory_to_look_for_its_text(void **state)
{
	struct seen seen;

	(void)state;
	refuse_each(FAULT_GUARDED, true, plain, "page-closed", &seen);
	/* One for the parser, one for the text. */
	assert_int_equal(seen.without_text, 2);
	assert_int_equal(seen.none + seen.other, 0);
	refuse_each(FAULT_ALLOC, true, plain, "page-closed", &seen);
	assert_int_equal(seen.without_text, 0);
}

/* Longer than comes with the head, so that it is read for. */
static void
a_visitor_lost_while_a_text_is_looked_for_leaves_nothing(void **state)
{
	static char data[20000];
	static const struct tip_part parts[] = {
	    {"message", NULL, data, sizeof(data)}, END};
	struct seen seen;

	(void)state;
	memset(data, 'x', sizeof(data));
	refuse_each(FAULT_READ, true, parts, "page-closed", &seen);
	assert_in_range(seen.none, 1, 10);
}

static void
without_memory_to_keep_a_text_its_upload_goes_on(void **state)
{
	struct seen seen;

	(void)state;
	refuse_each(FAULT_GUARDED, false, bad, "page-malformed", &seen);
	assert_int_equal(seen.without_text, 1);
	assert_int_equal(seen.none, 0);
}

static void
a_tip_is_kept_without_a_place_for_its_text(void **state)
{
	struct control_config config = stage_config();
	struct bytes request = tip_request("", plain);
	unsigned kept = 0, refused = 0;
	struct stage s;
	int end = 0;

	(void)state;
	kinds = FAULT_GUARDED;
	stage_hooks = (struct stage_hooks){listen_for_word, disarm};
	for (nth = 1; end == 0; nth++) {
		assert_in_range(nth, 1, 300);
		stage_open(&s, &config);
		assert_int_equal(kill(s.pid, SIGUSR1), 0);
		stage_settle(&s);
		if (stage_ask(&s, request.p, request.len) == 200) {
			assert_true(s.tip_ok);
			kept++;
		} else {
			refused++;
		}
		assert_int_equal(kill(s.pid, SIGTERM), 0);
		end = stage_wait(&s);
	}
	assert_int_equal(end, NOT_FIRED);
	/* That of the text alone, and the one without a fault. */
	assert_int_equal(kept, 2);
	assert_in_range(refused, 2, 10);
	stage_hooks = (struct stage_hooks){NULL, NULL};
	bytes_free(&request);
}

static void
without_randomness_there_is_no_page_for_large_files(void **state)
{
	static const char get[] = "GET /large HTTP/1.1\r\nHost: x\r\n\r\n";
	struct control_config config = stage_config();
	struct stage s;

	(void)state;
	kinds = FAULT_RANDOM;
	nth = 1;
	stage_hooks = (struct stage_hooks){listen_for_word, disarm};
	stage_open(&s, &config);
	assert_int_equal(kill(s.pid, SIGUSR1), 0);
	stage_settle(&s);
	assert_int_equal(stage_ask(&s, get, strlen(get)), 500);
	assert_int_equal(stage_ask(&s, get, strlen(get)), 200);
	assert_int_equal(kill(s.pid, SIGTERM), 0);
	assert_int_equal(stage_wait(&s), 0);
	stage_hooks = (struct stage_hooks){NULL, NULL};
}

/* Each write of the frame fails once: it ends, and the upload does not. */
static void
a_frame_that_fails_stops_no_upload(void **state)
{
	static const char get[] =
	    "GET /progress/" TOKEN " HTTP/1.1\r\nHost: x\r\n\r\n";
	struct control_config config = stage_config();
	struct bytes request = form_request("/tip/" TOKEN, "", plain);
	struct heard heard;
	struct stage s;
	int frame, upload;

	(void)state;
	kinds = FAULT_MESSAGE;
	stage_hooks = (struct stage_hooks){listen_for_word, NULL};
	for (nth = 1; nth <= 4; nth++) {
		stage_open(&s, &config);
		upload = stage_visitor(&s);
		assert_true(stage_say(&s, upload, request.p, request.len - 20));
		stage_settle(&s);
		assert_int_equal(kill(s.pid, SIGUSR1), 0);
		stage_settle(&s);
		frame = stage_visitor(&s);
		assert_true(stage_say(&s, frame, get, strlen(get)));
		stage_settle(&s);
		stage_later(&s, 61);
		stage_hear(&s, frame, &heard);
		assert_true(heard.text.len < PAGE_TOTAL_LEN);
		heard_free(&heard);
		assert_true(
		    stage_say(&s, upload, request.p + request.len - 20, 20));
		stage_hear(&s, upload, &heard);
		assert_int_equal(heard.code, 200);
		heard_free(&heard);
		stage_close(&s);
	}
	stage_hooks = (struct stage_hooks){NULL, NULL};
	bytes_free(&request);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		a_tip_is_refused_without_memory_to_look_for_its_text),
	    cmocka_unit_test(
		a_visitor_lost_while_a_text_is_looked_for_leaves_nothing),
	    cmocka_unit_test(without_memory_to_keep_a_text_its_upload_goes_on),
	    cmocka_unit_test(a_tip_is_kept_without_a_place_for_its_text),
	    cmocka_unit_test(
		without_randomness_there_is_no_page_for_large_files),
	    cmocka_unit_test(a_frame_that_fails_stops_no_upload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
