/*
 * tip_open: open the tip that an inbox stands at into a bag.
 */
#ifndef TIPLINE_ANALYST_TIP_OPEN_H
#define TIPLINE_ANALYST_TIP_OPEN_H

#include "analyst/cases.h"
#include "analyst/inbox.h"
#include "analyst/keyring.h"
#include "analyst/sentinels.h"
#include "base/bytes.h"
#include "base/status.h"

enum tip_outcome {
	TIP_OPENED, /* waits in cases for the next commit */
	TIP_THERE,  /* opened by an earlier run */
	TIP_FAILED  /* this one cannot be opened; go on with the next */
};

#define TIP_WHY_MAX 2048

/* What opening needs; all borrowed. */
struct tip_open {
	struct inbox *in;
	const struct keyring *kr;
	struct cases *cases; /* where to: for proved or for other tips */
	struct sentinels *sentinels;
	uint64_t sentinels_back; /* counts them */
};

/*
 * Open in->tip.  What the ledger is to know stands in in->entry afterwards,
 * and cases puts it there with the bag; for any other outcome the caller
 * does, if the tip is proved.  With TIP_FAILED, why says in words what is the
 * matter.  ST_OK with one of the outcomes; otherwise nothing can go on: the
 * bundle is faulty (bundle_reader_problem() is then not BUNDLE_FINE), or
 * ST_FULL, ST_IO, ST_NOMEM of this machine.
 */
MUST_CHECK enum status tip_open(
    struct tip_open *t, enum tip_outcome *outcome, struct bytes *why);

#endif
