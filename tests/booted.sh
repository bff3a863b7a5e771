#!/bin/sh
# make booted: the Debian package in a system that systemd has booted, in namespaces of its own: a mailbox at a real Dovecot, a real Postfix, chrooted and not. Setup, the timer,
# the units' walls, the journal, the socket that Postfix asks and the one for programs, as README says. As root; needs debootstrap, the network, cgroups.
#
#     tests/booted.sh [SUITE]        bookworm; the package of `make packages` is taken where it is, else `make deb` of this system's
set -u
ROOT=$(cd "$(dirname "$0")/.." && pwd)
PLACE=${BUILD:-$ROOT/build}/packages/booted # where make looks for nothing
SUITE=${1:-bookworm}
PACKAGE=${PACKAGE:-${BUILD:-$ROOT/build}/packages/$SUITE.one.deb}
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
log=$PLACE/log system=$PLACE/system
passed=0 failed=0

ok() { passed=$((passed + 1)); echo "ok - $1"; }
not_ok() { failed=$((failed + 1)); echo "not ok - $1"; tail -n 15 "$log" | sed 's/^/# /'; }
shows() {
	what=$1; shift
	if "$@" >"$log" 2>&1; then ok "$what"; else not_ok "$what"; fi
}

# --- a system --------------------------------------------------------------------------------------------------------

# Mounts stand in the namespace of what is booted and go with it: nothing is mounted where this script or a clean-up sees it.
made() {
	[ -e "$PLACE/ready" ] && return 0
	rm -rf --one-file-system "$PLACE"; mkdir -p "$PLACE" || return 1
	debootstrap --variant=minbase "$SUITE" "$system" || return 1
	cp -L /etc/resolv.conf "$system/etc/resolv.conf"
	chroot "$system" sh -c 'apt-get -q update && apt-get -qy --no-install-recommends install systemd systemd-sysv postfix dovecot-imapd openssl curl python3 iproute2 procps sudo' || return 1
	touch "$PLACE/ready"
}

configured() {
	echo "127.0.0.1 mail.example.org localhost" >"$system/etc/hosts"
	echo mail.example.org >"$system/etc/hostname"
	chroot "$system" sh -ec '
		openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=mail.example.org -addext subjectAltName=DNS:mail.example.org -keyout /etc/dovecot/key.pem -out /etc/dovecot/cert.pem
		id bounces 2>/dev/null || useradd -m -s /bin/sh bounces
		echo bounces:secret-word | chpasswd
		install -d -o bounces -g bounces -m 700 /home/bounces/Maildir /home/bounces/Maildir/new /home/bounces/Maildir/cur /home/bounces/Maildir/tmp
		printf "%s\n" "protocols = imap" "mail_location = maildir:~/Maildir" "ssl = required" "ssl_cert = </etc/dovecot/cert.pem" "ssl_key = </etc/dovecot/key.pem" \
			"passdb {" "driver = pam" "}" "userdb {" "driver = passwd" "}" >/etc/dovecot/dovecot.conf
		postconf -e myhostname=mail.example.org mydestination=example.org inet_interfaces=loopback-only inet_protocols=ipv4 "relayhost=" "default_transport=discard" "home_mailbox=Maildir/"
		newaliases
		rm -f /home/bounces/Maildir/new/* /home/bounces/Maildir/cur/*
		postconf -e smtpd_tls_cert_file=/etc/dovecot/cert.pem smtpd_tls_key_file=/etc/dovecot/key.pem
		postconf -M submission/inet="submission inet n - $0 - - smtpd"
		postconf -P submission/inet/smtpd_client_restrictions=permit_mynetworks,permit_sasl_authenticated,reject
		postconf -F "submission/inet/chroot=$0"' "$1"
	# as README has it
	python3 - "$system/etc/postfix/master.cf" <<-'END'
		import sys
		path = sys.argv[1]
		text = open(path).read()
		head = "    -o smtpd_client_restrictions=permit_mynetworks,permit_sasl_authenticated,reject\n"
		assert head in text, text
		if "check_recipient_access" not in text:
		    text = text.replace(head, head + "    -o { smtpd_recipient_restrictions = check_recipient_access socketmap:unix:retour/ask:retour }\n")
		open(path, "w").write(text)
	END
}

bounce() {
	cat <<-END
		From: MAILER-DAEMON@mx.example.net
		To: bounces@example.org
		Date: $(date -u -R)
		Message-ID: <$1.1@mx.example.net>
		Subject: Undelivered Mail Returned to Sender
		MIME-Version: 1.0
		Content-Type: multipart/report; report-type=delivery-status; boundary=b

		--b
		Content-Type: message/delivery-status

		Reporting-MTA: dns; mx.example.net

		Final-Recipient: rfc822; $1@example.net
		Action: failed
		Status: 5.1.1
		Diagnostic-Code: smtp; 550 5.1.1 User unknown

		--b
		Content-Type: text/rfc822-headers

		From: news@example.org
		To: $1@example.net
		Message-ID: <$1.2@example.org>

		--b--
	END
}
deliver() { bounce "$1" >"$system/home/bounces/Maildir/new/$(date +%s).$1.mx" && chroot "$system" sh -c 'chown bounces:bounces /home/bounces/Maildir/new/*'; }

cat_boot() {
	cat <<-'END'
		set -e
		hostname mail.example.org
		mount --make-rprivate /
		mount --bind "$1" "$1"
		cd "$1"
		mount -t proc proc proc
		mount -t sysfs -o ro sysfs sys
		if grep -q cgroup2 /proc/1/mounts && [ -e /sys/fs/cgroup/cgroup.controllers ]; then
			mount -t cgroup2 cgroup2 sys/fs/cgroup
		else
			mount -t tmpfs tmpfs sys/fs/cgroup
			mkdir -p sys/fs/cgroup/systemd
			mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
		fi
		mount -t tmpfs tmpfs run
		mount -t tmpfs tmpfs dev
		for d in null zero full random urandom tty; do touch dev/$d; mount --bind /dev/$d dev/$d; done
		mkdir dev/pts dev/shm; mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts; ln -s pts/ptmx dev/ptmx; ln -s /proc/self/fd dev/fd
		mount -t tmpfs tmpfs dev/shm
		ip link set lo up
		mkdir -p old
		pivot_root . old
		umount -l /old
		exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init --log-target=console --show-status=no
	END
}

outer="" init=""
mail_answers() { for _ in $(seq 20); do inside sh -c 'echo QUIT | timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/$0; head -1 <&3"' "$1" | grep . && return 0; sleep 1; done; inside systemctl status "postfix@-" dovecot --no-pager; return 1; }
booted() {
	cat_boot >"$PLACE/boot.sh"
	setsid unshare --mount --pid --fork --uts --ipc --net --cgroup sh "$PLACE/boot.sh" "$system" >"$PLACE/console" 2>&1 &
	outer=$!
	for _ in $(seq 60); do
		init=$(pgrep -P "$outer" | head -1)
		[ "$init" ] && [ "$(cat "/proc/$init/comm")" = systemd ] && inside systemctl is-system-running --wait && return 0
		[ "$init" ] && inside systemctl is-system-running | grep -q degraded && { inside systemctl --failed --no-pager; return 1; }
		sleep 1
	done
	cat "$PLACE/console"
	return 1
}
leave() { [ "$init" ] && kill -s RTMIN+4 "$init" 2>/dev/null && for _ in $(seq 20); do [ -e "/proc/$init" ] || break; sleep 1; done; [ "$init" ] && kill -9 "$init" 2>/dev/null; }
trap leave EXIT
trap 'exit 1' INT TERM
inside() { nsenter -t "$init" -m -p -u -i -n -C env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"; }

# --- what README says ------------------------------------------------------------------------------------------------

# Anew, whatever an earlier run has left of it.
installed() { chroot "$system" dpkg --purge retour; cp "$PACKAGE" "$system/retour.deb" && chroot "$system" apt-get -qy install /retour.deb; }
set_up() {
	# the password is typed; it stands on stdin here
	printf '%s\n' secret-word | inside retour setup --domains example.org --host mail.example.org --user bounces --to postmaster@example.org --smtp mail.example.org:25 --ca-file /etc/dovecot/cert.pem --start
}
timer_is_on() { inside systemctl is-active retour.timer && inside systemctl list-timers --no-pager | grep retour; }
# the unit does not wait for its end
unit_ran() {
	inside systemctl start retour.service || return 1
	for _ in $(seq 60); do [ "$(inside systemctl is-active retour.service)" = inactive ] && return 0; sleep 1; done
	inside systemctl status retour.service --no-pager
	return 1
}
run_by_unit() { deliver "$1" && unit_ran && inside systemctl show -p Result,ExecMainStatus retour.service | tee "$PLACE/unit" && grep -q Result=success "$PLACE/unit" && [ -z "$(ls "$system/home/bounces/Maildir/new")" ]; }
journal_says() { inside journalctl -u retour --no-pager | tee "$PLACE/journal" && grep -q ' new, ' "$PLACE/journal" && ! grep -q 'anna@' "$PLACE/journal"; }
walls() { for unit in retour retour-serve retour-http; do inside systemd-analyze security --no-pager --threshold=15 "$unit.service" | tail -1; done; inside systemd-analyze security --no-pager --threshold=15 retour.service >/dev/null && inside systemd-analyze verify --man=no retour.service retour.timer retour-serve.socket retour-http.socket; }
sockets_open() { inside systemctl enable --now retour-serve.socket retour-http.socket && inside systemctl restart postfix && mail_answers 25 && mail_answers 587; }
# the answer to RCPT TO at a port
rcpt() {
	inside python3 -c '
import smtplib, sys
s = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=20)
s.ehlo(); s.mail("news@example.org")
print(*s.rcpt(sys.argv[2]))' "$1" "$2"
}
learnt() { rcpt 25 "$1" >"$PLACE/$1" && [ -s "$PLACE/$1" ]; }
refused_at_submission() { rcpt 587 anna@example.net | tee "$PLACE/said" && grep -q '^550' "$PLACE/said" && ! grep -qi 'user-unknown\|since' "$PLACE/said" && rcpt 587 nobody-yet@example.net | grep -q '^250'; }
stranger_learns_nothing() { learnt anna@example.net && learnt nobody-yet@example.net && sed -i 's/nobody-yet/anna/g' "$PLACE/nobody-yet@example.net" && cmp "$PLACE/anna@example.net" "$PLACE/nobody-yet@example.net"; }
programs_ask() { inside curl -s --unix-socket /run/retour/http -d '{"address": "anna@example.net"}' http://retour/check | grep '"verdict":"suppress"'; }
others_may_not_ask() { ! inside su -s /bin/sh nobody -c "curl -s --unix-socket /run/retour/http -d '{\"address\": \"anna@example.net\"}' http://retour/check"; }
# The drop-in that retour(1) prints for Exim and sendmail, with a group that is here.
asked_elsewhere() {
	mkdir -p "$system/etc/systemd/system/retour-serve.socket.d"
	sed -n '/^\[Socket\]$/,/^\.Ed/p' "$ROOT/etc/retour.1" | sed 's/Debian-exim/mail/; /^\.Ed/d' >"$system/etc/systemd/system/retour-serve.socket.d/override.conf"
	inside systemctl daemon-reload && inside systemctl restart retour-serve.socket && [ "$(inside stat -c '%F %G' /run/retour/ask)" = "socket mail" ] &&
		inside python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.connect("/run/retour/ask"); s.sendall(b"23:retour anna@example.net,"); print(s.recv(100))' | grep 'OK 550'
	answered=$?
	rm -r "$system/etc/systemd/system/retour-serve.socket.d" && inside systemctl daemon-reload && inside systemctl restart retour-serve.socket && return $answered
}
doctor_is_content() { inside sudo -u retour retour doctor; }
metrics_written() {
	inside install -d -o retour /var/lib/node_exporter && printf '[metrics]\nfile = /var/lib/node_exporter/retour.prom\n' >>"$system/etc/retour/retour.ini" && unit_ran &&
		grep -q retour_ "$system/var/lib/node_exporter/retour.prom"
}
logs_read() { inside sh -c 'echo "Nov  1 10:00:00 mx postfix/smtp[1]: 3F2A91C07D: to=<x@example.net>, relay=mx.example.net[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)" >/var/log/mail.log; chown root:adm /var/log/mail.log; chmod 640 /var/log/mail.log; usermod --append --groups adm retour; sudo -u retour retour volume log /var/log/mail.log'; }
hook_told() {
	printf '[hook]\ncommand = /usr/local/bin/told\naddresses = yes\n' >>"$system/etc/retour/retour.ini"
	printf '#!/bin/sh\ncat >>/var/lib/retour/told\n' >"$system/usr/local/bin/told" && chmod 755 "$system/usr/local/bin/told" && run_by_unit carla && grep carla@example.net "$system/var/lib/retour/told"
}
# In namespaces some systemds give no unit its credential, whatever the program.
credentials_are_given() {
	# shellcheck disable=SC2016 # for the unit
	printf '[Service]\nType=oneshot\nUser=retour\nLoadCredential=x:/etc/hostname\nExecStart=/bin/sh -c "cat $CREDENTIALS_DIRECTORY/x"\n' >"$system/etc/systemd/system/probe.service"
	inside systemctl daemon-reload && inside systemctl start probe.service
}
# retour-privacy(7), KEYS FROM SYSTEMD: the key leaves its directory, and the unit goes on.
key_from_systemd() {
	line=$(grep '^systemd-creds encrypt' "$ROOT/etc/retour-privacy.7")
	inside sh -ec 'mkdir -p /etc/credstore.encrypted; cd /var/lib/retour/keys; '"$line"'; rm state.key; mkdir -p /etc/systemd/system/retour.service.d' || return 1
	{ echo '[Service]'; sed -n 's/^#\(LoadCredentialEncrypted=state.key:\)/\1/p' "$ROOT/etc/retour.service"; } >"$system/etc/systemd/system/retour.service.d/key.conf"
	grep -q state.key "$system/etc/systemd/system/retour.service.d/key.conf" && inside systemctl daemon-reload && run_by_unit dora && [ ! -e "$system/var/lib/retour/keys/state.key" ]
	kept=$?
	inside sh -ec 'systemd-creds decrypt --name=state.key /etc/credstore.encrypted/retour-state.key /var/lib/retour/keys/state.key; chown retour:retour /var/lib/retour/keys/state.key; chmod 600 /var/lib/retour/keys/state.key; rm -r /etc/systemd/system/retour.service.d; systemctl daemon-reload'
	return $kept
}
started_at() { inside systemctl show -p ExecMainStartTimestampMonotonic --value retour.service; }
# As an upgrade: what a run starts there is not waited for.
upgraded() { before=$(started_at) && inside dpkg -i /retour.deb && for _ in $(seq 60); do [ "$(inside systemctl is-active retour.service)" = inactive ] && return 0; sleep 1; done; }
upgrade_starts_a_run() { deliver erna && upgraded && [ "$(started_at)" != "$before" ] && [ -z "$(ls "$system/home/bounces/Maildir/new")" ]; }
upgrade_starts_nothing() { inside systemctl stop retour.timer && upgraded && [ "$(started_at)" = "$before" ] && inside systemctl start retour.timer; }
removed_for_good() {
	inside dpkg -r retour && ! inside systemctl is-active retour.timer retour-serve.socket retour-http.socket retour-serve.service | grep -x active && [ ! -e "$system/usr/bin/retour" ] &&
		inside dpkg -P retour && [ -z "$(find "$system/etc/systemd/system" -name 'retour*')" ] && [ -e "$system/var/lib/retour/keys" ]
}
report_sent() { inside sudo -u retour retour report --month "$(date +%Y-%m)" --send && sleep 3 && inside sh -c 'grep -rl "retour report" /home/*/Maildir/new /var/mail 2>/dev/null || journalctl -u "postfix@*" --no-pager | grep "status=sent"'; }

mkdir -p "$PLACE"; log=$PLACE.log
[ -e "$PACKAGE" ] || { echo "no package at $PACKAGE: make packages, or PACKAGE=FILE" >&2; exit 1; }
[ -e "$PLACE/ready" ] || shows "a clean system with systemd, Postfix, Dovecot" made
for chroot in y n; do
	shows "Postfix and Dovecot are set up; smtpd chroot: $chroot" configured $chroot
	[ $chroot = n ] || { rm -rf "$system/var/lib/retour" "$system/etc/retour" "$system/var/log/journal"; shows "the package is installed" installed; }
	shows "it is booted by systemd" booted
	shows "Postfix answers" mail_answers 25
	if [ $chroot = y ]; then
		shows "setup asks, tries mailbox and mail server, and starts the timer" set_up
		shows "the timer runs" timer_is_on
		shows "doctor is content" doctor_is_content
		shows "the unit reads the mailbox" run_by_unit anna
		shows "the journal tells of it, and names nobody" journal_says
		shows "the walls: exposure of retour.service at most 1.5, units verify" walls
		grep -h 'exposure level' "$log" | sed 's/^/# /'
		shows "metrics are written where README says, under the unit" metrics_written
		shows "mail logs of root:adm are read as README says" logs_read
		shows "[hook] under the unit" hook_told
		if credentials_are_given >"$log" 2>&1; then
			shows "a key may come from systemd, as retour-privacy(7) says" key_from_systemd
		else
			echo "ok - a key may come from systemd # SKIP this one gives no unit a credential here"
		fi
		shows "a report leaves through Postfix" report_sent
		shows "an upgrade starts a run at once: where the store's form changed, check answers again" upgrade_starts_a_run
		shows "where the timer is stopped, an upgrade starts nothing" upgrade_starts_nothing
	fi
	shows "both sockets are opened" sockets_open
	shows "smtpd chroot $chroot: submission refuses a suppressed recipient and says no reason, lets others through" refused_at_submission
	shows "smtpd chroot $chroot: a stranger at port 25 learns nothing" stranger_learns_nothing
	shows "programs ask over the UNIX socket" programs_ask
	shows "and others may not" others_may_not_ask
	[ $chroot = y ] || shows "Exim and sendmail ask at the place that retour(1) has for them" asked_elsewhere
	[ $chroot = y ] || shows "it is removed: timer and sockets are gone, store and keys are not" removed_for_good
	leave; init=""
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
