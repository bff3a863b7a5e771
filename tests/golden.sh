#!/bin/sh
# The golden samples: NAME.eml must give the lines of NAME.expect, byte for byte. Prints TAP.
# usage: tests/golden.sh BINARY        (two new files in tests/golden are a new test)
# All samples are read by one call, and its lines told apart by the file that each names: a call for each would load the rules each time.
set -u
binary=$(realpath "$1") || exit 2
cd "$(dirname "$0")/golden" || exit 2
got=$(mktemp -d) || exit 2
trap 'rm -rf "$got"' EXIT
"$binary" -c golden.ini classify --plain ./*.eml >"$got/all" 2>"$got/errors"
status=$?
sed 's|^{"file": "\./|{"file": "|' "$got/all" |
	awk -v into="$got/" -F'"' '{ name = $4; sub(/\.eml$/, "", name); print >> (into name ".got"); if (name != last) { close(into last ".got"); last = name } }'
number=0 failed=0
for sample in *.eml; do
	name=${sample%.eml}
	number=$((number + 1))
	if [ -e "$got/$name.got" ] && cmp -s "$got/$name.got" "$name.expect"; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		diff "$name.expect" "$got/$name.got" 2>&1 | sed 's/^/# /'
		failed=$((failed + 1))
	fi
done
number=$((number + 1))
if [ $status -eq 0 ] && [ ! -s "$got/errors" ]; then
	echo "ok $number - the program says nothing of them and ends well"
else
	echo "not ok $number - the program says nothing of them and ends well (exit $status)"
	sed 's/^/# /' "$got/errors"
	failed=$((failed + 1))
fi
for expect in *.expect; do
	[ -e "${expect%.expect}.eml" ] || { number=$((number + 1)); failed=$((failed + 1)); echo "not ok $number - $expect has no sample"; }
done
echo "1..$number"
[ $number -gt 0 ] && [ $failed -eq 0 ]
