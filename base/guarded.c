/*
 * One mapping holds, in this order: the table (which page is taken, how long
 * each block is), a page that may not be touched, the blocks' pages, and
 * another page that may not be touched.
 *
 * Blocks go to the lowest free pages, so that the arena's touched (resident,
 * locked) part stays as small as what was ever live at once.  A hint keeps
 * that fast: below it every page is taken.
 */
#include "base/guarded.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/bytes.h"

#ifdef TIPLINE_SANITIZE
#include <sanitizer/asan_interface.h>
#define HIDE(p, len) ASAN_POISON_MEMORY_REGION((p), (len))
#define SHOW(p, len) ASAN_UNPOISON_MEMORY_REGION((p), (len))
#else
#define HIDE(p, len) ((void)(p), (void)(len))
#define SHOW(p, len) ((void)(p), (void)(len))
#endif

#define DEFAULT_LEN ((size_t)1 << 20)
#define CANARY_LEN 16
#define WORD 64 /* pages in one word of the bitmap */

/* The table; zeroed in a forked child, like the blocks themselves. */
struct table {
	uint8_t canary[CANARY_LEN];
	bool alive; /* false: we are a child, and nothing of this is ours */
	size_t live, hint;
};

static struct {
	uint8_t *map;
	size_t map_len;
	struct table *table;
	uint64_t *taken; /* one bit a page; bits past the end are set */
	size_t *lens;    /* a block's length at its first page, plus one */
	uint8_t *blocks;
	size_t pages, page_len;
} arena;

static size_t
round_up(size_t len, size_t unit)
{
	return (len + unit - 1) / unit * unit;
}

/* Say why on standard error and end, without using the heap. */
static _Noreturn void
broken(const char *why)
{
	(void)!write(STDERR_FILENO, why, strlen(why));
	abort();
}

/* Start with nothing live: at first, and again in a forked child. */
static bool
begin(void)
{
	struct table *t = arena.table;
	size_t words = round_up(arena.pages, WORD) / WORD;

	if (getrandom(t->canary, CANARY_LEN, 0) != CANARY_LEN)
		return false;
	if (arena.pages % WORD != 0)
		arena.taken[words - 1] = ~UINT64_C(0) << (arena.pages % WORD);
	t->alive = true;
	return true;
}

static bool
lock(void *p, size_t len)
{
	struct rlimit lim;

	/* As much as we may ask for without being anybody. */
	if (getrlimit(RLIMIT_MEMLOCK, &lim) == 0 &&
	    lim.rlim_cur < lim.rlim_max) {
		lim.rlim_cur = lim.rlim_max;
		(void)setrlimit(RLIMIT_MEMLOCK, &lim);
	}
	return mlock2(p, len, MLOCK_ONFAULT) == 0;
}

/* Lay out the mapping; false if the kernel refuses any of it. */
static bool
lay_out(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t pages = round_up(len, page) / page;
	size_t words = round_up(pages, WORD) / WORD;
	size_t bits_at = round_up(sizeof(struct table), 16);
	size_t lens_at = bits_at + words * sizeof(uint64_t);
	size_t head = round_up(lens_at + pages * sizeof(size_t), page);
	size_t total = head + page + pages * page + page;
	uint8_t *map;

	map = mmap(NULL, total, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return false;
	if (mprotect(map + head, page, PROT_NONE) != 0 ||
	    mprotect(map + total - page, page, PROT_NONE) != 0 ||
	    madvise(map, total, MADV_DONTDUMP) != 0 ||
	    madvise(map, total, MADV_WIPEONFORK) != 0) {
		munmap(map, total);
		return false;
	}
	arena.map = map;
	arena.map_len = total;
	arena.table = (struct table *)(void *)map;
	arena.taken = (uint64_t *)(void *)(map + bits_at);
	arena.lens = (size_t *)(void *)(map + lens_at);
	arena.blocks = map + head + page;
	arena.pages = pages;
	arena.page_len = page;
	return true;
}

enum status
guarded_open(size_t len, bool *locked)
{
	*locked = false;
	if (arena.map != NULL || len == 0)
		return ST_BUG;
	if (len > SIZE_MAX / 4 || !lay_out(len))
		return ST_NOMEM;
	if (!begin()) {
		guarded_close();
		return ST_NOMEM;
	}
	*locked = lock(arena.blocks, arena.pages * arena.page_len);
	HIDE(arena.blocks, arena.pages * arena.page_len);
	return ST_OK;
}

void
guarded_close(void)
{
	if (arena.map == NULL)
		return;
	SHOW(arena.blocks, arena.pages * arena.page_len);
	munmap(arena.map, arena.map_len);
	memset(&arena, 0, sizeof(arena));
}

/* From page i on: the first that is free (want 0) or taken (want 1). */
static size_t
next_page(size_t i, unsigned want)
{
	while (i < arena.pages) {
		uint64_t w = arena.taken[i / WORD];

		w = (want == 1 ? w : ~w) >> (i % WORD);
		if (w != 0) {
			i += (size_t)__builtin_ctzll(w);
			return i < arena.pages ? i : arena.pages;
		}
		i = (i / WORD + 1) * WORD;
	}
	return arena.pages;
}

/* The first run of count free pages, or arena.pages. */
static size_t
find_run(size_t count)
{
	size_t from = arena.table->hint, to;

	/* Below the first free page everything is taken: remember that. */
	from = arena.table->hint = next_page(from, 0);
	while (from < arena.pages) {
		if (count == 1)
			return from;
		to = next_page(from, 1);
		if (to - from >= count)
			return from;
		from = next_page(to, 0);
	}
	return arena.pages;
}

static void
mark(size_t from, size_t count, bool taken)
{
	for (size_t i = from; i < from + count; i++) {
		uint64_t bit = UINT64_C(1) << (i % WORD);

		if (taken)
			arena.taken[i / WORD] |= bit;
		else
			arena.taken[i / WORD] &= ~bit;
	}
}

static size_t
pages_for(size_t len)
{
	return round_up(len + CANARY_LEN, arena.page_len) / arena.page_len;
}

/* Make sure of an arena of our own. */
static bool
ready(void)
{
	bool locked;

	if (arena.map == NULL)
		return guarded_open(DEFAULT_LEN, &locked) == ST_OK;
	if (arena.table->alive)
		return true;
	/* A forked child: the kernel emptied it, and locks are not passed
	 * on.  Whether this lock is granted was asked of the parent. */
	(void)lock(arena.blocks, arena.pages * arena.page_len);
	HIDE(arena.blocks, arena.pages * arena.page_len);
	return begin();
}

void *
guarded_new(size_t len)
{
	size_t at, count;
	uint8_t *p;

	if (!ready() || len > arena.pages * arena.page_len)
		return NULL;
	count = pages_for(len);
	if ((at = find_run(count)) == arena.pages)
		return NULL;
	mark(at, count, true);
	arena.lens[at] = len + 1;
	arena.table->live++;
	if (at == arena.table->hint)
		arena.table->hint = at + count;
	p = arena.blocks + at * arena.page_len;
	SHOW(p, count * arena.page_len);
#ifdef TIPLINE_NO_WIPE
	memset(p, 0, count * arena.page_len);
#endif
	memcpy(p + len, arena.table->canary, CANARY_LEN);
	HIDE(p + len, count * arena.page_len - len);
	return p;
}

void
guarded_free(void *p)
{
	uint8_t *block = p;
	size_t at, count, len;

	if (p == NULL)
		return;
	if (arena.map == NULL || block < arena.blocks ||
	    block >= arena.blocks + arena.pages * arena.page_len ||
	    (size_t)(block - arena.blocks) % arena.page_len != 0)
		broken("tipline: guarded_free: not a block of the arena\n");
	/* In a forked child the parent's blocks are empty: nothing to do. */
	if (!arena.table->alive)
		return;
	at = (size_t)(block - arena.blocks) / arena.page_len;
	if (arena.lens[at] == 0)
		broken("tipline: guarded_free: freed twice\n");
	len = arena.lens[at] - 1;
	count = pages_for(len);
	SHOW(block, count * arena.page_len);
	if (memcmp(block + len, arena.table->canary, CANARY_LEN) != 0)
		broken("tipline: guarded_free: written past the end\n");
	wipe(block, count * arena.page_len);
	HIDE(block, count * arena.page_len);
	arena.lens[at] = 0;
	mark(at, count, false);
	arena.table->live--;
	if (at < arena.table->hint)
		arena.table->hint = at;
}

size_t
guarded_live(void)
{
	return arena.map == NULL ? 0 : arena.table->live;
}
