/*
 * keyring_root: change the root of a keyring without ever losing one.
 *
 * The new root is written as root.next.pub, and root.next.key if this keyring
 * holds its secret; the old one is copied into roots/; then root.next.key and
 * last root.next.pub are moved into place.  keyring_open() ends what a crash
 * has cut after the first of these moves, and leaves all before it pending.
 */
#ifndef TIPLINE_ANALYST_KEYRING_ROOT_H
#define TIPLINE_ANALYST_KEYRING_ROOT_H

#include "analyst/keyring.h"
#include "base/bytes.h"
#include "crypto/root_change.h"

/* Read root.pub and what belongs to it, for keyring_open().  ST_OK (kr may
 * have no root), ST_MALFORMED, ST_DENIED, ST_IO, ST_NOMEM. */
MUST_CHECK enum status keyring_root_load(struct keyring *kr);

/* Is text signed by the root or by one that it followed?  As
 * minisign_verify(). */
MUST_CHECK enum status keyring_root_verify(const struct keyring *kr,
    const struct bytes *text, const struct bytes *sig);

/* Pin the first root.  As keyring_put(). */
MUST_CHECK enum status keyring_root_pin(
    struct keyring *kr, const struct minisign_key *root);

/* The three texts of a change; set up by the caller. */
struct keyring_root_texts {
	struct bytes text, sig, sig_new;
};
#define KEYRING_ROOT_TEXTS                                                     \
	((struct keyring_root_texts){BYTES_INIT(MINISIGN_FILE_MAX),            \
	    BYTES_INIT(MINISIGN_FILE_MAX), BYTES_INIT(MINISIGN_FILE_MAX)})
void keyring_root_texts_free(struct keyring_root_texts *texts);

/*
 * Make a new root in kr, which is unlocked and keeps its root, or go on with
 * one that was begun; sign the change with both.  Nothing has changed until
 * keyring_root_commit().  ST_OK, ST_FULL, ST_IO, ST_NOMEM, ST_FORGED.
 */
MUST_CHECK enum status keyring_root_prepare(struct keyring *kr,
    struct root_change *change, struct keyring_root_texts *texts);
MUST_CHECK enum status keyring_root_commit(struct keyring *kr, uint32_t number);

/* Follow a change that another keyring made.  Says aloud why not.  As
 * root_change_read() and keyring_put(). */
MUST_CHECK enum status keyring_root_take(struct keyring *kr,
    const struct keyring_root_texts *texts, struct root_change *change);

/* Pin another root by hand, or, if next is NULL, make one here (kr is
 * unlocked).  ST_OK, ST_EXISTS (it is that one), ST_FULL, ST_IO, ST_NOMEM. */
MUST_CHECK enum status keyring_root_replace(
    struct keyring *kr, const struct minisign_key *next);

#endif
