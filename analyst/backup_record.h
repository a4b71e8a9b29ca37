/*
 * backup_record: what the keyring remembers of its backups.
 *
 *	KEYS/backups/ID     text: day, shares, need, and an epoch's number in a
 *	                    line each for the weeks whose keys are in it
 */
#ifndef TIPLINE_ANALYST_BACKUP_RECORD_H
#define TIPLINE_ANALYST_BACKUP_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "analyst/keyring.h"
#include "base/bytes.h"
#include "base/status.h"
#include "crypto/shares.h"

#define BACKUP_RECORD_MAX 65536
#define BACKUP_ID_TEXT_LEN ((size_t)SHARE_BACKUP_LEN * 2)

struct backup_record {
	uint8_t id[SHARE_BACKUP_LEN];
	uint64_t day; /* seconds since 1970 */
	size_t need, shares, epochs;
	const uint32_t *epoch; /* borrowed */
};

/* Write id as hex digits and a NUL. */
void backup_record_id(const uint8_t id[static SHARE_BACKUP_LEN],
    char text[static BACKUP_ID_TEXT_LEN + 1]);

/* Append the text of a record.  ST_OK, ST_LIMIT, ST_NOMEM. */
MUST_CHECK enum status backup_record_write(
    const struct backup_record *record, struct bytes *out);

/* Append "ID of DAY, ..." for every backup that holds a copy of the epoch's
 * key; nothing if none does.  ST_OK, ST_IO, ST_LIMIT, ST_NOMEM. */
MUST_CHECK enum status backup_record_holding(
    const struct keyring *kr, uint32_t epoch, struct bytes *out);

/* How many backups there are, and the day of the last one, "" for none. */
MUST_CHECK enum status backup_record_count(
    const struct keyring *kr, size_t *count, char day[static 11]);

#endif
