/*
 * samples: what browsers sent, byte for byte (tests/vectors/http).
 */
#ifndef TIPLINE_TESTS_UNIT_INTAKE_SAMPLES_H
#define TIPLINE_TESTS_UNIT_INTAKE_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct sample {
	const char *name;
	const uint8_t *p;
	size_t len;
};

/* Call each with every sample; fails the test if there are fewer than 40. */
void samples_each(void (*each)(const struct sample *sample));

#endif
