/*
 * tipline-receiver: started by tipline-intake, never by hand.
 *
 * Descriptor 3 is the supervisor, 4 and 5 may listen (control.h).
 */
#include <event2/event.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/confine.h"
#include "base/log.h"
#include "crypto/recipients.h"
#include "intake/receiver.h"

static void
say_missing(const struct confine_missing *missing)
{
#ifdef TIPLINE_SANITIZE
	log_event(LOG_SANITIZED);
#else
	if (missing->seccomp)
		log_event(LOG_NO_SECCOMP);
#endif
	if (missing->landlock)
		log_event(LOG_NO_LANDLOCK);
}

/*
 * Keep freed memory for the next record instead of giving it back to the
 * kernel for each: measured, that and the page faults after it took a fifth
 * of the receiver's time.
 */
static void
keep_heap(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
	(void)mallopt(M_TRIM_THRESHOLD, 4 << 20);
	(void)mallopt(M_TOP_PAD, 256 << 10);
}

int
main(int argc, char **argv)
{
	const int doors[DOORS] = {
	    [DOOR_UNIX] = LISTEN_FD, [DOOR_LOOPBACK] = LOOPBACK_FD};
	struct confine_missing missing;
	struct receiver *rx = NULL;
	enum status st;
	int code = 1;

	(void)argv;
	if (argc != 1) {
		fputs(
		    "tipline-receiver is started by tipline-intake\n", stderr);
		return 2;
	}
	log_open("tipline-receiver");
	keep_heap();
	/* Before libevent's first allocation: nothing it frees stays. */
	event_set_mem_functions(wiping_malloc, wiping_realloc, wiping_free);
	if (confine_early() != ST_OK || crypto_room_init() != ST_OK ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
		log_errno(LOG_IO);
		return 1;
	}
	if ((st = receiver_new(CONTROL_FD, doors, &rx)) != ST_OK ||
	    (st = receiver_configure(rx)) != ST_OK) {
		/* A supervisor that ends while we start is no fault. */
		code = st == ST_EOF ? 0 : 1;
		if (st == ST_MALFORMED)
			log_event(LOG_MESSAGE_MALFORMED);
		else if (st == ST_NOMEM)
			log_event(LOG_NOMEM);
		else if (st != ST_EOF)
			log_event(LOG_BUG);
	} else if (confine(CONFINE_RECEIVER, NULL, &missing) != ST_OK) {
		log_errno(LOG_IO);
	} else {
		say_missing(&missing);
		code = receiver_run(rx);
	}
	receiver_free(rx);
	return code;
}
