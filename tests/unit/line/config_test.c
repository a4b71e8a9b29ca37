/*
 * tipline.conf: what is taken, what is refused and with which words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "line/config.h"
#include "tests/unit/fault.h"

#define ONION "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion"
#define SOCKET "[listen]\nunix = /s\n"

static enum status
parse(const char *text, struct config *c, unsigned *line, char *why)
{
	return config_parse(text, strlen(text), c, line, why, CONFIG_WHY_LEN);
}

static void
good_files_are_taken(void **state)
{
	static const char *const good[] = {
	    SOCKET,
	    "[listen]\nloopback = 0\n",
	    "[listen]\nunix = /run/tipline/http.sock\nloopback = 8080\n",
	    "; comment\n# comment\n\n" SOCKET,
	    "   # an indented comment\n" SOCKET,
	    "[listen]\r\nunix = /s\r\n",
	    "[listen]\nunix=/s",
	    "[listen]\nunix = /s ; why this path\n",
	    "[listen]\nunix = /with blank/s\n",
	    "[site]\nonion = none\n" SOCKET,
	    "[site]\nonion = " ONION "\n" SOCKET,
	    SOCKET "proxy = off\n",
	    SOCKET "proxy = accept\n",
	    SOCKET "proxy = require\n",
	    SOCKET "[limits]\nupload = 64K\nfiles = 1\nconnections = 16\n",
	    SOCKET "[limits]\nupload = 256G\nfiles = 256\n",
	    SOCKET "[limits]\ncircuit-connections = 1\ncircuit-uploads = 1\n",
	    SOCKET "[store]\nquota = 64M\nreserve = 32M\n",
	    SOCKET "[store]\nquota = 68719476736\n",
	    SOCKET "[site]\n[limits]\n[store]\n",
	};
	struct config c;
	unsigned line;
	char why[CONFIG_WHY_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		enum status st = parse(good[i], &c, &line, why);

		if (st != ST_OK)
			print_message("%s\n%u: %s\n", good[i], line, why);
		assert_int_equal(st, ST_OK);
	}
}

#define FORTY "0123456789012345678901234567890123456789"

static const struct {
	const char *text;
	unsigned line;
	const char *why; /* part of it */
} bad[] = {
    {"", 0, "neither unix = PATH nor loopback"},
    {"[site]\nonion = none\n", 0, "neither unix = PATH nor loopback"},
    {"# unix = /s\n", 0, "neither unix = PATH nor loopback"},
    {"unix = /s\n", 1, "unknown key 'unix' in []"},
    {"[listen]\nunix = s\n", 2, "must begin with /"},
    {"[listen]\nunix = \n", 2, "is empty"},
    {"[listen]\nunix = /" FORTY FORTY FORTY "\n", 2, "107 bytes"},
    {"[listen]\nunix = /a\nunix = /b\n", 3, "second time"},
    {"[listen]\nloopback = 65536\n", 2, "from 0 to 65535"},
    {"[listen]\nloopback = -1\n", 2, "from 0 to 65535"},
    {"[listen]\nloopback = 0.0.0.0:80\n", 2, "from 0 to 65535"},
    {"[listen]\nloopback = 08\n", 2, "from 0 to 65535"},
    {"[listen]\naddress = 127.0.0.1:80\n", 2, "unknown key 'address'"},
    {SOCKET "proxy = yes\n", 3, "none of off, accept, require"},
    {SOCKET "proxy = \n", 3, "none of off, accept, require"},
    {SOCKET "[limit]\n", 3, "unknown section"},
    {SOCKET "[limits\n", 3, "unknown section"},
    {SOCKET "[limits] x\n", 3, "unknown section"},
    {SOCKET "[]\n", 3, "unknown section"},
    {SOCKET "[limits]\nuploads = 1M\n", 4, "unknown key 'uploads'"},
    {SOCKET "[store]\nupload = 1M\n", 4, "unknown key 'upload' in"},
    {SOCKET "[limits]\nupload = 1 M\n", 4, "not a whole number"},
    {SOCKET "[limits]\nupload = 1.5G\n", 4, "not a whole number"},
    {SOCKET "[limits]\nupload = 1K\n", 4, "not within 65536"},
    {SOCKET "[limits]\nupload = 257G\n", 4, "not within"},
    {SOCKET "[limits]\nfiles = 0\n", 4, "not within 1 and 256"},
    {SOCKET "[limits]\nfiles = 257\n", 4, "not within 1 and 256"},
    {SOCKET "[limits]\nfiles = 1K\n", 4, "not a whole number"},
    {SOCKET "[limits]\nconnections = 15\n", 4, "not within 16"},
    {SOCKET "[limits]\nconnections = 99999999999999999999\n", 4, "not within"},
    {SOCKET "[store]\nquota = 63M\n", 4, "not within"},
    {SOCKET "[store]\nreserve = 0\n", 4, "not within"},
    {SOCKET "[store]\nquota = 8G\nquota = 8G\n", 5, "second time"},
    {"[site]\nonion = example.onion\n" SOCKET, 2, "no"},
    {"[site]\nonion = "
     "euckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion"
     "\n" SOCKET,
	2, "mistyped"},
    {SOCKET "proxy\n", 3, "no 'key = value'"},
    {SOCKET " proxy = off\n", 3, "begins with a blank"},
    {SOCKET "\tproxy = off\n", 3, "begins with a blank"},
    {SOCKET "proxy = off\x01\n", 3, "control character"},
    {SOCKET "# " FORTY FORTY FORTY FORTY FORTY "\n", 3,
	"longer than 190 bytes"},
    {SOCKET "proxy = yes\nproxy\n", 3, "none of"},
    {SOCKET "proxy\nproxy = yes\n", 3, "no 'key = value'"},
};

static void
bad_files_are_refused_with_their_line_and_a_sentence(void **state)
{
	struct config c;
	unsigned line;
	char why[CONFIG_WHY_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		enum status st = parse(bad[i].text, &c, &line, why);

		if (st != ST_MALFORMED || line != bad[i].line ||
		    strstr(why, bad[i].why) == NULL)
			print_message(
			    "%s\ngave %u: %s\n", bad[i].text, line, why);
		assert_int_equal(st, ST_MALFORMED);
		assert_int_equal(line, bad[i].line);
		assert_non_null(strstr(why, bad[i].why));
	}
}

static void
a_file_with_a_nul_or_of_more_than_64_kib_is_refused(void **state)
{
	static char large[CONFIG_MAX + 1];
	static const char nul[] = "[listen]\nunix = /s\0\n";
	struct config c;
	unsigned line;
	char why[CONFIG_WHY_LEN];

	(void)state;
	memset(large, '\n', sizeof(large));
	memcpy(large, SOCKET, strlen(SOCKET));
	assert_int_equal(
	    config_parse(large, CONFIG_MAX, &c, &line, why, sizeof(why)),
	    ST_OK);
	assert_int_equal(
	    config_parse(large, CONFIG_MAX + 1, &c, &line, why, sizeof(why)),
	    ST_MALFORMED);
	assert_int_equal(
	    config_parse(nul, sizeof(nul) - 1, &c, &line, why, sizeof(why)),
	    ST_MALFORMED);
	assert_int_equal(line, 2);
}

static void
what_is_written_is_read_back_equal(void **state)
{
	struct config in[4], out;
	unsigned line;
	char why[CONFIG_WHY_LEN];

	(void)state;
	/* Compared as bytes, so the padding has to be equal, too. */
	memset(in, 0, sizeof(in));
	for (size_t i = 0; i < 4; i++)
		config_default(&in[i]);
	in[0].loopback = true;
	strcpy(in[1].path, "/run/tip line/a;b#c.sock");
	strcpy(in[1].onion, ONION);
	in[1].proxy = PROXY_REQUIRE;
	memset(in[2].path, '/', LISTEN_MAX);
	in[2].loopback = true;
	in[2].port = 65535;
	in[2].quota = CONFIG_QUOTA_LIMIT;
	in[2].upload_max = CONFIG_UPLOAD_MAX;
	in[2].proxy = PROXY_ACCEPT;
	strcpy(in[3].path, "/\xec\x84\x9c");
	in[3].quota = CONFIG_QUOTA_MIN + 1;
	in[3].reserve = CONFIG_RESERVE_MIN + 1024;
	in[3].upload_max = CONFIG_UPLOAD_MIN + 7;
	in[3].files_max = 1;
	in[3].connections_max = 17;
	in[3].circuit_connections_max = 2;
	in[3].circuit_uploads_max = 3;
	for (size_t i = 0; i < 4; i++) {
		struct bytes text = BYTES_INIT(CONFIG_MAX);

		assert_int_equal(config_write(&in[i], &text), ST_OK);
		memset(&out, 0, sizeof(out));
		assert_int_equal(config_parse((const char *)text.p, text.len,
				     &out, &line, why, sizeof(why)),
		    ST_OK);
		assert_string_equal(out.onion, in[i].onion);
		assert_string_equal(out.path, in[i].path);
		assert_int_equal(out.loopback, in[i].loopback);
		assert_int_equal(out.port, in[i].port);
		assert_int_equal(out.proxy, in[i].proxy);
		assert_int_equal(out.upload_max, in[i].upload_max);
		assert_int_equal(out.files_max, in[i].files_max);
		assert_int_equal(out.connections_max, in[i].connections_max);
		assert_int_equal(
		    out.circuit_connections_max, in[i].circuit_connections_max);
		assert_int_equal(
		    out.circuit_uploads_max, in[i].circuit_uploads_max);
		assert_int_equal(out.quota, in[i].quota);
		assert_int_equal(out.reserve, in[i].reserve);
		bytes_free(&text);
	}
}

static void
addresses_of_the_command_line(void **state)
{
	static const struct {
		const char *text;
		enum status st;
		const char *why;
	} table[] = {
	    {"unix:/run/s", ST_OK, ""},
	    {"unix:relative/s", ST_OK, ""},
	    {"127.0.0.1:0", ST_OK, ""},
	    {"127.0.0.1:65535", ST_OK, ""},
	    {"unix:", ST_MALFORMED, "empty"},
	    {"unix: /s", ST_MALFORMED, "blanks"},
	    {"unix:;s", ST_MALFORMED, "blanks"},
	    {"unix:/a ;b", ST_MALFORMED, "blanks"},
	    {"unix:/a\n", ST_MALFORMED, "control"},
	    {"unix:/" FORTY FORTY FORTY, ST_MALFORMED, "107"},
	    {"127.0.0.1:", ST_MALFORMED, "port"},
	    {"127.0.0.1:080", ST_MALFORMED, "port"},
	    {"127.0.0.1", ST_MALFORMED, "never open to a network"},
	    {"0.0.0.0:80", ST_MALFORMED, "never open to a network"},
	    {"localhost:80", ST_MALFORMED, "never open to a network"},
	    {"[::1]:80", ST_MALFORMED, "never open to a network"},
	    {"", ST_MALFORMED, "neither"},
	};
	struct config c;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		config_default(&c);
		assert_int_equal(
		    config_listen(table[i].text, &c, &why), table[i].st);
		if (table[i].st == ST_OK)
			assert_int_equal(
			    config_listen(table[i].text, &c, &why), ST_EXISTS);
		else
			assert_non_null(strstr(why, table[i].why));
	}
}

static void
every_cut_of_a_file_is_read_or_refused_but_never_past_its_end(void **state)
{
	struct bytes text = BYTES_INIT(CONFIG_MAX);
	struct config c;
	unsigned line;
	char why[CONFIG_WHY_LEN];

	(void)state;
	config_default(&c);
	c.loopback = true;
	strcpy(c.path, "/run/s");
	assert_int_equal(config_write(&c, &text), ST_OK);
	for (size_t cut = 0; cut <= text.len; cut++) {
		char *exact = test_malloc(cut + 1);
		enum status st;

		memcpy(exact, text.p, cut);
		st = config_parse(exact, cut, &c, &line, why, sizeof(why));
		assert_true(st == ST_OK || st == ST_MALFORMED);
		assert_true(st == ST_OK || why[0] != '\0');
		test_free(exact);
	}
	bytes_free(&text);
}

static void
writing_without_memory_says_so(void **state)
{
	struct config c;

	(void)state;
	config_default(&c);
	c.loopback = true;
	FAULT_EACH(FAULT_ALLOC)
	{
		struct bytes text = BYTES_INIT(CONFIG_MAX);
		enum status st = config_write(&c, &text);

		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		bytes_free(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_files_are_taken),
	    cmocka_unit_test(
		bad_files_are_refused_with_their_line_and_a_sentence),
	    cmocka_unit_test(
		a_file_with_a_nul_or_of_more_than_64_kib_is_refused),
	    cmocka_unit_test(what_is_written_is_read_back_equal),
	    cmocka_unit_test(addresses_of_the_command_line),
	    cmocka_unit_test(
		every_cut_of_a_file_is_read_or_refused_but_never_past_its_end),
	    cmocka_unit_test(writing_without_memory_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
