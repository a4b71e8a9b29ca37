/*
 * key_backup: the entries inside a backup of keys (docs/FORMATS.md section
 * 5), gathered from a keyring, compared with one, or written into a new one.
 *
 * Secrets stand in it unwrapped, so all of it lies in guarded memory.
 */
#ifndef TIPLINE_ANALYST_KEY_BACKUP_H
#define TIPLINE_ANALYST_KEY_BACKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyst/backup_record.h"
#include "analyst/keyring_files.h"
#include "base/bytes.h"
#include "base/status.h"

#define KEY_BACKUP_MAX (UINT32_C(448) << 10) /* of all entries */
#define KEY_BACKUP_FILE_MAX (KEY_BACKUP_MAX + 128)

struct key_backup {
	uint8_t *p; /* guarded, KEY_BACKUP_MAX */
	size_t len;
};

/* ST_OK, ST_NOMEM. */
MUST_CHECK enum status key_backup_new(struct key_backup *backup);
void key_backup_free(struct key_backup *backup);

/*
 * Gather kr's secrets (it is unlocked, its epochs loaded) and public files;
 * the keys of epochs only if with_epochs, of which record->epoch then lists
 * them.  record itself becomes an entry.  Old key sets that do not fit are
 * left out and said.  ST_OK, ST_LIMIT, ST_NOMEM, and as keyring_secret().
 */
MUST_CHECK enum status key_backup_gather(struct key_backup *backup,
    struct keyring *kr, const struct backup_record *record, bool with_epochs);

/* One entry; borrowed from the backup. */
struct key_backup_entry {
	char name[KEYRING_NAME_MAX];
	bool secret;
	struct secret_info info; /* of a secret */
	const uint8_t *content;  /* of a secret its SECRET_KEY_LEN bytes */
	size_t len;
};

/*
 * Call each for every entry, once all of them are known to be sound: names of
 * files of a keyring, nothing left over.  ST_OK, ST_MALFORMED, or what each
 * returned.
 */
typedef enum status key_backup_fn(
    void *ctx, const struct key_backup_entry *entry);
MUST_CHECK enum status key_backup_each(
    const struct key_backup *backup, key_backup_fn *each, void *ctx);

/* Write all into kr, a new keyring that keyring_begin() made; whole when this
 * returns ST_OK.  What is wrong is said aloud. */
MUST_CHECK enum status key_backup_restore(
    const struct key_backup *backup, struct keyring *kr);

/* How a backup compares with a keyring. */
struct key_backup_drill {
	size_t same, gone, differ; /* secrets; gone: not in the keyring now */
	size_t missing; /* roots and signers of the keyring, not in it */
};

/* Compare every secret with those of kr, which is unlocked, and say what
 * differs.  Writes nothing.  ST_OK, ST_MALFORMED, and as keyring_secret(). */
MUST_CHECK enum status key_backup_compare(const struct key_backup *backup,
    struct keyring *kr, struct key_backup_drill *drill);

#endif
