/*
 * new_line: the folder of a line that is just being made, by
 * tipline-operator init or by tipline-restore.
 */
#ifndef TIPLINE_OPERATOR_NEW_LINE_H
#define TIPLINE_OPERATOR_NEW_LINE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Make the folder, or take one that is empty, and lock it: who else would
 * make a line there is refused as long as the descriptor is open.  *made says
 * whether it was made.  The descriptor, or -1 after words.
 */
int new_line_folder(const char *path, bool *made);

/* Put a file into it, mode 0600.  False after words. */
bool new_line_put(int dirfd, const char *name, const void *p, size_t len);

#endif
