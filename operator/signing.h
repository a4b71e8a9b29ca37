/*
 * signing: the server's own key pair, ready to sign bundles.
 */
#ifndef TIPLINE_OPERATOR_SIGNING_H
#define TIPLINE_OPERATOR_SIGNING_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/keyset.h"
#include "line/line.h"

struct signing {
	struct server_identity server;
	uint8_t *seed; /* guarded */
};

/*
 * Read server.key and server.pub, which must belong together.  False after
 * words that end in "no ... was written", what being a bundle or so.  Either
 * way signing_close() follows.
 */
bool signing_open(
    const struct line *line, const char *what, struct signing *signing);

/*
 * Load the installed key set, which must name this server's key: others could
 * not check what it signs.  False after words; on true keyset_free() follows.
 */
bool signing_keyset(const struct line *line, const struct signing *signing,
    const char *what, struct keyset *set);

void signing_close(struct signing *signing);

#endif
