/*
 * stage_fault: the n-th call of some kinds fails once in the receiver on the
 * stage (fault.h), and not in the test.
 *
 * A receiver for each n, until one has no n-th call any more:
 *
 *	STAGE_FAULT_EACH(&s, FAULT_READ, n)
 *	{
 *		stage_fault_arm(&s);
 *		...	what visitors do
 *	}
 *
 * Whether or not the call came, each receiver must end well.
 */
#ifndef TIPLINE_TESTS_UNIT_INTAKE_STAGE_FAULT_H
#define TIPLINE_TESTS_UNIT_INTAKE_STAGE_FAULT_H

#include <stdbool.h>

#include "tests/unit/intake/stage.h"

/* n is an unsigned long; in the end it is one more than there were rounds. */
#define STAGE_FAULT_EACH(s, kinds, n)                                          \
	for ((n) = 1; stage_fault_next((s), (kinds), (n)); (n)++)

/* Start a receiver, of which the n-th call (from 1) is to fail. */
void stage_fault_open(struct stage *s, unsigned kinds, unsigned long n);

/* Settle, and let the receiver count its calls from now on. */
void stage_fault_arm(struct stage *s);

/* End it; true if that call came, and failed. */
bool stage_fault_close(struct stage *s);

/* For STAGE_FAULT_EACH: end the receiver of the round before, start the n-th;
 * false once the one before had no such call. */
bool stage_fault_next(struct stage *s, unsigned kinds, unsigned long n);

#endif
