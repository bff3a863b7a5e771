#!/bin/sh
# Asks `retour serve --http` whom not to write to: one address a line on stdin, verdict and address a line on stdout. Needs curl and jq; up to 10,000 addresses.
#	RETOUR_URL=http://127.0.0.1:8025 RETOUR_TOKEN_FILE=/etc/shop/retour.token ./check.sh [STREAM] < addresses
# Addresses and token stand in bodies and files, never in arguments. Whom it cannot ask about it does not write to: exit code.
set -eu
url=${RETOUR_URL:-http://127.0.0.1:8025}
token=$(cat "${RETOUR_TOKEN_FILE:?names the file with the token}")
answers=$(
	jq -R . | jq -s --arg stream "${1:-}" '{addresses: .} + (if $stream == "" then {} else {stream: $stream} end)' |
		curl -sS --fail --max-time 30 -H @/dev/fd/3 --data-binary @- "$url/check" 3<<-END
			Authorization: Bearer $token
		END
)
printf '%s\n' "$answers" | jq -r '.answers[] | "\(.verdict)\t\(.address)"'
