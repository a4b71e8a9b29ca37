/*
 * backup_seal: a sealed file in the making, for the holders of the backup
 * keys alone.
 */
#ifndef TIPLINE_OPERATOR_BACKUP_SEAL_H
#define TIPLINE_OPERATOR_BACKUP_SEAL_H

#include <stdint.h>

#include "crypto/envelope.h"
#include "operator/backup_folder.h"

struct backup_seal {
	int dirfd, fd;
	char name[BACKUP_NAME_MAX];
	struct envelope *env;
	uint64_t bytes; /* written */
};

/* Begin name in dirfd.  Each: ST_OK, what envelope_begin() and its like say,
 * or of durable_stream_begin().  backup_seal_drop() follows in any case. */
MUST_CHECK enum status backup_seal_begin(int dirfd, const char *name,
    const struct recipients *keys, struct backup_seal *s);
MUST_CHECK enum status backup_seal_file(
    struct backup_seal *s, const char *name);
MUST_CHECK enum status backup_seal_data(
    struct backup_seal *s, const void *p, size_t len);
MUST_CHECK enum status backup_seal_file_end(struct backup_seal *s);

/* Put it durably in its place; one of that name is an error. */
MUST_CHECK enum status backup_seal_finish(struct backup_seal *s);
void backup_seal_drop(struct backup_seal *s);

#endif
