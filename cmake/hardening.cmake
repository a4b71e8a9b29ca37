# Every target gets these; nothing turns one off.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wvla -Wformat=2
	-Wstrict-prototypes -Wmissing-prototypes -Wundef -Wwrite-strings
	-Wcast-qual -fstack-protector-strong -fstack-clash-protection -fPIE)
add_compile_definitions(_GNU_SOURCE)
add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)
include(CheckCCompilerFlag)
check_c_compiler_flag(-ftrivial-auto-var-init=zero HAVE_AUTO_INIT)
if(HAVE_AUTO_INIT)
	add_compile_options(-ftrivial-auto-var-init=zero)
endif()
if(TIPLINE_WERROR)
	add_compile_options(-Werror)
endif()
if(TIPLINE_SANITIZE OR TIPLINE_FUZZ)
	add_compile_options(-fsanitize=address,undefined
		-fno-sanitize-recover=all -fno-omit-frame-pointer -g)
	add_link_options(-fsanitize=address,undefined)
	add_compile_definitions(TIPLINE_SANITIZE=1)
else()
	# FORTIFY needs optimisation; both sanitizers and -O0 do without.
	add_compile_options($<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
endif()
if(TIPLINE_FUZZ)
	add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(NOT TIPLINE_WIPE)
	add_compile_definitions(TIPLINE_NO_WIPE=1)
endif()
