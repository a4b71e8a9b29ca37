/*
 * turn: see turn.h.
 *
 * One byte of the lock file for each of the three, all of them for a purge:
 * POSIX record locks, so that the kernel can name the holder.
 */
#include "operator/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "operator/tool.h"

static const char *const names[] = {"export", "backup", "import"};
#define PARTS ((off_t)(sizeof(names) / sizeof(*names)))

static struct flock
range_of(enum turn turn)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	lock.l_start = turn == TURN_PURGE ? 0 : (off_t)turn;
	lock.l_len = turn == TURN_PURGE ? PARTS : 1;
	return lock;
}

static void
say_busy(const struct line *line, enum turn turn, int fd)
{
	struct flock held = range_of(turn);
	const char *who = "export, backup or import";

	if (fcntl(fd, F_GETLK, &held) != 0 || held.l_type == F_UNLCK)
		held.l_pid = 0;
	else if (held.l_len > 1)
		who = "purge";
	else if (held.l_start < PARTS)
		who = names[held.l_start];
	tool_say("%s: another %s is at work on it (process %ld); nothing was"
		 " changed: run this again when it has ended",
	    line->path, who, (long)held.l_pid);
}

bool
turn_take(const struct line *line, enum turn turn, int *fd)
{
	struct flock lock = range_of(turn);

	*fd = openat(line->dirfd, TURN_FILE,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd == -1) {
		tool_say("%s/" TURN_FILE " cannot be opened: %s", line->path,
		    tool_words(ST_IO));
		return false;
	}
	if (fcntl(*fd, F_SETLK, &lock) == 0)
		return true;
	if (errno == EACCES || errno == EAGAIN)
		say_busy(line, turn, *fd);
	else
		tool_say("%s/" TURN_FILE " cannot be locked: %s", line->path,
		    tool_words(ST_IO));
	turn_leave(*fd);
	*fd = -1;
	return false;
}

void
turn_leave(int fd)
{
	if (fd != -1)
		close(fd);
}
