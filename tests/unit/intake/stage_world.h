/*
 * stage_world: what the receiver on the stage takes for its kernel.
 *
 * The program under test calls clock_gettime(), send() and epoll_wait() as
 * ever; here they stand before libc's.  Its time passes when the test says so,
 * its sockets can be slow, and the test knows when it has nothing left to do:
 * no test waits some time and hopes.  One receiver at a time.
 */
#ifndef TIPLINE_TESTS_UNIT_INTAKE_STAGE_WORLD_H
#define TIPLINE_TESTS_UNIT_INTAKE_STAGE_WORLD_H

#include <stdbool.h>
#include <stddef.h>

/* Make the world as it is at first; before the receiver's process begins. */
void world_begin(void);

/* Say, in the receiver's process, that this is the receiver. */
void world_enter(void);

/* From now on the receiver's sockets take so many bytes at once, and every
 * other call finds them full; 0: all at once. */
void world_sends(size_t len);

/* Each look of the receiver's own at the clock finds it so much later: it is
 * slow.  libevent knows nothing of that time until it looks itself. */
void world_slow(long ms);

/* Move the receiver's clock on; its loop looks at it at once. */
void world_later(long ms);

/* What that clock says, in ms. */
long world_now(void);

/*
 * How often the receiver found nothing to do.  What was sent to it before
 * this was read has been dealt with when the number is WORLD_ROUNDS larger:
 * the first of them may have been looked for before, the second was not.
 */
#define WORLD_ROUNDS 2
unsigned long world_idle(void);

#endif
