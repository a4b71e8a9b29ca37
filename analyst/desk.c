/*
 * desk: see desk.h.
 */
#include "analyst/desk.h"

#include "analyst/say.h"
#include "base/passphrase.h"

enum status
desk_open(const char *keys, struct desk *desk)
{
	enum status st;

	*desk = DESK_INIT;
	if ((st = keyring_open(keys, &desk->kr)) != ST_OK)
		return st;
	if (!desk->kr.has_set) {
		say_error("%s holds no key set yet, so the server is not"
			  " known: tipline-analyst keyset make or keyset take"
			  " comes first",
		    keys);
		return ST_ABSENT;
	}
	return ledger_open(desk->kr.dirfd, &desk->kr.set.server, &desk->ledger);
}

enum status
desk_unlock(struct desk *desk, const char *passphrase_file)
{
	struct passphrase pass = {NULL, 0};
	enum status st;

	if ((st = passphrase_get(passphrase_file, false, &pass)) == ST_OK)
		st = keyring_unlock(&desk->kr, &pass);
	passphrase_free(&pass);
	return st;
}

void
desk_close(struct desk *desk)
{
	ledger_close(desk->ledger);
	desk->ledger = NULL;
	keyring_close(&desk->kr);
}
