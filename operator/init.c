/*
 * init: make a new line.  The configuration is written last, so that a run
 * that broke off is never taken for a line; what it made is taken away.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/guarded.h"
#include "base/num.h"
#include "crypto/keyset.h"
#include "crypto/sign.h"
#include "line/texts_file.h"
#include "operator/commands.h"
#include "operator/new_line.h"
#include "operator/tool.h"
#include "store/store.h"

#define MIB (UINT64_C(1) << 20)

static const char help[] =
    "usage: tipline-operator init LINE --listen ADDRESS [options]\n"
    "\n"
    "Make the folder LINE for a new tip line: its configuration, its texts,\n"
    "which say nothing yet, its empty database, the key that signs bundles,\n"
    "and server.pub, which the keeper of the root key needs to make a key\n"
    "set.\n"
    "\n"
    "  --listen unix:PATH        the socket Tor connects to\n"
    "  --listen 127.0.0.1:PORT   for trying out (0: any free port); may be\n"
    "                            given besides the socket\n"
    "  --onion ADDRESS           the onion address of the site\n"
    "  --proxy off|accept|require\n"
    "                            Tor's line with the circuit's number;\n"
    "                            require is the default for a socket with an\n"
    "                            onion address, else off\n"
    "  --quota SIZE              what the database may grow to, such as 8G\n"
    "  --reserve SIZE            what is always left free on the disk\n"
    "  -h, --help                show this\n";

struct wish {
	const char *listen[2], *onion, *proxy, *quota, *reserve;
};

/* Say why an option is refused; the exit code. */
static int
refuse(const char *option, const char *value, const char *why)
{
	tool_say("--%s %s: %s; nothing was made", option, value, why);
	return TOOL_USAGE;
}

static int
take_onion(const struct wish *w, struct config *c)
{
	if (w->onion == NULL || strcmp(w->onion, "none") == 0)
		return TOOL_GO_ON;
	switch (onion_check(w->onion)) {
	case ST_OK:
		snprintf(c->onion, sizeof(c->onion), "%s", w->onion);
		return TOOL_GO_ON;
	case ST_FORGED:
		return refuse("onion", w->onion,
		    "the address is mistyped: its checksum is wrong; copy it"
		    " from HiddenServiceDir/hostname");
	default:
		return refuse("onion", w->onion,
		    "this is no v3 onion address (56 characters of a-z and"
		    " 2-7, the last one d, then .onion): copy it from"
		    " HiddenServiceDir/hostname, without http://");
	}
}

/* A relative socket path is meant from here, not from the server's place. */
static int
make_absolute(struct config *c, const char *given)
{
	char here[PATH_MAX], full[PATH_MAX + LISTEN_MAX + 2];
	const char *path = c->path;

	if (path[0] == '\0' || path[0] == '/')
		return TOOL_GO_ON;
	if (getcwd(here, sizeof(here)) == NULL)
		return refuse("listen", given, strerror(errno));
	while (strncmp(path, "./", 2) == 0)
		path += 2;
	snprintf(full, sizeof(full), "%s/%s",
	    strcmp(here, "/") == 0 ? "" : here, path);
	if (strlen(full) > LISTEN_MAX) {
		tool_say("--listen %s: as an absolute path it has %zu bytes,"
			 " and the kernel allows 107 for a socket; choose a"
			 " shorter one, such as /run/tipline/http.sock;"
			 " nothing was made",
		    given, strlen(full));
		return TOOL_USAGE;
	}
	memcpy(c->path, full, strlen(full) + 1);
	return TOOL_GO_ON;
}

static int
take_listen(const struct wish *w, struct config *c)
{
	const char *why, *socket = NULL;

	if (w->listen[0] == NULL) {
		tool_say("init needs --listen unix:PATH or --listen"
			 " 127.0.0.1:PORT; nothing was made");
		return TOOL_USAGE;
	}
	for (size_t i = 0; i < 2 && w->listen[i] != NULL; i++) {
		if (config_listen(w->listen[i], c, &why) != ST_OK)
			return refuse("listen", w->listen[i], why);
		if (strncmp(w->listen[i], "unix:", 5) == 0)
			socket = w->listen[i];
	}
	return make_absolute(c, socket);
}

static int
take_proxy(const struct wish *w, struct config *c)
{
	c->proxy = c->path[0] != '\0' && c->onion[0] != '\0' ? PROXY_REQUIRE
							     : PROXY_OFF;
	if (w->proxy != NULL && config_proxy(w->proxy, &c->proxy) != ST_OK)
		return refuse(
		    "proxy", w->proxy, "it is none of off, accept, require");
	return TOOL_GO_ON;
}

static int
take_size(const char *option, const char *value, uint64_t min, uint64_t *size)
{
	char why[96], least[TOOL_SIZE_LEN];

	if (value == NULL)
		return TOOL_GO_ON;
	if (num_parse_size(value, strlen(value), CONFIG_QUOTA_LIMIT, size) !=
		ST_OK ||
	    *size < min) {
		tool_size(min, least);
		snprintf(why, sizeof(why),
		    "it must be a size such as 8G, at least %s", least);
		return refuse(option, value, why);
	}
	return TOOL_GO_ON;
}

/* Defaults that fit the disk the line will lie on: most of what is free. */
static void
fit_disk(const char *path, struct config *c)
{
	struct statvfs vfs;
	char *folder = tool_folder(path);
	uint64_t free_bytes, share;

	if (folder == NULL || statvfs(folder, &vfs) != 0) {
		free(folder);
		return;
	}
	free(folder);
	free_bytes = (uint64_t)vfs.f_bavail * vfs.f_frsize;
	share = free_bytes / 10 * 8 / MIB * MIB;
	if (c->quota > share)
		c->quota = share > CONFIG_QUOTA_MIN ? share : CONFIG_QUOTA_MIN;
	share = free_bytes / 20 / MIB * MIB;
	if (c->reserve > share)
		c->reserve =
		    share > CONFIG_RESERVE_MIN ? share : CONFIG_RESERVE_MIN;
}

static int
take_wishes(const struct wish *w, const char *path, struct config *c)
{
	int code;

	config_default(c);
	fit_disk(path, c);
	if ((code = take_listen(w, c)) == TOOL_GO_ON &&
	    (code = take_onion(w, c)) == TOOL_GO_ON &&
	    (code = take_proxy(w, c)) == TOOL_GO_ON &&
	    (code = take_size(
		 "quota", w->quota, CONFIG_QUOTA_MIN, &c->quota)) == TOOL_GO_ON)
		code = take_size(
		    "reserve", w->reserve, CONFIG_RESERVE_MIN, &c->reserve);
	return code;
}

/* The server's key pair: server.key and server.pub. */
static bool
make_keys(int dirfd, const struct config *c, struct server_identity *server)
{
	struct bytes text = BYTES_INIT(SERVER_FILE_MAX);
	uint8_t *seed, *file = NULL;
	bool done = false;

	memset(server, 0, sizeof(*server));
	memcpy(server->onion, c->onion, sizeof(server->onion));
	if ((seed = guarded_new(SECRET_KEY_LEN)) == NULL ||
	    (file = guarded_new(SERVER_KEY_FILE_LEN)) == NULL) {
		tool_say("out of memory");
		goto out;
	}
	sign_key_new(server->key, seed);
	key_id(KEY_ROLE_SERVER, server->key, server->id);
	server_key_write(seed, file);
	if (server_identity_write(server, &text) != ST_OK)
		tool_say("out of memory");
	else
		done = new_line_put(
			   dirfd, LINE_SERVER_KEY, file, SERVER_KEY_FILE_LEN) &&
		    new_line_put(dirfd, LINE_SERVER_PUB, text.p, text.len);
out:
	guarded_free(seed);
	guarded_free(file);
	bytes_free(&text);
	return done;
}

static bool
make_database(int dirfd, const char *path)
{
	char *data = NULL;
	enum status st;

	if (mkdirat(dirfd, LINE_DATA, 0700) != 0) {
		tool_say("%s/" LINE_DATA " cannot be made: %s", path,
		    strerror(errno));
		return false;
	}
	if (asprintf(&data, "%s/" LINE_DATA, path) < 0) {
		tool_say("out of memory");
		return false;
	}
	st = store_create(data);
	if (st != ST_OK)
		tool_say("the database cannot be made: %s", tool_words(st));
	free(data);
	return st == ST_OK;
}

/* Neutral, and explained: the operator begins with it. */
static bool
make_texts(int dirfd)
{
	return new_line_put(
	    dirfd, TEXTS_FILE, texts_neutral_file, strlen(texts_neutral_file));
}

static bool
make_config(int dirfd, const struct config *c)
{
	struct bytes text = BYTES_INIT(CONFIG_MAX);
	bool done = false;

	if (config_write(c, &text) != ST_OK)
		tool_say("out of memory");
	else
		done = new_line_put(dirfd, CONFIG_FILE, text.p, text.len);
	bytes_free(&text);
	return done;
}

/* Take away what a failed run made; only names that it may have made. */
static void
undo(int dirfd, const char *path, bool made)
{
	static const char *const names[] = {LINE_DATA "/" STORE_FILE,
	    LINE_DATA "/" STORE_FILE "-wal", LINE_DATA "/" STORE_FILE "-shm",
	    LINE_SERVER_KEY, LINE_SERVER_PUB, TEXTS_FILE, CONFIG_FILE};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlinkat(dirfd, names[i], 0);
	unlinkat(dirfd, LINE_DATA, AT_REMOVEDIR);
	if (made)
		rmdir(path);
	tool_say("%s was not made; nothing is left of it: mend the cause and"
		 " run this again",
	    path);
}

static void
tell(const char *path, const struct config *c,
    const struct server_identity *server)
{
	char id[KEY_ID_TEXT_LEN + 1], quota[TOOL_SIZE_LEN];
	char reserve[TOOL_SIZE_LEN];

	key_id_text(server->id, id);
	tool_size(c->quota, quota);
	tool_size(c->reserve, reserve);
	printf("The tip line in %s is made.\n"
	       "\n"
	       "  server id  %s\n"
	       "  onion      %s\n"
	       "  quota      %s, %s of the disk left free\n"
	       "\n"
	       "Next:\n"
	       "  1. Carry %s/" LINE_SERVER_PUB " to the keeper of the root"
	       " key, who makes\n"
	       "     a key set: tipline-analyst keyset make KEYS --server"
	       " server.pub --weeks 8 --out keyset.txt\n"
	       "  2. tipline-operator keyset install %s keyset.txt --root"
	       " root.pub\n"
	       "  3. Say who you are and what people may write about in a"
	       " copy of %s/" TEXTS_FILE ":\n"
	       "     tipline-operator texts install %s COPY\n"
	       "  4. tipline-operator check %s\n"
	       "  5. tipline-intake %s\n",
	    path, id, c->onion[0] != '\0' ? c->onion : "none", quota, reserve,
	    path, path, path, path, path, path);
	if (c->onion[0] == '\0')
		puts("\nWithout an onion address this line is for trying out"
		     " only.");
}

int
init_command(int argc, char **argv)
{
	struct wish w = {{NULL, NULL}, NULL, NULL, NULL, NULL};
	const struct tool_option options[] = {{"listen", NULL, w.listen, 2},
	    {"onion", NULL, &w.onion, 1}, {"proxy", NULL, &w.proxy, 1},
	    {"quota", NULL, &w.quota, 1}, {"reserve", NULL, &w.reserve, 1},
	    {NULL, NULL, NULL, 0}};
	const struct tool_command command = {"init", help, options, 1};
	struct confine_missing missing;
	struct server_identity server;
	struct config c;
	const char *path;
	bool made;
	int code, dirfd;

	if ((code = tool_parse(&command, argc, argv, &path)) != TOOL_GO_ON ||
	    (code = take_wishes(&w, path, &c)) != TOOL_GO_ON)
		return code;
	if ((dirfd = new_line_folder(path, &made)) < 0)
		return TOOL_FAILED;
	const char *const write[] = {path, NULL};
	code = TOOL_FAILED;
	if (!tool_confine(NULL, write, &missing)) {
		if (made)
			rmdir(path);
	} else if (make_database(dirfd, path) &&
	    make_keys(dirfd, &c, &server) && make_texts(dirfd) &&
	    make_config(dirfd, &c)) {
		tell(path, &c, &server);
		code = TOOL_DONE;
	} else {
		undo(dirfd, path, made);
	}
	close(dirfd);
	return code;
}
