/*
 * extension: the ending that an opened file may keep.
 */
#ifndef TIPLINE_ANALYST_EXTENSION_H
#define TIPLINE_ANALYST_EXTENSION_H

#include <stddef.h>
#include <stdint.h>

/*
 * Return the ending, without its dot, for a file that was called name: one
 * of a short list of types that a desktop opens with a viewer, else "bin".
 * Never one that is run or that a browser shows as a page.
 */
const char *extension_of(const uint8_t *name, size_t len);

#endif
