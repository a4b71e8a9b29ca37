/*
 * desk: see desk.h.
 */
#include "analyst/desk.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyst/keyring_files.h"
#include "analyst/say.h"

#define MAGIC_LEN 20 /* of a bundle; the server's id comes behind it */

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
	desk->server = desk->kr.set.server;
	return ledger_open(desk->kr.dirfd, &desk->server, &desk->ledger);
}

/* The id of the server that a bundle says it is from.  False if it cannot be
 * read, or cannot be read twice, as a pipe. */
static bool
peek_server(const char *path, uint8_t id[static KEY_ID_LEN])
{
	struct stat sb;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	bool good = fd != -1 && fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode) &&
	    pread(fd, id, KEY_ID_LEN, MAGIC_LEN) == KEY_ID_LEN;

	if (fd != -1)
		close(fd);
	return good;
}

struct search {
	uint8_t id[KEY_ID_LEN];
	struct server_identity found;
};

static enum status
look_at_set(void *ctx, const struct keyset *set)
{
	struct search *search = ctx;

	if (memcmp(set->server.id, search->id, KEY_ID_LEN) != 0)
		return ST_OK;
	search->found = set->server;
	return ST_EOF;
}

enum status
desk_turn_to(struct desk *desk, const char *path)
{
	struct search search;
	enum status st;

	if (!peek_server(path, search.id) ||
	    memcmp(search.id, desk->server.id, KEY_ID_LEN) == 0)
		return ST_OK;
	st = keyring_sets(&desk->kr, look_at_set, &search);
	if (st != ST_EOF)
		return st;
	say("note: this bundle is from an earlier server, which an older key"
	    " set named");
	desk->server = search.found;
	ledger_close(desk->ledger);
	return ledger_open(desk->kr.dirfd, &desk->server, &desk->ledger);
}

void
desk_close(struct desk *desk)
{
	ledger_close(desk->ledger);
	desk->ledger = NULL;
	keyring_close(&desk->kr);
}
