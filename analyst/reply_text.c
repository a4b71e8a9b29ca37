/*
 * reply_text: see reply_text.h.
 */
#include "analyst/reply_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "analyst/say.h"
#include "base/guarded.h"

/* Room for a text that is too long by less than a page, to say by how much. */
#define ROOM ((size_t)16384)

static size_t
escaped_len(const uint8_t *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		switch (text[i]) {
		case '<':
		case '>':
			n += strlen("&lt;");
			break;
		case '&':
		case '\'':
			n += strlen("&amp;");
			break;
		case '"':
			n += strlen("&quot;");
			break;
		default:
			n++;
			break;
		}
	}
	return n;
}

/* How many bytes may still be added, as a page counts them too; below 0 it is
 * too long already. */
static long
bytes_left(const uint8_t *text, size_t len)
{
	const long plain = REPLY_TEXT_MAX - (long)len;
	const long shown =
	    REPLY_TEXT_ESCAPED_MAX - (long)escaped_len(text, len);

	return plain < shown ? plain : shown;
}

/* CR LF becomes LF. */
static size_t
without_cr(uint8_t *text, size_t len)
{
	size_t to = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\r' && i + 1 < len && text[i + 1] == '\n')
			continue;
		text[to++] = text[i];
	}
	return to;
}

/* A terminal gives a line at a time. */
static size_t
take_line(const uint8_t *text, size_t before, size_t len)
{
	long left = bytes_left(text, len);

	if (left >= 0) {
		say("%ld byte%s left.", left, left == 1 ? "" : "s");
		return len;
	}
	say("This line is %ld byte%s too long and was not taken; %ld left.",
	    -left, left == -1 ? "" : "s", bytes_left(text, before));
	return before;
}

static enum status
read_text(int fd, uint8_t *text, size_t *len)
{
	const bool terminal = isatty(fd) == 1;
	ssize_t n;

	if (terminal)
		say("Type the answer; an empty line with Ctrl-D ends it. %d"
		    " bytes left.",
		    REPLY_TEXT_MAX);
	while (*len < ROOM) {
		n = read(fd, text + *len, ROOM - *len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return ST_IO;
		if (n == 0)
			return ST_OK;
		*len = terminal ? take_line(text, *len, *len + (size_t)n)
				: *len + (size_t)n;
	}
	return ST_LIMIT;
}

static enum status
check(const uint8_t *text, size_t len)
{
	const long left = bytes_left(text, len);

	if (len == 0) {
		say_error("the answer is empty: nothing was sealed");
		return ST_MALFORMED;
	}
	if (left < 0) {
		say_error("the answer is %ld byte%s too long; at most %d bytes"
			  " of UTF-8, and & < > \" ' count as they are shown"
			  " on a page (5, 4, 4, 6 and 5 bytes of %d)",
		    -left, left == -1 ? "" : "s", REPLY_TEXT_MAX,
		    REPLY_TEXT_ESCAPED_MAX);
		return ST_LIMIT;
	}
	if (!reply_text_ok(text, len)) {
		say_error("the answer is not plain UTF-8 text: control"
			  " characters (a tab is one) cannot be shown");
		return ST_MALFORMED;
	}
	return ST_OK;
}

enum status
reply_text_read(const char *path, struct reply *reply)
{
	uint8_t *text = guarded_new(ROOM);
	size_t len = 0;
	enum status st = ST_NOMEM;
	int fd = STDIN_FILENO;

	reply->len = 0;
	if (text == NULL) {
		say_error("out of memory");
		goto out;
	}
	if (path != NULL && (fd = open(path, O_RDONLY | O_CLOEXEC)) == -1) {
		say_error("cannot read %s: %s", path, strerror(errno));
		st = errno == ENOENT ? ST_ABSENT : ST_DENIED;
		goto out;
	}
	st = read_text(fd, text, &len);
	if (st == ST_IO)
		say_error("cannot read the answer: %s", strerror(errno));
	if (st == ST_LIMIT)
		say_error("the answer is far too long: at most %d bytes",
		    REPLY_TEXT_MAX);
	if (st != ST_OK)
		goto out;
	len = without_cr(text, len);
	while (len > 0 && text[len - 1] == '\n')
		len--;
	if ((st = check(text, len)) != ST_OK)
		goto out;
	memcpy(reply->text, text, len);
	reply->len = len;
out:
	if (fd != STDIN_FILENO && fd != -1)
		close(fd);
	guarded_free(text);
	return st;
}
