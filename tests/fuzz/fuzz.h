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
#include <string.h>

#include "base/status.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

/* A finding, unless ok. */
static inline void
must(int ok)
{
	if (!ok)
		abort();
}

/* The input for a reader that asks for it piece by piece, of step bytes at
 * most (0: as many as it asks for). */
struct fuzz_source {
	const uint8_t *p;
	size_t left, step;
};

static inline enum status
fuzz_get(void *ctx, void *p, size_t len, size_t *got)
{
	struct fuzz_source *const s = ctx;
	size_t n = s->left < len ? s->left : len;

	if (s->step > 0 && n > s->step)
		n = s->step;
	if (n > 0)
		memcpy(p, s->p, n);
	s->p += n;
	s->left -= n;
	*got = n;
	return ST_OK;
}

#define FUZZ_CRYPTO                                                            \
	int LLVMFuzzerInitialize(int *argc, char ***argv)                      \
	{                                                                      \
		(void)argc;                                                    \
		(void)argv;                                                    \
		return crypto_room_init() == ST_OK ? 0 : -1;                   \
	}

#endif
