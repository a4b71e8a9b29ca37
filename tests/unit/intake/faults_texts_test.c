/*
 * What fails while a text is kept or looked for costs that text at most.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "site/answer.h"
#include "tests/unit/fault.h"
#include "tests/unit/intake/stage_fault.h"
#include "tests/unit/intake/visit.h"

/* What one visitor sees: how often each was so, over all faults. */
struct seen {
	unsigned none, other, without_text, with_text;
};

static void
see(struct stage *s, const struct bytes *request, const char *page,
    struct seen *seen)
{
	struct heard heard;

	visit_send(s, request, &heard);
	if (heard.code == 0) {
		seen->none++;
	} else {
		assert_int_equal(heard.text.len, PAGE_TOTAL_LEN);
		if (!visit_says(&heard, page))
			seen->other++;
		else if (visit_says(&heard, VISIT_BOX))
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
refuse_each(unsigned kinds, bool closed, const struct tip_part *parts,
    const char *page, struct seen *first)
{
	struct bytes request = tip_request("", parts);
	struct seen then = {0, 0, 0, 0};
	unsigned long nth;
	struct stage s;

	*first = (struct seen){0, 0, 0, 0};
	STAGE_FAULT_EACH(&s, kinds, nth)
	{
		if (closed)
			stage_tell_epochs(&s, 0);
		stage_fault_arm(&s);
		see(&s, &request, page, first);
		/* Twice: the fault may only now have come to be. */
		see(&s, &request, page, &then);
		if (then.with_text < nth)
			see(&s, &request, page, &then);
		assert_int_equal(then.with_text, nth);
		assert_int_equal(s.committed, 0);
	}
	/* The last had no fault any more. */
	assert_true(first->with_text > 0);
	bytes_free(&request);
}

static const struct tip_part plain[] = {
    TIP_FIELD("message", "m"), {"file", "", "", 0}, TIP_END};
static const struct tip_part bad[] = {
    TIP_FIELD("message", "m"), TIP_FIELD("massage", "x"), TIP_END};

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
	    {"message", NULL, data, sizeof(data)}, TIP_END};
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
	struct bytes request = tip_request("", plain);
	unsigned kept = 0, refused = 0;
	unsigned long nth;
	struct stage s;

	(void)state;
	STAGE_FAULT_EACH(&s, FAULT_GUARDED, nth)
	{
		stage_fault_arm(&s);
		if (stage_ask(&s, request.p, request.len) == 200) {
			assert_true(s.tip_ok);
			kept++;
		} else {
			refused++;
		}
	}
	/* That of the text alone, and the one without a fault. */
	assert_int_equal(kept, 2);
	assert_in_range(refused, 2, 10);
	bytes_free(&request);
}

static void
without_randomness_there_is_no_page_for_large_files(void **state)
{
	struct heard heard;
	struct stage s;

	(void)state;
	stage_fault_open(&s, FAULT_RANDOM, 1);
	stage_fault_arm(&s);
	visit_get(&s, "/large", &heard);
	assert_int_equal(heard.code, 500);
	heard_free(&heard);
	visit_get(&s, "/large", &heard);
	assert_int_equal(heard.code, 200);
	heard_free(&heard);
	assert_true(stage_fault_close(&s));
}

/* Each write of the frame fails once: it ends, and the upload does not. */
static void
a_frame_that_fails_stops_no_upload(void **state)
{
	struct bytes request = form_request("/tip/" VISIT_TOKEN, "", plain);
	struct heard heard;
	struct stage s;
	int frame, upload;

	(void)state;
	for (unsigned long nth = 1; nth <= 4; nth++) {
		stage_fault_open(&s, FAULT_MESSAGE, nth);
		upload = stage_visitor(&s);
		assert_true(stage_say(&s, upload, request.p, request.len - 20));
		stage_fault_arm(&s);
		frame = visit_begin(&s, "GET", "/progress/" VISIT_TOKEN);
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
		assert_true(stage_fault_close(&s));
	}
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
