/*
 * check_torrc: that Tor's configuration fits ours.
 *
 * Reads what tor(1) says of torrc lines as far as onion services go: a
 * keyword in any case, blanks, the rest; # begins a comment; a backslash at
 * the end joins lines; options after a HiddenServiceDir belong to it.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "operator/check_parts.h"

#define TORRC_LINE_MAX 1024

/* What the service that leads to our socket is set to. */
struct service {
	bool ours, haproxy, pow, old_version, unknown_ports, streams;
	bool via_loopback; /* it leads to our port of 127.0.0.1 */
};

struct torrc {
	const struct config *config;
	struct service now, found; /* being read; the one that is ours */
	bool in_service, has_found, not_anonymous, includes;
	unsigned services;
};

static void
end_service(struct torrc *t)
{
	if (t->in_service && t->now.ours && !t->has_found) {
		t->found = t->now;
		t->has_found = true;
	}
	t->now = (struct service){0};
}

/* Does "80 unix:/path", "80 127.0.0.1:8080" or "80 8080" lead to us? */
static void
take_port(struct torrc *t, const char *value)
{
	const struct config *c = t->config;
	const char *target = value + strcspn(value, " \t");
	char quoted[LISTEN_MAX + 12], plain[LISTEN_MAX + 12], tcp[24];

	target += strspn(target, " \t");
	if (*target == '\0')
		target = value; /* one port alone: the same on 127.0.0.1 */
	if (c->path[0] != '\0') {
		snprintf(plain, sizeof(plain), "unix:%s", c->path);
		snprintf(quoted, sizeof(quoted), "unix:\"%s\"", c->path);
		if (strcmp(target, plain) == 0 || strcmp(target, quoted) == 0)
			t->now.ours = true;
	}
	if (c->loopback) {
		snprintf(tcp, sizeof(tcp), "127.0.0.1:%u", (unsigned)c->port);
		if (strcmp(target, tcp) == 0 || strcmp(target, tcp + 10) == 0 ||
		    (strncmp(target, "localhost:", 10) == 0 &&
			strcmp(target + 10, tcp + 10) == 0))
			t->now.ours = t->now.via_loopback = true;
	}
}

static void
take_option(struct torrc *t, const char *key, const char *value)
{
	bool on = strcmp(value, "1") == 0;

	if (strcasecmp(key, "HiddenServiceDir") == 0) {
		end_service(t);
		t->in_service = true;
		t->services++;
	} else if (strcasecmp(key, "HiddenServicePort") == 0) {
		take_port(t, value);
	} else if (strcasecmp(key, "HiddenServiceExportCircuitID") == 0) {
		t->now.haproxy = strcasecmp(value, "haproxy") == 0;
	} else if (strcasecmp(key, "HiddenServicePoWDefensesEnabled") == 0) {
		t->now.pow = on;
	} else if (strcasecmp(key, "HiddenServiceVersion") == 0) {
		t->now.old_version = strcmp(value, "3") != 0;
	} else if (strcasecmp(key, "HiddenServiceAllowUnknownPorts") == 0) {
		t->now.unknown_ports = on;
	} else if (strcasecmp(key, "HiddenServiceMaxStreams") == 0) {
		t->now.streams = strcmp(value, "0") != 0;
	} else if (strcasecmp(key, "HiddenServiceSingleHopMode") == 0 ||
	    strcasecmp(key, "HiddenServiceNonAnonymousMode") == 0) {
		if (strcmp(value, "0") != 0)
			t->not_anonymous = true;
	} else if (strcasecmp(key, "%include") == 0) {
		t->includes = true;
	}
}

/* Split one whole line at its first blanks and take it. */
static void
take_line(struct torrc *t, char *text)
{
	char *hash, *key, *value, *end;

	if ((hash = strchr(text, '#')) != NULL)
		*hash = '\0';
	key = text + strspn(text, " \t\r");
	value = key + strcspn(key, " \t\r");
	if (*value != '\0') {
		*value++ = '\0';
		value += strspn(value, " \t\r");
	}
	end = value + strlen(value);
	while (end > value && isspace((unsigned char)end[-1]))
		*--end = '\0';
	/* A leading + or / adds to or clears an earlier value. */
	key += strspn(key, "+/");
	if (*key != '\0')
		take_option(t, key, value);
}

static void
read_torrc(struct torrc *t, const struct bytes *text)
{
	char line[TORRC_LINE_MAX];
	size_t used = 0;
	bool joined = false;

	for (size_t i = 0; i <= text->len; i++) {
		char c = i < text->len ? (char)text->p[i] : '\n';

		if (c != '\n') {
			if (used < sizeof(line) - 1 && c != '\0')
				line[used++] = c;
			continue;
		}
		joined = used > 0 && line[used - 1] == '\\';
		if (joined && i < text->len) {
			used--;
			continue;
		}
		line[used] = '\0';
		take_line(t, line);
		used = 0;
	}
	end_service(t);
}

static void
tell_service(
    const struct service *s, const struct config *c, struct findings *f)
{
	if (s->via_loopback)
		finding_warn(f,
		    "torrc: HiddenServicePort leads to the port of"
		    " 127.0.0.1, which knows no circuits: let it"
		    " lead to a unix socket");
	if (!s->via_loopback && c->proxy == PROXY_REQUIRE && !s->haproxy)
		finding_fail(f,
		    "torrc: proxy = require needs"
		    " HiddenServiceExportCircuitID haproxy under"
		    " this HiddenServiceDir: every visitor is"
		    " refused without it");
	if (s->haproxy && (s->via_loopback || c->proxy == PROXY_OFF))
		finding_fail(f,
		    "torrc: HiddenServiceExportCircuitID sends a"
		    " line that proxy = off does not expect: every"
		    " visitor is refused; set proxy = require");
	if (s->old_version)
		finding_fail(f, "torrc: HiddenServiceVersion must be 3");
	if (s->unknown_ports)
		finding_warn(f,
		    "torrc: HiddenServiceAllowUnknownPorts 1 lets"
		    " visitors probe: set it to 0");
	if (!s->pow)
		finding_warn(f,
		    "torrc: HiddenServicePoWDefensesEnabled 1"
		    " costs nothing while idle and holds floods"
		    " off");
	if (!s->streams)
		finding_warn(f,
		    "torrc: HiddenServiceMaxStreams 64 with"
		    " HiddenServiceMaxStreamsCloseCircuit 1 bounds"
		    " what one circuit can open");
}

void
check_torrc(
    const struct line *line, const struct bytes *text, struct findings *f)
{
	struct torrc t = {.config = &line->config};
	unsigned before = f->failures + f->warnings;

	read_torrc(&t, text);
	if (t.not_anonymous)
		finding_fail(f,
		    "torrc: HiddenServiceSingleHopMode and"
		    " HiddenServiceNonAnonymousMode must be 0:"
		    " they give this server's place away");
	if (t.includes)
		finding_warn(f,
		    "torrc: %%include is not followed here: check"
		    " those files, too");
	if (t.has_found)
		tell_service(&t.found, &line->config, f);
	else if (line->config.path[0] != '\0')
		finding_fail(f,
		    "torrc: none of its %u HiddenServicePort"
		    " services leads to us: write"
		    " HiddenServicePort 80 unix:%s",
		    t.services, line->config.path);
	else
		finding_fail(f,
		    "torrc: none of its services leads to"
		    " 127.0.0.1:%u",
		    (unsigned)line->config.port);
	if (f->failures + f->warnings == before)
		finding_ok(f, "torrc: it fits the line");
}
