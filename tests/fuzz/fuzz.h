/*
 * fuzz: what the fuzz targets have in common.  Tests only.
 *
 * A target defines LLVMFuzzerTestOneInput (libFuzzer's interface); one that
 * uses crypto/ says FUZZ_CRYPTO once.
 */
#ifndef TIPLINE_TESTS_FUZZ_FUZZ_H
#define TIPLINE_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

/* A finding, unless ok. */
static inline void
must(int ok)
{
	if (!ok)
		abort();
}

#define FUZZ_CRYPTO                                                            \
	int LLVMFuzzerInitialize(int *argc, char ***argv)                      \
	{                                                                      \
		(void)argc;                                                    \
		(void)argv;                                                    \
		return crypto_room_init() == ST_OK ? 0 : -1;                   \
	}

#endif
