/*
 * tipline-keeper: owns the database.  Started by tipline-intake, with the
 * channel to the receiver as descriptor KEEPER_FD; no one else needs it.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/log.h"
#include "base/num.h"
#include "store/keeper.h"
#include "store/keeper_msg.h"

#define EXIT_DONE 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2

static const char usage[] =
    "usage: tipline-keeper --data DIR --quota BYTES --reserve BYTES\n"
    "\n"
    "Keeps sealed tips in DIR/" STORE_FILE ".  tipline-intake starts it;\n"
    "descriptor 3 is the channel to tipline-receiver.\n"
    "\n"
    "  --data DIR       the folder of the database\n"
    "  --quota BYTES    how large the database may become\n"
    "  --reserve BYTES  how much of the disk is left free\n"
    "  --help           this text\n";

struct options {
	const char *data;
	struct store_limits limits;
};

static int
bad_usage(const char *why)
{
	(void)fprintf(stderr, "tipline-keeper: %s\n%s", why, usage);
	return EXIT_USAGE;
}

/* -1: go on, else the exit code. */
static int
parse(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
	    {"data", required_argument, NULL, 'd'},
	    {"quota", required_argument, NULL, 'q'},
	    {"reserve", required_argument, NULL, 'r'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	bool quota = false, reserve = false;
	uint64_t *size;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'd':
			options->data = optarg;
			break;
		case 'q':
		case 'r':
			size = c == 'q' ? &options->limits.quota
					: &options->limits.reserve;
			*(c == 'q' ? &quota : &reserve) = true;
			if (num_parse_size(optarg, strlen(optarg),
				UINT64_C(1) << 46, size) != ST_OK)
				return bad_usage("not a size");
			break;
		case 'h':
			(void)fputs(usage, stdout);
			return EXIT_DONE;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind != argc || options->data == NULL || !quota || !reserve)
		return bad_usage("--data, --quota and --reserve are needed");
	return -1;
}

/* SIGTERM becomes readable; Ctrl-C is for the supervisor, whose end, or the
 * receiver's, ends us. */
static int
stop_descriptor(void)
{
	sigset_t stop, ignored;

	if (sigemptyset(&stop) != 0 || sigaddset(&stop, SIGTERM) != 0 ||
	    sigemptyset(&ignored) != 0 || sigaddset(&ignored, SIGINT) != 0 ||
	    sigaddset(&ignored, SIGPIPE) != 0 ||
	    sigprocmask(SIG_BLOCK, &ignored, NULL) != 0 ||
	    sigprocmask(SIG_BLOCK, &stop, NULL) != 0)
		return -1;
	return signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
}

static enum status
confine_keeper(const char *data)
{
	const char *const write[] = {data, NULL};
	const struct confine_paths paths = {.write = write};
	struct confine_missing missing = {false, false};
	enum status st = confine(CONFINE_KEEPER, &paths, &missing);

	if (missing.seccomp)
		log_event(LOG_NO_SECCOMP);
	if (missing.landlock)
		log_event(LOG_NO_LANDLOCK);
	return st;
}

int
main(int argc, char **argv)
{
	struct options options = {0};
	struct store *store = NULL;
	struct keeper *keeper = NULL;
	enum status st;
	int code, stop_fd;

	log_open("tipline-keeper");
	if ((code = parse(argc, argv, &options)) >= 0)
		return code;
	code = EXIT_FAILED;
	if (confine_early() != ST_OK || (stop_fd = stop_descriptor()) < 0) {
		log_errno(LOG_IO);
		return EXIT_FAILED;
	}
	/* Opening makes the log and its index, so that nothing is left to be
	 * made behind the fence. */
	st = store_open(options.data, STORE_WRITE, &options.limits, &store);
	if (st != ST_OK) {
		log_event(LOG_STORE_OPEN_FAILED);
		goto out;
	}
	if (keeper_new(store, KEEPER_FD, &keeper) != ST_OK ||
	    confine_keeper(options.data) != ST_OK) {
		log_errno(LOG_IO);
		goto out;
	}
	log_event(LOG_STARTED);
	if (keeper_run(keeper, stop_fd) == ST_OK)
		code = EXIT_DONE;
	log_event(LOG_STOPPED);
out:
	keeper_free(keeper);
	store_close(store);
	(void)close(stop_fd);
	return code;
}
