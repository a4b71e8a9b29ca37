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

/* The same for looking for an answer, LIMIT_CIRCUIT_MAILS at a time. */
MUST_CHECK enum status admission_mail_begin(struct circuit *circuit);
void admission_mail_end(struct circuit *circuit);

/* What the keeper said: sealed bytes that may still come. */
void admission_set_room(struct admission *adm, uint64_t files, uint64_t text);

/* What is left of it when uploads under way take what they hold.  Files can
 * hold no room but that for files, so text has its own. */
uint64_t admission_files_room(const struct admission *adm);
uint64_t admission_text_room(const struct admission *adm);

/* No file may go on: what is left is for text alone. */
bool admission_files_full(const struct admission *adm);

/*
 * The room one upload holds.  It holds all it may need only once a part of
 * that has come: whoever announces much and sends little, holds little.
 */
struct claim {
	bool files;    /* else text */
	uint64_t need; /* sealed bytes that may still come */
	uint64_t came; /* that have come */
	uint64_t held;
};

void admission_claim(
    struct admission *adm, struct claim *claim, uint64_t need, bool files);
/* len more sealed bytes have come; more than was claimed is no fault. */
void admission_came(struct admission *adm, struct claim *claim, size_t len);
/* The upload is over.  A claim of zeros holds nothing. */
void admission_unclaim(struct admission *adm, struct claim *claim);

#endif
