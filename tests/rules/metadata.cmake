# Every column, file, message and log line stands in docs/METADATA.md.
add_executable(metadata_store metadata_store.c)
target_link_libraries(metadata_store PRIVATE tipline_store)
set_target_properties(metadata_store PROPERTIES
	RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
add_test(NAME rules.metadata COMMAND ${PYTHON_RULES} -B metadata_rules.py
	${CMAKE_SOURCE_DIR} $<TARGET_FILE:metadata_store>
	WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/tests/rules)
add_test(NAME rules.metadata_can_fail
	COMMAND ${PYTHON_RULES} -B metadata_rules_test.py
	WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/tests/rules)
set_tests_properties(rules.metadata rules.metadata_can_fail PROPERTIES
	LABELS rules)
