#!/bin/sh
# make packages: the Debian package in clean systems, one for each SUITE: built there twice (the same bytes), looked at by lintian, installed beside nothing,
# used, upgraded, removed, purged and installed again. Configuration, store and keys must outlive all of it. The same of the rpm package, with Debian's rpm: its
# dependencies bear Fedora's names, and are not looked at. An image of the Debian package, where buildah is. As root; needs debootstrap and the network.
#
#     tests/packages.sh [SUITE…]        bookworm and trixie
set -u
ROOT=$(cd "$(dirname "$0")/.." && pwd)
HOME_OF_ALL=${BUILD:-$ROOT/build}/packages
unset BUILD MAKEFLAGS MFLAGS MAKELEVEL # are not those of the systems inside
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
passed=0 failed=0

ok() { passed=$((passed + 1)); echo "ok - $SUITE: $1"; }
not_ok() {
	failed=$((failed + 1)); echo "not ok - $SUITE: $1"
	[ -f "$log" ] && tail -n 15 "$log" | sed 's/^/# /'
}
# shows WHAT COMMAND…: ok when the command ends well; what it says goes into the log.
shows() {
	what=$1; shift
	if "$@" >"$log" 2>&1; then ok "$what"; else not_ok "$what"; fi
}
inside() { chroot "$system" "$@"; }
# removed PLACE…: and all in it, but never through a mount that was left in it.
removed() {
	for place; do
		if grep -q " $place/" /proc/self/mounts; then
			echo "something is mounted below $place" >&2; return 1
		fi
		rm -rf --one-file-system "$place"
	done
}
# The same where / is a mount, which newer rpms want for the namespaces of their scripts; it goes with the command.
inside_mounted() {
	# shellcheck disable=SC2016 # for the shell inside
	unshare --mount --propagation private sh -c 'mount --rbind "$1" "$1" && place=$1 && shift && exec chroot "$place" "$@"' sh "$system" "$@"
}
as_retour() { inside runuser -u retour -- retour "$@"; }
says() { grep -q -- "$1" "$log"; }

leave() {
	for place in "$HOME_OF_ALL"/*/proc; do
		[ -e "$place/self" ] && umount "$place"
	done
}
trap leave EXIT
trap 'exit 1' INT TERM

# --- systems ---------------------------------------------------------------------------------------------------------

# A minimal system of the suite, made once; then a copy of it under NAME, with /proc.
fresh() {
	base=$HOME_OF_ALL/$SUITE
	if [ ! -e "$base/ready" ]; then
		removed "$base" && mkdir -p "$base" || return 1
		debootstrap --variant=minbase "$SUITE" "$base" >"$log" 2>&1 || return 1
		inside_of "$base" apt-get -q clean
		touch "$base/ready"
	fi
	system=$HOME_OF_ALL/$SUITE-$1
	[ -e "$system/proc/self" ] && umount "$system/proc"
	removed "$system" && cp -a "$base" "$system" || return 1
	for file in /etc/resolv.conf /etc/hosts; do
		[ -e "$file" ] && cp -L "$file" "$system$file"
	done
	mount -t proc proc "$system/proc" && inside apt-get -q update >>"$log" 2>&1
}
inside_of() { directory=$1; shift; chroot "$directory" "$@"; }

# --- the package is built --------------------------------------------------------------------------------------------

# build VERSION: leaves the package in /src/build/deb of the system.
build() {
	inside sh -c "cd /src && sed -i '1s/([^)]*)/($1)/' etc/debian/changelog && make -s deb" >>"$log" 2>&1 &&
		cp "$system"/src/build/deb/retour_"$1"_*.deb "$HOME_OF_ALL/$SUITE.$2.deb"
}

prepare_builder() {
	fresh builder || return 1
	mkdir "$system/src"
	(cd "$ROOT" && tar -c classify store reports poller etc tests Makefile README.md LICENSE) | tar -x -C "$system/src"
	inside apt-get -qy install --no-install-recommends make gcc dpkg-dev debhelper lintian >>"$log" 2>&1 &&
		inside sh -c 'cd /src && ln -s etc/debian debian && apt-get -qy --no-install-recommends build-dep ./ && rm debian' >>"$log" 2>&1
}

built() {
	shows "a clean system has what the package is built with" prepare_builder
	shows "it is built" build 0.1.0 one
	shows "lintian finds nothing" inside sh -c 'lintian --fail-on error,warning /src/build/deb/*.deb'
	shows "it is built again" build 0.1.0 two
	shows "two builds have the same bytes" cmp "$HOME_OF_ALL/$SUITE.one.deb" "$HOME_OF_ALL/$SUITE.two.deb"
	shows "the next version is built" build 0.1.1 next
}

# --- and used --------------------------------------------------------------------------------------------------------

install_package() { cp "$HOME_OF_ALL/$SUITE.$1.deb" "$system/retour.deb" && inside apt-get -qy install ./retour.deb; }

bounce() {
	cat <<-END
		From: MAILER-DAEMON@mx.example.net
		To: bounces@example.org
		Date: $(date -u -R)
		Subject: Undelivered Mail Returned to Sender
		MIME-Version: 1.0
		Content-Type: multipart/report; report-type=delivery-status; boundary=b

		--b

		Not delivered.

		--b
		Content-Type: message/delivery-status

		Reporting-MTA: dns; mx.example.net

		Final-Recipient: rfc822; anna@example.net
		Action: failed
		Status: 5.1.1
		Diagnostic-Code: smtp; 550 5.1.1 User unknown

		--b
		Content-Type: text/rfc822-headers

		From: news@example.org
		To: anna@example.net
		Message-ID: <1@example.org>

		--b--
	END
}

configured() {
	cat >"$system/etc/retour/retour.ini" <<-END
		[origin]
		domains = example.org
		[mailbox bounces]
		protocol = maildir
		path = /var/lib/retour/box
	END
	inside install -d -o retour -g retour -m 700 /var/lib/retour/box /var/lib/retour/box/new /var/lib/retour/box/cur /var/lib/retour/box/tmp
	bounce >"$system/var/lib/retour/box/new/1.mx" && inside chown retour:retour /var/lib/retour/box/new/1.mx
}

asked() { echo anna@example.net | as_retour check --bare --only suppress | grep -qx anna@example.net; }
owned() {
	inside sh -c 'stat -c "%a %U %G %n" /etc/retour /etc/retour/retour.ini /etc/retour/retour.ini.made /var/lib/retour' | tee "$log.stat"
	printf '%s\n' "750 root retour /etc/retour" "640 root retour /etc/retour/retour.ini" "600 retour retour /etc/retour/retour.ini.made" "700 retour retour /var/lib/retour" |
		cmp - "$log.stat"
}
doctor_names_what_is_missing() { ! as_retour doctor && as_retour doctor | grep -q 'FAIL  mailbox bounces'; }
timer_is_off() { ! inside test -e /etc/systemd/system/timers.target.wants/retour.timer; }
run_well() { as_retour run && test -z "$(ls "$system/var/lib/retour/box/new")"; }
kept_keys() { inside sh -c 'cat /var/lib/retour/keys/*.key | sha256sum' | cmp - "$HOME_OF_ALL/$SUITE.keys"; }
version_is() { inside retour --version | grep -q "^retour $1\$"; }
# From here on a systemctl that writes down what it is asked, and says that the timer is active; or is not, with NO.
asks_systemctl() {
	inside mkdir -p /run/systemd/system
	rm -f "$system/usr/bin/systemctl" "$system/asked"
	printf '#!/bin/sh\necho "$*" >>/asked\ncase $* in *is-active*) exit %s ;; esac\n' "${1:+3}" >"$system/usr/bin/systemctl" && chmod 755 "$system/usr/bin/systemctl"
}
run_is_started() { [ "$(sed -n '/daemon-reload/,$p' "$system/asked" | grep -v is-active | uniq | head -2 | tr '\n' ,)" = "daemon-reload,--no-block restart retour.service," ]; }
no_run_is_started() { grep -q daemon-reload "$system/asked" && ! grep -q 'start\|enable' "$system/asked"; }
gone() { ! inside sh -c 'command -v retour' && inside test -e /etc/retour/retour.ini; }
purged_but_keys() { ! inside test -e /etc/retour/retour.ini && inside test -e /var/lib/retour/retour.db && kept_keys; }

used() {
	log=$HOME_OF_ALL/$SUITE.log
	shows "another clean system" fresh user
	shows "the package is installed, with what it needs" install_package one
	shows "its user and directories are there, for nobody else" owned
	shows "the timer is off until somebody says so" timer_is_off
	# shellcheck disable=SC2016 # for the shell inside
	shows "every manual is there" inside sh -c 'for m in retour.1 retour.ini.5 retour-contacts.7 retour-sites.7; do ls /usr/share/man/man${m##*.}/$m.gz || exit 1; done'
	shows "doctor names what is missing in the sample configuration" doctor_names_what_is_missing
	shows "a configuration is written, a bounce comes" configured
	shows "a run reads it" run_well
	shows "check knows whom not to write to" asked
	inside sh -c 'cat /var/lib/retour/keys/*.key | sha256sum' >"$HOME_OF_ALL/$SUITE.keys"
	asks_systemctl
	shows "the next version is installed over it" install_package next
	shows "where the timer runs, that starts a run at once, which brings the store to its form" run_is_started
	asks_systemctl no
	shows "it is installed over itself" inside apt-get -qy install --reinstall ./retour.deb
	shows "where the timer does not run, that starts nothing" no_run_is_started
	shows "the configuration is the edited one" inside grep -q '^path = /var/lib/retour/box' /etc/retour/retour.ini
	shows "keys and modes are the same" kept_keys
	shows "modes are the same" owned
	shows "check still knows it" asked
	shows "audit keeps its word" as_retour audit
	shows "it is removed" inside apt-get -qy remove retour
	shows "the program is gone, its configuration is not" gone
	shows "it is purged" inside apt-get -qy purge retour
	shows "store and keys stay" purged_but_keys
	shows "it is installed again" install_package next
	configured >"$log" 2>&1
	shows "and knows what it knew" asked
}

# --- as an rpm -------------------------------------------------------------------------------------------------------

build_rpm() { inside sh -c "cd /src && make -s rpm RPM_OPTIONS=--nodeps" >>"$log" 2>&1 && cp "$system"/src/build/rpm/RPMS/*/retour-0*.rpm "$HOME_OF_ALL/$SUITE.$1.rpm"; }
install_rpm() { cp "$HOME_OF_ALL/$SUITE.one.rpm" "$system/retour.rpm" && inside_mounted rpm "$@" --nodeps /retour.rpm; }
# What it is linked with comes with the Debian package, which goes again.
prepare_rpm_user() {
	fresh rpm-user && install_package one && inside dpkg --purge retour && inside rm -rf /etc/retour /var/lib/retour &&
		inside userdel retour && inside apt-get -qy install --no-install-recommends rpm systemd
	inside groupdel retour-ask
	inside test ! -e /usr/bin/retour
}
rpm_gone() { ! inside test -e /usr/bin/retour && inside test -e /etc/retour/retour.ini.rpmsave && inside test -e /var/lib/retour/retour.db && kept_keys; }

rpm_used() {
	system=$HOME_OF_ALL/$SUITE-builder
	shows "what an rpm is built with" inside apt-get -qy install --no-install-recommends rpm rpmlint elfutils
	shows "the rpm is built" build_rpm one
	shows "rpmlint finds nothing" inside sh -c 'cd /src && rpmlint -r etc/retour.rpmlintrc build/rpm/RPMS/*/retour-0*.rpm build/rpm/SRPMS/*.rpm etc/retour.spec'
	shows "it is built again" build_rpm two
	shows "two builds of it have the same bytes" cmp "$HOME_OF_ALL/$SUITE.one.rpm" "$HOME_OF_ALL/$SUITE.two.rpm"
	shows "a system for it" prepare_rpm_user
	shows "the rpm is installed" install_rpm -i
	shows "its user and directories are there, too" owned
	configured >"$log" 2>&1
	shows "a run reads the bounce" run_well
	inside sh -c 'cat /var/lib/retour/keys/*.key | sha256sum' >"$HOME_OF_ALL/$SUITE.keys"
	asks_systemctl
	shows "it is installed over itself" install_rpm -U --force
	shows "where the timer runs, that starts a run at once" run_is_started
	asks_systemctl no
	shows "it is installed over itself once more" install_rpm -U --force
	shows "where the timer does not run, that starts nothing" no_run_is_started
	shows "the configuration is the edited one, still" inside grep -q '^path = /var/lib/retour/box' /etc/retour/retour.ini
	shows "and check knows whom not to write to" asked
	shows "it is erased" inside_mounted rpm -e --nodeps retour
	shows "the program is gone; configuration, store and keys are not" rpm_gone
}

# --- as an image -----------------------------------------------------------------------------------------------------

in_image() { buildah --root "$HOME_OF_ALL/images" --runroot "$HOME_OF_ALL/images.run" --storage-driver vfs "$@"; }
make_base_image() {
	container=$(in_image from scratch) && in_image add -q "$container" "$HOME_OF_ALL/$SUITE" / && in_image commit -q "$container" localhost/base && in_image rm "$container"
}
build_image() {
	removed "$HOME_OF_ALL/image"; mkdir "$HOME_OF_ALL/image"
	cp "$HOME_OF_ALL/$SUITE.one.deb" "$HOME_OF_ALL/image/retour_0.1.0_any.deb"
	in_image bud --isolation chroot --network host --build-arg BASE=localhost/base -f "$ROOT/etc/Containerfile" -t retour "$HOME_OF_ALL/image"
}
image_answers() {
	container=$(in_image from --pull-never localhost/retour) && in_image run --isolation chroot "$container" -- /usr/bin/retour demo-report --format xml | grep -q '<report' &&
		in_image run --isolation chroot "$container" -- /bin/sh -c 'id -un; touch /var/lib/retour/x && ! touch /etc/retour/x' | grep -qx retour
}

image_used() {
	if ! command -v buildah >/dev/null; then
		echo "ok - $SUITE: an image # SKIP no buildah here"; return
	fi
	removed "$HOME_OF_ALL/images" "$HOME_OF_ALL/images.run"
	shows "an image of the clean system" make_base_image
	shows "an image is built from etc/Containerfile" build_image
	shows "its program answers, as the user retour" image_answers
	removed "$HOME_OF_ALL/images" "$HOME_OF_ALL/images.run" "$HOME_OF_ALL/image"
}

[ "$(id -u)" = 0 ] || { echo "tests/packages.sh: as root, for clean systems: sudo make packages" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "tests/packages.sh: needs debootstrap: apt-get install debootstrap" >&2; exit 2; }
mkdir -p "$HOME_OF_ALL"
[ $# -gt 0 ] || set -- bookworm trixie
for SUITE; do
	log=$HOME_OF_ALL/$SUITE.log
	: >"$log"
	rm -f "$HOME_OF_ALL/$SUITE".*.deb
	built
	used
	rpm_used
	image_used
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
