/*
 * proxy_line: the first line that tor sends on each connection with
 * HiddenServiceExportCircuitID haproxy.
 *
 *	PROXY TCP6 fc00:dead:beef:4dad::HHHH:LLLL ::1 PORT PORT CR LF
 *
 * HHHH and LLLL (one to four hex digits each) are the circuit's number.  It
 * is a key for limits, in memory only: never stored, never logged.
 */
#ifndef TIPLINE_INTAKE_PROXY_LINE_H
#define TIPLINE_INTAKE_PROXY_LINE_H

#include <stddef.h>
#include <stdint.h>

enum proxy_result {
	PROXY_MORE,   /* may still become such a line */
	PROXY_TAKEN,  /* is one */
	PROXY_ABSENT, /* something else begins here */
	PROXY_BAD,    /* begins as such a line and is none */
};

/*
 * Look at the first len bytes of a connection.  On PROXY_TAKEN *circuit is
 * the number and *line_len the length of the line with CR LF.
 */
enum proxy_result proxy_line_parse(
    const uint8_t *p, size_t len, uint32_t *circuit, size_t *line_len);

#endif
