# The analysts' keys, by every command that makes, moves or ends one.
add_test(NAME e2e.keys COMMAND Python3::Interpreter
	${CMAKE_CURRENT_LIST_DIR}/keys_test.py
	$<TARGET_FILE:tipline-analyst> $<TARGET_FILE:make_bundle>
	$<TARGET_FILE:clock_shim>)
set_tests_properties(e2e.keys PROPERTIES LABELS e2e TIMEOUT 900)
