/*
 * config: see config.h.  inifile.h splits the lines.
 */
#include "line/config.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "crypto/keyset.h"
#include "line/inifile.h"

static const char *const proxy_words[] = {"off", "accept", "require"};
static const char *const sections[] = {"site", "listen", "limits", "store"};

/* Every key whose value is a number. */
struct number {
	const char *section, *name;
	size_t offset;
	bool wide; /* uint64_t and a size such as 512M; else uint32_t */
	uint64_t min, max;
};

#define AT(member) offsetof(struct config, member)

static const struct number numbers[] = {
    {"limits", "upload", AT(upload_max), true, CONFIG_UPLOAD_MIN,
	CONFIG_UPLOAD_MAX},
    {"limits", "files", AT(files_max), false, 1, CONFIG_FILES_LIMIT},
    {"limits", "connections", AT(connections_max), false,
	CONFIG_CONNECTIONS_MIN, CONFIG_CONNECTIONS_LIMIT},
    {"limits", "circuit-connections", AT(circuit_connections_max), false, 1,
	CONFIG_CONNECTIONS_LIMIT},
    {"limits", "circuit-uploads", AT(circuit_uploads_max), false, 1,
	CONFIG_CONNECTIONS_LIMIT},
    {"store", "quota", AT(quota), true, CONFIG_QUOTA_MIN, CONFIG_QUOTA_LIMIT},
    {"store", "reserve", AT(reserve), true, CONFIG_RESERVE_MIN,
	CONFIG_QUOTA_LIMIT},
};

#define NUMBERS (sizeof(numbers) / sizeof(*numbers))
/* Bits of struct reading's seen, after those of numbers[]. */
enum { SEEN_ONION = NUMBERS, SEEN_UNIX, SEEN_LOOPBACK, SEEN_PROXY };

struct reading {
	uint32_t seen; /* one bit for each key */
	struct config *config;
	struct inifile *file;
};

_Static_assert(SEEN_PROXY < 32, "seen has a bit for each key");

void
config_default(struct config *config)
{
	*config = (struct config){
	    .proxy = PROXY_OFF,
	    .upload_max = CONFIG_UPLOAD_DEFAULT,
	    .files_max = CONFIG_FILES_DEFAULT,
	    .connections_max = CONFIG_CONNECTIONS_DEFAULT,
	    .circuit_connections_max = CONFIG_CIRCUIT_CONNECTIONS_DEFAULT,
	    .circuit_uploads_max = CONFIG_CIRCUIT_UPLOADS_DEFAULT,
	    .quota = CONFIG_QUOTA_DEFAULT,
	    .reserve = CONFIG_RESERVE_DEFAULT,
	};
}

enum status
config_proxy(const char *text, enum proxy_mode *proxy)
{
	for (size_t i = 0; i < 3; i++) {
		if (strcmp(text, proxy_words[i]) == 0) {
			*proxy = (enum proxy_mode)i;
			return ST_OK;
		}
	}
	return ST_MALFORMED;
}

/* A path that the configuration file gives back as it was put in. */
static bool
path_is_plain(const char *path, size_t len)
{
	if (path[0] == ' ' || path[0] == ';' || path[len - 1] == ' ')
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)path[i] < 0x20 || path[i] == 0x7f ||
		    (path[i] == ';' && i > 0 && path[i - 1] == ' '))
			return false;
	}
	return true;
}

static enum status
read_path(const char *path, struct config *config, const char **why)
{
	size_t len = strlen(path);

	*why = "the path of the socket is empty";
	if (len == 0)
		return ST_MALFORMED;
	*why = "the path of the socket is longer than the 107 bytes the"
	       " kernel allows";
	if (len > LISTEN_MAX)
		return ST_MALFORMED;
	*why = "the path of the socket has control characters, outer blanks"
	       " or ' ;' in it";
	if (!path_is_plain(path, len))
		return ST_MALFORMED;
	memcpy(config->path, path, len + 1);
	return ST_OK;
}

static enum status
read_port(const char *text, struct config *config, const char **why)
{
	uint64_t port;

	*why = "the port is not a number from 0 to 65535";
	if (num_parse(text, strlen(text), 65535, &port) != ST_OK)
		return ST_MALFORMED;
	config->loopback = true;
	config->port = (uint16_t)port;
	return ST_OK;
}

enum status
config_listen(const char *text, struct config *config, const char **why)
{
	*why = "one address of each kind is enough";
	if (strncmp(text, "unix:", 5) == 0)
		return config->path[0] != '\0'
		    ? ST_EXISTS
		    : read_path(text + 5, config, why);
	if (strncmp(text, "127.0.0.1:", 10) == 0)
		return config->loopback ? ST_EXISTS
					: read_port(text + 10, config, why);
	*why = "it is neither unix:PATH nor 127.0.0.1:PORT; a line is never"
	       " open to a network, visitors come through Tor";
	return ST_MALFORMED;
}

static bool
read_number(struct reading *r, const struct number *n, const char *value)
{
	char *field = (char *)r->config + n->offset;
	uint64_t v;
	uint32_t narrow;
	enum status st;

	st = n->wide ? num_parse_size(value, strlen(value), n->max, &v)
		     : num_parse(value, strlen(value), n->max, &v);
	if (st == ST_MALFORMED)
		return inifile_complain(r->file,
		    "%s: '%.40s' is not a whole number%s", n->name, value,
		    n->wide ? " with K, M, G or T" : "");
	if (st != ST_OK || v < n->min)
		return inifile_complain(r->file,
		    "%s: %.40s is not within %llu and %llu%s", n->name, value,
		    (unsigned long long)n->min, (unsigned long long)n->max,
		    n->wide ? " bytes" : "");
	narrow = (uint32_t)v;
	memcpy(field, n->wide ? (void *)&v : (void *)&narrow,
	    n->wide ? sizeof(v) : sizeof(narrow));
	return true;
}

static bool
read_onion(struct reading *r, const char *value)
{
	if (strcmp(value, "none") == 0) {
		r->config->onion[0] = '\0';
		return true;
	}
	switch (onion_check(value)) {
	case ST_OK:
		snprintf(
		    r->config->onion, sizeof(r->config->onion), "%s", value);
		return true;
	case ST_FORGED:
		return inifile_complain(r->file,
		    "onion: the address is mistyped: its"
		    " checksum is wrong");
	default:
		return inifile_complain(r->file,
		    "onion: '%.40s' is not a v3 onion address"
		    " (56 characters and .onion), nor none",
		    value);
	}
}

static bool
read_unix(struct reading *r, const char *value)
{
	const char *why;

	if (read_path(value, r->config, &why) != ST_OK)
		return inifile_complain(r->file, "unix: %s", why);
	if (value[0] != '/')
		return inifile_complain(
		    r->file, "unix: the path must begin with /");
	return true;
}

static bool
read_loopback(struct reading *r, const char *value)
{
	const char *why;

	if (read_port(value, r->config, &why) != ST_OK)
		return inifile_complain(r->file, "loopback: %s", why);
	return true;
}

/* The number of a key, or -1: first those of numbers[], then the others. */
static int
find_key(const char *section, const char *name)
{
	for (size_t i = 0; i < NUMBERS; i++)
		if (strcmp(section, numbers[i].section) == 0 &&
		    strcmp(name, numbers[i].name) == 0)
			return (int)i;
	if (strcmp(section, "site") == 0 && strcmp(name, "onion") == 0)
		return SEEN_ONION;
	if (strcmp(section, "listen") == 0 && strcmp(name, "unix") == 0)
		return SEEN_UNIX;
	if (strcmp(section, "listen") == 0 && strcmp(name, "loopback") == 0)
		return SEEN_LOOPBACK;
	if (strcmp(section, "listen") == 0 && strcmp(name, "proxy") == 0)
		return SEEN_PROXY;
	return -1;
}

static bool
on_key(struct inifile *f, void *ctx, const char *section, const char *name,
    const char *value, bool more)
{
	struct reading *r = ctx;
	int key = find_key(section, name);

	(void)more; /* never: it is no prose */
	r->file = f;
	if (key < 0)
		return inifile_complain(
		    r->file, "unknown key '%.40s' in [%.20s]", name, section);
	if (r->seen & (UINT32_C(1) << key))
		return inifile_complain(
		    r->file, "%.40s stands here for the second time", name);
	r->seen |= UINT32_C(1) << key;
	if (key == SEEN_ONION)
		return read_onion(r, value);
	if (key == SEEN_UNIX)
		return read_unix(r, value);
	if (key == SEEN_LOOPBACK)
		return read_loopback(r, value);
	if (key != SEEN_PROXY)
		return read_number(r, &numbers[key], value);
	if (config_proxy(value, &r->config->proxy) != ST_OK)
		return inifile_complain(r->file,
		    "proxy: '%.40s' is none of off, accept,"
		    " require",
		    value);
	return true;
}

static bool
on_section(struct inifile *f, void *ctx, const char *name, size_t len)
{
	(void)ctx;
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		if (strlen(sections[i]) == len &&
		    memcmp(name, sections[i], len) == 0)
			return true;
	return inifile_complain(f,
	    "unknown section: there are [site], [listen], [limits] and"
	    " [store]");
}

enum status
config_parse(const char *text, size_t len, struct config *config,
    unsigned *line, char *why, size_t why_len)
{
	struct reading r = {.config = config};
	const struct inifile_events events = {
	    on_section, on_key, NULL, &r, false};
	enum status st;

	config_default(config);
	*line = 0;
	if (len > CONFIG_MAX) {
		snprintf(why, why_len, "the file is larger than 64 KiB");
		return ST_MALFORMED;
	}
	st = inifile_parse(text, len, &events, line, why, why_len);
	if (st == ST_OK && config->path[0] == '\0' && !config->loopback) {
		snprintf(why, why_len,
		    "[listen] has neither unix = PATH nor loopback = PORT");
		return ST_MALFORMED;
	}
	return st;
}

/* The largest unit that gives a whole number. */
static void
size_text(uint64_t v, char *out, size_t len)
{
	static const char units[] = "TGMK";

	for (int shift = 40, i = 0; shift > 0; shift -= 10, i++) {
		if (v != 0 && (v & ((UINT64_C(1) << shift) - 1)) == 0) {
			snprintf(out, len, "%llu%c",
			    (unsigned long long)(v >> shift), units[i]);
			return;
		}
	}
	snprintf(out, len, "%llu", (unsigned long long)v);
}

static enum status
write_listen(const struct config *c, struct bytes *out)
{
	enum status st;

	st = bytes_printf(out,
	    "[listen]\n"
	    "# The socket Tor connects to.\n"
	    "%sunix = %s\n"
	    "# The line Tor sends first on it with\n"
	    "# HiddenServiceExportCircuitID haproxy: off, accept, require.\n"
	    "proxy = %s\n"
	    "# A port of 127.0.0.1, for trying out only; 0 takes a free one.\n",
	    c->path[0] != '\0' ? "" : "# ",
	    c->path[0] != '\0' ? c->path : "/run/tipline/http.sock",
	    proxy_words[c->proxy]);
	if (st != ST_OK)
		return st;
	return bytes_printf(out, "%sloopback = %u\n\n", c->loopback ? "" : "# ",
	    c->loopback ? (unsigned)c->port : 8080U);
}

enum status
config_write(const struct config *c, struct bytes *out)
{
	char upload[32], quota[32], reserve[32];
	enum status st;

	size_text(c->upload_max, upload, sizeof(upload));
	size_text(c->quota, quota, sizeof(quota));
	size_text(c->reserve, reserve, sizeof(reserve));
	st = bytes_printf(out,
	    "# One tip line; tipline.conf(5) explains every key.  After a\n"
	    "# change: tipline-operator check LINE, then start\n"
	    "# tipline-intake again.  Sizes take K, M, G or T.\n"
	    "\n"
	    "[site]\n"
	    "# The onion address visitors type.  With none, every Host is\n"
	    "# answered, which is for trying out only.\n"
	    "onion = %s\n"
	    "\n",
	    c->onion[0] != '\0' ? c->onion : "none");
	if (st != ST_OK || (st = write_listen(c, out)) != ST_OK)
		return st;
	return bytes_printf(out,
	    "[limits]\n"
	    "# One tip with its files.\n"
	    "upload = %s\n"
	    "files = %u\n"
	    "# Connections in all, from one Tor circuit, and of these those\n"
	    "# that may upload.\n"
	    "connections = %u\n"
	    "circuit-connections = %u\n"
	    "circuit-uploads = %u\n"
	    "\n"
	    "[store]\n"
	    "# What the database may grow to.  From 90 %% on files are\n"
	    "# refused, from 98 %% on text as well.\n"
	    "quota = %s\n"
	    "# What is always left free on its disk.\n"
	    "reserve = %s\n",
	    upload, c->files_max, c->connections_max,
	    c->circuit_connections_max, c->circuit_uploads_max, quota, reserve);
}
