/*
 * Any bytes as the receiver's side of the channel: heads are canonical, and
 * sorting a turn's frames never reads or counts beyond them.  No database: the
 * turn's uploads are refused or said to be kept as the first byte decides.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/keeper_parts.h"
#include "tests/fuzz/fuzz.h"

/* What a turn is about: every frame lies within in[]. */
static void
look(struct keeper *k, uint8_t how)
{
	for (uint32_t i = 0; i < k->actives; i++) {
		struct held *held = &k->held[k->active[i]];
		uint64_t len = 0;

		for (uint16_t f = held->first_frame; f != NONE;
		     f = k->frame[f].next) {
			assert(f < k->frames);
			assert(k->frame[f].at + k->frame[f].len <= k->in_len);
			len += k->frame[f].len;
		}
		assert(len == held->turn_len);
		if (held->commit != NONE)
			assert(k->frame[held->commit].len == KEEPER_COMMIT_LEN);
		if (((how >> i % 8) & 1) != 0 && !held->aborted)
			keeper_group_refuse(k, held, KEEPER_FULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keeper *k;
	uint8_t how;

	if (size < 2 || (k = calloc(1, sizeof(*k))) == NULL)
		return 0;
	how = data[0];
	keeper_turn_init(k);
	for (size_t at = 1, part = data[1] + 1U; at < size; at += part) {
		size_t n = size - at < part ? size - at : part;

		if (n > IN_LEN - k->in_len)
			break;
		memcpy(k->in + k->in_len, data + at, n);
		k->in_len += (uint32_t)n;
		if (!keeper_turn_is_ripe(k) && (how & 1) == 0)
			continue;
		if (keeper_turn_sort(k) != ST_OK)
			break;
		look(k, how);
		keeper_turn_end(k);
		k->out_len = 0;
	}
	free(k);
	return 0;
}
