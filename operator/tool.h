/*
 * tool: what the commands of tipline-operator and tipline-restore have in
 * common.
 *
 * Words, options, opening a line, walls around the process.  Everything said
 * goes to standard error; what a command was asked for goes to standard
 * output.
 */
#ifndef TIPLINE_OPERATOR_TOOL_H
#define TIPLINE_OPERATOR_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "line/line.h"

#define TOOL_DONE 0
#define TOOL_FAILED 1
#define TOOL_USAGE 2
#define TOOL_GO_ON (-1) /* of tool_parse */

#define TOOL_OPTIONS_MAX 8

/* An option of a command: --name, or --name VALUE up to max times. */
struct tool_option {
	const char *name;
	bool *flag;         /* without a value: set to true */
	const char **value; /* with one: room for max of them, borrowed */
	unsigned max;
};

struct tool_command {
	const char *name;                  /* "keyset install" */
	const char *usage;                 /* the whole --help text */
	const struct tool_option *options; /* ended by a NULL name */
	unsigned operands;                 /* how many, exactly */
};

/*
 * Parse argv[1..] in any order; operand[i] are the operands.  Returns
 * TOOL_GO_ON, or an exit code after --help or a mistake it has explained.
 */
int tool_parse(const struct tool_command *command, int argc, char **argv,
    const char **operand);

/* One line on standard error, the program's name before it. */
void tool_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The words for st; those of errno for ST_IO. */
const char *tool_words(enum status st);

/* line_open() that says what is wrong.  True if line is open. */
bool tool_line_open(const char *path, struct line *line);

/* Read a file whole, saying what is wrong.  ST_OK or another status. */
MUST_CHECK enum status tool_read(const char *path, struct bytes *out);

/* bundle_source: read from the descriptor that ctx points to. */
MUST_CHECK enum status tool_source(void *ctx, void *p, size_t len, size_t *got);

/* The number behind an option, from 1 to max; unchanged if text is NULL.
 * False after words. */
bool tool_number(
    const char *option, const char *text, uint64_t max, uint64_t *out);

/* Confine the process to these paths (ended by NULL, may be NULL).  What the
 * kernel lacks is told in the bools.  Ends in words and false on failure. */
struct confine_missing;
bool tool_confine(const char *const *read, const char *const *write,
    struct confine_missing *missing);

/* Read a minisign public key, saying what is wrong. */
bool tool_read_root(const char *path, struct minisign_key *root);

/* Have the running server, if any, read its key set anew, and say so.  A
 * server that cannot be told takes what up at its next start. */
void tool_tell_server(const struct line *line, const char *what);

/* The folder a path lies in, to be freed; "." if it names none. */
char *tool_folder(const char *path);

/* 1536 as "1.5 KiB"; out has room for TOOL_SIZE_LEN. */
#define TOOL_SIZE_LEN 24
void tool_size(unsigned long long bytes, char out[static TOOL_SIZE_LEN]);

#endif
