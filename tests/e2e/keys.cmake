# The analysts' keys, by every command that makes, moves or ends one.
add_test(NAME e2e.keys COMMAND Python3::Interpreter
	${CMAKE_CURRENT_LIST_DIR}/keys_test.py
	$<TARGET_FILE:tipline-analyst> $<TARGET_FILE:make_bundle>
	$<TARGET_FILE:clock_shim>)
set_tests_properties(e2e.keys PROPERTIES LABELS e2e TIMEOUT 900)
# A real backup, opened by the second implementation (tests/independent).
add_test(NAME independent.backup COMMAND ${PYTHON_NACL} -B
	${CMAKE_SOURCE_DIR}/tests/independent/backup_test.py
	$<TARGET_FILE:tipline-analyst>)
set_tests_properties(independent.backup PROPERTIES LABELS independent)
