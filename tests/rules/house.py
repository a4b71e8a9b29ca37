"""The rules of the house as tables: docs/DESIGN.md section 3 and the style.

Change a table here only together with the page it comes from.
"""

# room: the rooms whose headers it may include, beside its own.
MAY_INCLUDE = {
    "base": (),
    "crypto": ("base",),
    "store": ("base",),
    "handoff": ("base", "crypto"),
    "line": ("base", "crypto", "site"),
    "intake": ("base", "crypto", "line", "site"),
    "analyst": ("base", "crypto", "handoff"),
    "operator": ("base", "crypto", "store", "handoff", "line", "site"),
    "site": ("base", "crypto"),
}

# Single headers beyond that.
MAY_ALSO_INCLUDE = {"intake": ("store/keeper_msg.h",)}

# Headers of the half of crypto/ that opens, signs with the root key or takes
# a passphrase, and who may include them.
OPENING = ("crypto/opener.h", "crypto/wrap.h", "crypto/minisign_sign.h",
           "crypto/shares.h", "crypto/backup_box.h")
MAY_OPEN = ("crypto", "analyst")
# And single files beyond that, by how they begin: tipline-restore opens
# backups, and is no program of the server.
MAY_OPEN_FILES = ("operator/restore",)

# Outside headers, by how their name begins, and the rooms that may use them.
LIBRARIES = {
    "sodium": ("crypto",),
    "openssl/": ("crypto",),
    "libgfshare.h": ("crypto",),
    "sqlite3": ("store",),
    "event": ("intake",),
    "evhttp": (),
    "seccomp": ("base",),
    "ini.h": ("line",),
    "utf8proc.h": ("site",),
    "gettext-po.h": ("site",),
    "cJSON": ("analyst", "operator"),
    "cjson/": ("analyst", "operator"),
    "linux/": ("base",),
    "sanitizer/": ("base",),
    "pthread.h": ("handoff", "analyst"),
    "threads.h": (),
    "netdb.h": (),
    "netinet/": ("intake",),
    "arpa/": ("intake",),
    "net/": (),
}

# Everything else between < and > is C's or the kernel's.
LIBC = """assert ctype dirent errno fcntl fnmatch getopt inttypes limits locale
malloc
math poll pwd signal stdalign stdarg stdatomic stdbool stddef stdint stdio
stdlib string strings termios time unistd wchar""".split()

# Functions that cannot be used safely.
BANNED = "sprintf vsprintf gets stpcpy tmpnam tempnam mktemp scanf".split()
# Tests, which run on input of their own and under ASan, may use these.
BANNED_IN_ROOMS = """strcpy strcat strncpy strncat strtok alloca atoi atol
setjmp longjmp system popen rand random sscanf fscanf""".split()

# exit() stands in files that hold a main and nowhere else.  In rooms their
# name says so.
MAIN_FILES = ("main", "_compile")  # the file's name has one of these in it

# Limits of style rule 11.  Tests are tables for the most part, which are
# better in one piece: their files may be longer, and their functions.
SOURCE_LINES, HEADER_LINES, FUNCTION_LINES, PARAMETERS = 500, 150, 60, 6
TEST_LINES = 800
COLUMNS = 80

# Functions whose parameters a library has chosen.
CALLED_BY_LIBRARIES = {
    "site/pages_compile.c": ("on_error", "on_error_2"),
}

# A file's exported names begin with its stem, or with the first words of its
# stem (conn_body.c: conn_).  Exceptions, file by file, as its header says.
EXPORTS = {
    "base/bytes.c": ("wipe", "wiping_malloc", "wiping_realloc",
                     "wiping_free"),
    "base/durable.c": ("write_all", "read_all"),
    "base/num.c": ("le16_", "le32_", "le64_"),
    "base/num_time.c": ("time_parse", "time_format"),
    "site/answer.c": ("answers_",),
    "site/answer_body.c": ("answers_",),
    "site/stems.c": ("site_stem",),
    "crypto/recipients.c": ("crypto_room_init", "key_", "epoch_in_force"),
    "crypto/return_code.c": ("mailbox_field_",),
    "crypto/shares.c": ("share_",),
    "crypto/sign.c": ("server_key_",),
    "crypto/size_class.c": ("envelope_bound",),
    "crypto/wrap.c": ("master_", "secret_"),
}
# Files that the build writes.
ROOM_EXPORTS = {"site": ("site_embedded_",)}
# Prefixes that belong to libraries.
TAKEN = ("crypto_", "sodium_", "event_", "evbuffer_", "bufferevent_",
         "sqlite3_", "seccomp_", "ini_", "cJSON_", "EVP_")
TAKEN_BUT_OURS = ("crypto_room_init",)

# The programs of the server and of the operator: none can open a tip.
SERVER = ("tipline-intake", "tipline-receiver", "tipline-keeper",
          "tipline-operator")
PROGRAMS = SERVER + ("tipline-analyst", "tipline-restore")

# Library functions that open something sealed or make a root signature.
OPENING_CALLS = (
    "crypto_box_seal_open", "crypto_box_open", "crypto_box_open_easy",
    "crypto_box_open_easy_afternm",
    "crypto_secretstream_xchacha20poly1305_pull",
    "crypto_secretstream_xchacha20poly1305_init_pull",
    "crypto_pwhash", "crypto_aead_xchacha20poly1305_ietf_decrypt",
)

# What a program of the server calls of these all the same.  The receiver
# opens a reply for somebody who has just typed its return code (crypto/
# reply.h): a box to a mailbox, in these steps.  A tip is a secretstream, and
# takes code that only tipline_crypto_open has; both stay forbidden.
MAY_CALL = {"tipline-receiver": ("crypto_box_open_easy_afternm",)}

# program: libraries it must not need.
NOT_LINKED = {
    "tipline-receiver": ("libsqlite3", "libcjson", "libinih"),
    "tipline-keeper": ("libevent", "libsodium", "libcrypto", "libssl",
                       "libcjson", "libinih"),
    "tipline-intake": ("libsqlite3", "libcjson"),
    "tipline-operator": ("libevent", "libssl"),
    "tipline-analyst": ("libevent", "libsqlite3", "libssl", "libinih",
                        "libcurl"),
    "tipline-restore": ("libevent", "libssl", "libcjson", "libcurl"),
}

# program: what it must not import from libc.
NETWORK = """socket connect bind listen accept accept4 getaddrinfo
gethostbyname gethostbyname2 getnameinfo res_query res_search send sendto
sendmsg sendmmsg recv recvfrom recvmsg recvmmsg""".split()
NOT_IMPORTED = {
    "tipline-analyst": NETWORK,
    "tipline-restore": NETWORK,
    "tipline-keeper": ["socket", "connect", "bind", "listen", "accept",
                       "accept4", "getaddrinfo", "gethostbyname"],
    # open() is there for Landlock's rules, before it is denied.
    "tipline-receiver": ["openat", "openat64", "fopen", "fopen64", "creat",
                         "opendir", "connect", "getaddrinfo",
                         "gethostbyname", "execve", "execv", "system"],
    "tipline-operator": ["getaddrinfo", "gethostbyname", "listen", "accept",
                         "accept4"],
}
