/*
 * staged: tests that find a receiver on the stage, and leave none.
 *
 * In a table of tests STAGED(test) is a test with a receiver of its own, as
 * stage_config() has it, and STAGED_ONION(test) one whose name is VISIT_ONION.
 * Its *state is the struct stage.  It has failed if the receiver does not end
 * well.  A test that wants another receiver opens one itself.
 */
#ifndef TIPLINE_TESTS_UNIT_INTAKE_STAGED_H
#define TIPLINE_TESTS_UNIT_INTAKE_STAGED_H

#define STAGED(test)                                                           \
	cmocka_unit_test_setup_teardown(test, staged_open, staged_close)
#define STAGED_ONION(test)                                                     \
	cmocka_unit_test_setup_teardown(test, staged_open_onion, staged_close)

/* For the tables above: what comes before such a test, and after it. */
int staged_open(void **state);
int staged_open_onion(void **state);
int staged_close(void **state);

#endif
