/*
 * restore: what the files of tipline-restore share; for them alone.
 *
 * restore_main.c     the commands
 * restore_key.c      the backup key
 * restore_unseal.c   opening a sealed file
 * restore_state.c    the line's small files and the answers
 * restore_tips.c     the tips
 * restore_line.c     making the new line
 *
 * This program opens what the server can only seal.  It has no place on the
 * server.
 */
#ifndef TIPLINE_OPERATOR_RESTORE_H
#define TIPLINE_OPERATOR_RESTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "crypto/keyset.h"
#include "crypto/opener.h"
#include "handoff/chain.h"
#include "operator/backup_folder.h"
#include "store/store.h"

#define RESTORE_FILE_MAX (UINT32_C(64) << 20) /* of the state's small files */
#define RESTORE_FILES_MAX 4096
#define RESTORE_NAME_MAX 96

/* restore_key.c */
struct restore_key {
	struct opener_key key;
	uint8_t public_key[PUBLIC_KEY_LEN];
	uint8_t *secret; /* guarded */
};

int restore_key_make(const char *path, const char *passphrase_file);

/* Open a backup key.  False after words.  restore_key_close() follows. */
bool restore_key_open(
    const char *path, const char *passphrase_file, struct restore_key *key);
void restore_key_close(struct restore_key *key);

/* restore_unseal.c */
struct restore_events {
	enum status (*part)(void *ctx, const uint8_t *name, size_t len);
	enum status (*data)(void *ctx, const uint8_t *p, size_t len);
	enum status (*part_end)(void *ctx);
	void *ctx;
};

struct restore_unseal; /* opaque */

/* Open name in dirfd.  ST_OK, ST_ABSENT, ST_IO, ST_NOMEM. */
MUST_CHECK enum status restore_unseal_open(int dirfd, const char *name,
    const struct restore_key *key, const struct restore_events *events,
    struct restore_unseal **out);

/* Read a piece, calling events for what is in it.  ST_OK; ST_EOF: the file
 * has ended where it may; as opener_feed() and opener_finish(). */
MUST_CHECK enum status restore_unseal_step(struct restore_unseal *u);
void restore_unseal_free(struct restore_unseal *u);

/* restore_state.c */
struct restore_file {
	char name[RESTORE_NAME_MAX];
	struct bytes content;
};

struct restore {
	const char *path; /* of the backups' folder */
	struct restore_key key;
	struct backup_folder folder;
	/* the state that counts */
	uint64_t state, replies;
	uint64_t last; /* tip that was saved before the state */
	struct restore_file *file;
	size_t files;
	struct server_identity server;
	/* the tips */
	uint64_t to;        /* stop behind this one */
	uint64_t first;     /* the first tip there is, 0 for none */
	struct chain chain; /* behind the last that was read */
	bool knows_chain;   /* false behind a hole */
	uint64_t tips, purged, damaged, bytes;
	bool whole; /* nothing was missing or wrong */
	/* where they go; NULL: only look */
	struct store *store;
	bool in_batch;
	uint64_t batch;  /* bytes in it */
	uint64_t upload; /* the tip under way */
};

/* Open the newest state that can be opened.  False after words. */
bool restore_state_read(struct restore *r);

/* The content of one of its files, or NULL. */
const struct bytes *restore_state_file(
    const struct restore *r, const char *name);

/* Put its answers into r->store.  False after words. */
bool restore_state_replies(struct restore *r);
void restore_state_free(struct restore *r);

/* restore_tips.c: read all tips, into r->store if there is one.  False after
 * words if it makes no sense to go on; r->whole tells whether all is well. */
bool restore_tips(struct restore *r);

/* Inside a batch of r->store, or beginning one. */
MUST_CHECK enum status restore_batch(struct restore *r, uint64_t bytes);
MUST_CHECK enum status restore_batch_end(struct restore *r);

/* restore_line.c: make the line in a folder; bundle is the highest number of
 * a bundle that the analysts have, or 0.  The exit code. */
int restore_line(struct restore *r, const char *path, uint64_t bundle);

#endif
