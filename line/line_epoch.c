/*
 * line_epoch: the highest epoch ever in force, in LINE/epoch.  See line.h.
 *
 * The file is made once, whole; from then on it is written in place with one
 * call.  A number of a few digits lies in one sector, which a disk writes or
 * does not write; and numbers only rise, so it never gets shorter.  In return
 * the supervisor needs the right to write this one file and no other.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/num.h"
#include "line/line_inner.h"

#define EPOCH_TEXT_MAX 16 /* 10 digits, LF and some */

/* ST_ABSENT: no epoch was ever kept. */
static enum status
read_epoch(const struct line *line, uint32_t *epoch, char *why)
{
	struct bytes text = BYTES_INIT(EPOCH_TEXT_MAX);
	uint64_t number = 0;
	enum status st;

	*epoch = 0;
	st = line_read_file(line, LINE_EPOCH, &text, why);
	if (st == ST_LIMIT ||
	    (st == ST_OK &&
		(text.len == 0 || text.p[text.len - 1] != '\n' ||
		    num_parse((const char *)text.p, text.len - 1, UINT32_MAX,
			&number) != ST_OK))) {
		snprintf(why, LINE_WHY_LEN,
		    "LINE/" LINE_EPOCH " is damaged: it should hold one"
		    " number; see that this machine's clock is right, then"
		    " remove it");
		st = ST_MALFORMED;
	}
	*epoch = (uint32_t)number;
	bytes_free(&text);
	return st;
}

enum status
line_epoch(
    const struct line *line, uint32_t *epoch, char why[static LINE_WHY_LEN])
{
	enum status st;

	why[0] = '\0';
	st = read_epoch(line, epoch, why);
	return st == ST_ABSENT ? ST_OK : st;
}

static enum status
write_over(const struct line *line, const char *text, size_t len)
{
	enum status st = ST_IO;
	ssize_t n;
	int fd;

	fd = openat(line->dirfd, LINE_EPOCH, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return ST_IO;
	n = pwrite(fd, text, len, 0);
	if (n == (ssize_t)len && fdatasync(fd) == 0)
		st = ST_OK;
	else if (n >= 0 && n != (ssize_t)len)
		errno = ENOSPC;
	int error = errno;
	if (close(fd) != 0 && st == ST_OK)
		st = ST_IO;
	else
		errno = error;
	return st;
}

enum status
line_epoch_keep(
    const struct line *line, uint32_t epoch, char why[static LINE_WHY_LEN])
{
	char text[EPOCH_TEXT_MAX];
	uint32_t old;
	size_t len;
	enum status st;

	why[0] = '\0';
	len = (size_t)snprintf(text, sizeof(text), "%" PRIu32 "\n", epoch);
	st = read_epoch(line, &old, why);
	if (st == ST_ABSENT)
		return line_put(line, LINE_EPOCH, text, len, why);
	if (st != ST_OK || epoch <= old)
		return st;
	if ((st = write_over(line, text, len)) != ST_OK) {
		snprintf(why, LINE_WHY_LEN,
		    "LINE/" LINE_EPOCH " cannot be written: %s",
		    strerror(errno));
		if (errno == ENOSPC || errno == EDQUOT)
			st = ST_FULL;
	}
	return st;
}
