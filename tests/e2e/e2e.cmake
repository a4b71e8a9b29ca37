# e2e_test(NAME SECONDS): tests/e2e/NAME_test.py.  As root, for disks of their
# own and for reading memory; tor, browsers and curl must be there: nothing is
# skipped.  TIPLINE_LONG=1 in the environment asks for the long forms.
# The system's own python: python3-nacl, which one of them needs, goes with it.
find_program(PYTHON_NACL NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
add_library(clock_shim MODULE ${CMAKE_CURRENT_LIST_DIR}/clock_shim.c)
set_target_properties(clock_shim PROPERTIES
	LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
# It is loaded into programs that may not have the sanitizers' runtime.
target_compile_options(clock_shim PRIVATE -fno-sanitize=all -fPIC)
target_link_options(clock_shim PRIVATE -fno-sanitize=all)

function(e2e_test name seconds)
	add_test(NAME e2e.${name} COMMAND ${PYTHON_NACL} -B
		${CMAKE_CURRENT_LIST_DIR}/${name}_test.py)
	set(environment
		"TIPLINE_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}"
		"TIPLINE_CLOCK_SHIM=$<TARGET_FILE:clock_shim>"
		"TIPLINE_SCREENS=${CMAKE_BINARY_DIR}/screens")
	if("$ENV{TIPLINE_LONG}" STREQUAL "1")
		math(EXPR seconds "${seconds} * 20")
	endif()
	set_tests_properties(e2e.${name} PROPERTIES LABELS e2e
		TIMEOUT ${seconds} ENVIRONMENT "${environment}")
endfunction()

e2e_test(browsers 240)
# The site as people walk through it; both in browsers.
e2e_test(site_paths 240)
e2e_test(site_refusals 240)
e2e_test(upload 120)
e2e_test(marker 300)
e2e_test(kill_storm 240)
e2e_test(full_disk 240)
e2e_test(power_cut 240)
e2e_test(misbehave 240)
e2e_test(closed 120)
e2e_test(two_analysts 120)
e2e_test(missing 120)
e2e_test(ceremony 240)
e2e_test(year 420)
e2e_test(many 240)
# These load both cores on purpose.
set_tests_properties(e2e.browsers e2e.upload e2e.kill_storm e2e.many
	PROPERTIES RUN_SERIAL TRUE)
