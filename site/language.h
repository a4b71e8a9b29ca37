/*
 * language: the languages that pages are written in.
 *
 * English, in which the pages stand in site/pages, comes first; each file
 * site/po/CODE.po adds one.  Its header says in what state it is.
 */
#ifndef TIPLINE_SITE_LANGUAGE_H
#define TIPLINE_SITE_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>

#define LANGUAGE_MAX 32     /* as many at most */
#define LANGUAGE_CODE_MAX 8 /* bytes of a code */
#define LANGUAGE_ENGLISH 0

struct language {
	const char *code;  /* "ko": BCP 47, and the first part of its paths */
	const char *name;  /* its own name for itself */
	const char *words; /* list of a return code's words: "korean" */
	bool rtl;          /* written from right to left */
	bool complete;     /* every string is translated; the build holds it */
	bool draft;        /* no native speaker has read it yet */
};

/* How many there are, 1 to LANGUAGE_MAX. */
size_t language_count(void);

/* One of them, i being below language_count(). */
const struct language *language_get(size_t i);

/* The one of a code (its case matters), or -1. */
int language_find(const char *code, size_t len);

#endif
