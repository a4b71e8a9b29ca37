/*
 * config: LINE/tipline.conf, what one tip line is set to.
 *
 * An INI file (read with inih) that an operator edits.  Every key may stand
 * once; an unknown section or key is refused with its line number, since a
 * mistyped limit must not be ignored.
 */
#ifndef TIPLINE_LINE_CONFIG_H
#define TIPLINE_LINE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

#define CONFIG_FILE "tipline.conf"
#define CONFIG_MAX 65536
#define LISTEN_MAX 107 /* sun_path less its NUL */
#define ONION_MAX 62

/* Defaults and ranges of what the file may set (docs/LIMITS.md). */
#define CONFIG_UPLOAD_DEFAULT (UINT64_C(512) << 20)
#define CONFIG_UPLOAD_MIN (UINT64_C(64) << 10)
#define CONFIG_UPLOAD_MAX (UINT64_C(256) << 30)
#define CONFIG_FILES_DEFAULT 32
#define CONFIG_FILES_LIMIT 256
#define CONFIG_CONNECTIONS_DEFAULT 4096
#define CONFIG_CONNECTIONS_MIN 16
#define CONFIG_CONNECTIONS_LIMIT 65000
#define CONFIG_CIRCUIT_CONNECTIONS_DEFAULT 16
#define CONFIG_CIRCUIT_UPLOADS_DEFAULT 4
#define CONFIG_QUOTA_DEFAULT (UINT64_C(8) << 30)
#define CONFIG_QUOTA_MIN (UINT64_C(64) << 20)
#define CONFIG_QUOTA_LIMIT                                                     \
	(UINT64_C(511) << 30) /* store.h: 512 GiB less a page */
#define CONFIG_RESERVE_DEFAULT (UINT64_C(256) << 20)
#define CONFIG_RESERVE_MIN (UINT64_C(32) << 20) /* twice the store's log */
#define CONFIG_WHY_LEN 160

/* PROXY v1 line: not expected, taken if there, required. */
enum proxy_mode { PROXY_OFF, PROXY_ACCEPT, PROXY_REQUIRE };

struct config {
	/* [site] */
	char onion[ONION_MAX + 1]; /* "" if none: any Host is answered */
	/* [listen]: at least one of the two; both may be on at once */
	char path[LISTEN_MAX + 1]; /* "unix = PATH", absolute; "" if off */
	bool loopback; /* "loopback = PORT": 127.0.0.1 only, for trying */
	uint16_t port; /* it out; 0: any free port */
	enum proxy_mode proxy; /* of the unix socket; loopback has none */
	/* [limits] */
	uint64_t upload_max; /* bytes of message and files together */
	uint32_t files_max;
	uint32_t connections_max, circuit_connections_max, circuit_uploads_max;
	/* [store] */
	uint64_t quota, reserve; /* bytes */
};

/* What holds when the file says nothing (docs/LIMITS.md). */
void config_default(struct config *config);

/*
 * Read text.  On ST_MALFORMED *line is the first wrong line and why (at
 * least 160 bytes) a sentence for the operator.  ST_OK, ST_MALFORMED.
 */
MUST_CHECK enum status config_parse(const char *text, size_t len,
    struct config *config, unsigned *line, char *why, size_t why_len);

/* Append config as a commented file that config_parse() reads back equal. */
MUST_CHECK enum status config_write(
    const struct config *config, struct bytes *out);

/*
 * Read "unix:PATH" or "127.0.0.1:PORT" into config; called once for each
 * --listen, at most one of each kind.  A relative PATH is kept as it is.
 * ST_OK; ST_MALFORMED: any other address is refused; ST_EXISTS: that kind is
 * set already.  On failure *why is a phrase for the operator.
 */
MUST_CHECK enum status config_listen(
    const char *text, struct config *config, const char **why);

/* Read "off", "accept" or "require".  ST_OK or ST_MALFORMED. */
MUST_CHECK enum status config_proxy(const char *text, enum proxy_mode *proxy);

#endif
