/*
 * signing: see signing.h.
 */
#include "operator/signing.h"

#include <string.h>

#include "base/durable.h"
#include "base/guarded.h"
#include "crypto/sign.h"
#include "operator/tool.h"

static enum status
read_seed(const struct line *line, struct signing *s)
{
	struct bytes file = BYTES_INIT(SERVER_KEY_FILE_LEN);
	enum status st;

	st = durable_read_secret(line->dirfd, LINE_SERVER_KEY, &file);
	if (st == ST_OK)
		st = server_key_parse(file.p, file.len, s->seed);
	bytes_free(&file);
	return st;
}

bool
signing_open(const struct line *line, const char *what, struct signing *s)
{
	char why[LINE_WHY_LEN];
	uint8_t own[PUBLIC_KEY_LEN];
	enum status st;

	memset(s, 0, sizeof(*s));
	if (line_server(line, &s->server, why) != ST_OK) {
		tool_say("%s; no %s was written", why, what);
		return false;
	}
	if ((s->seed = guarded_new(SECRET_KEY_LEN)) == NULL) {
		tool_say("out of memory; no %s was written", what);
		return false;
	}
	if ((st = read_seed(line, s)) != ST_OK) {
		tool_say("%s/" LINE_SERVER_KEY ": %s%s; no %s was written%s",
		    line->path, tool_words(st),
		    st == ST_DENIED ? ": it must have mode 0600" : "", what,
		    st == ST_DENIED ? ""
				    : ": put the file back from your backup");
		return false;
	}
	sign_key_public(s->seed, own);
	if (memcmp(own, s->server.key, sizeof(own)) == 0)
		return true;
	tool_say(LINE_SERVER_KEY " and " LINE_SERVER_PUB
				 " do not belong together; no %s was written",
	    what);
	return false;
}

bool
signing_keyset(const struct line *line, const struct signing *s,
    const char *what, struct keyset *set)
{
	char why[LINE_WHY_LEN];

	if (line_keyset_load(line, set, why) != ST_OK) {
		tool_say("%s; no %s was written", why, what);
		return false;
	}
	if (memcmp(set->server.key, s->server.key, PUBLIC_KEY_LEN) == 0)
		return true;
	tool_say("the installed key set names another server's key, with which"
		 " nobody could check what this one signs; no %s was written:"
		 " install a key set made with this line's " LINE_SERVER_PUB,
	    what);
	keyset_free(set);
	return false;
}

void
signing_close(struct signing *s)
{
	guarded_free(s->seed);
	s->seed = NULL;
}
