/*
 * supervisor: the loop.  See supervisor.h; what comes before is setup.c.
 *
 * Order of things: a receiver needs a control socket, made with it; a keeper
 * needs a channel, made with it, whose other end goes to the receiver.  So a
 * keeper is started only beside a living receiver, and one whose receiver
 * has ended is dismissed: it sees the end of its channel and goes by itself.
 */
#include "intake/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/ipc.h"
#include "base/log.h"
#include "intake/control.h"
#include "intake/in_force.h"
#include "intake/setup.h"
#include "intake/spawn.h"
#include "intake/telling.h"

#define PATIENCE_MS 5000  /* from asking a process to end to killing it */
#define SETTLED_MS 2000   /* a life this long is no failed start */
#define QUICK_STARTS 10   /* failed starts without a pause */
#define PAUSE_FIRST_MS 50 /* doubled each time */
#define PAUSE_MAX_MS 1000
#define EPOCHS_EVERY_MS (3600 * 1000)
#define NEVER UINT64_MAX
#define CHANNEL_LEN (1 << 20) /* bytes on their way to the keeper */

struct child {
	pid_t pid;                             /* 0: none */
	uint64_t started, not_before, kill_at; /* milliseconds */
	unsigned failed_starts;
};

struct supervisor {
	struct setup s;
	struct child receiver, keeper;
	int control; /* to the receiver, -1 without one */
	int channel; /* the keeper's other end, until the receiver has it */
	bool ready, stopping;
	struct telling telling;
	struct in_force keys;
	uint64_t epochs_at; /* when to tell them again, changed or not */
};

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* After an end, or a start that failed: when may the next start be? */
static void
plan_restart(struct child *c)
{
	uint64_t now = now_ms(), pause = 0;

	if (c->started != 0 && now - c->started >= SETTLED_MS)
		c->failed_starts = 0;
	c->failed_starts++;
	if (c->failed_starts > QUICK_STARTS) {
		unsigned doubled = c->failed_starts - QUICK_STARTS - 1;

		pause = PAUSE_MAX_MS;
		if (doubled < 5 && PAUSE_FIRST_MS << doubled < PAUSE_MAX_MS)
			pause = PAUSE_FIRST_MS << doubled;
		if (doubled == 0)
			log_event(LOG_RESTART_STORM);
	}
	*c = (struct child){.not_before = now + pause,
	    .kill_at = NEVER,
	    .failed_starts = c->failed_starts};
}

static void
start_child(struct child *c, const struct spawn *spawn)
{
	c->started = now_ms();
	c->kill_at = NEVER;
	if (spawn_child(spawn, &c->pid) != ST_OK) {
		log_errno(LOG_IO);
		plan_restart(c);
	}
}

static void
start_receiver(struct supervisor *sup)
{
	char name[] = "tipline-receiver";
	char *argv[] = {name, NULL};
	struct spawn spawn = {.program = sup->s.receiver,
	    .argv = argv,
	    .null_fd = sup->s.null_fd};
	int pair[2];

	if (ipc_pair(pair) != ST_OK ||
	    fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0) {
		log_errno(LOG_IO);
		plan_restart(&sup->receiver);
		return;
	}
	spawn.fds[CONTROL_FD - SPAWN_FIRST_FD] = pair[1];
	spawn.fds[LISTEN_FD - SPAWN_FIRST_FD] = sup->s.listening.unix_fd;
	spawn.fds[LOOPBACK_FD - SPAWN_FIRST_FD] = sup->s.listening.loopback_fd;
	start_child(&sup->receiver, &spawn);
	close(pair[1]);
	sup->control = pair[0];
	if (sup->receiver.pid == 0)
		close_fd(&sup->control);
	telling_all(&sup->telling);
}

/*
 * Let more than the usual 208 KiB lie in the channel, so that receiver and
 * keeper wake each other less often: measured at 5 to 15 % of a long upload's
 * time.  Where it is not allowed the channel is as good, only shorter.
 */
static void
widen_channel(const int pair[static 2])
{
	const int len = CHANNEL_LEN;

	for (int i = 0; i < 2; i++) {
		if (setsockopt(pair[i], SOL_SOCKET, SO_SNDBUFFORCE, &len,
			sizeof(len)) != 0)
			(void)setsockopt(
			    pair[i], SOL_SOCKET, SO_SNDBUF, &len, sizeof(len));
	}
}

static void
start_keeper(struct supervisor *sup)
{
	const struct config *config = &sup->s.line.config;
	char name[] = "tipline-keeper", data[] = "--data", quota[] = "--quota",
	     reserve[] = "--reserve";
	char quota_text[24], reserve_text[24];
	char *argv[] = {name, data, sup->s.line.data_path, quota, quota_text,
	    reserve, reserve_text, NULL};
	struct spawn spawn = {.program = sup->s.keeper,
	    .argv = argv,
	    .fds = {-1, -1, -1},
	    .null_fd = sup->s.null_fd};
	int pair[2];

	snprintf(quota_text, sizeof(quota_text), "%" PRIu64, config->quota);
	snprintf(
	    reserve_text, sizeof(reserve_text), "%" PRIu64, config->reserve);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		log_errno(LOG_IO);
		plan_restart(&sup->keeper);
		return;
	}
	widen_channel(pair);
	spawn.fds[CHANNEL_FD - SPAWN_FIRST_FD] = pair[1];
	start_child(&sup->keeper, &spawn);
	close(pair[1]);
	close_fd(&sup->channel);
	sup->channel = pair[0];
	if (sup->keeper.pid == 0)
		close_fd(&sup->channel);
}

static void
start_due(struct supervisor *sup)
{
	uint64_t now = now_ms();

	if (sup->stopping)
		return;
	if (sup->receiver.pid == 0 && now >= sup->receiver.not_before)
		start_receiver(sup);
	if (sup->receiver.pid != 0 && sup->keeper.pid == 0 &&
	    now >= sup->keeper.not_before)
		start_keeper(sup);
}

static void
end_child(struct child *c, int sig)
{
	if (c->pid == 0)
		return;
	kill(c->pid, sig);
	if (c->kill_at == NEVER)
		c->kill_at = now_ms() + PATIENCE_MS;
}

/* Tell the receiver what it does not know yet, in order, while it takes it. */
static void
tell_receiver(struct supervisor *sup)
{
	enum status st;

	if (sup->control < 0)
		return;
	st = telling_go_on(&sup->telling, &sup->s, &sup->keys, sup->control);
	if (st == ST_OK && sup->channel >= 0 &&
	    (st = ipc_send(
		 sup->control, CONTROL_KEEPER, NULL, 0, sup->channel)) == ST_OK)
		close_fd(&sup->channel);
	if (st == ST_OK || st == ST_AGAIN)
		return;
	/* It is gone or broken: its end comes as a signal, or by ours. */
	if (st != ST_EOF)
		log_errno(LOG_IO);
	close_fd(&sup->control);
	end_child(&sup->receiver, SIGTERM);
}

static void
say_ready(struct supervisor *sup)
{
	const struct listening *l = &sup->s.listening;
	char loopback[48] = "";

	if (sup->ready)
		return;
	sup->ready = true;
	if (l->loopback_fd >= 0)
		snprintf(loopback, sizeof(loopback), "%shttp://127.0.0.1:%u/",
		    l->unix_fd >= 0 ? " and " : "", (unsigned)l->port);
	fprintf(stderr, "tipline-intake: ready on %s%s%s\n",
	    l->unix_fd >= 0 ? "unix:" : "", l->path, loopback);
}

/* The receiver has one thing to say; another means it is no longer ours. */
static void
hear_receiver(struct supervisor *sup)
{
	uint8_t type, p[16];
	size_t got;
	int passed = -1;
	enum status st;

	while ((st = ipc_recv(sup->control, &type, p, sizeof(p), &got,
		    &passed)) == ST_OK &&
	    type == CONTROL_READY && got == 0 && passed < 0)
		say_ready(sup);
	if (st == ST_AGAIN)
		return;
	close_fd(&passed);
	close_fd(&sup->control);
	if (st == ST_EOF) {
		end_child(&sup->receiver, SIGTERM);
		return;
	}
	log_event(LOG_MESSAGE_MALFORMED);
	end_child(&sup->receiver, SIGKILL);
}

static void
on_end(struct supervisor *sup, pid_t pid)
{
	if (pid == sup->receiver.pid) {
		if (!sup->stopping)
			log_event(LOG_RECEIVER_DIED);
		plan_restart(&sup->receiver);
		close_fd(&sup->control);
		close_fd(&sup->channel);
		if (sup->keeper.pid != 0)
			sup->keeper.kill_at = now_ms() + PATIENCE_MS;
	} else if (pid == sup->keeper.pid) {
		/* One that was dismissed went as it should. */
		if (sup->keeper.kill_at == NEVER) {
			if (!sup->stopping)
				log_event(LOG_KEEPER_DIED);
			plan_restart(&sup->keeper);
		} else {
			sup->keeper = (struct child){.kill_at = NEVER};
		}
		close_fd(&sup->channel);
	}
}

static void
reap(struct supervisor *sup)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		on_end(sup, pid);
}

static void
stop(struct supervisor *sup)
{
	sup->stopping = true;
	end_child(&sup->receiver, SIGTERM);
	end_child(&sup->keeper, SIGTERM);
}

static void
reload(struct supervisor *sup)
{
	if (setup_reload_keys(&sup->s))
		pieces_begin(&sup->telling.keys);
	if (setup_reload_texts(&sup->s))
		pieces_begin(&sup->telling.texts);
}

/* All signals of this moment first: an end may be part of a stop. */
static void
take_signals(struct supervisor *sup)
{
	struct signalfd_siginfo info;
	bool ended = false;

	while (read(sup->s.signal_fd, &info, sizeof(info)) ==
	    (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			ended = true;
		else if (info.ssi_signo != SIGHUP)
			stop(sup);
		else
			reload(sup);
	}
	if (ended)
		reap(sup);
}

static uint64_t
sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Milliseconds until something is due, rounded so that it then is. */
static int
wait_time(const struct supervisor *sup)
{
	uint64_t now = now_ms(), at = sup->keys.look_at;

	at = sooner(at,
	    sup->receiver.pid != 0 ? sup->receiver.kill_at
		: sup->stopping    ? NEVER
				   : sup->receiver.not_before);
	if (sup->keeper.pid != 0)
		at = sooner(at, sup->keeper.kill_at);
	else if (!sup->stopping && sup->receiver.pid != 0)
		at = sooner(at, sup->keeper.not_before);
	if (at <= now)
		return 0;
	return at - now > 3600000 ? 3600000 : (int)(at - now);
}

static void
kill_late(struct child *c)
{
	if (c->pid == 0 || now_ms() < c->kill_at)
		return;
	kill(c->pid, SIGKILL);
	c->kill_at = now_ms() + PATIENCE_MS;
}

/* At each turn: the clock may have been set, and it costs next to nothing. */
static void
look_at_keys(struct supervisor *sup)
{
	uint64_t now = now_ms();

	if (in_force_look(&sup->keys, &sup->s, now) || now >= sup->epochs_at) {
		sup->telling.epochs = true;
		sup->epochs_at = now + EPOCHS_EVERY_MS;
	}
}

static void
turn(struct supervisor *sup)
{
	struct pollfd fds[2];
	bool waiting;

	look_at_keys(sup);
	start_due(sup);
	tell_receiver(sup);
	waiting = telling_waits(&sup->telling) || sup->channel >= 0;
	fds[0] = (struct pollfd){sup->s.signal_fd, POLLIN, 0};
	fds[1] = (struct pollfd){
	    sup->control, (short)(POLLIN | (waiting ? POLLOUT : 0)), 0};
	if (poll(fds, 2, wait_time(sup)) < 0 && errno != EINTR)
		log_errno(LOG_IO);
	if (fds[0].revents != 0)
		take_signals(sup);
	if (sup->control >= 0 && (fds[1].revents & ~POLLOUT) != 0)
		hear_receiver(sup);
	kill_late(&sup->receiver);
	kill_late(&sup->keeper);
}

int
supervisor_run(const char *path)
{
	static struct supervisor sup = {.control = -1,
	    .channel = -1,
	    .receiver.kill_at = NEVER,
	    .keeper.kill_at = NEVER};

	if (setup_open(path, &sup.s) != ST_OK)
		return 1;
	log_event(LOG_STARTED);
	in_force_begin(&sup.keys, &sup.s);
	telling_begin(&sup.telling, &sup.s);
	while (!sup.stopping || sup.receiver.pid != 0 || sup.keeper.pid != 0)
		turn(&sup);
	close_fd(&sup.control);
	close_fd(&sup.channel);
	setup_close(&sup.s);
	log_event(LOG_STOPPED);
	return 0;
}
