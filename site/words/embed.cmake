# cmake -DIN=FILE -DOUT=FILE.c -DSTEM=NAME -P embed.cmake
# Writes a list of words, one a line, as a C array.
file(STRINGS ${IN} words ENCODING UTF-8)
list(LENGTH words count)
if(NOT count EQUAL 2048)
	message(FATAL_ERROR "${IN} has ${count} words instead of 2048")
endif()
list(JOIN words "\",\n\t\"" rows)
file(WRITE ${OUT} "/* From site/words/; made by site/words/embed.cmake. */
extern const char *const site_embedded_words_${STEM}[2048];
const char *const site_embedded_words_${STEM}[2048] = {
	\"${rows}\",
};
")
