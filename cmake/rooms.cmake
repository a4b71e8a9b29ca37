# A room is a static library.  Only the rooms named in docs/DESIGN.md link
# each outside library, PRIVATE, so that its headers are found nowhere else.
find_package(PkgConfig REQUIRED)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium>=1.0.18)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto>=3.0)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3>=3.40)
pkg_check_modules(EVENT REQUIRED IMPORTED_TARGET libevent_core>=2.1.12)
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc>=2.5)
find_library(INIH_LIBRARY inih REQUIRED)
find_library(GFSHARE_LIBRARY gfshare REQUIRED)
find_library(GETTEXTPO_LIBRARY gettextpo REQUIRED) # of the build alone
if(TIPLINE_TESTS)
	pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()

# room(NAME SOURCES... ) makes the static library tipline_NAME.  Headers are
# included as "room/file.h" from the root of the tree.
function(room name)
	add_library(tipline_${name} STATIC ${ARGN})
	target_include_directories(tipline_${name} PUBLIC ${CMAKE_SOURCE_DIR})
endfunction()

# unit_test(NAME ROOMS... ): tests/unit/<room>/NAME.c, a cmocka program.
function(unit_test name)
	add_executable(${name} ${name}.c)
	target_link_libraries(${name} PRIVATE ${ARGN} PkgConfig::CMOCKA)
	target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
	set_target_properties(${name} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
	add_test(NAME unit.${name} COMMAND ${name})
	set_tests_properties(unit.${name} PROPERTIES LABELS unit)
endfunction()

# unit_test_with_faults(NAME ROOMS... ): the same with tests/unit/fault.h, whose
# calls the linker puts in the place of these.
set(FAULT_CALLS malloc calloc realloc guarded_new open openat read __read_chk
	pread __pread_chk write pwrite writev fsync fdatasync rename renameat
	renameat2 linkat close stat lstat fstat fstatat fchmod ftruncate
	fallocate unlink unlinkat mkdir mkdirat mmap mprotect madvise
	socketpair sendmsg recvmsg send recv __recv_chk getrandom fork
	setrlimit prctl)
function(unit_test_with_faults name)
	unit_test(${name} ${ARGN} tipline_base)
	target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit/fault.c)
	foreach(call ${FAULT_CALLS})
		target_link_options(${name} PRIVATE -Wl,--wrap=${call})
	endforeach()
endfunction()

# fuzz_target(NAME_fuzz ROOMS... ): tests/fuzz/NAME_fuzz.c with its corpus in
# tests/fuzz/corpus/NAME.  Without the fuzzer, the test corpus.NAME replays it.
function(fuzz_target name)
	add_executable(${name} ${name}.c)
	target_link_libraries(${name} PRIVATE ${ARGN})
	set_target_properties(${name} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
	if(TIPLINE_FUZZ)
		target_link_options(${name} PRIVATE -fsanitize=fuzzer)
		return()
	endif()
	string(REGEX REPLACE "_fuzz$" "" corpus ${name})
	target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz/replay.c)
	add_test(NAME corpus.${corpus} COMMAND ${name}
		${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${corpus})
	set_tests_properties(corpus.${corpus} PROPERTIES LABELS unit)
endfunction()
