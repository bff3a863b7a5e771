<?xml version="1.0" encoding="UTF-8"?>
<!-- The audit (etc/audit.xsd) as a page that prints: no script, nothing from outside. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:a="urn:retour:audit:1" exclude-result-prefixes="a">
<xsl:output method="html" encoding="UTF-8" indent="no" doctype-system="about:legacy-compat"/>
<xsl:strip-space elements="*"/>

<xsl:template match="/a:audit">
	<html lang="en">
		<head>
			<title>Retention and integrity, <xsl:value-of select="substring(@at, 1, 10)"/></title>
			<meta name="viewport" content="width=device-width, initial-scale=1"/>
			<meta name="color-scheme" content="light dark"/>
			<style>
:root { color-scheme: light dark; --ink: #1d2329; --soft: #5b6670; --line: #d5dade; --paper: #fff; --good: #1a7f4b; --look: #8a5a00; --bad: #b3261e; --tint: #f5f7f8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaed; --soft: #a3adb6; --line: #3a444d; --paper: #14181b; --good: #5fd39a; --look: #f0b950; --bad: #ff8a80; --tint: #1d2327; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; } p { margin: .4rem 0; } .soft { color: var(--soft); }
.verdict { border-left: 6px solid var(--good); background: var(--tint); padding: .7rem 1rem; margin: 1rem 0; font-size: 1.1rem; font-weight: 600; }
.verdict.broken { border-color: var(--bad); } .verdict.attention { border-color: var(--look); }
.todo { border: 1px solid var(--line); border-left: 6px solid var(--look); padding: .6rem 1rem; margin: .6rem 0; } .todo.broken { border-left-color: var(--bad); }
.todo strong { display: block; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .87rem; } th, td { text-align: left; vertical-align: top; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; } thead th { color: var(--soft); font-weight: 500; } .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; } .t { white-space: nowrap; }
.kept { color: var(--good); } .attention { color: var(--look); } .broken { color: var(--bad); } .state { font-weight: 600; white-space: nowrap; } .verdict, .todo { color: var(--ink); }
code { font: .85em ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; } dt { font-weight: 600; margin-top: .6rem; } dd { margin: 0; } .breaks { overflow-wrap: anywhere; }
@media print { @page { size: A4; margin: 18mm 16mm; } :root { --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --good: #0b6b3a; --look: #6b4500; --bad: #9b1c14; --tint: #fff; }
	body { font-size: 10pt; } main { max-width: none; padding: 0; } h2 { break-after: avoid; } tr, .todo, .verdict, dt { break-inside: avoid; } dt { break-after: avoid; } thead { display: table-header-group; } .scroll { overflow: visible; } }
			</style>
		</head>
		<body><main>
			<h1>Retention and integrity</h1>
			<p class="soft"><xsl:if test="@organisation"><xsl:value-of select="@organisation"/>, </xsl:if><xsl:call-template name="time"><xsl:with-param name="at" select="@at"/></xsl:call-template></p>
			<p class="verdict {@state}"><xsl:choose>
				<xsl:when test="@state = 'broken'">A promise is broken.</xsl:when>
				<xsl:when test="@state = 'attention'">Every promise that can be checked here is kept; something wants to be looked at.</xsl:when>
				<xsl:otherwise>Every promise that can be checked here is kept.</xsl:otherwise></xsl:choose></p>
			<xsl:apply-templates select="a:promises/a:promise[@state = 'broken']" mode="todo"/>
			<xsl:apply-templates select="a:promises/a:promise[@state = 'attention']" mode="todo"/>
			<xsl:apply-templates select="a:promises | a:schedule | a:purges | a:keys | a:requests | a:ledger | a:settings"/>
			<h2>Database and program</h2>
			<div class="scroll"><table><tbody>
				<tr><th scope="row">secure_delete</th><td><xsl:value-of select="a:store/@secure-delete"/></td></tr>
				<tr><th scope="row">Bytes of deleted rows overwritten in file and log</th><td><xsl:value-of select="a:store/@written-anew"/></td></tr>
				<tr><th scope="row">Write-ahead log, bytes</th><td><xsl:value-of select="a:store/@log-bytes"/></td></tr>
				<tr><th scope="row">Database, bytes; schema</th><td><xsl:value-of select="concat(a:store/@bytes, '; ', a:store/@schema)"/></td></tr>
				<xsl:for-each select="a:components/a:component"><tr><th scope="row"><xsl:value-of select="@name"/></th><td><xsl:value-of select="@value"/></td></tr></xsl:for-each>
			</tbody></table></div>
			<xsl:apply-templates select="a:record"/>
		</main></body>
	</html>
</xsl:template>

<xsl:template name="time"><xsl:param name="at"/><xsl:if test="$at"><xsl:value-of select="concat(substring($at, 1, 10), ' ', substring($at, 12, 5), ' UTC')"/></xsl:if></xsl:template>

<xsl:template match="a:promise" mode="todo">
	<div class="todo {@state}"><strong><xsl:value-of select="a:title"/></strong>
		<p><xsl:value-of select="a:detail"/><xsl:if test="@since">, since <xsl:call-template name="time"><xsl:with-param name="at" select="@since"/></xsl:call-template></xsl:if>.</p>
		<p>What to do: <xsl:value-of select="a:action"/></p></div>
</xsl:template>

<xsl:template match="a:promises">
	<h2>Promises</h2>
	<div class="scroll"><table><thead><tr><th scope="col">Promise</th><th scope="col">State</th><th scope="col">Found</th></tr></thead><tbody>
		<xsl:for-each select="a:promise"><tr><th scope="row"><xsl:value-of select="a:title"/></th><td class="state {@state}"><xsl:value-of select="@state"/></td><td><xsl:value-of select="a:detail"/></td></tr></xsl:for-each>
	</tbody></table></div>
</xsl:template>

<xsl:template match="a:schedule">
	<h2>Retention schedule</h2>
	<div class="scroll"><table><thead><tr><th scope="col">What</th><th scope="col">Kept for</th><th scope="col" class="n">Rows</th><th scope="col">Oldest</th><th scope="col">Due before</th><th scope="col" class="n">Overdue</th><th scope="col">Because</th></tr></thead><tbody>
		<xsl:for-each select="a:class"><tr><th scope="row"><xsl:value-of select="@name"/></th><td class="t"><xsl:value-of select="@period"/></td><td class="n"><xsl:value-of select="@rows"/></td>
			<td class="t"><xsl:value-of select="substring(@oldest, 1, 10)"/></td><td class="t"><xsl:value-of select="substring(@cut-off, 1, 10)"/></td>
			<td><xsl:attribute name="class">n<xsl:if test="@overdue &gt; 0"> state broken</xsl:if></xsl:attribute><xsl:value-of select="@overdue"/></td>
			<td><xsl:value-of select="a:reason"/><xsl:if test="a:reason = ''">(no reason is given)</xsl:if></td></tr></xsl:for-each>
	</tbody></table></div>
	<xsl:if test="a:folder">
		<h2>Folders of the mailboxes</h2>
		<div class="scroll"><table><thead><tr><th scope="col">Mailbox</th><th scope="col">Folder</th><th scope="col">Mail that is</th><th scope="col">Kept for</th><th scope="col" class="n">Deleted so far</th><th scope="col">Last read</th></tr></thead><tbody>
			<xsl:for-each select="a:folder"><tr><th scope="row"><xsl:value-of select="@mailbox"/></th><td><xsl:value-of select="@name"/></td><td><xsl:value-of select="@holds"/></td>
				<td><xsl:value-of select="@period"/><xsl:if test="not(@period)">stays</xsl:if></td><td class="n"><xsl:value-of select="@deleted"/></td><td class="t"><xsl:call-template name="time"><xsl:with-param name="at" select="@read"/></xsl:call-template></td></tr></xsl:for-each>
		</tbody></table></div>
	</xsl:if>
	<xsl:if test="a:mailbox">
		<h2>What is deleted in the mailboxes</h2>
		<div class="scroll"><table><thead><tr><th scope="col">Mailbox</th><th scope="col">What becomes of it</th></tr></thead><tbody>
			<xsl:for-each select="a:mailbox"><tr><th scope="row"><xsl:value-of select="@name"/></th><td><xsl:value-of select="."/></td></tr></xsl:for-each>
		</tbody></table></div>
	</xsl:if>
	<p class="soft">Monthly tallies hold counts only, name nobody, and stay.</p>
</xsl:template>

<xsl:template match="a:purges">
	<xsl:variable name="shown" select="a:purge[position() &gt; last() - 31]"/>
	<h2>Purges</h2>
	<p><xsl:value-of select="@count"/> on record; <xsl:value-of select="@days-missed"/> days (UTC) without one, though one was due<xsl:if test="a:gap">: </xsl:if>
		<xsl:for-each select="a:gap"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:value-of select="@from"/><xsl:if test="@to != @from"> to <xsl:value-of select="@to"/></xsl:if></xsl:for-each>.</p>
	<xsl:if test="$shown">
		<div class="scroll"><table><thead><tr><th scope="col">When</th><xsl:for-each select="$shown[last()]/a:deleted"><th scope="col" class="n"><xsl:value-of select="@class"/></th></xsl:for-each></tr></thead><tbody>
			<xsl:for-each select="$shown"><tr><th scope="row" class="t"><xsl:call-template name="time"><xsl:with-param name="at" select="@at"/></xsl:call-template></th>
				<xsl:for-each select="a:deleted"><td class="n"><xsl:value-of select="@rows"/></td></xsl:for-each></tr></xsl:for-each>
		</tbody></table></div>
		<p class="soft">Rows deleted, the latest <xsl:value-of select="count($shown)"/> purges.</p>
	</xsl:if>
</xsl:template>

<xsl:template match="a:keys">
	<h2>Keys</h2>
	<div class="scroll"><table><thead><tr><th scope="col">Key</th><th scope="col">Purpose</th><th scope="col">Month</th><th scope="col">Made</th><th scope="col">Fingerprint</th></tr></thead><tbody>
		<xsl:for-each select="a:key"><tr><th scope="row"><xsl:value-of select="@name"/></th><td><xsl:value-of select="@purpose"/></td><td><xsl:value-of select="@month"/></td>
			<td class="t"><xsl:call-template name="time"><xsl:with-param name="at" select="@made"/></xsl:call-template></td><td><code><xsl:value-of select="@fingerprint"/></code><xsl:if test="not(@fingerprint)">unknown to the store</xsl:if><xsl:if test="@place = 'credential'"> a credential</xsl:if></td></tr></xsl:for-each>
	</tbody></table></div>
</xsl:template>

<xsl:template match="a:requests">
	<h2>Requests of data subjects</h2>
	<p><xsl:value-of select="@count"/> on record.</p>
	<xsl:if test="a:request"><div class="scroll"><table><thead><tr><th scope="col" class="n">Number</th><th scope="col">When</th><th scope="col">What</th><th scope="col">Called</th><th scope="col">Found</th></tr></thead><tbody>
		<xsl:for-each select="a:request"><tr><td class="n"><xsl:value-of select="@number"/></td><td class="t"><xsl:value-of select="substring(@at, 1, 10)"/></td><th scope="row"><xsl:value-of select="@kind"/></th>
			<td class="breaks"><xsl:value-of select="."/><xsl:if test="@corrected-by"> (corrected by entry <xsl:value-of select="@corrected-by"/>)</xsl:if></td><td class="breaks"><xsl:value-of select="@counts"/></td></tr></xsl:for-each>
	</tbody></table></div></xsl:if>
</xsl:template>

<xsl:template match="a:ledger">
	<h2>Ledger</h2>
	<p><xsl:choose><xsl:when test="@chain = 'whole'">Every entry's hash was computed again and fits.</xsl:when>
		<xsl:otherwise><span class="state broken">The chain is broken: <xsl:value-of select="a:fault"/></span></xsl:otherwise></xsl:choose>
		<xsl:text> </xsl:text><xsl:value-of select="@entries"/> entries, <xsl:value-of select="@checkpoints"/> signed checkpoints.</p>
	<xsl:if test="a:head"><p>Head, entry <xsl:value-of select="a:head/@entry"/> of <xsl:call-template name="time"><xsl:with-param name="at" select="a:head/@at"/></xsl:call-template>: <code><xsl:value-of select="a:head/@hash"/></code><br/>
		Compare it with the monthly mails: a later head must follow from theirs.</p></xsl:if>
	<p class="soft"><xsl:for-each select="a:kind"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:value-of select="concat(@name, ' ', @count)"/></xsl:for-each></p>
	<h2>Settings, keys, erasures, manual changes</h2>
	<div class="scroll"><table><thead><tr><th scope="col" class="n">Entry</th><th scope="col">When</th><th scope="col">What</th><th scope="col">Detail</th></tr></thead><tbody>
		<xsl:for-each select="a:entry"><tr><td class="n"><xsl:value-of select="@number"/></td><td class="t"><xsl:call-template name="time"><xsl:with-param name="at" select="@at"/></xsl:call-template></td><th scope="row"><xsl:value-of select="@kind"/></th><td class="breaks"><xsl:value-of select="."/></td></tr></xsl:for-each>
	</tbody></table></div>
</xsl:template>

<xsl:template match="a:settings">
	<h2>Settings in force</h2>
	<div class="scroll"><table><tbody>
		<xsl:for-each select="a:setting"><tr><th scope="row"><xsl:value-of select="@name"/></th><td><xsl:value-of select="@value"/></td></tr></xsl:for-each>
	</tbody></table></div>
</xsl:template>

<xsl:template match="a:record">
	<h2>For the record of processing activities (Article 30 GDPR)</h2>
	<p class="soft">To paste; what stands in square brackets only the controller knows.</p>
	<dl><xsl:for-each select="a:field"><dt><xsl:value-of select="@name"/></dt><dd><xsl:value-of select="."/></dd></xsl:for-each></dl>
</xsl:template>
</xsl:stylesheet>
