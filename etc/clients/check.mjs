#!/usr/bin/node
// Asks `retour serve --http` whom not to write to: one address a line on stdin, verdict and address a line on stdout. Node 18 or later, without packages.
//	RETOUR_URL=http://127.0.0.1:8025 RETOUR_TOKEN_FILE=/etc/shop/retour.token ./check.mjs [STREAM] < addresses
import { readFileSync } from "node:fs";

const atOnce = 10000; // addresses in a question

// The answers, in the same order. Whom it cannot ask about it does not write to: it throws.
export async function check(addresses, stream) {
	const token = readFileSync(process.env.RETOUR_TOKEN_FILE, "utf8").trim();
	const response = await fetch((process.env.RETOUR_URL ?? "http://127.0.0.1:8025") + "/check", {
		method: "POST",
		headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
		body: JSON.stringify(stream ? { addresses, stream } : { addresses }),
		signal: AbortSignal.timeout(30000),
	});
	if (!response.ok) throw new Error(`retour answers ${response.status}: ${await response.text()}`);
	return (await response.json()).answers;
}

const everybody = readFileSync(0, "utf8").split(/\r?\n/).filter((line) => line !== "");
for (let begin = 0; begin < everybody.length; begin += atOnce)
	for (const answer of await check(everybody.slice(begin, begin + atOnce), process.argv[2])) console.log(`${answer.verdict}\t${answer.address}`);
