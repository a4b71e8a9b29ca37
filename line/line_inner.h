/*
 * line_inner: what line_keyset.c, line_install.c, line_root.c and
 * line_epoch.c share, for them alone.
 */
#ifndef TIPLINE_LINE_LINE_INNER_H
#define TIPLINE_LINE_LINE_INNER_H

#include "base/bytes.h"
#include "line/line.h"

#define LINE_NEXT ".next"
#define LINE_ROOT_STEPS 64 /* changes of the root that are followed back */

/* What the folder remembers besides the key set itself. */
struct line_memory {
	bool has_root, has_sequence, has_keyset;
	struct minisign_key root;
	uint64_t sequence;
};
MUST_CHECK enum status line_remember(
    const struct line *line, struct line_memory *m, char *why);

/* A root.pub that no key set was ever accepted with is a first install that
 * broke off: it binds nobody. */
bool line_root_binds(const struct line_memory *m);

/*
 * Only one process at a time changes the keys of a line; another waits until
 * line_leave(), which keeps errno.  ST_OK or ST_IO.
 */
MUST_CHECK enum status line_enter(const struct line *line, char *why);
void line_leave(const struct line *line);

/* durable_read() with words; absence is told by the status alone. */
MUST_CHECK enum status line_read_file(
    const struct line *line, const char *name, struct bytes *out, char *why);

/* Replace a file of the line, mode 0600.  why says that what was in use
 * before stays. */
MUST_CHECK enum status line_put(const struct line *line, const char *name,
    const void *p, size_t len, char *why);

/* The key set in use: its files and where they stand, 0 in their place, 1
 * under the .next names, 2 half moved. */
struct line_found {
	struct bytes text, sig;
	size_t at;
};

#define LINE_FOUND_INIT                                                        \
	{                                                                      \
		BYTES_INIT(KEYSET_MAX), BYTES_INIT(MINISIGN_FILE_MAX), 0       \
	}

/* Find it.  When none is right, the complaint is about the files an operator
 * knows.  The caller frees both texts in any case. */
MUST_CHECK enum status line_find(const struct line *line,
    const struct line_memory *m, struct keyset *set, struct line_found *found,
    char *why);

/*
 * The root that signed root in, by the change number *number that is kept in
 * LINE/roots.  ST_OK; ST_ABSENT: root was pinned by hand.
 */
MUST_CHECK enum status line_root_before(const struct line *line,
    const struct minisign_key *root, struct minisign_key *before,
    uint32_t *number);

#endif
