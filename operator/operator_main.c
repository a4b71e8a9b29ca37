/*
 * tipline-operator: set up, check and look after a tip line; never read a
 * tip.  tipline-operator(8).
 */
#include <stddef.h>

#include "operator/commands.h"
#include "operator/tool_main.h"

static const struct tool_entry entries[] = {
    {"init", NULL, init_command, "make a new line in a folder"},
    {"keyset", "install", keyset_install_command, "take up a new key set"},
    {"texts", "install", texts_install_command, "put in what visitors read"},
    {"preview", NULL, preview_command, "look at every page in a browser"},
    {"root", "show", root_show_command, "the root key that is pinned"},
    {"root", "change", root_change_command, "follow a change of the root"},
    {"root", "replace", root_replace_command, "pin another root by hand"},
    {"check", NULL, check_command, "say what is wrong with a line"},
    {"status", NULL, status_command, "how full, how long its keys last"},
    {"export", NULL, export_command, "write tips into a bundle to carry"},
    {"import", NULL, import_command, "take in what the analysts send back"},
    {"purge", NULL, purge_command, "remove tips the analysts confirmed"},
    {"backup", NULL, backup_command, "save the line, sealed, into a folder"},
    {NULL, NULL, NULL, NULL},
};

int
main(int argc, char **argv)
{
	const struct tool_program program = {"tipline-operator", entries, 0};

	return tool_main(&program, argc, argv);
}
