divert(-1)
# Whom not to write to, asked by sendmail before it takes a mail: retour(1), serve, has the line for sendmail.mc.
# Asked is for senders of ours only, on this host or logged in: a stranger would learn by RCPT TO whom
# we do not write to. Where the store cannot be read, or retour does not run, all of these are deferred.
divert(0)dnl
LOCAL_CONFIG
Kretour socket -T<TMPF> unix:/run/retour/ask

LOCAL_RULESETS
SLocal_check_rcpt
R$*			$: $&{client_addr} $| $&{auth_type} $| $1
R127.0.0.1 $| $* $| $*	$: <ask> $2
RIPv6:::1 $| $* $| $*	$: <ask> $2
R$* $| $+ $| $*		$: <ask> $3
R<ask> $*		$: <ask> $>canonify $1
R<ask> $* <@ $+ .>	$: <ask> $1 <@ $2>
R<ask> $+ <@ $+>	$: <$(retour $1@$2 $: NONE $)>
R<550 $*>		$#error $@ 5.1.1 $: "550 Recipient refused"
R<450 $*>		$#error $@ 4.2.1 $: "450 Recipient deferred"
R<$* <TMPF>>		$#error $@ 4.3.0 $: "451 Try again later"
