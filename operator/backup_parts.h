/*
 * backup_parts: what the files of the command backup share; for them alone.
 *
 * backup.c         the command, the folder
 * backup_tips.c    segments of tips
 * backup_state.c   the line's small files and the waiting answers
 */
#ifndef TIPLINE_OPERATOR_BACKUP_PARTS_H
#define TIPLINE_OPERATOR_BACKUP_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/recipients.h"
#include "operator/backup_folder.h"
#include "operator/rows.h"
#include "operator/signing.h"
#include "store/store.h"

struct backup {
	struct line line;
	int turn;
	struct signing signing;
	struct recipients keys;
	const char *path; /* of the folder */
	struct backup_folder folder;
	struct store *store;
	uint64_t last; /* the store's when it began */
	struct rows rows;
	/* what was added */
	uint64_t segments, tips, bytes, damaged, replies, state;
};

/* Each says what is wrong and returns false. */
bool backup_tips(struct backup *b);
bool backup_state(struct backup *b);

#endif
