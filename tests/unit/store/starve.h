/*
 * starve: SQLite's own allocations, of which the n-th fails, once.
 */
#ifndef TIPLINE_TESTS_UNIT_STORE_STARVE_H
#define TIPLINE_TESTS_UNIT_STORE_STARVE_H

#include <sqlite3.h>

static sqlite3_mem_methods starve_mem;
static unsigned long starve_n, starve_seen;
static bool starve_fired;

static inline bool
starved(void)
{
	if (starve_n == 0 || ++starve_seen != starve_n)
		return false;
	starve_fired = true;
	return true;
}

static inline void *
starve_malloc(int len)
{
	return starved() ? NULL : starve_mem.xMalloc(len);
}

static inline void *
starve_realloc(void *p, int len)
{
	return starved() ? NULL : starve_mem.xRealloc(p, len);
}

/* Let the n-th from now fail; 0: none.  Whether one did stays readable. */
static inline void
starve_at(unsigned long n)
{
	if (n != 0)
		starve_fired = false;
	starve_n = n;
	starve_seen = 0;
}

/* Before the first use of SQLite. */
static inline bool
starve_install(void)
{
	sqlite3_mem_methods ours;

	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &starve_mem) != SQLITE_OK)
		return false;
	ours = starve_mem;
	ours.xMalloc = starve_malloc;
	ours.xRealloc = starve_realloc;
	return sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) == SQLITE_OK;
}

#endif
