/*
 * case: each test has a store of its own, made before and gone after it.
 */
#ifndef TIPLINE_TESTS_UNIT_STORE_CASE_H
#define TIPLINE_TESTS_UNIT_STORE_CASE_H

#include "tests/unit/store/puts.h"

static char *folder;

static inline int
fresh(void **state)
{
	(void)state;
	folder = make_folder();
	return store_create(folder) == ST_OK ? 0 : -1;
}

static inline int
gone(void **state)
{
	(void)state;
	remove_folder(folder);
	return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, fresh, gone)

static inline struct store *
open_writer(void)
{
	struct store *store;

	assert_int_equal(store_open(folder, STORE_WRITE, &wide, &store), ST_OK);
	return store;
}

#endif
