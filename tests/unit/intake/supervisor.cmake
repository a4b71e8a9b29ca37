# The supervisor's view of its keys, at a clock of the test's own.
unit_test(keys_in_force_test tipline_control tipline_line tipline_crypto
	tipline_base)
target_sources(keys_in_force_test PRIVATE ${CMAKE_SOURCE_DIR}/intake/in_force.c)
target_link_options(keys_in_force_test PRIVATE -Wl,--wrap=time,--wrap=log_event)
