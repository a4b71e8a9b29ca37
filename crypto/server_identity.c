#include <string.h>

#include "crypto/keyset.h"
#include "crypto/lines.h"

enum status
server_identity_write(const struct server_identity *server, struct bytes *out)
{
	enum status st;

	if ((st = bytes_append_text(out, "tipline-server 1\n")) != ST_OK)
		return st;
	if ((st = lines_put_onion(out, server)) != ST_OK)
		return st;
	return lines_put_server(out, server);
}

static enum status
read_lines(struct lines *l, struct server_identity *server)
{
	enum status st;

	if ((st = lines_version(l, "tipline-server")) != ST_OK)
		return st;
	if ((st = lines_onion(l, server)) != ST_OK)
		return st;
	if ((st = lines_server(l, server)) != ST_OK)
		return st;
	return lines_end(l);
}

enum status
server_identity_parse(
    const void *text, size_t len, struct server_identity *server)
{
	struct bytes again = BYTES_INIT(SERVER_FILE_MAX);
	struct lines l;
	enum status st;

	memset(server, 0, sizeof(*server));
	if (len > SERVER_FILE_MAX)
		return ST_LIMIT;
	if ((st = lines_begin(&l, text, len)) != ST_OK)
		return st;
	if ((st = read_lines(&l, server)) != ST_OK)
		goto out;
	if ((st = server_identity_write(server, &again)) != ST_OK)
		goto out;
	st = lines_canonical(&l, text, len, &again);
out:
	bytes_free(&again);
	if (st != ST_OK)
		memset(server, 0, sizeof(*server));
	return st;
}
