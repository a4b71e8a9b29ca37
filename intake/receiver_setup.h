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

/* rx->texts, or what is shown of the keys, has just changed: what follows from
 * that.  While the receiver is set up it may not be configured yet. */
void receiver_texts_changed(struct receiver *rx);

#endif
