/*
 * rows: see rows.h.
 */
#include "operator/rows.h"

#include <inttypes.h>

#include "operator/tool.h"

void
rows_begin(struct rows *rows, struct store *store,
    const uint8_t server_key[static PUBLIC_KEY_LEN])
{
	rows->store = store;
	chain_genesis(&rows->chain, server_key);
}

enum status
rows_next(struct rows *rows, struct store_tip *tip)
{
	enum status st = store_next(rows->store, rows->chain.number, tip);

	if (st != ST_OK)
		return st;
	if (tip->number != rows->chain.number + 1)
		return ST_ABSENT;
	chain_add(&rows->chain, tip->len, tip->digest);
	return ST_OK;
}

enum status
rows_to(struct rows *rows, uint64_t number)
{
	struct store_tip tip;
	enum status st = ST_OK;

	while (st == ST_OK && rows->chain.number < number)
		st = rows_next(rows, &tip);
	return st;
}

void
rows_say(const struct rows *rows, enum status st, const char *kept)
{
	if (st == ST_ABSENT)
		tool_say("tip %" PRIu64 " is missing in the database, so the"
			 " chain cannot be continued; %s: run tipline-operator"
			 " check",
		    rows->chain.number + 1, kept);
	else
		tool_say("the database cannot be read after tip %" PRIu64
			 ": %s; %s: run tipline-operator check",
		    rows->chain.number, tool_words(st), kept);
}
