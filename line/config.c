/*
 * config: see config.h.
 *
 * inih splits the lines; everything else is decided here.  Two of its
 * freedoms are taken away beforehand: it cuts long lines in two, and it never
 * tells about a section without keys.
 */
#include "line/config.h"

#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "crypto/keyset.h"

#define LINE_LEN_MAX 190 /* inih's own buffer holds 199 */

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
	const char *p, *end;
	unsigned line; /* of the last line handed to inih */
	uint32_t seen; /* one bit for each key */
	struct config *config;
	unsigned bad; /* first wrong line, 0 for none */
	char *why;
	size_t why_len;
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

/* Keep the first complaint only; 0 is what inih calls a failure. */
static int __attribute__((format(printf, 2, 3)))
complain(struct reading *r, const char *format, ...)
{
	va_list ap;

	if (r->bad != 0)
		return 0;
	r->bad = r->line;
	va_start(ap, format);
	vsnprintf(r->why, r->why_len, format, ap);
	va_end(ap);
	return 0;
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

static int
read_number(struct reading *r, const struct number *n, const char *value)
{
	char *field = (char *)r->config + n->offset;
	uint64_t v;
	uint32_t narrow;
	enum status st;

	st = n->wide ? num_parse_size(value, strlen(value), n->max, &v)
		     : num_parse(value, strlen(value), n->max, &v);
	if (st == ST_MALFORMED)
		return complain(r, "%s: '%.40s' is not a whole number%s",
		    n->name, value, n->wide ? " with K, M, G or T" : "");
	if (st != ST_OK || v < n->min)
		return complain(r, "%s: %.40s is not within %llu and %llu%s",
		    n->name, value, (unsigned long long)n->min,
		    (unsigned long long)n->max, n->wide ? " bytes" : "");
	narrow = (uint32_t)v;
	memcpy(field, n->wide ? (void *)&v : (void *)&narrow,
	    n->wide ? sizeof(v) : sizeof(narrow));
	return 1;
}

static int
read_onion(struct reading *r, const char *value)
{
	if (strcmp(value, "none") == 0) {
		r->config->onion[0] = '\0';
		return 1;
	}
	switch (onion_check(value)) {
	case ST_OK:
		snprintf(
		    r->config->onion, sizeof(r->config->onion), "%s", value);
		return 1;
	case ST_FORGED:
		return complain(r,
		    "onion: the address is mistyped: its"
		    " checksum is wrong");
	default:
		return complain(r,
		    "onion: '%.40s' is not a v3 onion address"
		    " (56 characters and .onion), nor none",
		    value);
	}
}

static int
read_unix(struct reading *r, const char *value)
{
	const char *why;

	if (read_path(value, r->config, &why) != ST_OK)
		return complain(r, "unix: %s", why);
	if (value[0] != '/')
		return complain(r, "unix: the path must begin with /");
	return 1;
}

static int
read_loopback(struct reading *r, const char *value)
{
	const char *why;

	if (read_port(value, r->config, &why) != ST_OK)
		return complain(r, "loopback: %s", why);
	return 1;
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

static int
on_key(void *user, const char *section, const char *name, const char *value)
{
	struct reading *r = user;
	int key = find_key(section, name);

	if (key < 0)
		return complain(
		    r, "unknown key '%.40s' in [%.20s]", name, section);
	if (r->seen & (UINT32_C(1) << key))
		return complain(
		    r, "%.40s stands here for the second time", name);
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
		return complain(r,
		    "proxy: '%.40s' is none of off, accept,"
		    " require",
		    value);
	return 1;
}

/* A line that opens a section must name one of ours and nothing else. */
static bool
section_is_ours(const char *p, size_t len)
{
	while (len > 0 && strchr(" \t\r", p[len - 1]) != NULL)
		len--;
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		size_t n = strlen(sections[i]);

		if (len == n + 2 && memcmp(p + 1, sections[i], n) == 0 &&
		    p[n + 1] == ']')
			return true;
	}
	return false;
}

/* What inih would let pass or tear apart. */
static bool
line_is_fine(struct reading *r, const char *p, size_t len)
{
	size_t blanks = 0;

	if (len > LINE_LEN_MAX)
		return complain(
		    r, "the line is longer than %d bytes", LINE_LEN_MAX);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c == '\t' || (c == '\r' && i + 1 == len))
			continue;
		if (c < 0x20 || c == 0x7f)
			return complain(r, "the line has a control character");
	}
	while (blanks < len && strchr(" \t\r", p[blanks]) != NULL)
		blanks++;
	/* inih takes an indented line for more of the value above it. */
	if (blanks > 0 && blanks < len && p[blanks] != '#' && p[blanks] != ';')
		return complain(r, "the line begins with a blank");
	if (len > 0 && p[0] == '[' && !section_is_ours(p, len))
		return complain(r,
		    "unknown section: there are [site],"
		    " [listen], [limits] and [store]");
	return true;
}

/* fgets() over memory, for inih. */
static char *
next_line(char *out, int size, void *stream)
{
	struct reading *r = stream;
	const char *nl;
	size_t len;

	if (r->p == r->end || r->bad != 0 || size < 2)
		return NULL;
	r->line++;
	nl = memchr(r->p, '\n', (size_t)(r->end - r->p));
	len = (size_t)((nl != NULL ? nl : r->end) - r->p);
	if (!line_is_fine(r, r->p, len))
		return NULL;
	if (len >= (size_t)size) {
		complain(r, "the line is longer than inih's buffer");
		return NULL;
	}
	memcpy(out, r->p, len);
	out[len] = '\0';
	r->p += len + (nl != NULL ? 1 : 0);
	return out;
}

enum status
config_parse(const char *text, size_t len, struct config *config,
    unsigned *line, char *why, size_t why_len)
{
	struct reading r = {.p = text,
	    .end = text + len,
	    .config = config,
	    .why = why,
	    .why_len = why_len};
	int wrong;

	config_default(config);
	*line = 0;
	why[0] = '\0';
	if (len > CONFIG_MAX) {
		snprintf(why, why_len, "the file is larger than 64 KiB");
		return ST_MALFORMED;
	}
	wrong = ini_parse_stream(next_line, &r, on_key, &r);
	if (wrong != 0 &&
	    (r.bad == 0 || (wrong > 0 && (unsigned)wrong < r.bad))) {
		*line = wrong > 0 ? (unsigned)wrong : 0;
		snprintf(why, why_len,
		    "this is no [section], no 'key = value'"
		    " and no comment");
		return ST_MALFORMED;
	}
	if (r.bad != 0) {
		*line = r.bad;
		return ST_MALFORMED;
	}
	if (config->path[0] == '\0' && !config->loopback) {
		snprintf(why, why_len,
		    "[listen] has neither unix = PATH nor loopback = PORT");
		return ST_MALFORMED;
	}
	return ST_OK;
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
