/*
 * import_parts: what the files of the command import share; for them alone.
 *
 * import.c         the command, the order of things
 * import_check.c   reading the return bundle, checking it against the chain
 * import_apply.c   taking it up
 */
#ifndef TIPLINE_OPERATOR_IMPORT_PARTS_H
#define TIPLINE_OPERATOR_IMPORT_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "handoff/returns.h"
#include "operator/confirmed.h"
#include "operator/rows.h"
#include "operator/signing.h"
#include "store/store.h"

#define IMPORT_WORDS_LEN 400
#define IMPORT_DAYS_MAX 366 /* a reply waits no longer */
#define IMPORT_SAID_MAX 16  /* ranges that are named */
#define NOTHING_CHANGED "nothing was changed"

struct import {
	struct line line;
	int turn;
	struct server_identity server;
	struct keyset set;
	const char *path; /* of the return bundle */
	bool put_back;    /* the operator says: an older copy, put back */
	const char *kept; /* what can be said of the line if it ends here */
	int fd;
	struct returns_head head;
	const char *signer;         /* name in the key set */
	struct confirmed confirmed; /* what this signer confirmed before */
	struct confirmed_new new;
	struct store *store;
	uint64_t last; /* the database's */
	uint64_t now;  /* seconds since 1970 */
	uint32_t today;
	/* The chain: of the database, then of the links behind it. */
	struct rows rows;
	struct returns_link *link;
	size_t links, links_cap;
	bool links_open; /* the line may take links up */
	/* what there is */
	uint64_t ranges, replies, over, shortened;
	uint64_t put, waiting;        /* replies taken; that were there */
	uint32_t latest;              /* last day of a reply taken */
	char words[IMPORT_WORDS_LEN]; /* why an event refused */
};

/* Each says what is wrong and returns false. */
bool import_check(struct import *im);
bool import_apply(struct import *im);

/* Read the return bundle with these events.  False after words. */
bool import_read(struct import *im, const struct returns_events *events);

#endif
