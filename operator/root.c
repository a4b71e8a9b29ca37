/*
 * root: the root key that a line trusts: show it, follow its change, or pin
 * another one by hand.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/confine.h"
#include "line/line_root.h"
#include "operator/commands.h"
#include "operator/tool.h"

static const char change_help[] =
    "usage: tipline-operator root change LINE FILE\n"
    "\n"
    "Follow a change of the root key: FILE names the new one, FILE.minisig is\n"
    "the old root's signature, FILE.new.minisig the new one's.  The key set\n"
    "in use stays; the next one must be signed by the new root.\n"
    "\n"
    "  -h, --help  show this\n";

static const char replace_help[] =
    "usage: tipline-operator root replace LINE ROOT.PUB --fingerprint TEXT\n"
    "\n"
    "Pin another root key by hand, because the old one was lost or stolen.\n"
    "The form closes until a key set signed by the new root is installed.\n"
    "\n"
    "  --fingerprint TEXT  the new root's fingerprint, typed from the paper\n"
    "                      that its keeper handed over\n"
    "  -h, --help          show this\n";

static const char show_help[] =
    "usage: tipline-operator root show LINE\n"
    "\n"
    "Show the fingerprint of the pinned root key and how many changes led to\n"
    "it (0: it was pinned by hand).\n"
    "\n"
    "  -h, --help  show this\n";

/* A change and its signatures, read before the process confines itself. */
struct files {
	struct bytes text, sig, sig_new;
};

static bool
read_beside(const char *path, const char *end, struct bytes *out)
{
	char *name = NULL;
	bool done;

	if (asprintf(&name, "%s%s", path, end) < 0) {
		tool_say("out of memory");
		return false;
	}
	done = tool_read(name, out) == ST_OK;
	if (!done)
		tool_say("a change of the root is three files: FILE,"
			 " FILE.minisig and FILE.new.minisig; nothing was"
			 " changed");
	free(name);
	return done;
}

static void
tell_root(const struct line *line)
{
	char text[FINGERPRINT_TEXT_LEN + 1], why[LINE_WHY_LEN];
	struct minisign_key root;
	uint32_t changes;

	if (line_root(line, &root, &changes, why) != ST_OK) {
		tool_say("%s", why);
		return;
	}
	minisign_fingerprint(&root, text);
	printf("root key       %s\n"
	       "changes        %" PRIu32 "\n",
	    text, changes);
}

static int
follow(const struct line *line, const struct files *f)
{
	const char *const write[] = {line->path, NULL};
	const struct root_change_files files = {&f->text, &f->sig, &f->sig_new};
	char why[LINE_WHY_LEN];
	struct confine_missing missing;

	if (!tool_confine(NULL, write, &missing))
		return TOOL_FAILED;
	if (line_root_change(line, &files, why) != ST_OK) {
		tool_say("refused: %s", why);
		tool_say("the line goes on with the root key it had");
		return TOOL_FAILED;
	}
	puts("The root key was changed.  Compare its fingerprint with the one"
	     " on the paper of\nthe root's keeper:\n");
	tell_root(line);
	puts("\nThe key set in use stays, and the form stays open.  The next"
	     " key set must be\nsigned by the new root.");
	return TOOL_DONE;
}

int
root_change_command(int argc, char **argv)
{
	const struct tool_option options[] = {{NULL, NULL, NULL, 0}};
	const struct tool_command command = {
	    "root change", change_help, options, 2};
	struct files f = {BYTES_INIT(MINISIGN_FILE_MAX),
	    BYTES_INIT(MINISIGN_FILE_MAX), BYTES_INIT(MINISIGN_FILE_MAX)};
	const char *operand[2];
	struct line line;
	int code;

	if ((code = tool_parse(&command, argc, argv, operand)) != TOOL_GO_ON)
		return code;
	if (!tool_line_open(operand[0], &line))
		return TOOL_FAILED;
	code = TOOL_FAILED;
	if (read_beside(operand[1], "", &f.text) &&
	    read_beside(operand[1], ".minisig", &f.sig) &&
	    read_beside(operand[1], ".new.minisig", &f.sig_new))
		code = follow(&line, &f);
	bytes_free(&f.text);
	bytes_free(&f.sig);
	bytes_free(&f.sig_new);
	line_close(&line);
	return code;
}

/* Typed from paper: blanks, dashes and colons do not matter, nor does case. */
static bool
same_fingerprint(const char *typed, const struct minisign_key *root)
{
	char text[FINGERPRINT_TEXT_LEN + 1];
	const char *t = text;

	minisign_fingerprint(root, text);
	for (; *typed != '\0'; typed++) {
		if (strchr(" -:", *typed) != NULL)
			continue;
		while (*t != '\0' && !isxdigit((unsigned char)*t))
			t++;
		if (*t == '\0' ||
		    tolower((unsigned char)*typed) !=
			tolower((unsigned char)*t))
			return false;
		t++;
	}
	return *t == '\0';
}

static int
replace(const struct line *line, const struct minisign_key *root)
{
	const char *const write[] = {line->path, NULL};
	char why[LINE_WHY_LEN];
	struct confine_missing missing;

	if (!tool_confine(NULL, write, &missing))
		return TOOL_FAILED;
	if (line_root_replace(line, root, why) != ST_OK) {
		tool_say("refused: %s", why);
		tool_say("the line goes on with the root key it had");
		return TOOL_FAILED;
	}
	puts("Another root key is pinned:\n");
	tell_root(line);
	puts("\nThe key set in use was given up: the form is closed until you"
	     " install one that\nthe new root signed, with a higher sequence"
	     " number:\ntipline-operator keyset install LINE KEYSET");
	tool_tell_server(line, "the new root");
	return TOOL_DONE;
}

int
root_replace_command(int argc, char **argv)
{
	const char *typed = NULL, *operand[2];
	const struct tool_option options[] = {
	    {"fingerprint", NULL, &typed, 1}, {NULL, NULL, NULL, 0}};
	const struct tool_command command = {
	    "root replace", replace_help, options, 2};
	struct minisign_key root;
	struct line line;
	int code;

	if ((code = tool_parse(&command, argc, argv, operand)) != TOOL_GO_ON)
		return code;
	if (typed == NULL) {
		tool_say("root replace needs --fingerprint, typed from the"
			 " paper that the root's keeper handed over; nothing"
			 " was changed");
		return TOOL_USAGE;
	}
	if (!tool_line_open(operand[0], &line))
		return TOOL_FAILED;
	code = TOOL_FAILED;
	if (!tool_read_root(operand[1], &root)) {
		/* said */
	} else if (!same_fingerprint(typed, &root)) {
		tool_say("refused: %s has another fingerprint than the one"
			 " you typed: mistyped, or a false file; nothing was"
			 " changed",
		    operand[1]);
	} else {
		code = replace(&line, &root);
	}
	line_close(&line);
	return code;
}

int
root_show_command(int argc, char **argv)
{
	const struct tool_option options[] = {{NULL, NULL, NULL, 0}};
	const struct tool_command command = {
	    "root show", show_help, options, 1};
	char why[LINE_WHY_LEN];
	struct confine_missing missing;
	struct minisign_key root;
	uint32_t changes;
	struct line line;
	const char *path;
	int code;

	if ((code = tool_parse(&command, argc, argv, &path)) != TOOL_GO_ON)
		return code;
	if (!tool_line_open(path, &line))
		return TOOL_FAILED;
	const char *const read[] = {line.path, NULL};
	code = TOOL_FAILED;
	if (tool_confine(read, NULL, &missing)) {
		if (line_root(&line, &root, &changes, why) == ST_OK) {
			tell_root(&line);
			code = TOOL_DONE;
		} else {
			tool_say("%s", why);
		}
	}
	line_close(&line);
	return code;
}
