/*
 * What fails in a receiver costs one tip at most, and hides no answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

#include "base/guarded.h"
#include "base/ipc.h"
#include "intake/code_text.h"
#include "intake/receiver.h"
#include "tests/unit/fault.h"
#include "tests/unit/intake/stage_fault.h"
#include "tests/unit/intake/visit.h"

static void
a_receiver_that_cannot_start_leaves_nothing(void **state)
{
	const struct control_config config = stage_config();
	const uint8_t no_epochs[16] = {0};
	struct receiver *rx;
	enum status st;
	int control[2], keeper[2];
	int doors[DOORS] = {-1, -1};
	struct stage played;

	(void)state;
	FAULT_EACH(FAULT_ALLOC | FAULT_GUARDED | FAULT_MMAP)
	{
		bool fired;

		fault_off();
		assert_int_equal(ipc_pair(control), ST_OK);
		assert_int_equal(
		    socketpair(AF_UNIX, SOCK_STREAM, 0, keeper), 0);
		assert_int_equal(ipc_send(control[0], CONTROL_CONFIG, &config,
				     sizeof(config), -1),
		    ST_OK);
		assert_int_equal(ipc_send(control[0], CONTROL_EPOCHS, no_epochs,
				     sizeof(no_epochs), -1),
		    ST_OK);
		assert_int_equal(
		    ipc_send(control[0], CONTROL_KEEPER, NULL, 0, keeper[1]),
		    ST_OK);
		close(keeper[1]);
		played.control = control[0];
		stage_tell_nothing_shown(&played);
		fault_at(FAULT_ALLOC | FAULT_GUARDED | FAULT_MMAP, fault_n_);
		st = receiver_new(control[1], doors, &rx);
		if (st == ST_OK)
			st = receiver_configure(rx);
		fault_off();
		fired = fault_fired();
		assert_int_equal(st == ST_OK, !fired);
		receiver_free(rx);
		assert_int_equal(guarded_live(), 0);
		guarded_close();
		close(control[0]);
		close(keeper[0]);
	}
}

/*
 * The n-th call of the kinds fails once while a tip is taken.  Whatever
 * becomes of that tip, a visitor who was told so has it kept, and the next
 * one is served as if nothing had been.
 */
static void
fail_each(unsigned kinds)
{
	static char data[40000];
	static const struct tip_part parts[] = {TIP_FIELD("message", "hello"),
	    {"file", "f", data, sizeof(data)}, TIP_END};
	struct bytes request = tip_request("", parts);
	unsigned long nth;
	struct stage s;
	int code;

	STAGE_FAULT_EACH(&s, kinds, nth)
	{
		stage_fault_arm(&s);
		code = stage_ask(&s, request.p, request.len);
		assert_true(code != 200 || s.committed == 1);
		if (s.keeper == -1)
			stage_tell_keeper(&s);
		stage_settle(&s);
		/* Twice: the fault may only now have come to be. */
		if (stage_ask(&s, request.p, request.len) != 200) {
			if (s.keeper == -1)
				stage_tell_keeper(&s);
			assert_int_equal(
			    stage_ask(&s, request.p, request.len), 200);
		}
		assert_true(s.tip_ok);
	}
	assert_true(nth >= 5);
	bytes_free(&request);
}

static void
every_failing_allocation_costs_one_tip_at_most(void **state)
{
	(void)state;
	fail_each(FAULT_ALLOC | FAULT_GUARDED);
}

static void
every_failing_call_costs_one_tip_at_most(void **state)
{
	(void)state;
	fail_each(FAULT_READ | FAULT_MESSAGE);
}

/*
 * The same while somebody looks for an answer: it is shown, or there is a
 * page that does not say there is none; the next one sees it.
 */
static void
fail_each_look(unsigned kinds)
{
	static const uint8_t code[RETURN_CODE_LEN] = {1, 2, 3};
	char text[CODE_TEXT_LEN + 1];
	struct mailbox box;
	struct bytes request;
	unsigned long nth;
	struct stage s;
	int answer;

	assert_int_equal(crypto_room_init(), ST_OK);
	return_code_mailbox(code, &box, NULL);
	code_text_write(code, WORDS_ENGLISH, text);
	request = form_request("/return", "",
	    (const struct tip_part[]){
		{"code", NULL, text, strlen(text)}, TIP_END});
	STAGE_FAULT_EACH(&s, kinds, nth)
	{
		stage_leave(&s, &box, 1, 20000, "an answer");
		stage_fault_arm(&s);
		answer = stage_hear_words(
		    &s, &request, "There is no answer for these words");
		assert_int_not_equal(answer, STAGE_HEARD);
		if (s.keeper == -1)
			stage_tell_keeper(&s);
		stage_settle(&s);
		/* Twice: the fault may only now have come to be. */
		if (stage_hear_words(&s, &request, "an answer<") !=
		    STAGE_HEARD) {
			if (s.keeper == -1)
				stage_tell_keeper(&s);
			assert_int_equal(
			    stage_hear_words(&s, &request, "an answer<"),
			    STAGE_HEARD);
		}
	}
	assert_true(nth >= 5);
	bytes_free(&request);
}

static void
every_failing_allocation_hides_no_answer(void **state)
{
	(void)state;
	fail_each_look(FAULT_ALLOC | FAULT_GUARDED);
}

static void
every_failing_call_hides_no_answer(void **state)
{
	(void)state;
	fail_each_look(FAULT_READ | FAULT_MESSAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_receiver_that_cannot_start_leaves_nothing),
	    cmocka_unit_test(every_failing_allocation_costs_one_tip_at_most),
	    cmocka_unit_test(every_failing_call_costs_one_tip_at_most),
	    cmocka_unit_test(every_failing_allocation_hides_no_answer),
	    cmocka_unit_test(every_failing_call_hides_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
