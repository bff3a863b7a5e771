/*
 * The rules and providers that are compiled in, read against what receivers say; and what the
 * loader refuses, by file, section and key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
#include "poller/config/rulesfile.h"

static struct rules *rules;

/* --- the rules that are compiled in --------------------------------------- */

static const struct {
	const char *host, *status, *answer; /* the Status field and what the receiver said */
	const char *category;
} ANSWERS[] = {
	/* wrong addresses */
	{ "", "5.1.1",
		"550 5.1.1 <kim@example.org>: Recipient address rejected: User unknown in local recipient table",
		"user-unknown" },
	{ "", "5.0.0", "550 Unknown user kim@example.org", "user-unknown" },
	{ "", "5.7.1", "553 sorry, no mailbox here by that name (#5.7.1)", "user-unknown" },
	{ "", "5.2.1", "550 5.2.1 <kim@example.org>... User Unknown", "user-unknown" },
	{ "", "", "550 Requested action not taken: mailbox unavailable", "undetermined" },
	{ "", "5.1.1", "550 Requested action not taken: mailbox unavailable", "user-unknown" },
	{ "", "5.1.0", "550 #5.1.0 Address rejected.", "user-unknown" },
	{ "", "5.1.10",
		"550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
		"user-unknown" },
	{ "", "5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)",
		"user-unknown" },
	{ "", "", "550 Benutzer unbekannt", "user-unknown" },
	{ "", "", "550 5.5.0 Empfängeradresse existiert nicht", "user-unknown" },
	{ "", "", "550 Adresse d'au moins un destinataire invalide", "user-unknown" },
	{ "", "", "550 El usuario no existe", "user-unknown" },
	{ "", "", "550 Utente sconosciuto", "user-unknown" },
	{ "", "", "550 Usuário inexistente", "user-unknown" },
	{ "", "", "550 Onbekende gebruiker", "user-unknown" },
	{ "", "", "550 Okänd mottagare", "user-unknown" },
	{ "", "", "550 Użytkownik nie istnieje", "user-unknown" },
	{ "", "", "550 Пользователь не найден", "user-unknown" },
	{ "", "", "550 宛先のメールアドレスが見つかりません", "user-unknown" },
	{ "", "", "550 用户不存在", "user-unknown" },
	{ "", "5.4.4",
		"Host or domain name not found. Name service error for name=example.test type=A: Host not found",
		"domain-unknown" },
	{ "", "5.1.2",
		"550 5.1.2 <kim@example.test>... Host unknown (Name server: example.test: host not found)",
		"domain-unknown" },
	{ "", "", "Unrouteable address", "domain-unknown" },
	{ "", "5.2.1", "550 5.2.1 The email account that you tried to reach is disabled.",
		"mailbox-disabled" },
	{ "", "5.0.0", "554 delivery error: This account has been disabled or discontinued",
		"mailbox-disabled" },
	{ "", "", "550 Account has expired", "mailbox-disabled" },
	{ "", "", "550 Postfach ist gesperrt", "mailbox-disabled" },
	{ "", "5.1.6", "551 5.1.6 User has moved to kim@example.net", "address-changed" },
	{ "", "5.1.3", "501 5.1.3 Bad recipient address syntax", "bad-address" },
	{ "", "5.1.10", "556 5.1.10 Recipient address has null MX", "not-accepting" },
	{ "", "5.3.2", "521 5.3.2 System not accepting network messages", "not-accepting" },
	/* later perhaps */
	{ "", "5.2.2", "552 5.2.2 <kim@example.org>: Quota exceeded (mailbox for user is full)",
		"mailbox-full" },
	{ "", "5.1.1", "552 sorry, mailbox kim@example.org is over quota temporarily (#5.1.1)",
		"mailbox-full" },
	{ "", "4.2.2", "452 4.2.2 The email account that you tried to reach is over quota.",
		"mailbox-full" },
	{ "", "", "552 Mailbox of kim@example.org is full", "mailbox-full" },
	{ "", "", "552 Das Postfach ist voll", "mailbox-full" },
	{ "", "", "552 La boîte aux lettres est pleine", "mailbox-full" },
	{ "", "", "552 Casella piena", "mailbox-full" },
	{ "", "", "552 Почтовый ящик переполнен", "mailbox-full" },
	{ "", "", "552 邮箱空间不足", "mailbox-full" },
	{ "", "4.7.1", "451 4.7.1 Greylisting in action, please come back later", "greylisted" },
	{ "", "4.2.0", "450 4.2.0 <kim@example.org>: Recipient address rejected: Greylisted",
		"greylisted" },
	{ "", "4.7.1", "451 4.7.1 Please try again later", "greylisted" },
	{ "", "4.3.2", "452 4.3.2 Connection rate limit exceeded.", "rate-limited" },
	{ "", "5.2.1",
		"550-5.2.1 The user is receiving mail at a rate that\n550-5.2.1 prevents additional messages",
		"rate-limited" },
	{ "", "", "421 Too many connections from your host", "rate-limited" },
	{ "", "4.4.1", "connect to mx.example.org[192.0.2.1]:25: Connection timed out",
		"network-error" },
	{ "", "4.4.2",
		"lost connection with mx.example.org[192.0.2.1] while receiving the initial server greeting",
		"network-error" },
	{ "", "4.3.0", "451 4.3.0 Temporary local problem", "system-error" },
	{ "", "4.3.1", "452 4.3.1 Insufficient system storage", "system-error" },
	{ "", "5.3.4", "552 5.3.4 Message size exceeds fixed limit", "message-too-large" },
	{ "", "5.2.3", "552 5.2.3 message length exceeds administrative limit",
		"message-too-large" },
	{ "", "4.5.3", "452 4.5.3 Too many recipients", "too-many-recipients" },
	{ "", "5.4.6", "554 5.4.6 Too many hops", "routing-loop" },
	{ "", "5.4.6", "mail for example.org loops back to myself", "routing-loop" },
	{ "", "4.4.7", "550 4.4.7 QUEUE.Expired; message expired", "expired" },
	{ "", "5.0.0", "Command died with status 17: \"/usr/bin/filter\". Command output: no",
		"local-delivery-error" },
	{ "", "4.7.5", "TLS handshake failed: certificate verify failed", "tls-failure" },
	{ "", "5.7.10", "530 5.7.10 Must issue a STARTTLS command first", "tls-failure" },
	{ "", "5.0.0", "504 Command parameter not implemented", "protocol-error" },
	/* the sender's fault */
	{ "", "5.7.1",
		"554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using zen.spamhaus.org",
		"reputation" },
	{ "", "5.0.0", "550 Your IP address is listed in our blacklist", "reputation" },
	{ "", "", "554 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.9", "reputation" },
	{ "", "5.7.1", "550 5.7.1 Message content rejected, UBE, id=1", "spam-content" },
	{ "", "5.7.0", "554 5.7.0 Reject, id=1-1 - SPAM", "spam-content" },
	{ "", "5.6.0", "552 5.6.0 prohibited attachment", "content-rejected" },
	{ "", "5.0.0", "550 Virus Detected; Content Rejected", "virus" },
	{ "", "5.7.26",
		"550 5.7.26 Unauthenticated email from example.org is not accepted due to domain's DMARC policy",
		"auth-failure" },
	{ "", "5.7.23", "550 5.7.23 SPF check failed", "auth-failure" },
	{ "", "5.0.0", "550 Denied by policy", "policy" },
	{ "", "5.7.1", "550 5.7.1 Delivery not authorized, message refused", "policy" },
	{ "", "5.7.1", "550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized", "policy" },
	{ "", "5.1.8",
		"553 5.1.8 <a@example.test>... Domain of sender address a@example.test does not exist",
		"sender-rejected" },
	{ "", "5.7.1", "554 5.7.1 <kim@example.org>: Relay access denied", "relay-denied" },
	{ "", "5.7.1", "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
		"relay-denied" },
	{ "", "5.7.25", "550 5.7.25 The IP address sending this message does not have a PTR record",
		"infrastructure" },
	{ "", "5.7.1",
		"450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.9]",
		"infrastructure" },
	{ "", "5.7.1", "550-5.7.1 This message is not RFC 5322 compliant", "non-compliant" },
	/* what single providers mean */
	{ "gmail-smtp-in.l.google.com", "4.7.28",
		"421-4.7.28 Our system has detected an unusual rate of unsolicited mail",
		"rate-limited" },
	{ "gmail-smtp-in.l.google.com", "5.7.1",
		"550-5.7.1 Our system has detected that this message is likely unsolicited mail",
		"spam-content" },
	{ "gmail-smtp-in.l.google.com", "4.7.27", "421 4.7.27 this mail has no valid SPF",
		"auth-failure" },
	{ "mx1.hotmail.com", "5.7.1",
		"550 5.7.1 Unfortunately, messages from [192.0.2.9] weren't sent. part of their network is on our block list (S3140)",
		"reputation" },
	{ "mx1.mail.protection.outlook.com", "5.7.511", "550 5.7.511 Access denied, banned sender",
		"reputation" },
	{ "mx1.hotmail.com", "4.7.500", "451 4.7.500 Server busy. Please try again later (S77719)",
		"rate-limited" },
	{ "mta5.am0.yahoodns.net", "4.7.0",
		"421 4.7.0 [TSS04] Messages from 192.0.2.9 temporarily deferred due to user complaints",
		"reputation" },
	{ "mx00.gmx.net", "5.0.0",
		"554 gmx.net Nemesis ESMTP Service not available No SMTP service Bad DNS PTR resource record.",
		"infrastructure" },
	{ "mx00.t-online.de", "5.0.0",
		"554 IP=192.0.2.9 - A problem occurred. Ask your postmaster for help or contact tosa@rx.t-online.de",
		"reputation" },
	{ "smtp-in.orange.fr", "5.2.0", "550 5.2.0 Mail rejete. Mail rejected. OFR_506",
		"spam-content" },
	{ "smtp-in.orange.fr", "5.1.1", "550 5.1.1 Adresse invalide. Invalid recipient. OFR_416",
		"user-unknown" },
	{ "mx3.qq.com", "5.0.0",
		"550 Ip frequency limited. http://service.mail.qq.com/cgi-bin/help",
		"rate-limited" },
	{ "mxs.mail.ru", "5.0.0", "550 spam message rejected. Please visit the help page",
		"spam-content" },
};

static void receivers_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ANSWERS / sizeof *ANSWERS; i++) {
		struct clues e = { .kind = KIND_FAILURE,
			.status = status_parse(span_of(ANSWERS[i].status)),
			.diagnostic = span_of(ANSWERS[i].answer),
			.remote_mta = span_of(ANSWERS[i].host) };
		struct decision d;

		decide(rules, &e, &d);
		if (strcmp(category_name(d.category), ANSWERS[i].category))
			fail_msg("'%s' is %s by %s, not %s", ANSWERS[i].answer,
				category_name(d.category), d.rule, ANSWERS[i].category);
	}
}

static bool says(const char *text, unsigned where, enum kind kind, enum rule_mark mark)
{
	struct matches m;

	rules_scan(rules, span_of(text), where, &m);
	for (size_t i = 0; i < m.count; i++)
		if ((kind != KIND_NONE && rule_at(rules, m.at[i].rule)->kind == kind) ||
			(mark != MARK_NONE && rule_at(rules, m.at[i].rule)->mark == mark))
			return true;
	return false;
}

static void kinds_and_marks_are_known_in_many_languages(void **state)
{
	static const struct {
		const char *text;
		unsigned where;
		enum kind kind;
		enum rule_mark mark;
	} texts[] = {
		{ "Out of office: back on Monday", WHERE_SUBJECT, KIND_AUTOREPLY, MARK_NONE },
		{ "Abwesenheitsnotiz: Urlaub", WHERE_SUBJECT, KIND_AUTOREPLY, MARK_NONE },
		{ "Réponse automatique : Lettre", WHERE_SUBJECT, KIND_AUTOREPLY, MARK_NONE },
		{ "Respuesta automática: Carta", WHERE_SUBJECT, KIND_AUTOREPLY, MARK_NONE },
		{ "Risposta automatica: Lettera", WHERE_SUBJECT, KIND_AUTOREPLY, MARK_NONE },
		{ "Resposta automática: Carta", WHERE_SUBJECT, KIND_AUTOREPLY, MARK_NONE },
		{ "Automatisch antwoord: Brief", WHERE_SUBJECT, KIND_AUTOREPLY, MARK_NONE },
		{ "Autosvar: Brev", WHERE_SUBJECT, KIND_AUTOREPLY, MARK_NONE },
		{ "Odpowiedź automatyczna: List", WHERE_SUBJECT, KIND_AUTOREPLY, MARK_NONE },
		{ "Автоматический ответ: Письмо", WHERE_SUBJECT, KIND_AUTOREPLY, MARK_NONE },
		{ "自動応答: 手紙", WHERE_SUBJECT, KIND_AUTOREPLY, MARK_NONE },
		{ "自动回复: 信", WHERE_SUBJECT, KIND_AUTOREPLY, MARK_NONE },
		{ "auto-submitted: auto-replied", WHERE_HEADER, KIND_AUTOREPLY, MARK_NONE },
		{ "Click the link below to verify your address", WHERE_HUMAN, KIND_CHALLENGE,
			MARK_NONE },
		{ "THIS IS A WARNING MESSAGE ONLY.", WHERE_HUMAN, KIND_DELAY, MARK_NONE },
		{ "Undelivered Mail Returned to Sender", WHERE_SUBJECT, KIND_NONE,
			MARK_BOUNCE_SUBJECT },
		{ "Unzustellbar: Brief", WHERE_SUBJECT, KIND_NONE, MARK_BOUNCE_SUBJECT },
		{ "Non remis : Lettre", WHERE_SUBJECT, KIND_NONE, MARK_BOUNCE_SUBJECT },
		{ "No se puede entregar: Carta", WHERE_SUBJECT, KIND_NONE, MARK_BOUNCE_SUBJECT },
		{ "系统退信", WHERE_SUBJECT, KIND_NONE, MARK_BOUNCE_SUBJECT },
		{ "Mail Delivery Subsystem <mailer-daemon@example.org>", WHERE_SENDER, KIND_NONE,
			MARK_BOUNCE_SENDER },
		{ "----- The following addresses had permanent fatal errors -----", WHERE_HUMAN,
			KIND_NONE, MARK_FAILED_RECIPIENTS },
		{ "------ This is a copy of the message, including all the headers. ------",
			WHERE_HUMAN, KIND_NONE, MARK_RETURNED_MESSAGE },
		{ "SMTP error from remote mail server after RCPT TO:<kim@example.org>:",
			WHERE_HUMAN, KIND_NONE, MARK_REMOTE_SAYS },
		{ "(in reply to MAIL FROM command)", WHERE_HUMAN, KIND_NONE, MARK_STAGE_MAIL },
		{ "(in reply to end of DATA command)", WHERE_HUMAN, KIND_NONE, MARK_STAGE_DATA },
	};
	(void)state;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (!says(texts[i].text, texts[i].where, texts[i].kind, texts[i].mark))
			fail_msg("'%s' is not understood", texts[i].text);
	assert_false(says("Our newsletter of May: summer in the office", WHERE_SUBJECT,
		KIND_AUTOREPLY, MARK_BOUNCE_SUBJECT));
	assert_false(
		says("Kim Lee <kim@example.org>", WHERE_SENDER, KIND_NONE, MARK_BOUNCE_SENDER));
}

static void providers_are_known_by_host_and_domain(void **state)
{
	size_t n = 0;
	(void)state;

	assert_string_equal(
		provider_by_host(rules, SPAN("example-org.mail.protection.outlook.com")),
		"microsoft");
	assert_string_equal(provider_by_host(rules, SPAN("mx01.emig.gmx.net")), "united-internet");
	assert_string_equal(provider_by_domain(rules, SPAN("web.de")), "united-internet");
	assert_string_equal(provider_by_domain(rules, SPAN("yahoo.co.jp")), "yahoo-japan");
	assert_string_equal(provider_by_domain(rules, SPAN("yahoo.co.uk")), "yahoo");
	assert_null(provider_by_domain(rules, SPAN("example.org")));
	assert_true(provider_is_large(rules, "t-online"));
	assert_false(provider_is_large(rules, "posteo"));
	assert_string_equal(provider_ladder(rules, "t-online"), "large");
	assert_string_equal(provider_ladder(rules, "posteo"), "small");
	assert_null(provider_ladder(rules, "nobody"));
	assert_string_equal(provider_titled(rules, "t-online"), "Telekom (t-online)");
	assert_null(provider_titled(rules, "nobody"));
	for (; provider_at(rules, n); n++)
		if (strcmp(provider_at(rules, n), "other") != 0)
			assert_non_null(provider_titled(rules, provider_at(rules, n)));
	assert_true(n >= 40);
}

/* --- files ---------------------------------------------------------------- */

static char path[] = "/tmp/retour-rules-XXXXXX";

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void assert_refused(bool providers, const char *text, const char *why)
{
	char error[512] = "";
	struct rules *r;

	write_file(text);
	r = rulesfile_load(providers ? NULL : path, providers ? path : NULL, error, sizeof error);
	rules_free(r);
	if (r || !strstr(error, path) || !strstr(error, why))
		fail_msg("wanted an error with the file's name and '%s', got '%s'", why, error);
}

static void errors_name_file_section_and_key(void **state)
{
	char *text = malloc(3 << 20);
	char error[512];
	(void)state;

	assert_null(rulesfile_load("/nonexistent/rules.ini", NULL, error, sizeof error));
	assert_string_equal(
		error, "[rules] rules: /nonexistent/rules.ini: No such file or directory");
	assert_refused(false, "[a]\ncategory = full-house\nen = full\n",
		"[a] category: unknown category 'full-house'");
	assert_refused(false, "[a]\ncategory = mailbox-full\nen = ?!\n",
		"rule a: the phrase '?!' has no letters");
	assert_refused(
		false, "[a]\ncategory = mailbox-full\n", "rule a: has neither phrases nor codes");
	assert_refused(
		false, "[a]\ncategory = mailbox-full\nphrase = full\n", "[a] phrase: unknown key");
	assert_refused(false, "[a]\ncategory = mailbox-full\nen = full\nrank = much\n",
		"[a] rank: 'much' is no whole number");
	assert_refused(false, "[a]\ncategory = mailbox-full\nen = full\nwhere = body\n",
		"[a] where: unknown place 'body'");
	assert_refused(false, "[a]\ncategory = mailbox-full\nen = full\nclass = tender\n",
		"[a] class: unknown class 'tender'");
	assert_refused(false, "[a]\ncategory = mailbox-full\nen = full\nmatch = all\n",
		"[a] match: 'all' is neither any nor both");
	assert_refused(false, "[a]\ncategory = mailbox-full\nen = full\nstage = helo\n",
		"[a] stage: unknown stage 'helo'; connect, mail, rcpt, data");
	assert_refused(false, "[a]\ncategory = mailbox-full\ncodes = 552\nstage = data\n",
		"rule a: wants a stage, but has no category or no phrases");
	assert_refused(false, "[a]\nkind = bounce\nen = full\n", "[a] kind: unknown kind 'bounce'");
	assert_refused(false, "[a]\nmark = end\nen = full\n", "[a] mark: unknown mark 'end'");
	assert_refused(false, "[a]\ncategory = mailbox-full\nprovider = nobody\nen = full\n",
		"rule a: unknown provider 'nobody'");
	assert_refused(false,
		"[a]\ncategory = mailbox-full\nen = full\n[b]\ncategory = expired\nen = full\n",
		"rule b: can never match");
	assert_refused(false,
		"[a]\ncategory = mailbox-full\nen = full\n[a]\ncategory = expired\nen = old\n",
		"[a]: stands in line 1 and again in line 4");
	assert_refused(false, "[a]\ncategory = mailbox-full\nen = full\nEN = too\n",
		"[a] EN: stands in line 3 and again in line 4");
	assert_refused(
		false, "[a]\ncategory = mailbox-full\nthis is no key\n", "line 3: broken syntax");
	assert_refused(true, "[a]\nsize = huge\n", "[a] size: 'huge' is neither large nor small");
	assert_refused(true, "[a]\nladder =\n", "[a] ladder: '' is no name of a ladder");
	assert_refused(true, "[a]\ntitle = abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuv\n",
		"is no title of at most 47 bytes");
	assert_refused(true, "[a]\ntitle = anna@example.org\n", "[a] title: ");
	assert_refused(true, "[a]\ndomains = Example.org\n",
		"[a] domains: 'Example.org' is no lower-case host name");
	assert_refused(true, "[a]\ncolour = blue\n", "[a] colour: unknown key");
	assert_refused(true, "[gmail]\ndomains = example.org\n[b]\ndomains = example.org\n",
		"provider b: example.org belongs to gmail already");
	memset(text, 'x', 3 << 20);
	text[(3 << 20) - 1] = '\0';
	assert_refused(false, text, "is larger than");
	snprintf(text, 4096, "[a]\ncategory = mailbox-full\nen = %01200d\n", 1);
	assert_refused(false, text, "line 3: too long, at most 1,000 characters");
	free(text);
}

static void codes_are_read_or_refused(void **state)
{
	static const char *const good[] = { "550", "550-559", "5.7.1", "5.7.606-649", "4.7.x",
		"5.x.x", "550 5.7.1", "550, 5.1.1", "421-452 4.7.x" };
	static const char *const bad[] = { "55", "650", "5.7", "5.7.", "5.7.1.1", "5.7.9-1",
		"6.1.1", "550 5", "full", "5.7.1000", "550-600" };
	char text[256], error[512];
	(void)state;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct rules *r;

		snprintf(text, sizeof text, "[a]\ncategory = policy\ncodes = %s\n", good[i]);
		write_file(text);
		r = rulesfile_load(path, NULL, error, sizeof error);
		if (!r)
			fail_msg("%s: %s", good[i], error);
		rules_free(r);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(text, sizeof text, "[a]\ncategory = policy\ncodes = %s\n", bad[i]);
		assert_refused(false, text, "[a] codes: ");
	}
}

static void a_file_takes_the_place_of_the_built_in_rules(void **state)
{
	struct clues e = { .kind = KIND_FAILURE,
		.diagnostic = SPAN("451 the moon is full; wait"),
		.recipient_domain = SPAN("lists.example.org") };
	struct decision d;
	struct rules *r;
	char error[512], providers[] = "/tmp/retour-providers-XXXXXX";
	int fd = mkstemp(providers);
	static const char profile[] =
		"[moon]\ntitle = \"The Moon; far & M\xc3\xbcller\"\nsize = large\nladder = slow\ndomains = \"example.org\"\n";
	(void)state;

	assert_true(
		fd >= 0 && write(fd, profile, sizeof profile - 1) == (ssize_t)sizeof profile - 1);
	close(fd);
	write_file(
		"[Moon.Full]\ncategory = mailbox-full\nclass = block\nprovider = moon\ncodes = 451\nmatch = both\n"
		"en = \"sun | the moon ... full; wait\"\nde2 = \"der mond ist voll # ja\"\n");
	r = rulesfile_load(path, providers, error, sizeof error);
	unlink(providers);
	if (!r)
		fail_msg("%s", error);
	decide(r, &e, &d);
	assert_string_equal(d.rule, "moon.full");
	assert_string_equal(d.provider, "moon");
	assert_int_equal(d.klass, CLASS_BLOCK);
	assert_true(provider_is_large(r, "moon"));
	assert_string_equal(provider_ladder(r, "moon"), "slow");
	assert_string_equal(provider_titled(r, "moon"), "The Moon; far & M\xc3\xbcller");
	e.diagnostic = SPAN("452 the moon is full; wait");
	decide(r, &e, &d);
	assert_string_not_equal(d.rule, "moon.full");
	rules_free(r);
}

static void a_list_of_a_file_counts_and_a_missing_one_is_borrowed(void **state)
{
	char error[512];
	struct rules *r;
	(void)state;

	write_file("[a]\ncategory = mailbox-full\nen = full\n"
		   "[subjects]\nmark = reply-subject\nen = \"moon: | vá:\"\n");
	r = rulesfile_load(path, NULL, error, sizeof error);
	if (!r)
		fail_msg("%s", error);
	assert_true(rules_list_begins(r, MARK_REPLY_SUBJECT, SPAN("Moon: full")));
	assert_true(rules_list_begins(r, MARK_REPLY_SUBJECT, SPAN("Vá: full")));
	assert_false(rules_list_begins(r, MARK_REPLY_SUBJECT, SPAN("Re: full")));
	assert_true(rules_list_begins(rules, MARK_REPLY_SUBJECT, SPAN("Re: full")));
	assert_true(rules_list_ends(r, MARK_BEFORE_RECIPIENT, SPAN("550 RCPT To:")));
	assert_false(rules_list_ends(r, MARK_BEFORE_RECIPIENT, SPAN("550 be-for")));
	assert_false(rules_list_ends(r, MARK_BEFORE_RECIPIENT, SPAN("550 wherefor")));
	rules_free(r);
	assert_refused(false, "[a]\nmark = before-host\nen = with\ncodes = 550\n",
		"is a list of words and takes no codes");
}

static void note(void *context, const char *rule, const char *sentence)
{
	char *said = context;

	snprintf(said + strlen(said), 1024 - strlen(said), "%s: %s\n", rule, sentence);
}

static void the_lint_names_what_never_counts(void **state)
{
	char said[1024] = "", error[512];
	struct rules *r;

	(void)state;
	rules_lint(rules, note, said);
	assert_string_equal(said, "");
	write_file(
		"[a]\ncategory = mailbox-full\nrank = 5\ncodes = 5.2.x\nen = \"moon is full\"\n"
		"[b]\ncategory = user-unknown\ncodes = 5.2.1, 5.9.9\nwhere = human\nen = \"Moon is full | no moon | no\"\n");
	r = rulesfile_load(path, NULL, error, sizeof error);
	assert_non_null(r);
	rules_lint(r, note, said);
	assert_string_equal(said,
		"b: the phrase 'Moon is full' never counts here: rule a has it\n"
		"b: the phrase 'no' is one short word, which any mail may have\n"
		"b: its code number 1 never counts here: rule a has it\n");
	assert_true(rules_have(r, "a"));
	assert_false(rules_have(r, "user-unknown"));
	assert_int_equal(rules_count(r), 2);
	rules_free(r);
}

static int set_up(void **state)
{
	char error[512];
	int fd = mkstemp(path);

	(void)state;
	if (fd < 0)
		return -1;
	close(fd);
	rules = rulesfile_load(NULL, NULL, error, sizeof error);
	if (!rules)
		print_error("%s\n", error);
	return rules ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	rules_free(rules);
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(receivers_are_understood),
		cmocka_unit_test(kinds_and_marks_are_known_in_many_languages),
		cmocka_unit_test(providers_are_known_by_host_and_domain),
		cmocka_unit_test(errors_name_file_section_and_key),
		cmocka_unit_test(codes_are_read_or_refused),
		cmocka_unit_test(a_file_takes_the_place_of_the_built_in_rules),
		cmocka_unit_test(a_list_of_a_file_counts_and_a_missing_one_is_borrowed),
		cmocka_unit_test(the_lint_names_what_never_counts),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
