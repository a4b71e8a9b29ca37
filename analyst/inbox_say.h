/*
 * inbox_say: the sentences of inbox.c.  For that file only.
 */
#ifndef TIPLINE_ANALYST_INBOX_SAY_H
#define TIPLINE_ANALYST_INBOX_SAY_H

#include <stdbool.h>

#include "analyst/inbox.h"

/* Say why the bundle cannot be read, or how it ended. */
void inbox_say_problem(const struct inbox *in, enum bundle_problem problem);

/* Say each thing that was done to it on the way.  Returns whether there was
 * none. */
bool inbox_say_deeds(const struct inbox *in);

/* Say in which way the server went back, if it did.  Returns whether it did
 * not. */
bool inbox_say_back(const struct inbox *in);

/* Say which numbers up to the server's last have not been seen, and how to
 * bring them.  ST_OK with *all, or a fault of the ledger. */
MUST_CHECK enum status inbox_say_unseen(const struct inbox *in, bool *all);

/* Say what the bundle holds. */
void inbox_say_contents(const struct inbox *in, bool complete);

#endif
