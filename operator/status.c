/*
 * status: what an operator wants to know every morning, and nothing of a tip.
 */
#include <stdio.h>

#include "base/confine.h"
#include "operator/commands.h"
#include "operator/status_parts.h"
#include "operator/tool.h"

static const char help[] =
    "usage: tipline-operator status LINE [--json] [--monitor]\n"
    "\n"
    "Tell whether the line runs, how full it is, how long its keys last, what\n"
    "was exported and confirmed, and what there is to do.\n"
    "\n"
    "  --json      the same as one JSON object\n"
    "  --monitor   one line and an exit code, as monitoring plugins have it:\n"
    "              0 all is well, 1 something is to be done, 2 it does not\n"
    "              run or takes no tips, 3 it could not be found out\n"
    "  -h, --help  show this\n";

static int
unknown(bool monitor, const char *what)
{
	if (!monitor) {
		tool_say("%s", what);
		return TOOL_FAILED;
	}
	printf("TIPLINE UNKNOWN - %s\n", what);
	return LEVEL_UNKNOWN;
}

static int
tell(const struct line *line, bool json, bool monitor)
{
	static struct status_facts f;
	/* A reader of the database writes its shared memory file. */
	const char *const read[] = {line->path, NULL};
	const char *const write[] = {line->data_path, NULL};
	struct confine_missing missing;
	char why[STATUS_TEXT_LEN];
	enum status st;

	if (!tool_confine(read, write, &missing))
		return unknown(monitor, "the process could not be confined");
	if ((st = status_learn(line, &f)) != ST_OK) {
		snprintf(why, sizeof(why),
		    "the database cannot be read: %s; run tipline-operator"
		    " check",
		    tool_words(st));
		return unknown(monitor, why);
	}
	if (monitor)
		status_print_monitor(&f);
	else if (!json)
		status_print(&f);
	else if (!status_print_json(&f))
		return unknown(false, "out of memory");
	return monitor ? (int)f.level : TOOL_DONE;
}

int
status_command(int argc, char **argv)
{
	bool json = false, monitor = false;
	const struct tool_option options[] = {{"json", &json, NULL, 0},
	    {"monitor", &monitor, NULL, 0}, {NULL, NULL, NULL, 0}};
	const struct tool_command command = {"status", help, options, 1};
	char why[LINE_WHY_LEN], text[STATUS_TEXT_LEN];
	struct line line;
	const char *path;
	int code;

	if ((code = tool_parse(&command, argc, argv, &path)) != TOOL_GO_ON)
		return code;
	if (json && monitor) {
		tool_say("--json and --monitor exclude each other");
		return TOOL_USAGE;
	}
	if (line_open(path, &line, why) != ST_OK) {
		snprintf(text, sizeof(text), "%.120s: %s", path, why);
		return unknown(monitor, text);
	}
	code = tell(&line, json, monitor);
	line_close(&line);
	return code;
}
