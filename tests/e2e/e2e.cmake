# e2e_test(NAME): tests/e2e/NAME_test.py.  As root, for disks of their own and
# for reading memory; tor, browsers and curl must be there, and in build/npm
# what deploy/packages.sh (install_npm) puts there: nothing is skipped.
# TIPLINE_LONG=1 in the environment asks for the long forms.
# The system's own python: python3-nacl, which one of them needs, goes with it.
find_program(PYTHON_NACL NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
add_library(clock_shim MODULE ${CMAKE_CURRENT_LIST_DIR}/clock_shim.c)
set_target_properties(clock_shim PROPERTIES
	LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
# It is loaded into programs that may not have the sanitizers' runtime.
target_compile_options(clock_shim PRIVATE -fno-sanitize=all -fPIC)
target_link_options(clock_shim PRIVATE -fno-sanitize=all)

function(e2e_test name)
	add_test(NAME e2e.${name} COMMAND ${PYTHON_NACL} -B
		${CMAKE_CURRENT_LIST_DIR}/${name}_test.py)
	set(environment
		"TIPLINE_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}"
		"TIPLINE_CLOCK_SHIM=$<TARGET_FILE:clock_shim>"
		"TIPLINE_SCREENS=${CMAKE_BINARY_DIR}/screens"
		"TIPLINE_NPM=${CMAKE_SOURCE_DIR}/build/npm")
	# For one that hangs: none takes a quarter of it, and machines differ.
	set(seconds 600)
	if("$ENV{TIPLINE_LONG}" STREQUAL "1")
		math(EXPR seconds "${seconds} * 10")
	endif()
	set_tests_properties(e2e.${name} PROPERTIES LABELS e2e
		TIMEOUT ${seconds} ENVIRONMENT "${environment}")
endfunction()

e2e_test(browsers)
# The site as people walk through it; both in browsers.
e2e_test(site_paths)
e2e_test(site_refusals)
e2e_test(upload)
e2e_test(marker)
e2e_test(kill_storm)
e2e_test(full_disk)
e2e_test(power_cut)
e2e_test(misbehave)
e2e_test(closed)
e2e_test(two_analysts)
e2e_test(missing)
e2e_test(ceremony)
e2e_test(year)
e2e_test(many)
# These load both cores on purpose.
set_tests_properties(e2e.browsers e2e.upload e2e.kill_storm e2e.many
	PROPERTIES RUN_SERIAL TRUE)
