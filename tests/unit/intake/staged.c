#include "tests/unit/intake/staged.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/intake/visit.h"

static struct stage stage;

int
staged_open(void **state)
{
	struct control_config config = stage_config();

	*state = &stage;
	stage_open(&stage, &config);
	return 0;
}

int
staged_open_onion(void **state)
{
	struct control_config config = stage_config();

	*state = &stage;
	snprintf(config.onion, sizeof(config.onion), "%s", VISIT_ONION);
	stage_open(&stage, &config);
	return 0;
}

int
staged_close(void **state)
{
	stage_close(*state);
	return 0;
}
