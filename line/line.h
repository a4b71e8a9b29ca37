/*
 * line: the folder of one tip line, the same for supervisor and operator.
 *
 *	LINE/tipline.conf         settings (config.h)
 *	LINE/texts.ini            what visitors read (texts_file.h)
 *	LINE/server.key           signs bundles; mode 0600
 *	LINE/server.pub           what the root's keeper needs
 *	LINE/root.pub             the pinned root key, from the first install on
 *	LINE/keyset.txt           the key set in use
 *	LINE/keyset.txt.minisig   its signature
 *	LINE/sequence             highest sequence number ever accepted
 *	LINE/data/tips.sqlite     the store
 *	LINE/epoch                highest epoch ever in force here
 *	LINE/roots/0001.txt ...   changes of the root, each with .txt.minisig,
 *	                          .txt.new.minisig, and 0001.old.pub: the root
 *	                          that was pinned before
 *	LINE/restored             made from a backup: waits for a key set
 *	LINE/exported             number of the last bundle and its last tip
 *	LINE/confirmed/ID         what an analyst confirmed, by signer id
 *	LINE/links                restored: tips after the backup may be linked
 *	LINE/operator.lock        held while a command works on the tips
 *	LINE/intake.lock          held while tipline-intake runs
 *
 * While a key set is put in, keyset.txt.next and keyset.txt.minisig.next
 * stand beside; line_keyset_install() says why.
 *
 * A room of its own: supervisor and operator may not include each other.
 */
#ifndef TIPLINE_LINE_LINE_H
#define TIPLINE_LINE_LINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "crypto/keyset.h"
#include "crypto/minisign.h"
#include "line/config.h"

#define LINE_WHY_LEN 240
#define LINE_SERVER_KEY "server.key"
#define LINE_SERVER_PUB "server.pub"
#define LINE_ROOT "root.pub"
#define LINE_KEYSET "keyset.txt"
#define LINE_KEYSET_SIG "keyset.txt.minisig"
#define LINE_SEQUENCE "sequence"
#define LINE_LOCK "intake.lock"
#define LINE_DATA "data"
#define LINE_EPOCH "epoch"
#define LINE_ROOTS "roots"
#define LINE_RESTORED "restored"
#define LINE_EXPORTED "exported"
#define LINE_CONFIRMED "confirmed"

struct line {
	int dirfd;
	char *path;      /* absolute */
	char *data_path; /* path and "/data" */
	struct config config;
};

/*
 * Open the folder and read its configuration.  why (LINE_WHY_LEN) is a
 * sentence for people on any failure.
 * ST_OK, ST_ABSENT, ST_DENIED, ST_MALFORMED, ST_IO, ST_NOMEM.
 */
MUST_CHECK enum status line_open(
    const char *path, struct line *line, char why[static LINE_WHY_LEN]);
void line_close(struct line *line);

/* Read server.pub.  As line_open(). */
MUST_CHECK enum status line_server(const struct line *line,
    struct server_identity *server, char why[static LINE_WHY_LEN]);

/*
 * Check sig over text with root, then that the set may be taken up by this
 * line at now: server id and onion are this line's, sequence is not below
 * least, now is within its validity and an epoch is in force.  why as above.
 * On ST_OK the caller frees *set.  ST_FORGED, ST_WRONG_KEY, ST_MALFORMED,
 * ST_EXPIRED, ST_EARLY, ST_VERSION, ST_NOMEM; ST_DENIED (sequence too low).
 */
struct keyset_files {
	const struct bytes *text, *sig;
	const struct minisign_key *root;
	uint64_t least_sequence, now;
};
MUST_CHECK enum status line_keyset_check(const struct line *line,
    const struct keyset_files *files, struct keyset *set,
    char why[static LINE_WHY_LEN]);

/* Load the installed key set, checking everything again but whether it is in
 * force at now (an expired set loads, so that the form can close itself with
 * the right page).  ST_ABSENT if there is none; else as above. */
MUST_CHECK enum status line_keyset_load(
    const struct line *line, struct keyset *set, char why[static LINE_WHY_LEN]);

/*
 * Take up a new key set: check it as line_keyset_check() with the pinned
 * root, or root the first time (then pinned), and replace the old one
 * durably.  root is NULL when none was given; one that is not the pinned one
 * is refused.  Two different sets with one sequence number are refused.
 *
 * wanted is the sequence number that the analysts named, or 0; another one is
 * refused (ST_DENIED), and on a restored line 0 is, too.
 *
 * Both files change at once: they are written under their .next names, then
 * LINE/sequence is replaced, and from that moment on (on a restored line: once
 * LINE/restored is gone, right after) the .next pair, whose number is the one
 * remembered, is the key set in use; moving it into place comes after.  A
 * failure or crash anywhere leaves the old set or the new one.  Statuses as
 * line_keyset_check(), ST_ABSENT (no root), ST_IO, ST_FULL, ST_EXISTS (same
 * number, other contents).
 */
struct keyset_offer {
	const struct bytes *text, *sig;
	const struct minisign_key *root; /* or NULL */
	uint64_t now, wanted;
};
MUST_CHECK enum status line_keyset_install(const struct line *line,
    const struct keyset_offer *offer, char why[static LINE_WHY_LEN]);

/* More than half of the set's life is over: time to have the next one made. */
bool line_keyset_ages(const struct keyset *set, uint64_t now);

/* The highest epoch ever in force (0: none yet), and remembering a higher
 * one; a lower one changes nothing, but the first call makes the file.  That
 * is then written in place and never replaced.  ST_OK, ST_MALFORMED, ST_IO,
 * ST_FULL, ST_NOMEM; why as above. */
MUST_CHECK enum status line_epoch(
    const struct line *line, uint32_t *epoch, char why[static LINE_WHY_LEN]);
MUST_CHECK enum status line_epoch_keep(
    const struct line *line, uint32_t epoch, char why[static LINE_WHY_LEN]);

/* A line restored from a backup cannot know which key sets came after it.
 * Until one is installed with the number the analysts name, it has none. */
bool line_is_restored(const struct line *line);

/*
 * Take the lock of the running server, a POSIX record lock: for the process,
 * not its children.  *fd holds it.  Once in a process: closing any descriptor
 * of the file gives it up.  ST_OK, ST_BUSY, ST_IO.
 */
MUST_CHECK enum status line_lock(const struct line *line, int *fd);

/* The supervisor's process id, or 0 when no tipline-intake runs here. */
pid_t line_running(const struct line *line);

#endif
