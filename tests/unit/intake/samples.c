#include "tests/unit/intake/samples.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE_MAX 16384

void
samples_each(void (*each)(const struct sample *sample))
{
	static uint8_t buf[SAMPLE_MAX];
	DIR *dir = opendir(HTTP_SAMPLES);
	struct dirent *entry;
	char path[4096];
	FILE *file;
	size_t len;
	int count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		const char *dot = strrchr(entry->d_name, '.');

		if (dot == NULL ||
		    (strcmp(dot, ".raw") != 0 && strcmp(dot, ".http") != 0))
			continue;
		snprintf(
		    path, sizeof(path), "%s/%s", HTTP_SAMPLES, entry->d_name);
		assert_non_null(file = fopen(path, "rb"));
		len = fread(buf, 1, sizeof(buf), file);
		fclose(file);
		assert_in_range(len, 100, sizeof(buf) - 1);
		each(&(struct sample){entry->d_name, buf, len});
		count++;
	}
	closedir(dir);
	assert_in_range(count, 40, 1000);
}
