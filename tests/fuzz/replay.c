/*
 * replay: give every file of a folder to a fuzz target once, without the
 * fuzzer, so that no input that was ever of interest breaks it again.
 *
 *	NAME_fuzz FOLDER
 */
#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Not every target has one. */
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

/* A block of just its size, so that ASan sees one byte too many. */
static int
replay(int dir, const char *name)
{
	struct stat sb;
	uint8_t *p = NULL;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	int given = -1;

	if (fd == -1 || fstat(fd, &sb) != 0)
		goto out;
	if ((p = malloc((size_t)sb.st_size)) == NULL && sb.st_size > 0)
		goto out;
	if (read(fd, p, (size_t)sb.st_size) != sb.st_size)
		goto out;
	given = LLVMFuzzerTestOneInput(p, (size_t)sb.st_size);
out:
	if (given != 0)
		perror(name);
	if (fd != -1)
		close(fd);
	free(p);
	return given;
}

int
main(int argc, char **argv)
{
	struct dirent *entry;
	unsigned given = 0, failed = 0;
	DIR *d;

	if (LLVMFuzzerInitialize != NULL &&
	    LLVMFuzzerInitialize(&argc, &argv) != 0)
		return 2;
	d = argc == 2 ? opendir(argv[1]) : NULL;
	if (d == NULL) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		/* Its name first, should the target end the program. */
		printf("%s\n", entry->d_name);
		fflush(stdout);
		given++;
		failed += replay(dirfd(d), entry->d_name) != 0;
	}
	closedir(d);
	printf("%u inputs, %u failed\n", given, failed);
	/* A folder without any is no test. */
	return given == 0 || failed > 0;
}
