#!/bin/bash
# What the program is made of: nothing of libetpan that was measured to be unsafe with foreign bytes (its TLS, POP3, MIME and IMF parsers), and
# the hardening that the Makefile promises.
binary=${RETOUR:-build/retour}
failed=0
result() { # NAME, and what is wrong (nothing: ok)
	if [ -z "$2" ]; then echo "ok - $1"; else echo "not ok - $1"; echo "$2" | sed 's/^/# /'; failed=1; fi
}

# what is bound at start, and what at the first call (poller/command/lazy.h)
symbols=$(nm -D --undefined-only "$binary" | awk '{ print $2 }' | sed 's/@.*//'; nm "$binary" | sed -n 's/.* lazy_slot_//p')
result "symbols can be read" "$(grep -q . <<<"$symbols" || echo "nm shows none")"
result "libetpan is used for IMAP, SMTP and building mail" "$(grep -q '^mailimap_' <<<"$symbols" && grep -q '^mailsmtp_' <<<"$symbols" || echo "it is not: this test would see nothing")"
for pattern in 'mailpop3_' 'newpop3' 'mailstream_ssl' 'mailstream_cfstream' 'mailimap_ssl_' 'mailimap_socket_' 'mailsmtp_ssl_' 'mailsmtp_socket_' \
	'mailmime_parse' 'mailmime_.*_parse$' 'mailimf_.*parse' 'mailmessage_' 'mailprivacy_' 'mailstorage_' 'mailfolder_' 'mailbox_.*parse' \
	'mailimap_fetch_att_new_envelope' 'mailimap_fetch_att_new_body$' 'mailimap_fetch_att_new_bodystructure'; do
	result "nothing called $pattern" "$(grep -E "^$pattern" <<<"$symbols")"
done
result "no unbounded string functions, no shell behind popen" "$(grep -xE 'gets|strcat|sprintf|vsprintf|system|tmpnam|mktemp|popen' <<<"$symbols")"

if [ "$(uname -m)" = x86_64 ]; then
	result "a command that needs neither mail, TLS nor XML does not load their libraries" \
		"$(readelf -dW "$binary" | grep NEEDED | grep -E 'etpan|gnutls|xml2|xslt'; nm "$binary" | grep -q lazy_slot_ || echo "nothing is opened at its first call")"
	result "packagers are told of them" "$(for l in etpan gnutls xml2 xslt; do strings "$binary" | grep -q "\"soname\":\[\"lib$l\.so" || echo "$l"; done)"
fi

headers=$(readelf -hldW "$binary")
result "position-independent" "$(grep -q 'Type:.*DYN' <<<"$headers" || echo "no")"
result "relocations are read-only" "$(grep -q GNU_RELRO <<<"$headers" || echo "no")"
result "bound at start" "$(grep -qE 'BIND_NOW|FLAGS.*NOW' <<<"$headers" || echo "no")"
result "the stack is not executable" "$(grep GNU_STACK <<<"$headers" | grep -qv 'RWE' || echo "it is")"
result "stack protector" "$(grep -q '__stack_chk_fail' <<<"$symbols" || echo "no")"
result "fortified" "$(grep -q '_chk$' <<<"$symbols" || echo "no")"
result "no run path" "$(grep -E 'RPATH|RUNPATH' <<<"$headers")"
result "no path of the machine that built it in its strings" "$(strings -d -n 8 "$binary" | grep -E "^/(home|work|root|tmp/b)" | head -3)"
exit $failed
