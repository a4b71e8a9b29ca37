/*
 * passphrase: see passphrase.h.
 *
 * The terminal is read key by key with its line editor and signal keys off:
 * nothing typed stays in the terminal's own buffer, and Ctrl-C comes as a
 * byte.  A signal that ends the program puts the terminal back as it was
 * before it does: a shell whose echo stays off looks broken.
 */
#include "base/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/durable.h"
#include "base/guarded.h"

#define KEY_INTERRUPT 0x03
#define KEY_END 0x04
#define KEY_ERASE_LINE 0x15

/* One line on standard error, after the program's name. */
__attribute__((format(printf, 1, 2))) static void
tell(const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* Does this byte go on with a UTF-8 character, rather than begin one? */
static bool
goes_on(char c)
{
	return ((uint8_t)c & 0xc0) == 0x80;
}

/* One key more; false when the line has ended, one way or the other. */
static bool
take_key(struct passphrase *pass, uint8_t key, enum status *st)
{
	switch (key) {
	case '\r':
	case '\n':
		return false;
	case KEY_INTERRUPT:
	case KEY_END:
		*st = ST_EOF;
		return false;
	case KEY_ERASE_LINE:
		wipe(pass->p, pass->len);
		pass->len = 0;
		return true;
	case '\b':
	case 0x7f:
		/* One character, which may be several bytes. */
		while (pass->len > 0 && goes_on(pass->p[--pass->len]))
			;
		return true;
	default:
		if (pass->len == PASSPHRASE_MAX) {
			*st = ST_LIMIT;
			return false;
		}
		pass->p[pass->len++] = (char)key;
		return true;
	}
}

static enum status
read_line(int fd, struct passphrase *pass)
{
	uint8_t key = 0;
	enum status st = ST_OK;

	do {
		if ((st = read_all(fd, &key, 1)) != ST_OK)
			break;
	} while (take_key(pass, key, &st));
	wipe(&key, sizeof(key));
	return st;
}

/* What on_signal() puts back; written before its handlers are set. */
static struct {
	int tty;
	struct termios before;
} shown;

static const int ending[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT};
#define ENDING (sizeof(ending) / sizeof(ending[0]))

/* The handler stands for one signal only: the same one again, unblocked when
 * this returns, then does what it always does. */
static void
on_signal(int number)
{
	int kept = errno;

	(void)tcsetattr(shown.tty, TCSAFLUSH, &shown.before);
	(void)raise(number);
	errno = kept;
}

/* One that the caller's parent ignored (nohup) stays ignored. */
static void
catch_signals(struct sigaction old[static ENDING])
{
	struct sigaction ours = {.sa_flags = (int)SA_RESETHAND};

	ours.sa_handler = on_signal;
	(void)sigemptyset(&ours.sa_mask);
	for (size_t i = 0; i < ENDING; i++) {
		(void)sigaction(ending[i], NULL, &old[i]);
		if (old[i].sa_handler != SIG_IGN)
			(void)sigaction(ending[i], &ours, NULL);
	}
}

static enum status
ask(int tty, const char *question, struct passphrase *pass)
{
	struct sigaction old[ENDING];
	struct termios quiet;
	enum status st;

	shown.tty = tty;
	if (tcgetattr(tty, &shown.before) != 0)
		return ST_IO;
	quiet = shown.before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	quiet.c_cc[VMIN] = 1;
	quiet.c_cc[VTIME] = 0;
	if ((st = write_all(tty, question, strlen(question))) != ST_OK)
		return st;
	catch_signals(old);
	if (tcsetattr(tty, TCSAFLUSH, &quiet) != 0)
		st = ST_IO;
	else {
		st = read_line(tty, pass);
		if (tcsetattr(tty, TCSAFLUSH, &shown.before) != 0 &&
		    st == ST_OK)
			st = ST_IO;
	}
	for (size_t i = 0; i < ENDING; i++)
		(void)sigaction(ending[i], &old[i], NULL);
	if (write_all(tty, "\n", 1) != ST_OK && st == ST_OK)
		st = ST_IO;
	return st;
}

static enum status
passphrase_new(struct passphrase *pass)
{
	pass->len = 0;
	pass->p = guarded_new(PASSPHRASE_MAX);
	return pass->p == NULL ? ST_NOMEM : ST_OK;
}

/* In constant time for one length, like every comparison of secrets. */
static bool
is_same(const struct passphrase *a, const struct passphrase *b)
{
	unsigned differ = 0;

	if (a->len != b->len)
		return false;
	for (size_t i = 0; i < a->len; i++)
		differ |= (unsigned)(a->p[i] ^ b->p[i]);
	return differ == 0;
}

static enum status
ask_again(int tty, const struct passphrase *first)
{
	struct passphrase second;
	enum status st;

	if ((st = passphrase_new(&second)) != ST_OK)
		return st;
	st = ask(tty, "The same passphrase again: ", &second);
	if (st == ST_OK && !is_same(first, &second)) {
		tell("the two passphrases are not the same");
		st = ST_MALFORMED;
	}
	passphrase_free(&second);
	return st;
}

static enum status
from_terminal(bool is_new, struct passphrase *pass)
{
	enum status st;
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (tty == -1) {
		tell("there is no terminal to ask for the passphrase:"
		     " give --passphrase-file FILE");
		return ST_DENIED;
	}
	st = ask(tty,
	    is_new ? "New passphrase for these keys: "
		   : "Passphrase of these keys: ",
	    pass);
	if (st == ST_OK && is_new)
		st = ask_again(tty, pass);
	close(tty);
	if (st == ST_EOF)
		tell("no passphrase given");
	else if (st == ST_LIMIT)
		tell("the passphrase is longer than %d bytes", PASSPHRASE_MAX);
	else if (st == ST_IO)
		tell("the terminal failed: %s", strerror(errno));
	return st;
}

/* The first line of the file, without its end (LF or CR LF). */
static enum status
from_file(const char *file, struct passphrase *pass)
{
	struct stat sb;
	enum status st = ST_OK;
	char c = 0;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd == -1) {
		tell("cannot read the passphrase file %s: %s", file,
		    strerror(errno));
		return errno == ENOENT ? ST_ABSENT : ST_DENIED;
	}
	if (fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode) &&
	    (sb.st_mode & 077) != 0)
		tell("warning: others can read the passphrase file %s", file);
	while ((st = read_all(fd, &c, 1)) == ST_OK && c != '\n') {
		if (pass->len == PASSPHRASE_MAX) {
			st = ST_LIMIT;
			break;
		}
		pass->p[pass->len++] = c;
	}
	wipe(&c, sizeof(c));
	close(fd);
	if (st == ST_LIMIT)
		tell("the first line of %s is longer than %d bytes", file,
		    PASSPHRASE_MAX);
	else if (st == ST_IO)
		tell("cannot read the passphrase file %s: %s", file,
		    strerror(errno));
	if (st != ST_OK && st != ST_EOF)
		return st;
	if (pass->len > 0 && pass->p[pass->len - 1] == '\r')
		pass->len--;
	return ST_OK;
}

/* Refuse what protects nothing. */
static enum status
check(const struct passphrase *pass, bool is_new)
{
	size_t characters = 0;

	if (pass->len == 0) {
		tell("an empty passphrase is refused: it would protect"
		     " nothing");
		return ST_MALFORMED;
	}
	for (size_t i = 0; i < pass->len; i++)
		characters += !goes_on(pass->p[i]);
	if (is_new && characters < PASSPHRASE_MIN) {
		tell("this passphrase is too short: whoever finds the"
		     " keys could try all of its kind; take at least %d"
		     " characters, better six words",
		    PASSPHRASE_MIN);
		return ST_MALFORMED;
	}
	return ST_OK;
}

enum status
passphrase_get(const char *file, bool is_new, struct passphrase *out)
{
	enum status st;

	if ((st = passphrase_new(out)) != ST_OK) {
		tell("no memory for the passphrase");
		return st;
	}
	if (file != NULL)
		st = from_file(file, out);
	else
		st = from_terminal(is_new, out);
	if (st == ST_OK)
		st = check(out, is_new);
	if (st != ST_OK)
		passphrase_free(out);
	return st;
}

void
passphrase_free(struct passphrase *pass)
{
	guarded_free(pass->p);
	pass->p = NULL;
	pass->len = 0;
}
