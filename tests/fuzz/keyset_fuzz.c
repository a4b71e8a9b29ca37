/*
 * Any bytes as a key set and as server.pub: what is taken is canonical, and
 * what is refused has a line and a reason.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/keyset.h"
#include "tests/fuzz/fuzz.h"

FUZZ_CRYPTO

static void
try_keyset(const uint8_t *p, size_t len)
{
	struct bytes again = BYTES_INIT(KEYSET_MAX);
	struct keyset set;
	enum epoch_state state;
	uint64_t opens;
	unsigned line;
	const char *why;

	if (keyset_parse(p, len, &set, &line, &why) != ST_OK) {
		must(why[0] != '\0' && set.epoch == NULL);
		must(line > 0 || len > KEYSET_MAX);
		return;
	}
	must(set.signers >= 1 && set.signers <= RECIPIENTS_MAX);
	must(set.epochs >= 1 && set.epochs <= KEYSET_EPOCHS_MAX);
	must(keyset_in_force(&set, set.epoch[0].to.from, 0, &state, &opens) ==
	    &set.epoch[0]);
	must(state == EPOCH_BY_CLOCK && opens != set.epoch[0].to.from);
	must(keyset_in_force(&set, 0, UINT32_MAX, &state, &opens) == NULL ||
	    set.epoch[set.epochs - 1].to.epoch == UINT32_MAX);
	must(keyset_write(&set, &again) == ST_OK);
	must(again.len == len && memcmp(again.p, p, len) == 0);
	bytes_free(&again);
	keyset_free(&set);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct bytes again = BYTES_INIT(SERVER_FILE_MAX);
	struct server_identity server;

	try_keyset(p, len);
	if (server_identity_parse(p, len, &server) == ST_OK) {
		must(server_identity_write(&server, &again) == ST_OK);
		must(again.len == len && memcmp(again.p, p, len) == 0);
		bytes_free(&again);
	}
	return 0;
}
