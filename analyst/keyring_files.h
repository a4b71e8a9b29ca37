/*
 * keyring_files: the small files of a keyring, for keyring*.c and for the
 * commands that make, keep and destroy keys.
 */
#ifndef TIPLINE_ANALYST_KEYRING_FILES_H
#define TIPLINE_ANALYST_KEYRING_FILES_H

#include "analyst/keyring.h"
#include "base/bytes.h"

#define KEYRING_NAME_MAX 96 /* of a file inside the folder, with its NUL */

/* The first step of it, for a restore: the folder with its master key, kr
 * unlocked.  On ST_OK or not, the caller calls keyring_close(). */
MUST_CHECK enum status keyring_begin(
    const char *path, const struct keyring_wish *wish, struct keyring *kr);

/*
 * Open the secret file name, which must have that role, into secret
 * (guarded).  ST_OK, ST_ABSENT, ST_DENIED, ST_MALFORMED, ST_FORGED, ST_IO.
 */
MUST_CHECK enum status keyring_secret(struct keyring *kr, const char *name,
    enum secret_role role, struct secret_info *info,
    uint8_t secret[static SECRET_KEY_LEN]);

/* The highest sequence number ever used.  ST_OK, ST_MALFORMED, ST_ABSENT,
 * ST_IO, ST_NOMEM. */
MUST_CHECK enum status keyring_sequence(struct keyring *kr, uint64_t *out);

/* Raise it, on disk when this returns.  ST_OK and as keyring_put(). */
MUST_CHECK enum status keyring_sequence_put(
    struct keyring *kr, uint64_t sequence);

/* Append a public file of the folder to out.  As durable_read(); all but
 * ST_ABSENT is said aloud. */
MUST_CHECK enum status keyring_get(
    const struct keyring *kr, const char *name, struct bytes *out);

/* Write a file of the folder in the place of what was there, mode 0600; its
 * folder inside is made if need be.  As durable_write(). */
MUST_CHECK enum status keyring_put(
    struct keyring *kr, const char *name, const struct bytes *content);
MUST_CHECK enum status keyring_put_secret(struct keyring *kr, const char *name,
    const struct secret_info *info,
    const uint8_t secret[static SECRET_KEY_LEN]);

/* Make a folder inside, if it is not there.  ST_OK, ST_FULL, ST_DENIED,
 * ST_IO. */
MUST_CHECK enum status keyring_make_folder(
    struct keyring *kr, const char *name);

bool keyring_is_there(const struct keyring *kr, const char *name);

/* Move, remove (one that is not there is gone already) or copy a file of the
 * folder, durably.  ST_OK, ST_IO, and copying as keyring_get() and
 * keyring_put(). */
MUST_CHECK enum status keyring_move(
    struct keyring *kr, const char *from, const char *to);
MUST_CHECK enum status keyring_drop(struct keyring *kr, const char *name);
MUST_CHECK enum status keyring_copy(
    struct keyring *kr, const char *from, const char *to);

/* Was the key of that epoch destroyed, or is it being? */
bool keyring_is_destroyed(const struct keyring *kr, uint32_t epoch);

/*
 * A key of an epoch as it lies in the folder, read without the passphrase.
 * Several files of one epoch stand in a row each.
 */
struct keyring_item {
	struct secret_info info;     /* of a destroyed one, what plan.h says */
	char file[KEYRING_NAME_MAX]; /* "" if there is none */
	bool destroyed;              /* with a file: its destruction was cut */
};

/* List them by rising epoch; the caller frees *out.  ST_OK, ST_LIMIT, ST_IO,
 * ST_NOMEM; what is wrong is said aloud. */
MUST_CHECK enum status keyring_list(
    const struct keyring *kr, struct keyring_item **out, size_t *count);

/* Store a signed key set: in keysets/ first, then as the last one, so that a
 * crash leaves the old or the new.  As keyring_put(). */
MUST_CHECK enum status keyring_store_set(struct keyring *kr, uint64_t sequence,
    const struct bytes *text, const struct bytes *sig);

/* Call each for every stored key set, in no order.  Another status than ST_OK
 * ends it.  One that cannot be read is said and left out. */
typedef enum status keyring_set_fn(void *ctx, const struct keyset *set);
MUST_CHECK enum status keyring_sets(
    const struct keyring *kr, keyring_set_fn *each, void *ctx);

/* Keep a signed key set that others have overtaken, only to open the tips of
 * its time.  As keyring_put(). */
MUST_CHECK enum status keyring_keep_set(
    struct keyring *kr, uint64_t sequence, const struct bytes *text);

/* Read the text of the stored key set called name (a file of keysets/) in the
 * place of what was in text.  As keyring_get(); ST_ABSENT if it is none. */
MUST_CHECK enum status keyring_set_text(
    const struct keyring *kr, const char *name, struct bytes *text);

/* Load the keys of all stored sets for keyring_known() and keyring_named().
 * ST_OK, ST_IO, ST_NOMEM. */
MUST_CHECK enum status keyring_load_known(struct keyring *kr);

/* Remove what killed runs left half written. */
void keyring_sweep(const struct keyring *kr);

/* Call each with the name of every file in a folder of the keyring that does
 * not begin with a dot; no folder is no file.  ST_OK, ST_IO, or what each
 * returned. */
typedef enum status keyring_name_fn(void *ctx, const char *name);
MUST_CHECK enum status keyring_names(const struct keyring *kr,
    const char *folder, keyring_name_fn *each, void *ctx);

#endif
