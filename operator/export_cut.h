/*
 * export_cut: what a cut run of export left, as far as it is good.
 */
#ifndef TIPLINE_OPERATOR_EXPORT_CUT_H
#define TIPLINE_OPERATOR_EXPORT_CUT_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/keyset.h"
#include "handoff/bundle.h"

struct export_cut {
	struct bundle_start start; /* of its head */
	struct chain at;           /* behind its last whole good tip */
	uint64_t offset;           /* and where that ends */
};

/*
 * Read the file open at fd, a bundle that may end anywhere.  The signatures
 * of head and tips and every digest are checked; the first tip that is not
 * right ends what is good.  ST_OK; ST_EOF: it is empty; else *why is a phrase
 * for people: ST_WRONG_KEY, ST_MALFORMED, ST_SHORT (no whole head), ST_IO,
 * ST_NOMEM.
 */
MUST_CHECK enum status export_cut_read(int fd,
    const struct server_identity *server, struct export_cut *cut,
    const char **why);

#endif
