/*
 * route: which page a request's target names, and in which language.
 *
 * Pure.  A target is the path of a page, English, or /CODE before it for
 * another language: "/tip", "/ko/tip", "/ko/" (language.h).  Nothing else is
 * a page: no query, no other spelling.
 */
#ifndef TIPLINE_INTAKE_ROUTE_H
#define TIPLINE_INTAKE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROUTE_TOKEN_LEN 16 /* bytes; twice as many hex digits in a path */
#define ROUTE_PARTS_MAX 99 /* of the key set */

enum route_page {
	ROUTE_NONE,     /* no page of ours */
	ROUTE_WELCOME,  /* / */
	ROUTE_BEFORE,   /* /before */
	ROUTE_TIP,      /* /tip, and /tip/TOKEN from the page for large files */
	ROUTE_LARGE,    /* /large */
	ROUTE_PROGRESS, /* /progress/TOKEN */
	ROUTE_RETURN,   /* /return */
	ROUTE_KEYS,     /* /keys, and /keys/2 and so on */
};

struct route {
	enum route_page page;
	size_t language; /* LANGUAGE_ENGLISH where none is named */
	unsigned part;   /* of ROUTE_KEYS, from 1 on */
	bool has_token;
	uint8_t token[ROUTE_TOKEN_LEN]; /* names one sending */
};

/* Never fails: what is no page is ROUTE_NONE, in the language it names. */
void route_parse(const uint8_t *target, size_t len, struct route *out);

#endif
