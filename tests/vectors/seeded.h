/*
 * seeded: make libsodium's random bytes come from a name, for vectors.
 *
 * seeded_install() goes before sodium_init().  After seeded_start(name) the
 * same name gives the same bytes on every machine.
 */
#ifndef TIPLINE_VECTORS_SEEDED_H
#define TIPLINE_VECTORS_SEEDED_H

void seeded_install(void);
void seeded_start(const char *name);

#endif
