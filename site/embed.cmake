# cmake -DIN=FILE -DOUT=FILE.c -DSTEM=NAME -P embed.cmake
# Writes FILE's bytes as a C array, so that the program needs no file.
file(READ ${IN} hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR length "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "((0x[0-9a-f][0-9a-f],)(0x[0-9a-f][0-9a-f],)?(0x[0-9a-f][0-9a-f],)?(0x[0-9a-f][0-9a-f],)?(0x[0-9a-f][0-9a-f],)?(0x[0-9a-f][0-9a-f],)?(0x[0-9a-f][0-9a-f],)?(0x[0-9a-f][0-9a-f],)?)" "\t\\1\n" bytes "${bytes}")
file(WRITE ${OUT} "/* From site/; made by site/embed.cmake. */
#include <stddef.h>
extern const unsigned char site_embedded_${STEM}[];
extern const size_t site_embedded_${STEM}_len;
const unsigned char site_embedded_${STEM}[] = {
${bytes}};
const size_t site_embedded_${STEM}_len = ${length};
")
