#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "intake/proxy_line.h"

#define ADDRESS "PROXY TCP6 fc00:dead:beef:4dad::"

static enum proxy_result
parse(const char *text, size_t len, uint32_t *circuit, size_t *line_len)
{
	uint8_t *copy = malloc(len + 1);
	enum proxy_result result;

	memcpy(copy + 1, text, len); /* ends where readable memory ends */
	result = proxy_line_parse(copy + 1, len, circuit, line_len);
	free(copy);
	return result;
}

struct good {
	const char *line;
	uint32_t circuit;
};

static void
the_circuit_is_read_from_the_address(void **state)
{
	static const struct good good[] = {
	    {ADDRESS "0:17 ::1 23 80\r\n", 0x17},
	    {ADDRESS "ffff:ffff ::1 65535 80\r\n", 0xffffffff},
	    {ADDRESS "12:0034 ::1 0 65535\r\n", 0x120034},
	    {ADDRESS "ABCD:ef01 ::1 1 1\r\n", 0xabcdef01},
	};
	uint32_t circuit;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		size_t n = strlen(good[i].line);

		assert_int_equal(
		    parse(good[i].line, n, &circuit, &len), PROXY_TAKEN);
		assert_int_equal(circuit, good[i].circuit);
		assert_int_equal(len, n);
		for (size_t cut = 0; cut < n; cut++)
			assert_int_equal(
			    parse(good[i].line, cut, &circuit, &len),
			    PROXY_MORE);
	}
	assert_int_equal(
	    parse(ADDRESS "0:1 ::1 2 3\r\nGET /", 49, &circuit, &len),
	    PROXY_TAKEN);
	assert_int_equal(len, strlen(ADDRESS "0:1 ::1 2 3\r\n"));
}

static void
what_tor_does_not_send_is_refused(void **state)
{
	static const char *const bad[] = {
	    "PROXY \r\n",
	    "PROXY UNKNOWN\r\n",
	    "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
	    "PROXY TCP6 ::1 ::1 23 80\r\n",
	    "PROXY TCP6 fc00:dead:beef:4dad:0:17 ::1 23 80\r\n",
	    ADDRESS "17 ::1 23 80\r\n",
	    ADDRESS ":17 ::1 23 80\r\n",
	    ADDRESS "0: ::1 23 80\r\n",
	    ADDRESS "00000:17 ::1 23 80\r\n",
	    ADDRESS "0:g ::1 23 80\r\n",
	    ADDRESS "0:17 ::2 23 80\r\n",
	    ADDRESS "0:17  ::1 23 80\r\n",
	    ADDRESS "0:17 ::1 23\r\n",
	    ADDRESS "0:17 ::1 23 80 \r\n",
	    ADDRESS "0:17 ::1 65536 80\r\n",
	    ADDRESS "0:17 ::1 99999999999999999999999 80\r\n",
	    ADDRESS "0:17 ::1 -1 80\r\n",
	    ADDRESS "0:17 ::1 23 80\n",
	    ADDRESS "0:17 ::1 23 80\r\r\n",
	};
	char endless[200];
	uint32_t circuit;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
		    parse(bad[i], strlen(bad[i]), &circuit, &len), PROXY_BAD);
	memset(endless, '0', sizeof(endless));
	memcpy(endless, ADDRESS, strlen(ADDRESS));
	assert_int_equal(parse(endless, 107, &circuit, &len), PROXY_MORE);
	assert_int_equal(parse(endless, 108, &circuit, &len), PROXY_BAD);
}

static void
another_beginning_is_told_from_the_first_byte_on(void **state)
{
	uint32_t circuit;
	size_t len;

	(void)state;
	assert_int_equal(parse("G", 1, &circuit, &len), PROXY_ABSENT);
	assert_int_equal(parse("P", 1, &circuit, &len), PROXY_MORE);
	assert_int_equal(parse("PO", 2, &circuit, &len), PROXY_ABSENT);
	assert_int_equal(parse("proxy ", 6, &circuit, &len), PROXY_ABSENT);
	assert_int_equal(parse("PROXY\t", 6, &circuit, &len), PROXY_ABSENT);
	assert_int_equal(parse("", 0, &circuit, &len), PROXY_MORE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_circuit_is_read_from_the_address),
	    cmocka_unit_test(what_tor_does_not_send_is_refused),
	    cmocka_unit_test(another_beginning_is_told_from_the_first_byte_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
