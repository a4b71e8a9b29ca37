# packages.sh: what to install, and how; sourced by run and check.
# Debian 12 and Ubuntu 24.04 have the same names for RUN_PACKAGES.
RUN_PACKAGES="gcc libc6-dev make cmake ninja-build pkg-config
	libevent-dev libsodium-dev libssl-dev libsqlite3-dev libseccomp-dev
	libcjson-dev libinih-dev libgfshare-dev libgettextpo-dev
	libutf8proc-dev"
CHECK_PACKAGES="$RUN_PACKAGES libcmocka-dev clang clang-format
	libclang-rt-14-dev valgrind git minisign python3 python3-nacl curl
	tor nodejs firefox-esr chromium fonts-noto-core fonts-noto-cjk
	e2fsprogs mount util-linux"

say() {
	printf '\n== %s\n' "$*"
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		echo "This step needs root, and there is no sudo: $*" >&2
		echo "Nothing was changed. Run it as root, then start again." >&2
		return 1
	fi
}

# Install those of the packages named that are not there yet.
install_packages() {
	missing=""
	for p in "$@"; do
		# node may come from elsewhere than Debian's package.
		if [ "$p" = nodejs ] && command -v node >/dev/null 2>&1; then
			continue
		fi
		dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null |
			grep -qx installed || missing="$missing $p"
	done
	if [ -z "$missing" ]; then
		say "All packages are installed"
		return 0
	fi
	say "Installing:$missing"
	as_root apt-get update -qq
	# shellcheck disable=SC2086 # a list of names
	DEBIAN_FRONTEND=noninteractive as_root \
		apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# libevent needs the fixes of August 2026 (docs/DESIGN.md).
require_libevent() {
	have=$(dpkg-query -W -f '${Version}' libevent-dev)
	. /etc/os-release
	if [ "${ID:-}" = debian ]; then
		dpkg --compare-versions "$have" ge 2.1.12-stable-8+deb12u1 && return 0
		echo "libevent $have lacks security fixes of August 2026." >&2
		echo "Run apt-get update && apt-get upgrade, then start again." >&2
		return 1
	fi
	echo "Please make sure that libevent $have has the fixes of August 2026."
}
