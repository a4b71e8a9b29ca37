/*
 * Make a store in a folder, with one tip, one upload under way, one reply and
 * nothing tidied up: every file and table that can be there is.
 */
#include <stdlib.h>
#include <unistd.h>

#include "store/store.h"

int
main(int argc, char **argv)
{
	static const struct store_limits limits = {UINT64_C(1) << 30, 0};
	static const uint8_t sealed[STORE_REPLY_LEN], digest[STORE_DIGEST_LEN];
	static const uint8_t mailbox[STORE_MAILBOX_LEN];
	struct store *store;
	uint64_t whole, under_way, number;

	if (argc != 2 || store_create(argv[1]) != ST_OK ||
	    store_open(argv[1], STORE_WRITE, &limits, &store) != ST_OK ||
	    store_upload(store, &whole) != ST_OK ||
	    store_upload(store, &under_way) != ST_OK ||
	    store_begin(store, true) != ST_OK ||
	    store_put(store, whole, sealed, sizeof(sealed)) != ST_OK ||
	    store_put(store, under_way, sealed, sizeof(sealed)) != ST_OK ||
	    store_finish(store, whole, sizeof(sealed), digest, &number) !=
		ST_OK ||
	    store_reply_put(store, mailbox, 1, sealed) != ST_OK ||
	    store_commit(store) != ST_OK)
		return EXIT_FAILURE;
	_exit(EXIT_SUCCESS); /* as a kill would: the log stays */
}
