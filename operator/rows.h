/*
 * rows: walk the tips of a database in order, and the chain with them.
 *
 * Everything here reads rows only, never a tip's bytes, one row in memory.
 */
#ifndef TIPLINE_OPERATOR_ROWS_H
#define TIPLINE_OPERATOR_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "handoff/chain.h"
#include "store/store.h"

struct rows {
	struct store *store; /* borrowed */
	struct chain chain;  /* behind the last row that was read */
};

void rows_begin(struct rows *rows, struct store *store,
    const uint8_t server_key[static PUBLIC_KEY_LEN]);

/* The next row.  ST_OK; ST_EOF; ST_ABSENT: a row is missing; ST_IO,
 * ST_MALFORMED. */
MUST_CHECK enum status rows_next(struct rows *rows, struct store_tip *tip);

/* Go on until the chain has reached number, at or behind where it is.  As
 * rows_next(). */
MUST_CHECK enum status rows_to(struct rows *rows, uint64_t number);

/* Say what rows_next() met, and what was kept. */
void rows_say(const struct rows *rows, enum status st, const char *kept);

#endif
