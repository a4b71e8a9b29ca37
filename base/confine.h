/*
 * confine: take from a process all that it does not need.
 *
 * Every program of the house calls confine_early() first: no core file, not
 * dumpable, no new privileges.  Then, once its files are open, confine()
 * with its role: a Landlock rule set for the paths it named and nothing
 * else (and no TCP), and a seccomp filter.  Receiver and keeper have an
 * allow list; the supervisor and the tools, which start processes or touch
 * many files, have a deny list.  The filters of all roles stand in
 * confine_seccomp.c, side by side.
 */
#ifndef TIPLINE_BASE_CONFINE_H
#define TIPLINE_BASE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum confine_role {
	CONFINE_SUPERVISOR, /* may start the two programs below it */
	CONFINE_RECEIVER,   /* opens no file; accepts, reads, writes */
	CONFINE_KEEPER,     /* the database's folder; no network */
	CONFINE_OPERATOR,   /* files of the line; no network but unix */
	CONFINE_OFFLINE,    /* files; no socket of any kind */
};

/*
 * Folders or files, each list ended by NULL; a list itself may be NULL.
 * A path that does not exist is passed over.  To start a program linked with
 * shared libraries, execute must name the loader's and libraries' folders
 * too.  What is bound and open already stays so.
 */
struct confine_paths {
	const char *const *read;    /* may be read */
	const char *const *write;   /* may be read, written and made in */
	const char *const *execute; /* may be read and started */
};

/* What the kernel did not have. */
struct confine_missing {
	bool seccomp, landlock;
};

/* No core files, not dumpable, no_new_privs, umask 077.  ST_OK or ST_IO. */
MUST_CHECK enum status confine_early(void);

/*
 * Confine the process for good.  paths may be NULL: then no path can be
 * opened at all where Landlock works.  Where the kernel lacks a means it is
 * named in *missing, and the caller says so aloud.  Any other failure is
 * ST_IO, and the caller must not go on.  A build with sanitizers leaves
 * seccomp out and names it missing.
 */
MUST_CHECK enum status confine(enum confine_role role,
    const struct confine_paths *paths, struct confine_missing *missing);

#endif
