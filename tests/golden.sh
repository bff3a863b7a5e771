#!/bin/sh
# The golden samples: NAME.eml must give the lines of NAME.expect, byte for byte. Prints TAP.
# usage: tests/golden.sh BINARY        (two new files in tests/golden are a new test)
set -u
binary=$(realpath "$1") || exit 2
cd "$(dirname "$0")/golden" || exit 2
got=$(mktemp) || exit 2
trap 'rm -f "$got"' EXIT
number=0 failed=0
for sample in *.eml; do
	name=${sample%.eml}
	number=$((number + 1))
	"$binary" -c golden.ini classify --plain "$sample" >"$got" 2>&1
	status=$?
	if [ $status -eq 0 ] && cmp -s "$got" "$name.expect"; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name (exit $status)"
		diff "$name.expect" "$got" | sed 's/^/# /'
		failed=$((failed + 1))
	fi
done
for expect in *.expect; do
	[ -e "${expect%.expect}.eml" ] || { number=$((number + 1)); failed=$((failed + 1)); echo "not ok $number - $expect has no sample"; }
done
echo "1..$number"
[ $number -gt 0 ] && [ $failed -eq 0 ]
