/*
 * check: say in plain words what is wrong with a line, and what to do.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/confine.h"
#include "operator/check_parts.h"
#include "operator/commands.h"
#include "operator/tool.h"

#define TORRC_MAX (1 << 20)

static const char help[] =
    "usage: tipline-operator check LINE [--torrc FILE]\n"
    "\n"
    "Look at the line from all sides and print one line for each finding,\n"
    "ok, warn or FAIL, with what to do.  Nothing is changed.\n"
    "\n"
    "  --torrc FILE  check Tor's configuration against the line's, too\n"
    "  -h, --help    show this\n"
    "\n"
    "Exit code 1 if anything FAILs.\n";

static void
check_kernel(const struct confine_missing *missing, struct findings *f)
{
#ifdef TIPLINE_SANITIZE
	(void)missing;
	finding_warn(f,
	    "confinement: this is a build for testing, without"
	    " seccomp: never let visitors near it");
#else
	if (missing->seccomp)
		finding_warn(f,
		    "confinement: this kernel has no seccomp: a"
		    " process taken over could do more; use a"
		    " kernel that has it");
	if (missing->landlock)
		finding_warn(f,
		    "confinement: this kernel has no Landlock: use"
		    " Linux 5.13 or later with landlock among its"
		    " security modules (lsm=)");
	if (!missing->seccomp && !missing->landlock)
		finding_ok(f, "confinement: seccomp and Landlock work");
#endif
}

static void
check_running(const struct line *line, struct findings *f)
{
	pid_t pid = line_running(line);

	if (pid != 0)
		finding_ok(
		    f, "server: tipline-intake runs as process %ld", (long)pid);
	else
		finding_warn(f,
		    "server: tipline-intake is not running: if status names"
		    " nothing that comes first, start it with tipline-intake"
		    " %s",
		    line->path);
}

static int
tell_end(const struct findings *f)
{
	if (f->failures == 0 && f->warnings == 0)
		puts("\nAll is well.");
	else
		printf("\n%u to mend, %u to think about.\n", f->failures,
		    f->warnings);
	return f->failures > 0 ? TOOL_FAILED : TOOL_DONE;
}

static int
run(const struct line *line, const struct bytes *torrc)
{
	const char *const read[] = {line->path, "/proc/swaps", NULL};
	const char *const write[] = {line->data_path, NULL};
	struct confine_missing missing;
	struct findings f = {0, 0};

	if (!tool_confine(read, write, &missing))
		return TOOL_FAILED;
	finding_ok(&f, "configuration: " CONFIG_FILE " is understood");
	check_files(line, &f);
	check_keys(line, &f);
	check_texts(line, &f);
	check_room(line, &f);
	check_kernel(&missing, &f);
	check_running(line, &f);
	if (torrc != NULL)
		check_torrc(line, torrc, &f);
	return tell_end(&f);
}

int
check_command(int argc, char **argv)
{
	const char *torrc_path = NULL, *path;
	const struct tool_option options[] = {
	    {"torrc", NULL, &torrc_path, 1}, {NULL, NULL, NULL, 0}};
	const struct tool_command command = {"check", help, options, 1};
	struct bytes torrc = BYTES_INIT(TORRC_MAX);
	struct findings broken = {0, 0};
	char why[LINE_WHY_LEN];
	struct line line;
	int code;

	if ((code = tool_parse(&command, argc, argv, &path)) != TOOL_GO_ON)
		return code;
	if (line_open(path, &line, why) != ST_OK) {
		finding_fail(&broken, "configuration: %s: %s", path, why);
		tool_say("nothing else can be checked before that is mended");
		return TOOL_FAILED;
	}
	if (torrc_path != NULL && tool_read(torrc_path, &torrc) != ST_OK)
		code = TOOL_FAILED;
	else
		code = run(&line, torrc_path != NULL ? &torrc : NULL);
	bytes_free(&torrc);
	line_close(&line);
	return code;
}
