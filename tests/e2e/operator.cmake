# The operator's tool and the supervisor, as programs.
add_test(NAME e2e.operator COMMAND sh
	${CMAKE_CURRENT_LIST_DIR}/operator_test.sh
	${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
set_tests_properties(e2e.operator PROPERTIES LABELS e2e TIMEOUT 600)
add_test(NAME e2e.supervisor COMMAND /usr/bin/python3
	${CMAKE_CURRENT_LIST_DIR}/supervisor_test.py
	${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
set_tests_properties(e2e.supervisor PROPERTIES LABELS e2e TIMEOUT 600)
# Each key set that is refused; keys and the clock while uploads run.
e2e_test(refused)
e2e_test(rotation)
# Every page as a file, and texts that no page holds.
e2e_test(preview)
