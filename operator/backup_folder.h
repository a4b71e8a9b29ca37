/*
 * backup_folder: what lies in a folder of backups, by the names of its files
 * (docs/FORMATS.md section 8).
 *
 *	backup.txt                            whose it is, sealed to which keys
 *	state-000007.sealed                   the highest number counts
 *	tips-000000001-000000372.sealed       tips 1 to 372
 *
 * For tipline-operator backup, which cannot read what it sealed, and
 * tipline-restore.
 */
#ifndef TIPLINE_OPERATOR_BACKUP_FOLDER_H
#define TIPLINE_OPERATOR_BACKUP_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/recipients.h"

#define BACKUP_TEXT "backup.txt"
#define BACKUP_TEXT_MAX 512
#define BACKUP_NAME_MAX 64
#define BACKUP_KEYS_MAX 4
#define BACKUP_REPLIES "replies" /* a file of the state, rows of these: */
#define BACKUP_REPLY_LEN (8 + 16 + 4 + 4144)
#define BACKUP_LAST "last" /* the same: number of the last tip saved */
#define BACKUP_LAST_LEN 8
#define BACKUP_BUNDLE "bundle" /* the one file of a segment */

/* What a state holds besides: these files of the line, and all in these
 * folders; ended by NULL. */
extern const char *const backup_folder_files[];
extern const char *const backup_folder_folders[];

struct backup_segment {
	uint64_t first, last;
};

struct backup_folder {
	int fd;
	size_t segments, states;
	struct backup_segment *segment; /* by their first tips */
	uint64_t *state;                /* numbers, rising */
	size_t segments_cap, states_cap;
};

/* Open and list it.  ST_OK, ST_ABSENT, ST_IO, ST_NOMEM.  In any case
 * backup_folder_close() follows. */
MUST_CHECK enum status backup_folder_open(
    const char *path, struct backup_folder *f);
void backup_folder_close(struct backup_folder *f);

/* Tips that no segment holds, from number next on: *first to *last, which is
 * UINT64_MAX behind the last segment.  False if two segments hold the same
 * tip; *first is then that tip. */
bool backup_folder_gap(const struct backup_folder *f, uint64_t next,
    uint64_t *first, uint64_t *last);

void backup_segment_name(
    const struct backup_segment *s, char name[static BACKUP_NAME_MAX]);
void backup_state_name(uint64_t number, char name[static BACKUP_NAME_MAX]);

/* Append the text of backup.txt.  As bytes_append(). */
MUST_CHECK enum status backup_folder_text(
    const uint8_t server[static KEY_ID_LEN], const struct recipients *keys,
    struct bytes *out);

#endif
