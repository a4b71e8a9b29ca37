/*
 * tool: see tool.h.
 */
#include "operator/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/durable.h"
#include "base/num.h"

#define HELP_CODE 'h'
#define FIRST_CODE 256 /* of long options, above all characters */

void
tool_say(const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

const char *
tool_words(enum status st)
{
	return st == ST_IO && errno != 0 ? strerror(errno) : status_text(st);
}

static int
wrong_usage(const struct tool_command *command)
{
	fprintf(stderr, "Try: %s %s --help\n", program_invocation_short_name,
	    command->name);
	return TOOL_USAGE;
}

/* Keep what getopt_long found; 0, or an exit code. */
static int
take_option(const struct tool_command *command, const struct tool_option *o,
    unsigned *seen)
{
	if (o->flag != NULL) {
		*o->flag = true;
		return 0;
	}
	if (*seen == o->max) {
		tool_say("--%s is given %s", o->name,
		    o->max == 1 ? "twice" : "too often");
		return wrong_usage(command);
	}
	o->value[(*seen)++] = optarg;
	return 0;
}

static void
list_options(const struct tool_command *command, struct option *list)
{
	size_t n = 0;

	list[n++] = (struct option){"help", no_argument, NULL, HELP_CODE};
	for (const struct tool_option *o = command->options; o->name != NULL;
	     o++, n++)
		list[n] = (struct option){o->name,
		    o->flag != NULL ? no_argument : required_argument, NULL,
		    FIRST_CODE + (int)n - 1};
	list[n] = (struct option){NULL, 0, NULL, 0};
}

int
tool_parse(const struct tool_command *command, int argc, char **argv,
    const char **operand)
{
	struct option list[TOOL_OPTIONS_MAX + 2];
	unsigned seen[TOOL_OPTIONS_MAX] = {0};
	int c, code;

	list_options(command, list);
	optind = 1;
	while ((c = getopt_long(argc, argv, "h", list, NULL)) != -1) {
		if (c == HELP_CODE) {
			fputs(command->usage, stdout);
			return TOOL_DONE;
		}
		if (c < FIRST_CODE)
			return wrong_usage(command);
		c -= FIRST_CODE;
		code = take_option(command, &command->options[c], &seen[c]);
		if (code != 0)
			return code;
	}
	if ((unsigned)(argc - optind) != command->operands) {
		tool_say("%s takes %u operand%s, not %d", command->name,
		    command->operands, command->operands == 1 ? "" : "s",
		    argc - optind);
		return wrong_usage(command);
	}
	for (unsigned i = 0; i < command->operands; i++)
		operand[i] = argv[optind + (int)i];
	return TOOL_GO_ON;
}

bool
tool_line_open(const char *path, struct line *line)
{
	char why[LINE_WHY_LEN];

	if (line_open(path, line, why) == ST_OK)
		return true;
	tool_say("%s: %s", path, why);
	return false;
}

enum status
tool_read(const char *path, struct bytes *out)
{
	enum status st = durable_read(AT_FDCWD, path, out);

	if (st != ST_OK)
		tool_say("%s cannot be read: %s; nothing was changed", path,
		    tool_words(st));
	return st;
}

enum status
tool_source(void *ctx, void *p, size_t len, size_t *got)
{
	const int *fd = ctx;
	ssize_t n;

	do
		n = read(*fd, p, len);
	while (n < 0 && errno == EINTR);
	*got = n > 0 ? (size_t)n : 0;
	return n < 0 ? ST_IO : ST_OK;
}

bool
tool_number(const char *option, const char *text, uint64_t max, uint64_t *out)
{
	if (text == NULL)
		return true;
	if (num_parse(text, strlen(text), max, out) == ST_OK && *out != 0)
		return true;
	tool_say("--%s %s: it must be a number, 1 or more; nothing was changed",
	    option, text);
	return false;
}

bool
tool_confine(const char *const *read, const char *const *write,
    struct confine_missing *missing)
{
	const struct confine_paths paths = {read, write, NULL};

	if (confine(CONFINE_OPERATOR, &paths, missing) == ST_OK)
		return true;
	tool_say("the process could not be confined: %s; nothing was done",
	    strerror(errno));
	return false;
}

bool
tool_read_root(const char *path, struct minisign_key *root)
{
	struct bytes text = BYTES_INIT(MINISIGN_FILE_MAX);
	bool done = false;

	if (tool_read(path, &text) == ST_OK) {
		done = minisign_key_parse(text.p, text.len, root) == ST_OK;
		if (!done)
			tool_say("%s is no minisign public key; nothing was"
				 " changed",
			    path);
	}
	bytes_free(&text);
	return done;
}

void
tool_tell_server(const struct line *line, const char *what)
{
	pid_t pid = line_running(line);

	if (pid <= 0)
		printf("tipline-intake is not running; it takes %s up when it"
		       " starts.\n",
		    what);
	else if (kill(pid, SIGHUP) == 0)
		printf("The running tipline-intake (process %ld) was told.\n",
		    (long)pid);
	else
		tool_say("%s is in the line, but the running tipline-intake"
			 " could not be told (%s): send SIGHUP to process %ld",
		    what, strerror(errno), (long)pid);
}

char *
tool_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return strdup(".");
	return slash == path ? strdup("/")
			     : strndup(path, (size_t)(slash - path));
}

void
tool_size(unsigned long long bytes, char out[static TOOL_SIZE_LEN])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	unsigned long long whole = bytes, rest = 0;
	size_t unit = 0;

	while (whole >= 1024 && unit < 4) {
		rest = whole % 1024;
		whole /= 1024;
		unit++;
	}
	if (unit == 0)
		snprintf(out, TOOL_SIZE_LEN, "%llu B", whole);
	else
		snprintf(out, TOOL_SIZE_LEN, "%llu.%llu %s", whole,
		    rest * 10 / 1024, units[unit]);
}
