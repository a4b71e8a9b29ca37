/*
 * command: what main.c and the commands of tipline-analyst share.
 *
 * A command gets argv from its own last word on ("init", "make", ...),
 * parses its options itself and returns one of the exit codes.
 */
#ifndef TIPLINE_ANALYST_COMMAND_H
#define TIPLINE_ANALYST_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "analyst/keyring.h"
#include "base/confine.h"
#include "base/status.h"

enum exit_code { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

int cmd_init(int argc, char **argv);
int cmd_keyset_make(int argc, char **argv);
int cmd_keyset_take(int argc, char **argv);
int cmd_keys_make(int argc, char **argv);
int cmd_keys_list(int argc, char **argv);
int cmd_keys_destroy(int argc, char **argv);
int cmd_keys_backup(int argc, char **argv);
int cmd_keys_restore(int argc, char **argv);
int cmd_keys_drill(int argc, char **argv);
int cmd_root_change(int argc, char **argv);
int cmd_root_take(int argc, char **argv);
int cmd_root_replace(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_open(int argc, char **argv);
int cmd_reply(int argc, char **argv);
int cmd_ack(int argc, char **argv);
int cmd_sentinel_make(int argc, char **argv);
int cmd_sentinel_add(int argc, char **argv);
int cmd_sentinel_list(int argc, char **argv);

/* Print text, a command's help, on standard output.  Returns EXIT_DONE. */
int command_help(const char *text);

/* Say how a command is used, after a wrong use of it.  Returns EXIT_USAGE. */
int command_usage(const char *text);

/* Read --name's number, 1 to max.  False if text is none (said aloud). */
bool command_number(
    const char *name, const char *text, uint64_t max, uint64_t *out);

/* The time, in seconds since 1970.  ST_OK, or ST_EARLY for a clock that
 * stands before this program was built (said aloud). */
MUST_CHECK enum status command_clock(uint64_t *now);

/*
 * Confine the process for an offline tool that still needs these paths, and
 * say aloud what the kernel lacks.  ST_OK or ST_IO (said aloud).
 */
MUST_CHECK enum status command_confine(
    const char *const *read, const char *const *write);

/*
 * Ask for the passphrase (or read it from that file), confine the process as
 * above, and only then open kr's master key.  What is wrong is said aloud.  As
 * passphrase_get(), command_confine() and keyring_unlock().
 */
MUST_CHECK enum status command_unlock(struct keyring *kr,
    const char *passphrase_file, const char *const *read,
    const char *const *write);

#endif
