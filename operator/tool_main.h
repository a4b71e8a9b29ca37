/*
 * tool_main: what main() of tipline-operator and of tipline-restore does: a
 * table of commands, help, and the one that was asked for.
 */
#ifndef TIPLINE_OPERATOR_TOOL_MAIN_H
#define TIPLINE_OPERATOR_TOOL_MAIN_H

#include <stddef.h>

/* run gets argv[0] of the command's own name and returns the exit code. */
struct tool_entry {
	const char *name, *second; /* second word, if it has one */
	int (*run)(int argc, char **argv);
	const char *line;
};

struct tool_program {
	const char *name;
	const struct tool_entry *entries; /* ended by a NULL name */
	size_t guarded; /* bytes of guarded memory to open, or 0 */
};

/* The exit code of the program. */
int tool_main(const struct tool_program *program, int argc, char **argv);

#endif
