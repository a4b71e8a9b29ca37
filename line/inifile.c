/*
 * inifile: see inifile.h.
 */
#include "line/inifile.h"

#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BLANKS " \t\r"
/* What some editors put before the first line. */
static const char mark[] = "\xef\xbb\xbf";
#define MARK_LEN (sizeof(mark) - 1)
/* Stands for ';' while inih has the line; no line may hold it. */
#define SEMICOLON '\x01'

static void __attribute__((format(printf, 3, 0))) complain(
    struct inifile *f, unsigned line, const char *format, va_list arguments)
{
	if (f->bad != 0)
		return;
	f->bad = line;
	vsnprintf(f->why, f->why_len, format, arguments);
}

bool
inifile_complain(struct inifile *f, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(f, f->line, format, ap);
	va_end(ap);
	return false;
}

bool
inifile_complain_at(struct inifile *f, unsigned line, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(f, line, format, ap);
	va_end(ap);
	return false;
}

/* A line that opens a section holds its name and nothing else. */
static bool
open_section(struct inifile *f, const char *p, size_t len)
{
	f->has_key = false;
	while (len > 0 && strchr(BLANKS, p[len - 1]) != NULL)
		len--;
	if (p[len - 1] != ']')
		return inifile_complain(f,
		    "unknown section: the line should be [name] and nothing"
		    " else");
	return f->events->section(f, f->events->ctx, p + 1, len - 2);
}

/* What inih would let pass or tear apart. */
static bool
line_is_fine(struct inifile *f, const char *p, size_t len)
{
	size_t blanks = 0;

	f->more = false;
	/* inih would leave out a second one and what we took for a key might
	 * be a section. */
	if (f->line == 1 && len >= MARK_LEN && memcmp(p, mark, MARK_LEN) == 0)
		return inifile_complain(
		    f, "the file begins with two byte order marks");
	if (len > INIFILE_LINE_LEN)
		return inifile_complain(
		    f, "the line is longer than %d bytes", INIFILE_LINE_LEN);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c == '\t' || (c == '\r' && i + 1 == len))
			continue;
		if (c < 0x20 || c == 0x7f)
			return inifile_complain(
			    f, "the line has a control character");
	}
	while (blanks < len && strchr(BLANKS, p[blanks]) != NULL)
		blanks++;
	if (blanks == len || p[blanks] == '#' || p[blanks] == ';')
		return true;
	if (blanks == 0 && p[0] == '[')
		return open_section(f, p, len);
	/* inih takes an indented line for more of the value above it. */
	f->more = blanks > 0;
	if (f->more && !f->events->prose)
		return inifile_complain(f, "the line begins with a blank");
	if (f->more && !f->has_key)
		return inifile_complain(f,
		    "the line begins with a blank, but there is no value"
		    " above it to go on with");
	f->has_key = true;
	return true;
}

/* Hide from inih each ';' that it would begin a comment with. */
static void
hide_semicolons(char *line)
{
	size_t i = strspn(line, BLANKS);

	if (line[i] == '\0' || line[i] == ';')
		return;
	for (i++; line[i] != '\0'; i++)
		if (line[i] == ';')
			line[i] = SEMICOLON;
}

static void
show_semicolons(const char *from, char *to, size_t size)
{
	size_t i = 0;

	for (; from[i] != '\0' && i + 1 < size; i++)
		to[i] = from[i] == SEMICOLON ? ';' : from[i];
	to[i] = '\0';
}

/* fgets() over memory, for inih. */
static char *
next_line(char *out, int size, void *stream)
{
	struct inifile *f = stream;
	const char *nl;
	size_t len;

	if (f->p == f->end || f->bad != 0 || size < 2)
		return NULL;
	f->line++;
	nl = memchr(f->p, '\n', (size_t)(f->end - f->p));
	len = (size_t)((nl != NULL ? nl : f->end) - f->p);
	if (!line_is_fine(f, f->p, len))
		return NULL;
	if (len >= (size_t)size) {
		inifile_complain(f, "the line is longer than inih's buffer");
		return NULL;
	}
	memcpy(out, f->p, len);
	out[len] = '\0';
	if (f->events->prose)
		hide_semicolons(out);
	f->p += len + (nl != NULL ? 1 : 0);
	return out;
}

/* 0 is what inih calls a failure. */
static int
on_key(void *user, const char *section, const char *name, const char *value)
{
	char own_name[INIFILE_LINE_LEN + 1], own_value[INIFILE_LINE_LEN + 1];
	struct inifile *f = user;

	show_semicolons(name, own_name, sizeof(own_name));
	show_semicolons(value, own_value, sizeof(own_value));
	return f->events->key(
	    f, f->events->ctx, section, own_name, own_value, f->more);
}

enum status
inifile_parse(const char *text, size_t len, const struct inifile_events *events,
    unsigned *line, char *why, size_t why_len)
{
	struct inifile f = {.events = events,
	    .p = text,
	    .end = text + len,
	    .why = why,
	    .why_len = why_len};
	int wrong;

	*line = 0;
	why[0] = '\0';
	if (len >= MARK_LEN && memcmp(text, mark, MARK_LEN) == 0)
		f.p += MARK_LEN;
	wrong = ini_parse_stream(next_line, &f, on_key, &f);
	if (wrong != 0 &&
	    (f.bad == 0 || (wrong > 0 && (unsigned)wrong < f.bad))) {
		*line = wrong > 0 ? (unsigned)wrong : 0;
		snprintf(why, why_len,
		    "this is no [section], no 'key = value'"
		    " and no comment");
		return ST_MALFORMED;
	}
	if (f.bad == 0 && events->end != NULL)
		(void)events->end(&f, events->ctx); /* f.bad tells */
	*line = f.bad;
	return f.bad != 0 ? ST_MALFORMED : ST_OK;
}
