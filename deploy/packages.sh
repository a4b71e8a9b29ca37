# packages.sh: what to install, and how; sourced by run and check.
# Debian 12 and Ubuntu 24.04 have the same names for RUN_PACKAGES.
RUN_PACKAGES="gcc libc6-dev make cmake ninja-build pkg-config
	libevent-dev libsodium-dev libssl-dev libsqlite3-dev libseccomp-dev
	libcjson-dev libinih-dev libgfshare-dev libgettextpo-dev
	libutf8proc-dev"
CHECK_PACKAGES="$RUN_PACKAGES libcmocka-dev clang clang-format
	libclang-rt-14-dev valgrind git minisign python3 python3-nacl curl
	tor nodejs npm firefox-esr chromium fonts-noto-core fonts-noto-cjk
	default-jre-headless lynx w3m e2fsprogs mount util-linux"

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
		# These may come from elsewhere than Debian's package.
		case $p in
		nodejs) command -v node >/dev/null 2>&1 && continue ;;
		npm) command -v npm >/dev/null 2>&1 && continue ;;
		default-jre-headless)
			command -v java >/dev/null 2>&1 && continue ;;
		esac
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

# What tests drive browsers with (ws) and check pages with (axe-core, the Nu
# HTML checker), in versions and with digests that the lock file pins.  Into
# the folder $1, which is nothing but that; nothing is done if they are there.
install_npm() {
	here=tests/e2e/npm
	if cmp -s $here/package-lock.json "$1/package-lock.json" &&
	    [ -e "$1/done" ]; then
		say "What browsers are tested with is installed"
		return 0
	fi
	say "Installing what browsers are tested with"
	rm -rf "$1"
	mkdir -p "$1"
	cp $here/package.json $here/package-lock.json $here/.npmrc "$1"
	(cd "$1" && npm ci --ignore-scripts --no-audit --no-fund \
		--loglevel=error >/dev/null) || {
		echo "npm could not fetch them (tests/e2e/npm/package.json)." >&2
		echo "Is the npm registry to be reached from here? Start" \
			"again then; what is installed stays." >&2
		return 1
	}
	: >"$1/done"
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
