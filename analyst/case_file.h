/*
 * case_file: read a tip.json again.
 */
#ifndef TIPLINE_ANALYST_CASE_FILE_H
#define TIPLINE_ANALYST_CASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/digest.h"
#include "crypto/keyset.h"
#include "crypto/return_code.h"

struct cJSON;

struct case_file {
	struct cJSON *json; /* owned */
	bool has_digest, has_server;
	uint8_t server[KEY_ID_LEN];
	uint8_t sealed_digest[DIGEST_LEN];
	const char *first_line; /* borrowed from json; never NULL */
	const char *topic;      /* its id, borrowed; empty if it has none */
	size_t files;
	uint64_t bytes; /* of all files */
	bool proved, sentinel;
	uint64_t thread; /* the same for all tips of a thread, 0: none */
};

/*
 * Read folder/tip.json inside the folder cases.  On ST_OK the caller calls
 * case_file_free().  ST_ABSENT, ST_DENIED, ST_MALFORMED, ST_LIMIT, ST_IO,
 * ST_NOMEM.
 */
MUST_CHECK enum status case_file_read(
    int cases, const char *folder, struct case_file *out);

/* Did that server take the tip in?  Another has other tips of its number. */
bool case_file_is_of(
    const struct case_file *file, const struct server_identity *server);

/* Where an answer goes; false if the tip cannot be answered. */
bool case_file_mailbox(const struct case_file *file, struct mailbox *box);

void case_file_free(struct case_file *file);

#endif
