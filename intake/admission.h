/*
 * admission: who may come in, and how much one of them may take.
 *
 * Counts only: connections and uploads of each Tor circuit, and the room of
 * the store that uploads under way may still need.  Circuit numbers live
 * here while one of their connections is open, and nowhere else.
 */
#ifndef TIPLINE_INTAKE_ADMISSION_H
#define TIPLINE_INTAKE_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct admission_limits {
	uint32_t connections;         /* open at once, in all */
	uint32_t circuit_connections; /* of one circuit */
	uint32_t circuit_uploads;     /* of these, uploads */
};

struct admission; /* opaque */
struct circuit;   /* borrowed from an admission, from enter to leave */

/* ST_OK (*out is the caller's) or ST_NOMEM. */
MUST_CHECK enum status admission_new(
    const struct admission_limits *limits, struct admission **out);
void admission_free(struct admission *adm);

/*
 * Count one more connection of the circuit.  ST_OK: *out is to be given to
 * admission_leave() when it ends.  ST_LIMIT: it has as many as it may, or
 * more connections are open than was said; *out is NULL.
 */
MUST_CHECK enum status admission_enter(
    struct admission *adm, uint32_t number, struct circuit **out);
void admission_leave(struct admission *adm, struct circuit *circuit);

/* Count one more upload.  circuit may be NULL: then there is no limit of
 * its own.  ST_OK, to be ended, or ST_LIMIT. */
MUST_CHECK enum status admission_upload_begin(
    struct admission *adm, struct circuit *circuit);
void admission_upload_end(struct circuit *circuit);

/* What the keeper said: sealed bytes that may still come. */
void admission_set_room(struct admission *adm, uint64_t files, uint64_t text);

/* What is left of it when uploads under way take all they may need. */
uint64_t admission_files_room(const struct admission *adm);
uint64_t admission_text_room(const struct admission *adm);

/* Set bytes of room aside for an upload, and give back what it used or will
 * not use any more. */
void admission_reserve(struct admission *adm, uint64_t len);
void admission_release(struct admission *adm, uint64_t len);

#endif
