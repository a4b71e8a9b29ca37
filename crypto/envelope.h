/*
 * envelope: seal one tip for the analysts while it is still arriving.
 *
 * A fresh tip key encrypts the tip record by record; that key is itself
 * sealed to every analyst and then forgotten, so once the envelope is freed
 * nothing on this machine can open what was written.  The byte layout is
 * docs/FORMATS.md section 1; no other file may depend on it.
 *
 * Order of calls: begin; (part, data*, part_end)*; end; pad until done;
 * digest; free.  After any status but ST_OK only envelope_free() may follow.
 * One plaintext record (16 KiB) is held at most, in guarded memory.
 */
#ifndef TIPLINE_CRYPTO_ENVELOPE_H
#define TIPLINE_CRYPTO_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/recipients.h"

#define ENVELOPE_RECORD_LEN 16384
#define ENVELOPE_SEALED_RECORD_LEN 16401
#define ENVELOPE_HEAD_MAX (80 + 88 * RECIPIENTS_MAX)
#define ENVELOPE_NAME_MAX 1024
#define TIP_DIGEST_LEN 32

struct envelope; /* opaque, lives in guarded memory */

/* A part is a named answer of the form, or a file. */
enum envelope_part { ENVELOPE_FIELD = 1, ENVELOPE_FILE = 2 };

/* Receives sealed bytes in order.  Anything but ST_OK stops the envelope. */
typedef enum status envelope_sink(void *ctx, const uint8_t *sealed, size_t len);

/*
 * Open an envelope to every key in to and push its head to sink.  to is read
 * now; ctx is borrowed until envelope_free().  On ST_OK the caller owns
 * *out; on any other status *out is NULL and what reached the sink is
 * garbage.  ST_NOMEM, ST_BUG (no recipient, epoch 0, a public key that nothing
 * can be sealed to), or what the sink returned.
 */
MUST_CHECK enum status envelope_begin(const struct recipients *to,
    envelope_sink *sink, void *ctx, struct envelope **out);

/*
 * Open a part.  A field's name is 1 to 64 of a-z 0-9 -, a file's 0 to
 * ENVELOPE_NAME_MAX bytes of anything.  ST_OK, ST_BUG (bad name, a part is
 * open, or ended), or what the sink returned.
 */
MUST_CHECK enum status envelope_part(struct envelope *env,
    enum envelope_part kind, const void *name, size_t len);

/* Add bytes to the open part.  ST_OK, ST_BUG, or what the sink returned. */
MUST_CHECK enum status envelope_data(
    struct envelope *env, const uint8_t *p, size_t len);

/* Close the open part.  ST_OK, ST_BUG, or what the sink returned. */
MUST_CHECK enum status envelope_part_end(struct envelope *env);

/* Say that nothing more comes, and choose the size class.  As above. */
MUST_CHECK enum status envelope_end(struct envelope *env);

/*
 * Seal the last record of items and then padding, at most max records in
 * this call, so that a large class never holds up the caller's loop.  *done
 * tells when the tip is whole.  ST_OK, ST_BUG, or what the sink returned.
 */
MUST_CHECK enum status envelope_pad(
    struct envelope *env, size_t max, bool *done);

/* Once, after done: SHA-256 and length of all that reached the sink.  ST_OK,
 * ST_BUG or ST_NOMEM. */
MUST_CHECK enum status envelope_digest(
    struct envelope *env, uint8_t digest[static TIP_DIGEST_LEN], uint64_t *len);

/* Is this a field's name as a tip may hold it: 1 to 64 of a-z 0-9 -? */
bool envelope_field_name_ok(const uint8_t *name, size_t len);

/* Wipe and free; NULL is allowed.  A tip not yet done is lost. */
void envelope_free(struct envelope *env);

/* How many records the smallest class holds that takes records of items
 * (1 for 0); 0 when there is none (beyond 2^40). */
uint64_t size_class(uint64_t records);

/* An upper bound for the sealed length of a tip whose request body
 * (multipart/form-data with up to 32 files and 8 fields) is body bytes long,
 * to n recipients: what the store must have room for.  UINT64_MAX when no
 * class holds it. */
uint64_t envelope_bound(uint64_t body, size_t n);

#endif
