/*
 * setup: see setup.h.
 */
#include "intake/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/log.h"
#include "line/texts_file.h"
#include "site/answer.h"
#include "site/sample.h"
#include "site/texts.h"

_Static_assert(SAMPLE_WHY_LEN >= LINE_WHY_LEN, "room for either sentence");

#define RECEIVER "tipline-receiver"
#define KEEPER "tipline-keeper"
#define OWN_FDS 64 /* what a process needs besides its connections */
/* Locked memory: the guarded arena of the receiver, for its connections. */
#define LOCK_EACH 65536
#define LOCK_BASE (UINT64_C(16) << 20)

static void
say(const char *path, const char *what)
{
	fprintf(stderr, "tipline-intake: %s: %s\n", path, what);
}

/* The folder our two programs lie in, to be freed; NULL and errno. */
static char *
programs_folder(void)
{
#ifdef TIPLINE_PROGRAMS
	return strdup(TIPLINE_PROGRAMS);
#else
	char own[4096];
	ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);
	char *slash;

	if (len < 0)
		return NULL;
	own[len] = '\0';
	if ((slash = strrchr(own, '/')) == NULL)
		return NULL;
	*slash = '\0';
	return strdup(own);
#endif
}

static char *
program_path(const char *folder, const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return NULL;
	if (access(path, X_OK) != 0) {
		fprintf(stderr,
		    "tipline-intake: %s cannot be started: %s; it belongs"
		    " beside tipline-intake, install both again\n",
		    path, strerror(errno));
		free(path);
		return NULL;
	}
	return path;
}

static enum status
find_programs(struct setup *s)
{
	char *folder = programs_folder();

	if (folder == NULL)
		return ST_IO;
	s->receiver = program_path(folder, RECEIVER);
	s->keeper = program_path(folder, KEEPER);
	free(folder);
	return s->receiver != NULL && s->keeper != NULL ? ST_OK : ST_ABSENT;
}

/* Raise a limit as far as this process may; false if that is not enough. */
static bool
raise_limit(int which, rlim_t want)
{
	struct rlimit now, all;

	if (getrlimit(which, &now) != 0)
		return false;
	if (now.rlim_cur == RLIM_INFINITY || now.rlim_cur >= want)
		return true;
	all.rlim_cur = want;
	all.rlim_max = now.rlim_max == RLIM_INFINITY || now.rlim_max > want
	    ? now.rlim_max
	    : want;
	if (setrlimit(which, &all) == 0)
		return true;
	/* Not allowed above the hard limit: go up to it. */
	now.rlim_cur = now.rlim_max;
	if (setrlimit(which, &now) != 0)
		return false;
	return false;
}

static void
raise_limits(const struct setup *s)
{
	uint32_t connections = s->line.config.connections_max;

	if (!raise_limit(RLIMIT_NOFILE, (rlim_t)connections + OWN_FDS))
		say(s->line.path,
		    "the limit of open files is too low for the connections"
		    " of " CONFIG_FILE ": raise LimitNOFILE, or lower"
		    " connections; going on with what there is");
	/* The receiver says so if what it then gets is too little. */
	(void)raise_limit(
	    RLIMIT_MEMLOCK, LOCK_BASE + (rlim_t)connections * LOCK_EACH);
}

/* Keys and tips lie in it; said aloud at each start until it is mended. */
static void
warn_if_open(const struct setup *s)
{
	struct stat sb;

	if (fstat(s->line.dirfd, &sb) == 0 && (sb.st_mode & 077) != 0)
		say(s->line.path,
		    "others on this machine can enter this folder, where the"
		    " server's key lies: chmod 0700 it, then run"
		    " tipline-operator check; going on");
}

static enum status
open_line(const char *path, struct setup *s)
{
	char why[LINE_WHY_LEN], busy[LINE_WHY_LEN];
	enum status st;

	if ((st = line_open(path, &s->line, why)) != ST_OK) {
		say(path, why);
		return st;
	}
	st = line_lock(&s->line, &s->lock_fd);
	if (st == ST_BUSY) {
		snprintf(busy, sizeof(busy),
		    "tipline-intake runs on this line already, as process"
		    " %ld; nothing was changed",
		    (long)line_running(&s->line));
		say(path, busy);
	} else if (st != ST_OK) {
		snprintf(busy, sizeof(busy), LINE_LOCK " cannot be locked: %s",
		    strerror(errno));
		say(path, busy);
	} else {
		warn_if_open(s);
	}
	return st;
}

/* Made before the walls: behind them LINE/epoch may be written, not made. */
static void
load_floor(struct setup *s)
{
	char why[LINE_WHY_LEN];

	if (line_epoch_keep(&s->line, 0, why) != ST_OK ||
	    line_epoch(&s->line, &s->floor, why) != ST_OK)
		say(s->line.path, why);
}

static void
say_if_not_in_force(const struct setup *s)
{
	enum epoch_state state;
	uint64_t opens;

	(void)keyset_in_force(
	    &s->set, (uint64_t)time(NULL), s->floor, &state, &opens);
	if (state == EPOCH_AHEAD)
		say(s->line.path,
		    "this machine's clock is behind: the key of a later week,"
		    " which was in force here before, goes on being used; set"
		    " the clock");
	else if (state == EPOCH_EARLY)
		say(s->line.path,
		    "the form is closed until the next key begins: see"
		    " tipline-operator status, and that the clock is right");
	else if (state == EPOCH_ENDED)
		say(s->line.path,
		    "the form is closed: the key set has no key for this"
		    " moment; install a new one with tipline-operator keyset"
		    " install");
}

/* A line without usable keys still serves: its page says it is closed. */
static void
load_first_set(struct setup *s)
{
	char why[LINE_WHY_LEN];

	load_floor(s);
	if (line_shown_load(&s->line, &s->set, &s->shown, why) == ST_OK) {
		s->has_set = true;
		say_if_not_in_force(s);
		return;
	}
	say(s->line.path, why);
	say(s->line.path,
	    "the form is closed until a key set is installed with"
	    " tipline-operator keyset install");
}

bool
setup_reload_keys(struct setup *s)
{
	char why[LINE_WHY_LEN];
	struct line_shown shown;
	struct keyset set;
	enum status st;

	st = line_shown_load(&s->line, &set, &shown, why);
	if (st != ST_OK && (st != ST_WRONG_KEY || !s->has_set)) {
		line_shown_free(&shown);
		log_event(LOG_KEYS_REFUSED);
		return false;
	}
	if (s->has_set)
		keyset_free(&s->set);
	line_shown_free(&s->shown);
	s->shown = shown;
	/* Whoever pins another root by hand no longer trusts the old one. */
	s->has_set = st == ST_OK;
	if (s->has_set)
		s->set = set;
	log_event(s->has_set ? LOG_KEYS_LOADED : LOG_KEYS_GIVEN_UP);
	return true;
}

/*
 * Does every page hold them?  The tool that puts texts in has asked, but a
 * file may be put in by hand, and a newer program has longer pages: one that
 * is too long would end before the button that sends the tip.  Keys are left
 * out, since no page holds both.
 */
static enum status
texts_fit(const struct setup *s, const struct texts *t,
    char why[static SAMPLE_WHY_LEN])
{
	const struct config *c = &s->line.config;
	const struct answer_site site = {
	    .limits = {c->upload_max, PAGE_MESSAGE_MAX, c->files_max},
	    .onion = c->onion,
	    .texts = t};
	struct sample_misfit misfit;
	enum status st = sample_fits(&site, &misfit);

	if (st == ST_LIMIT)
		sample_misfit_tell(&misfit, why);
	else if (st != ST_OK)
		snprintf(why, SAMPLE_WHY_LEN, "%s", status_text(st));
	return st;
}

/* The texts as the receiver gets them; *out is the caller's on ST_OK and
 * ST_ABSENT, as from line_texts_load(). */
static enum status
load_texts(
    const struct setup *s, struct bytes *out, char why[static SAMPLE_WHY_LEN])
{
	struct texts *t = NULL;
	enum status st, written;

	*out = BYTES_INIT(TEXTS_BYTES_MAX);
	st = line_texts_load(&s->line, &t, why);
	if (st == ST_OK && (st = texts_fit(s, t, why)) != ST_OK) {
		texts_free(t);
		return st;
	}
	if (t != NULL && (written = texts_write(t, out)) != ST_OK) {
		bytes_free(out);
		snprintf(why, LINE_WHY_LEN, "%s", status_text(written));
		st = written;
	}
	texts_free(t);
	return st;
}

/* Words that are not right are no reason to take no tips. */
static enum status
load_first_texts(struct setup *s)
{
	char why[SAMPLE_WHY_LEN];
	struct texts *t = NULL;
	enum status st;

	st = load_texts(s, &s->texts, why);
	if (st == ST_OK || st == ST_ABSENT)
		return ST_OK;
	say(s->line.path, why);
	say(s->line.path,
	    "going on with neutral texts: mend " TEXTS_FILE
	    ", run tipline-operator check,"
	    " then put it in with tipline-operator texts install");
	if ((st = texts_new(&t)) == ST_OK)
		st = texts_write(t, &s->texts);
	texts_free(t);
	return st;
}

bool
setup_reload_texts(struct setup *s)
{
	char why[SAMPLE_WHY_LEN];
	struct bytes texts;
	enum status st = load_texts(s, &texts, why);

	if (st != ST_OK && st != ST_ABSENT) {
		log_event(LOG_TEXTS_REFUSED);
		return false;
	}
	if (texts.len == s->texts.len &&
	    memcmp(texts.p, s->texts.p, texts.len) == 0) {
		bytes_free(&texts);
		return false;
	}
	bytes_free(&s->texts);
	s->texts = texts;
	log_event(LOG_TEXTS_LOADED);
	return true;
}

static enum status
catch_signals(struct setup *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	/* An ignored SIGCHLD would take the children's ends away from us. */
	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    sigprocmask(SIG_SETMASK, &set, NULL) != 0)
		return ST_IO;
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd >= 0 ? ST_OK : ST_IO;
}

/*
 * The children are started from inside these walls and add their own, so
 * the first start and every later one happen alike.
 */
static enum status
confine_all(const struct setup *s)
{
	char *folder = programs_folder();
	char socket_folder[LISTEN_MAX + 1], epoch[PATH_MAX];
	char *slash;

	snprintf(epoch, sizeof(epoch), "%s/" LINE_EPOCH, s->line.path);
	snprintf(
	    socket_folder, sizeof(socket_folder), "%s", s->line.config.path);
	if ((slash = strrchr(socket_folder, '/')) != NULL)
		slash[slash == socket_folder ? 1 : 0] = '\0';
	const char *const read[] = {
	    s->line.path, "/etc/ld.so.cache", "/etc/ssl/openssl.cnf", NULL};
	/* Of the line itself one file, which it cannot replace. */
	const char *const write[] = {s->line.data_path, epoch,
	    slash != NULL ? socket_folder : NULL, NULL};
	const char *const execute[] = {folder, "/usr/lib", "/usr/lib64",
	    "/usr/local/lib", "/lib", "/lib64", NULL};
	const struct confine_paths paths = {read, write, execute};
	struct confine_missing missing;
	enum status st = ST_IO;

	if (folder != NULL)
		st = confine(CONFINE_SUPERVISOR, &paths, &missing);
	free(folder);
	if (st != ST_OK)
		return st;
	if (missing.landlock)
		log_event(LOG_NO_LANDLOCK);
#ifdef TIPLINE_SANITIZE
	log_event(LOG_SANITIZED);
#else
	if (missing.seccomp)
		log_event(LOG_NO_SECCOMP);
#endif
	return ST_OK;
}

static enum status
failed(const char *what)
{
	fprintf(stderr, "tipline-intake: %s: %s\n", what, strerror(errno));
	return ST_IO;
}

enum status
setup_open(const char *path, struct setup *s)
{
	char why[LISTENING_WHY_LEN];
	enum status st;

	*s = (struct setup){.line.dirfd = -1,
	    .lock_fd = -1,
	    .null_fd = -1,
	    .signal_fd = -1,
	    .listening = {.unix_fd = -1, .loopback_fd = -1}};
	log_open("tipline-intake");
	if ((st = open_line(path, s)) != ST_OK ||
	    (st = find_programs(s)) != ST_OK)
		goto out;
	st = ST_IO;
	if ((s->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC)) < 0) {
		failed("/dev/null");
		goto out;
	}
	load_first_set(s);
	if ((st = load_first_texts(s)) != ST_OK) {
		say(path, status_text(st));
		goto out;
	}
	st = listening_open(&s->line.config, &s->listening, why);
	if (st != ST_OK) {
		say(path, why);
		goto out;
	}
	raise_limits(s);
	if ((st = catch_signals(s)) != ST_OK)
		failed("signals");
	else if ((st = confine_all(s)) != ST_OK)
		failed("the process could not be confined");
out:
	if (st != ST_OK)
		setup_close(s);
	return st;
}

void
setup_close(struct setup *s)
{
	listening_close(&s->listening);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	if (s->null_fd >= 0)
		close(s->null_fd);
	if (s->has_set)
		keyset_free(&s->set);
	s->has_set = false;
	line_shown_free(&s->shown);
	bytes_free(&s->texts);
	free(s->receiver);
	free(s->keeper);
	s->receiver = s->keeper = NULL;
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	s->lock_fd = s->null_fd = s->signal_fd = -1;
	line_close(&s->line);
}
