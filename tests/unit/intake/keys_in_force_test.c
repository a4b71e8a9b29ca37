/*
 * What the supervisor tells the receiver of its keys, at a clock that a test
 * sets, and what it says in the log.  time() and log_event() are this test's.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "intake/in_force.h"

#define WEEK UINT64_C(604800)
#define BEGIN UINT64_C(1800000000)
#define FIRST 100 /* number of the first epoch */
#define MINUTE_MS 60000
#define DAY_MS (1440 * MINUTE_MS)

/* A supervisor that looks; now_ms is a clock that nobody sets. */
struct bench {
	char folder[64];
	struct setup s;
	struct in_force f;
	struct control_epochs told;
	uint64_t now_ms;
};

static uint64_t clock_now;
static unsigned said[1000]; /* how often, by the event's number */

time_t __wrap_time(time_t *out);
void __wrap_log_event(enum log_event ev);

time_t
__wrap_time(time_t *out)
{
	if (out != NULL)
		*out = (time_t)clock_now;
	return (time_t)clock_now;
}

void
__wrap_log_event(enum log_event ev)
{
	said[ev]++;
}

static void
give_epochs(struct bench *b, size_t count)
{
	struct keyset *set = &b->s.set;

	free(set->epoch);
	*set = (struct keyset){.sequence = 1,
	    .from = BEGIN,
	    .until = BEGIN + count * WEEK,
	    .epochs = count,
	    .epoch = calloc(count, sizeof(*set->epoch))};
	assert_non_null(set->epoch);
	b->s.has_set = true;
	for (size_t i = 0; i < count; i++) {
		struct recipients *to = &set->epoch[i].to;

		to->epoch = (uint32_t)(FIRST + i);
		to->from = BEGIN + i * WEEK;
		to->until = to->from + WEEK;
		to->count = 1;
		memset(to->r[0].key, (int)i + 1, PUBLIC_KEY_LEN);
	}
}

static int
setup(void **state)
{
	static struct bench b;

	memset(&b, 0, sizeof(b));
	memset(said, 0, sizeof(said));
	strcpy(b.folder, "/tmp/tipline-in-force-XXXXXX");
	assert_non_null(mkdtemp(b.folder));
	b.s.line.dirfd = open(b.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	b.s.line.path = b.folder;
	b.now_ms = 5;
	give_epochs(&b, 8);
	in_force_begin(&b.f, &b.s);
	*state = &b;
	return 0;
}

static int
teardown(void **state)
{
	struct bench *b = *state;

	(void)unlinkat(b->s.line.dirfd, LINE_EPOCH, 0);
	(void)unlinkat(b->s.line.dirfd, LINE_EPOCH, AT_REMOVEDIR);
	close(b->s.line.dirfd);
	free(b->s.set.epoch);
	return rmdir(b->folder);
}

/* Look at that moment; what the receiver then knows is in b->told. */
static bool
look(struct bench *b, uint64_t now)
{
	bool changed;

	clock_now = now;
	changed = in_force_look(&b->f, &b->s, b->now_ms);
	assert_int_equal(
	    control_epochs_parse(b->f.message, b->f.len, &b->told), ST_OK);
	return changed;
}

static uint32_t
kept(const struct bench *b)
{
	char why[LINE_WHY_LEN];
	uint32_t epoch;

	assert_int_equal(line_epoch(&b->s.line, &epoch, why), ST_OK);
	return epoch;
}

static void
the_highest_epoch_is_kept_and_no_lower_one_is_told(void **state)
{
	struct bench *b = *state;

	assert_true(look(b, BEGIN + 2 * WEEK));
	assert_int_equal(b->told.floor, FIRST + 2);
	assert_int_equal(kept(b), FIRST + 2);
	assert_int_equal(b->told.count, 6);
	assert_int_equal(b->told.epoch[0].epoch, FIRST + 2);
	assert_int_equal(b->told.opens, BEGIN + 3 * WEEK);
	/* Nothing has changed: nothing is told. */
	assert_false(look(b, BEGIN + 2 * WEEK + 9));
	/* The next one begins. */
	assert_true(look(b, BEGIN + 3 * WEEK));
	assert_int_equal(b->told.floor, FIRST + 3);
	/* Back, a little and very far. */
	for (uint64_t back = 1; back <= 2; back++) {
		(void)look(b, back == 1 ? BEGIN + WEEK : 1000);
		assert_int_equal(b->told.floor, FIRST + 3);
		assert_int_equal(b->told.count, 5);
		assert_int_equal(b->told.epoch[0].epoch, FIRST + 3);
		assert_int_equal(said[LOG_CLOCK_BEHIND], 1);
	}
	assert_int_equal(kept(b), FIRST + 3);
	(void)look(b, BEGIN + 3 * WEEK + 1);
	assert_int_equal(said[LOG_CLOCK_BEHIND], 1);
	(void)look(b, BEGIN);
	assert_int_equal(said[LOG_CLOCK_BEHIND], 2);
}

static void
a_floor_that_was_read_counts_from_the_first_look_on(void **state)
{
	struct bench *b = *state;

	b->s.floor = FIRST + 5;
	in_force_begin(&b->f, &b->s);
	(void)look(b, BEGIN);
	assert_int_equal(b->told.floor, FIRST + 5);
	assert_int_equal(b->told.epoch[0].epoch, FIRST + 5);
	assert_int_equal(said[LOG_CLOCK_BEHIND], 1);
}

static void
before_and_behind_all_keys_it_tells_when_the_next_begins(void **state)
{
	struct bench *b = *state;

	(void)look(b, BEGIN - 1);
	assert_int_equal(b->told.floor, 0);
	assert_int_equal(b->told.opens, BEGIN);
	assert_int_equal(b->told.count, 8);
	(void)look(b, BEGIN + 8 * WEEK);
	assert_int_equal(b->told.count, 0);
	assert_int_equal(b->told.opens, 0);
	assert_int_equal(b->told.floor, 0);
	b->s.has_set = false;
	(void)look(b, BEGIN);
	assert_int_equal(b->told.count, 0);
	b->s.has_set = true;
}

static void
of_many_epochs_only_the_next_are_told(void **state)
{
	struct bench *b = *state;

	give_epochs(b, 60);
	(void)look(b, BEGIN + 40 * WEEK);
	assert_int_equal(b->told.count, CONTROL_EPOCHS_MAX);
	assert_int_equal(b->told.epoch[0].epoch, FIRST + 40);
	(void)look(b, BEGIN + 50 * WEEK);
	assert_int_equal(b->told.count, 10);
}

static void
it_looks_each_minute_and_when_an_epoch_begins(void **state)
{
	struct bench *b = *state;

	(void)look(b, BEGIN);
	assert_int_equal(b->f.look_at, b->now_ms + MINUTE_MS);
	(void)look(b, BEGIN + WEEK - 7);
	assert_int_equal(b->f.look_at, b->now_ms + 7000);
	(void)look(b, BEGIN + WEEK);
	assert_int_equal(b->f.look_at, b->now_ms + MINUTE_MS);
}

static void
of_its_age_it_speaks_once_a_day_from_half_of_its_life_on(void **state)
{
	struct bench *b = *state;

	(void)look(b, BEGIN + 4 * WEEK);
	assert_int_equal(said[LOG_KEYS_AGE], 0);
	(void)look(b, BEGIN + 4 * WEEK + 1);
	assert_int_equal(said[LOG_KEYS_AGE], 1);
	b->now_ms += DAY_MS - 1;
	(void)look(b, BEGIN + 5 * WEEK);
	assert_int_equal(said[LOG_KEYS_AGE], 1);
	b->now_ms += 1;
	(void)look(b, BEGIN + 5 * WEEK);
	assert_int_equal(said[LOG_KEYS_AGE], 2);
	/* A new set is young; once it ages that is said at once. */
	give_epochs(b, 16);
	(void)look(b, BEGIN + 5 * WEEK);
	(void)look(b, BEGIN + 9 * WEEK);
	assert_int_equal(said[LOG_KEYS_AGE], 3);
}

static void
what_cannot_be_kept_is_told_all_the_same_and_tried_each_minute(void **state)
{
	struct bench *b = *state;

	/* A folder in the file's place: neither read nor written. */
	assert_int_equal(mkdirat(b->s.line.dirfd, LINE_EPOCH, 0700), 0);
	(void)look(b, BEGIN);
	assert_int_equal(b->told.floor, FIRST);
	assert_int_equal(said[LOG_EPOCH_NOT_KEPT], 1);
	assert_int_equal(
	    unlinkat(b->s.line.dirfd, LINE_EPOCH, AT_REMOVEDIR), 0);
	b->now_ms += MINUTE_MS - 1;
	(void)look(b, BEGIN + 1);
	assert_int_equal(kept(b), 0);
	b->now_ms += 1;
	(void)look(b, BEGIN + 1);
	assert_int_equal(kept(b), FIRST);
	assert_int_equal(said[LOG_EPOCH_NOT_KEPT], 1);
	/* The memory of the process counts meanwhile. */
	assert_int_equal(b->told.floor, FIRST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	    T(the_highest_epoch_is_kept_and_no_lower_one_is_told),
	    T(a_floor_that_was_read_counts_from_the_first_look_on),
	    T(before_and_behind_all_keys_it_tells_when_the_next_begins),
	    T(of_many_epochs_only_the_next_are_told),
	    T(it_looks_each_minute_and_when_an_epoch_begins),
	    T(of_its_age_it_speaks_once_a_day_from_half_of_its_life_on),
	    T(what_cannot_be_kept_is_told_all_the_same_and_tried_each_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
