#!/bin/sh
# Installs what is missing, through the system's package manager, and shows the command before it runs. Silent and fast when nothing is.
#
#	tests/deps.sh [--say] compile|build|demo|check|lab	build: also what it loads when it runs; demo: also its servers; check: also the tests' tools;
#						lab: also what the laboratory's mail systems are set up with
#						--say: only says which command would install what is missing, and fails
#
# Debian and Ubuntu (apt-get) and Fedora (dnf), as root or through sudo. Needs nothing but a shell and a compiler to run.
set -u
PATH=$PATH:/usr/sbin:/sbin
CC=${CC:-cc}
PYTHON=${PYTHON:-/usr/bin/python3}
servers=$(dirname "$0")/../build/servers
say=
[ "${1:-}" != --say ] || { say=1; shift; }
for_what=${1:-check}

# --- what is looked for: one function per thing, named in $things -------------------------------------------------

have() { command -v "$1" >/dev/null 2>&1; }
have_headers() { for h; do echo "#include <$h>"; done | $CC ${CPPFLAGS:-} -E - >/dev/null 2>&1; }
have_file() { for f; do [ -e "$f" ] && return 0; done; return 1; }

has() {
	case $1 in
	compiler) have "${CC%% *}" ;;
	pkg-config) have pkg-config ;;
	libraries)
		have_headers libetpan/libetpan.h iniparser/iniparser.h unistr.h gnutls/gnutls.h sqlite3.h sodium.h idn2.h seccomp.h zlib.h zstd.h json-c/json.h curl/curl.h microhttpd.h xxhash.h &&
			pkg-config --exists gnutls libxml-2.0 libxslt sqlite3 libsodium libidn2 libseccomp zlib libzstd json-c libcurl libmicrohttpd ;;
	sasl) have_file /usr/lib/*/sasl2/libscram.so /usr/lib64/sasl2/libscram.so /usr/lib/sasl2/libscram.so ;;
	dovecot) have dovecot && have_file /usr/lib/dovecot/imap-login /usr/libexec/dovecot/imap-login &&
		have_file /usr/lib/dovecot/pop3-login /usr/libexec/dovecot/pop3-login ;;
	# Unpacked beside the build (tests/servers.sh), for Debian lets one IMAP server be installed. Fedora has no Courier: its tests are skipped there.
	other-servers) ! have apt-get || have_file "$servers/usr/lib/cyrus/bin/imapd" ;;
	lmtp) have_file /usr/lib/dovecot/lmtp /usr/libexec/dovecot/lmtp && have_file /usr/lib/dovecot/modules/lib90_sieve_plugin.so /usr/lib64/dovecot/lib90_sieve_plugin.so ;;
	network-tools) have ip && have unshare ;;
	m4) have m4 ;;
	python) [ -x "$PYTHON" ] && "$PYTHON" -c 'import aiosmtpd, sqlite3' 2>/dev/null ;;
	openssl) have openssl ;;
	# A mail server that is here already is not replaced: its tests say that they are skipped.
	postfix) have postfix || have_file /usr/sbin/sendmail /usr/lib/sendmail ;;
	stunnel) have stunnel ;;
	xmllint) have xmllint ;;
	cmocka) printf '#include <stdarg.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <setjmp.h>\n#include <cmocka.h>\n' |
		$CC ${CPPFLAGS:-} -E - >/dev/null 2>&1 ;;
	sanitizers) echo 'int main(void) { return 0; }' | $CC -fsanitize=address,undefined -x c -o /dev/null - 2>/dev/null ;;
	mandoc) have mandoc ;;
	tidy) have tidy ;;
	swaks) have swaks ;;
	minisign) have minisign ;;
	strace) have strace ;;
	shellcheck) have shellcheck ;;
	redis) have redis-cli || have valkey-cli ;;
	jq) have jq ;;
	time-zones) have_file /usr/share/zoneinfo/Europe/Berlin ;;
	esac
}

compile="compiler pkg-config libraries"
build="$compile sasl"
demo="$build dovecot python openssl time-zones"
check="$demo postfix stunnel xmllint cmocka sanitizers mandoc minisign tidy swaks strace shellcheck other-servers lmtp network-tools redis jq"
lab="$demo postfix lmtp network-tools m4"
case $for_what in
compile) things=$compile ;;
build) things=$build ;;
demo) things=$demo ;;
check) things=$check ;;
lab) things=$lab ;;
*) echo "usage: $0 [--say] compile|build|demo|check|lab" >&2; exit 2 ;;
esac

missing=
for thing in $things; do
	has $thing || missing="$missing $thing"
done
[ -z "$missing" ] && exit 0
case $for_what in
compile) echo "Missing for 'make':$missing" >&2 ;;
*) echo "Missing for 'make $for_what':$missing" ;;
esac

# --- where it comes from -----------------------------------------------------------------------------------------

debian() {
	case $1 in
	compiler) echo gcc libc6-dev ;;
	pkg-config) echo pkg-config ;;
	libraries) echo libetpan-dev libgnutls28-dev libxml2-dev libxslt1-dev libsqlite3-dev libsodium-dev libiniparser-dev libidn2-dev libunistring-dev libseccomp-dev zlib1g-dev libzstd-dev libjson-c-dev libcurl4-gnutls-dev libmicrohttpd-dev libxxhash-dev ;;
	sasl) echo libsasl2-modules ;;
	dovecot) echo dovecot-core dovecot-imapd dovecot-pop3d ;;
	lmtp) echo dovecot-lmtpd dovecot-sieve ;;
	network-tools) echo iproute2 util-linux ;;
	m4) echo m4 ;;
	python) echo python3 python3-aiosmtpd ;;
	openssl) echo openssl ;;
	postfix) echo postfix ;;
	stunnel) echo stunnel4 ;;
	xmllint) echo libxml2-utils ;;
	cmocka) echo libcmocka-dev ;;
	sanitizers) echo gcc ;;
	mandoc) echo mandoc ;;
	tidy) echo tidy ;;
	swaks) echo swaks ;;
	minisign) echo minisign ;;
	strace) echo strace ;;
	shellcheck) echo shellcheck ;;
	redis) echo redis-tools ;; # which has the server's program, too, and no service
	jq) echo jq ;;
	time-zones) echo tzdata ;;
	esac
}

fedora() {
	case $1 in
	compiler) echo gcc ;;
	pkg-config) echo pkgconf-pkg-config ;;
	libraries) echo libetpan-devel gnutls-devel libxml2-devel libxslt-devel sqlite-devel libsodium-devel iniparser-devel libidn2-devel libunistring-devel libseccomp-devel zlib-devel libzstd-devel json-c-devel libcurl-devel libmicrohttpd-devel xxhash-devel ;;
	sasl) echo cyrus-sasl-plain cyrus-sasl-md5 cyrus-sasl-scram ;;
	dovecot) echo dovecot ;;
	lmtp) echo dovecot dovecot-pigeonhole ;;
	network-tools) echo iproute util-linux ;;
	m4) echo m4 ;;
	python) echo python3 python3-aiosmtpd ;;
	openssl) echo openssl ;;
	postfix) echo postfix ;;
	stunnel) echo stunnel ;;
	xmllint) echo libxml2 ;;
	cmocka) echo libcmocka-devel ;;
	sanitizers) echo libasan libubsan ;;
	mandoc) echo mandoc ;;
	tidy) echo tidy ;;
	swaks) echo swaks ;;
	minisign) echo minisign ;;
	strace) echo strace ;;
	shellcheck) echo ShellCheck ;;
	redis) echo valkey ;;
	jq) echo jq ;;
	time-zones) echo tzdata ;;
	esac
}

if have apt-get; then family=debian
elif have dnf; then family=fedora
else
	echo "Neither apt-get nor dnf is here: please install these by hand (README.md, Dependencies; for the tests etc/CONTRIBUTING.md)." >&2
	exit 1
fi
packages=
for thing in $missing; do
	packages="$packages $($family $thing)"
done

if [ -n "$say" ]; then
	case $family in
	debian) echo "Right would be: sudo apt-get install$packages" >&2 ;;
	*) echo "Right would be: sudo dnf install$packages" >&2 ;;
	esac
	exit 1
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
	if have sudo; then
		as_root=sudo
	else
		echo "Neither root nor sudo: please let somebody install$packages" >&2
		exit 1
	fi
fi

# Shows a command and runs it; twice when the first fails, for mirrors hiccup.
run() {
	echo "+ $*"
	"$@" </dev/null && return 0
	sleep 3
	echo "+ $*"
	"$@" </dev/null
}

if [ $family = debian ]; then
	# The servers are only run by the tests: none shall start by being installed. The old lists serve where a mirror is away.
	run $as_root apt-get -q update
	case " $missing " in
	# Postfix without a configuration: it does not start, and the tests bring their own.
	*" postfix "*) run $as_root sh -c 'echo postfix postfix/main_mailer_type select No configuration | debconf-set-selections' ;;
	esac
	[ -z "${packages# }" ] || run $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install $packages || exit 1
else
	run $as_root dnf -y install $packages || exit 1
fi

case " $missing " in
*" other-servers "*) "$(dirname "$0")/servers.sh" "$servers" || echo "Cyrus and Courier cannot be fetched: their tests are skipped." ;;
esac

still=
for thing in $missing; do
	[ "$thing" = other-servers ] || has $thing || still="$still $thing"
done
if [ -n "$still" ]; then
	echo "Still missing:$still" >&2
	exit 1
fi
