# The analysts' tool on bundles of every kind, without a server.
add_executable(make_bundle make_bundle.c)
target_include_directories(make_bundle PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(make_bundle PRIVATE
	tipline_handoff tipline_crypto_open tipline_base)
set_target_properties(make_bundle PROPERTIES
	RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
add_test(NAME e2e.analyst COMMAND sh
	${CMAKE_CURRENT_LIST_DIR}/analyst_test.sh
	$<TARGET_FILE:tipline-analyst> $<TARGET_FILE:make_bundle>)
set_tests_properties(e2e.analyst PROPERTIES LABELS e2e TIMEOUT 600)
find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)
add_test(NAME e2e.analyst_prompt COMMAND Python3::Interpreter
	${CMAKE_CURRENT_LIST_DIR}/analyst_prompt_test.py
	$<TARGET_FILE:tipline-analyst> $<TARGET_FILE:make_bundle>)
set_tests_properties(e2e.analyst_prompt PROPERTIES LABELS e2e TIMEOUT 600)
add_test(NAME e2e.courier COMMAND Python3::Interpreter
	${CMAKE_CURRENT_LIST_DIR}/courier_test.py
	$<TARGET_FILE:tipline-analyst> $<TARGET_FILE:make_bundle>)
set_tests_properties(e2e.courier PROPERTIES LABELS e2e TIMEOUT 600)
add_executable(open_returns open_returns.c)
target_include_directories(open_returns PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(open_returns PRIVATE
	tipline_handoff tipline_crypto_reply tipline_base)
set_target_properties(open_returns PROPERTIES
	RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
add_test(NAME e2e.replies COMMAND Python3::Interpreter
	${CMAKE_CURRENT_LIST_DIR}/replies_test.py
	$<TARGET_FILE:tipline-analyst> $<TARGET_FILE:make_bundle>
	$<TARGET_FILE:open_returns>)
set_tests_properties(e2e.replies PROPERTIES LABELS e2e TIMEOUT 600)
