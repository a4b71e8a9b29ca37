/*
 * tipline-analyst: the offline side of a tip line.
 *
 * Links no network code; its first act is to take from itself what an
 * offline tool does not need.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "analyst/command.h"
#include "analyst/say.h"
#include "base/confine.h"
#include "base/guarded.h"
#include "crypto/recipients.h"

#define GUARDED_LEN ((size_t)1 << 20)

/* Commands of one first word stand together, so that "keys --help" can list
 * those of keys. */
struct command {
	const char *first, *second; /* its words; second may be NULL */
	int (*run)(int argc, char **argv);
	const char *line;
};

static const struct command commands[] = {
    {"init", NULL, cmd_init, "make a keyring, with a root key or without"},
    {"keys", "make", cmd_keys_make, "make weekly keys, for the root's keeper"},
    {"keys", "list", cmd_keys_list, "list the weeks, and what became of them"},
    {"keys", "destroy", cmd_keys_destroy, "destroy the keys of past weeks"},
    {"keys", "backup", cmd_keys_backup, "a backup for any few of many holders"},
    {"keys", "drill", cmd_keys_drill, "prove that a backup restores"},
    {"keys", "restore", cmd_keys_restore, "make a keyring from a backup"},
    {"keyset", "make", cmd_keyset_make, "sign a key set for the server"},
    {"keyset", "take", cmd_keyset_take, "check a key set and take it up"},
    {"root", "change", cmd_root_change, "make a new root, named by the old"},
    {"root", "take", cmd_root_take, "follow a change of the root"},
    {"root", "replace", cmd_root_replace, "pin another root, by hand"},
    {"verify", NULL, cmd_verify, "check that a bundle is whole and genuine"},
    {"open", NULL, cmd_open, "open a bundle's tips into a folder of cases"},
    {"reply", NULL, cmd_reply, "seal an answer to whoever sent a tip"},
    {"ack", NULL, cmd_ack, "make the return bundle for the server"},
    {"sentinel", "make", cmd_sentinel_make, "make a test tip to be sent"},
    {"sentinel", "add", cmd_sentinel_add, "remember a test tip of your own"},
    {"sentinel", "list", cmd_sentinel_list, "tell which test tips came back"},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* List all commands, or those that begin with the word first. */
static void
list_commands(FILE *to, const char *first)
{
	fprintf(to, "usage: tipline-analyst %s ... | --help | --version\n",
	    first == NULL ? "COMMAND" : first);
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *c = &commands[i];
		char words[32];

		if (first != NULL && strcmp(first, c->first) != 0)
			continue;
		(void)snprintf(words, sizeof(words), "%s%s%s", c->first,
		    c->second == NULL ? "" : " ",
		    c->second == NULL ? "" : c->second);
		fprintf(to, "  %-14s %s\n", words, c->line);
	}
	fputs("Each command has --help.\n", to);
}

static bool
is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int
run(int argc, char **argv)
{
	const char *first = argc > 1 ? argv[1] : "";
	const char *second = argc > 2 ? argv[2] : "";
	bool group = false;

	if (is_help(first)) {
		list_commands(stdout, NULL);
		return fflush(stdout) == 0 ? EXIT_DONE : EXIT_REFUSED;
	}
	if (strcmp(first, "--version") == 0) {
		printf("tipline-analyst %s\n", TIPLINE_VERSION);
		return fflush(stdout) == 0 ? EXIT_DONE : EXIT_REFUSED;
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *c = &commands[i];

		if (strcmp(first, c->first) != 0)
			continue;
		if (c->second == NULL)
			return c->run(argc - 1, argv + 1);
		if (strcmp(second, c->second) == 0)
			return c->run(argc - 2, argv + 2);
		group = true;
	}
	if (group && is_help(second)) {
		list_commands(stdout, first);
		return fflush(stdout) == 0 ? EXIT_DONE : EXIT_REFUSED;
	}
	if (group && (second[0] == '\0' || second[0] == '-'))
		say_error("after %s comes a second word", first);
	else if (first[0] != '\0')
		say_error("there is no command %s%s%s", first,
		    second[0] == '\0' ? "" : " ", second);
	list_commands(stderr, group ? first : NULL);
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	bool locked = true;
	int code;

	if (confine_early() != ST_OK || crypto_room_init() != ST_OK) {
		say_error("cannot start: %s", strerror(errno));
		return EXIT_REFUSED;
	}
	if (guarded_open(GUARDED_LEN, &locked) != ST_OK) {
		say_error("no memory for keys");
		return EXIT_REFUSED;
	}
	if (!locked)
		say("warning: memory cannot be locked: keys could be swapped"
		    " to disk");
	code = run(argc, argv);
	guarded_close();
	return code;
}
