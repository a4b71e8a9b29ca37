/*
 * tipline-restore: open backups of a tip line, to try them and to make a new
 * line of one.  tipline-restore(8).
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/confine.h"
#include "crypto/minisign.h"
#include "line/line.h"
#include "operator/restore.h"
#include "operator/tool.h"
#include "operator/tool_main.h"

#define GUARDED_LEN ((size_t)1 << 20)

static const char key_help[] =
    "usage: tipline-restore key make FILE [--passphrase-file P]\n"
    "\n"
    "Make a backup key under a passphrase: FILE, to be kept where the server\n"
    "is not, and FILE.pub, to which tipline-operator backup seals.\n"
    "\n"
    "  --passphrase-file P  take the passphrase from the first line of P\n"
    "  -h, --help           show this\n";

static const char check_help[] =
    "usage: tipline-restore check FOLDER --key FILE [--passphrase-file P]\n"
    "\n"
    "Open everything in a folder of backups and check it: signatures, digests\n"
    "and the chain.  Nothing is written.\n"
    "\n"
    "  --key FILE           the backup key\n"
    "  --passphrase-file P  take the passphrase from the first line of P\n"
    "  -h, --help           show this\n"
    "\n"
    "Exit code 1: something cannot be opened or is missing; it is named.\n";

static const char restore_help[] =
    "usage: tipline-restore restore FOLDER LINE --key FILE [options]\n"
    "\n"
    "Make the line anew in the new folder LINE from a folder of backups.\n"
    "\n"
    "  --key FILE           the backup key\n"
    "  --passphrase-file P  take the passphrase from the first line of P\n"
    "  --bundle N           the highest number of a bundle that the analysts\n"
    "                       have from this line: the next one is above it\n"
    "  --to N               leave out the tips after tip N\n"
    "  -h, --help           show this\n";

static int
key_command(int argc, char **argv)
{
	const char *file = NULL, *path;
	const struct tool_option options[] = {
	    {"passphrase-file", NULL, &file, 1}, {NULL, NULL, NULL, 0}};
	const struct tool_command command = {"key make", key_help, options, 1};
	int code;

	if ((code = tool_parse(&command, argc, argv, &path)) != TOOL_GO_ON)
		return code;
	return restore_key_make(path, file);
}

/* Open the key, then the folder. */
static bool
begin(struct restore *r, const char *path, const char *key,
    const char *passphrase_file)
{
	enum status st;

	*r = (struct restore){.path = path, .to = UINT64_MAX, .whole = true};
	r->folder.fd = -1;
	if (!restore_key_open(key, passphrase_file, &r->key))
		return false;
	st = backup_folder_open(path, &r->folder);
	if (st != ST_OK)
		tool_say("%s: %s", path, tool_words(st));
	return st == ST_OK;
}

static void
end(struct restore *r)
{
	restore_state_free(r);
	backup_folder_close(&r->folder);
	restore_key_close(&r->key);
}

static void
tell_check(const struct restore *r)
{
	const struct bytes *root = restore_state_file(r, LINE_ROOT);
	const struct bytes *sequence = restore_state_file(r, LINE_SEQUENCE);
	char text[FINGERPRINT_TEXT_LEN + 1], size[TOOL_SIZE_LEN];
	struct minisign_key key;

	key_id_text(r->server.id, text);
	printf("%s\n"
	       "  server   %s\n"
	       "  onion    %s\n",
	    r->path, text,
	    r->server.onion[0] != '\0' ? r->server.onion : "none");
	if (root != NULL &&
	    minisign_key_parse(root->p, root->len, &key) == ST_OK) {
		minisign_fingerprint(&key, text);
		printf("  root     %s\n", text);
	}
	if (sequence != NULL)
		printf("  key set  %.*s", (int)sequence->len,
		    (const char *)sequence->p);
	tool_size(r->bytes, size);
	printf("  state    %" PRIu64 ", %" PRIu64 " answers waiting\n"
	       "  tips     %" PRIu64,
	    r->state, r->replies, r->tips);
	if (r->tips > 0)
		printf(" (%" PRIu64 " to %" PRIu64 "), %s, %" PRIu64
		       " of them purged, %" PRIu64 " damaged",
		    r->first, r->chain.number, size, r->purged, r->damaged);
	printf("\n%s\n",
	    r->whole ? "All of it can be restored."
		     : "Not all of it can be restored: see above.");
}

static int
check(struct restore *r)
{
	const char *const read[] = {r->path, NULL};
	const struct confine_paths paths = {read, NULL, NULL};
	struct confine_missing missing;

	if (confine(CONFINE_OFFLINE, &paths, &missing) != ST_OK) {
		tool_say(
		    "the process could not be confined: %s", tool_words(ST_IO));
		return TOOL_FAILED;
	}
	if (!restore_state_read(r) || !restore_tips(r))
		return TOOL_FAILED;
	tell_check(r);
	return r->whole ? TOOL_DONE : TOOL_FAILED;
}

static int
need_key(const char *key, const char *command)
{
	if (key != NULL)
		return TOOL_GO_ON;
	tool_say("%s needs --key FILE, the backup key", command);
	return TOOL_USAGE;
}

static int
check_command(int argc, char **argv)
{
	const char *file = NULL, *key = NULL, *path;
	const struct tool_option options[] = {{"key", NULL, &key, 1},
	    {"passphrase-file", NULL, &file, 1}, {NULL, NULL, NULL, 0}};
	const struct tool_command command = {"check", check_help, options, 1};
	struct restore r;
	int code;

	if ((code = tool_parse(&command, argc, argv, &path)) != TOOL_GO_ON ||
	    (code = need_key(key, "check")) != TOOL_GO_ON)
		return code;
	code = begin(&r, path, key, file) ? check(&r) : TOOL_FAILED;
	end(&r);
	return code;
}

static int
restore_command(int argc, char **argv)
{
	const char *file = NULL, *key = NULL, *to = NULL, *bundle = NULL;
	const char *operand[2];
	const struct tool_option options[] = {{"key", NULL, &key, 1},
	    {"passphrase-file", NULL, &file, 1}, {"to", NULL, &to, 1},
	    {"bundle", NULL, &bundle, 1}, {NULL, NULL, NULL, 0}};
	const struct tool_command command = {
	    "restore", restore_help, options, 2};
	uint64_t number = 0, last = UINT64_MAX;
	struct restore r;
	int code;

	if ((code = tool_parse(&command, argc, argv, operand)) != TOOL_GO_ON ||
	    (code = need_key(key, "restore")) != TOOL_GO_ON)
		return code;
	if (!tool_number("bundle", bundle, INT64_MAX - 1, &number) ||
	    !tool_number("to", to, INT64_MAX - 1, &last))
		return TOOL_USAGE;
	code = TOOL_FAILED;
	if (begin(&r, operand[0], key, file)) {
		r.to = last;
		code = restore_line(&r, operand[1], number);
	}
	end(&r);
	return code;
}

static const struct tool_entry entries[] = {
    {"key", "make", key_command, "make a backup key"},
    {"check", NULL, check_command, "try whether a backup can be restored"},
    {"restore", NULL, restore_command, "make a line from a backup"},
    {NULL, NULL, NULL, NULL},
};

int
main(int argc, char **argv)
{
	const struct tool_program program = {
	    "tipline-restore", entries, GUARDED_LEN};

	return tool_main(&program, argc, argv);
}
