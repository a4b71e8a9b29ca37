/*
 * receiver_setup: the supervisor's messages, and what they set up.
 */
#ifndef TIPLINE_INTAKE_RECEIVER_SETUP_H
#define TIPLINE_INTAKE_RECEIVER_SETUP_H

#include "intake/receiver.h"

/*
 * Take one message off the control socket and obey it.  ST_OK; ST_AGAIN
 * (none there, the socket does not block); ST_EOF (the supervisor is gone);
 * ST_MALFORMED; ST_NOMEM; ST_IO.
 */
MUST_CHECK enum status receiver_setup_message(struct receiver *rx);

/* The settings, rx->texts or the keys that are shown have just changed: answers
 * name the new ones, from when all of them are there.  ST_OK or ST_NOMEM. */
MUST_CHECK enum status receiver_site_changed(struct receiver *rx);

#endif
