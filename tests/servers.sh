#!/bin/sh
# Unpacks Cyrus and Courier, Debian's own packages, into DIR without installing them: Debian lets only one IMAP server be installed, and that is Dovecot.
# Nothing of them starts, no file lies outside of DIR, and no root is needed. Where it does not work, their tests say that they are skipped.
#
#	tests/servers.sh DIR
set -u
dir=$1
packages="cyrus-common cyrus-imapd cyrus-pop3d sasl2-bin courier-base courier-imap courier-pop courier-authlib"
# Libraries that Dovecot does not bring along; their names differ between releases, and not each is needed everywhere.
libraries="libical3 libical3t64 libxapian30 libidn12 libltdl7 libcourier-unicode4 libcourier-unicode8 libdb5.3 libdb5.3t64 libpcre2-posix3 libjansson4 libnghttp2-14 libgdbm6 libgdbm6t64"

command -v apt-get >/dev/null && command -v dpkg >/dev/null || exit 1
mkdir -p "$dir/debs" && cd "$dir/debs" || exit 1
echo "+ apt-get download $packages"
apt-get -q -o APT::Sandbox::User=root download $packages >/dev/null 2>&1 || exit 1
for library in $libraries; do
	dpkg -s "$library" >/dev/null 2>&1 || apt-get -q -o APT::Sandbox::User=root download "$library" >/dev/null 2>&1
done
for deb in *.deb; do
	dpkg -x "$deb" .. || exit 1
done
rm -rf ../debs
