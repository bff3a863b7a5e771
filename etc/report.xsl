<?xml version="1.0" encoding="UTF-8"?>
<!--
  The monthly report as HTML, from the XML that etc/report.xsd describes. Two shapes of one content:
  page: a document with inline SVG, for screens light and dark, phones and paper; no script, nothing from outside.
  mail: tables with inline styles, as mail clients need it.
  index: all months of a directory of pages, with the year's trend of the latest.
  Words come from the catalogue (etc/report.en.xml) that the program adds to the document as r:texts: key('t', ID).
  To restyle, copy this file, change it, and name the copy in the configuration ([report] stylesheet).
-->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:retour:report:1" exclude-result-prefixes="r">
<xsl:output method="html" encoding="UTF-8" indent="no" doctype-system="about:legacy-compat"/>
<xsl:strip-space elements="*"/>
<xsl:param name="shape" select="'page'"/>
<xsl:param name="head-entry" select="''"/>
<xsl:param name="head-hash" select="''"/>
<xsl:param name="signing-key" select="''"/>
<xsl:param name="logo" select="''"/>
<xsl:param name="colour" select="''"/>
<xsl:param name="colour-on" select="''"/>
<xsl:param name="months" select="''"/>
<xsl:key name="t" match="r:texts/r:text" use="@id"/>
<xsl:variable name="marks" select="string(key('t', 'number.marks'))"/>
<xsl:variable name="mail" select="$shape = 'mail'"/>
<xsl:variable name="look"><xsl:choose><xsl:when test="$mail">style</xsl:when><xsl:otherwise>class</xsl:otherwise></xsl:choose></xsl:variable>
<xsl:variable name="report" select="/r:report"/>
<!-- The columns of a table in their order: those that any of its rows has. -->
<xsl:variable name="columns" select="/r:report/r:texts/r:text[starts-with(@id, 'column.') and contains(@id, '.short')]"/>
<!-- The organisation's colour: a band above the title; headings only where it can be read: COLOUR-ON has "light", "dark", both or neither. -->
<xsl:variable name="colours"><xsl:if test="$colour != ''">
	<xsl:value-of select="concat('header { border-top: 6px solid ', $colour, '; padding-top: 1rem; }&#10;')"/>
	<xsl:if test="contains($colour-on, 'light')">@media (prefers-color-scheme: light) { :root { --brand: <xsl:value-of select="$colour"/>; } }&#10;</xsl:if>
	<xsl:if test="contains($colour-on, 'dark')">@media (prefers-color-scheme: dark) { :root { --brand: <xsl:value-of select="$colour"/>; } }&#10;</xsl:if>
</xsl:if></xsl:variable>

<!-- Each look has a class in the page and a style in the mail. What is said quietly is translucent there, which can be read on white and on black. -->
<xsl:attribute-set name="heading"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">margin:32px 0 8px;font-size:19px;line-height:1.3;font-weight:600</xsl:when>
	<xsl:otherwise>heading</xsl:otherwise></xsl:choose></xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="subheading"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">margin:22px 0 6px;font-size:15px;line-height:1.3;font-weight:600</xsl:when>
	<xsl:otherwise>subheading</xsl:otherwise></xsl:choose></xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="lead"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">margin:0 0 10px;font-size:13px;opacity:.75</xsl:when>
	<xsl:otherwise>lead</xsl:otherwise></xsl:choose></xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="table"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">width:100%;border-collapse:collapse;font-size:13px</xsl:when>
	<xsl:otherwise>data</xsl:otherwise></xsl:choose></xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="column"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">padding:5px 0 5px 6px;text-align:right;vertical-align:bottom;font-weight:400;font-size:11px;overflow-wrap:normal;word-break:normal;border-bottom:1px solid #8a949e</xsl:when>
	<xsl:otherwise>n</xsl:otherwise></xsl:choose></xsl:attribute><xsl:attribute name="scope">col</xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="first-column"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">padding:5px 0;text-align:left;vertical-align:bottom;font-weight:400;font-size:11px;border-bottom:1px solid #8a949e</xsl:when>
	<xsl:otherwise>t</xsl:otherwise></xsl:choose></xsl:attribute><xsl:attribute name="scope">col</xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="row"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">padding:6px 0;text-align:left;font-weight:400;border-bottom:1px solid #b8bec4;overflow-wrap:anywhere</xsl:when>
	<xsl:otherwise>t</xsl:otherwise></xsl:choose></xsl:attribute><xsl:attribute name="scope">row</xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="number"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">padding:6px 0 6px 6px;text-align:right;border-bottom:1px solid #b8bec4;white-space:nowrap</xsl:when>
	<xsl:otherwise>n</xsl:otherwise></xsl:choose></xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="words"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">padding:6px 0 6px 12px;text-align:left;border-bottom:1px solid #b8bec4</xsl:when>
	<xsl:otherwise>w</xsl:otherwise></xsl:choose></xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="words-column"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">padding:5px 0 5px 12px;text-align:left;vertical-align:bottom;font-weight:400;font-size:11px;border-bottom:1px solid #8a949e</xsl:when>
	<xsl:otherwise>w</xsl:otherwise></xsl:choose></xsl:attribute><xsl:attribute name="scope">col</xsl:attribute></xsl:attribute-set>

<!-- === the document === -->

<xsl:template match="/r:report">
	<html lang="{r:texts/@lang}">
		<head>
			<title><xsl:call-template name="title"/></title>
			<meta name="viewport" content="width=device-width, initial-scale=1"/>
			<meta name="color-scheme" content="light dark"/>
			<xsl:if test="not($mail)"><style><xsl:call-template name="css"/></style></xsl:if>
		</head>
		<xsl:choose>
			<xsl:when test="$mail">
				<body style="margin:0;padding:0">
					<div style="display:none;max-height:0;overflow:hidden"><xsl:value-of select="r:verdict/r:sentence"/></div>
					<div role="main"><table role="presentation" width="100%" cellspacing="0" cellpadding="0" border="0"><tr><td align="center" style="padding:16px">
						<xsl:comment>[if mso]&gt;&lt;table role="presentation" width="640"&gt;&lt;tr&gt;&lt;td&gt;&lt;![endif]</xsl:comment>
						<table role="presentation" width="100%" cellspacing="0" cellpadding="0" border="0" style="max-width:640px"><tr>
							<td align="left" style="overflow-wrap:anywhere;font-family:-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;font-size:15px;line-height:1.5;font-variant-numeric:tabular-nums">
								<xsl:call-template name="content"/>
							</td>
						</tr></table>
						<xsl:comment>[if mso]&gt;&lt;/td&gt;&lt;/tr&gt;&lt;/table&gt;&lt;![endif]</xsl:comment>
					</td></tr></table></div>
				</body>
			</xsl:when>
			<xsl:when test="$shape = 'index'"><body><main><xsl:call-template name="index"/></main></body></xsl:when>
			<xsl:otherwise><body><main><xsl:call-template name="content"/></main></body></xsl:otherwise>
		</xsl:choose>
	</html>
</xsl:template>

<xsl:template name="title">
	<xsl:choose>
		<xsl:when test="$shape = 'index'"><xsl:value-of select="key('t', 'index.title')"/></xsl:when>
		<xsl:otherwise><xsl:call-template name="fill"><xsl:with-param name="id" select="'report.title'"/><xsl:with-param name="name" select="'month'"/><xsl:with-param name="value" select="@title"/></xsl:call-template></xsl:otherwise>
	</xsl:choose>
	<xsl:if test="@organisation">, <xsl:value-of select="@organisation"/></xsl:if>
</xsl:template>

<xsl:template name="content">
	<xsl:call-template name="masthead"/>
	<xsl:apply-templates select="r:verdict"/>
	<xsl:apply-templates select="r:figures"/>
	<xsl:apply-templates select="r:measures"/>
	<xsl:apply-templates select="r:comments"/>
	<xsl:call-template name="what-broke"/>
	<xsl:call-template name="where"/>
	<xsl:call-template name="refusals"/>
	<xsl:apply-templates select="r:timeline"/>
	<xsl:apply-templates select="r:trend"/>
	<xsl:call-template name="details"/>
	<xsl:apply-templates select="r:retention"/>
	<xsl:apply-templates select="r:method"/>
</xsl:template>

<xsl:template name="masthead">
	<xsl:choose>
		<xsl:when test="$mail">
			<xsl:if test="$colour != ''"><div style="border-top:4px solid {$colour};margin:0 0 12px;font-size:1px;line-height:1px">&#160;</div></xsl:if>
			<div style="font-size:13px;opacity:.75;overflow-wrap:anywhere;word-break:break-word"><xsl:call-template name="overline"/></div>
			<h1 style="margin:2px 0 16px;font-size:27px;line-height:1.2;font-weight:600"><xsl:value-of select="@title"/></h1>
		</xsl:when>
		<xsl:otherwise><header>
			<xsl:if test="$logo != ''"><img class="logo" src="{$logo}" alt="{@organisation}"/></xsl:if>
			<p class="overline"><xsl:call-template name="overline"/></p>
			<h1><xsl:choose><xsl:when test="$shape = 'index'"><xsl:value-of select="key('t', 'index.title')"/></xsl:when><xsl:otherwise><xsl:value-of select="@title"/></xsl:otherwise></xsl:choose></h1>
		</header></xsl:otherwise>
	</xsl:choose>
</xsl:template>

<xsl:template name="overline">
	<xsl:if test="$shape != 'index'"><xsl:value-of select="key('t', 'report')"/><xsl:if test="@organisation"> · </xsl:if></xsl:if>
	<xsl:value-of select="@organisation"/>
</xsl:template>

<!-- === the index of a directory === -->

<xsl:template name="index">
	<xsl:call-template name="masthead"/>
	<p class="lead"><xsl:value-of select="key('t', 'index.lead')"/></p>
	<div class="scroll"><table class="data">
		<thead><tr><th class="t" scope="col"><xsl:value-of select="key('t', 'column.month')"/></th><th class="n" scope="col"><xsl:value-of select="key('t', 'column.bounces')"/></th>
			<xsl:if test="r:trend/r:month/r:rate"><th class="n" scope="col"><xsl:value-of select="key('t', 'column.rate')"/></th></xsl:if>
			<th class="n" scope="col"><xsl:value-of select="key('t', 'column.complaint')"/></th><th class="w" scope="col"><xsl:value-of select="key('t', 'index.formats')"/></th></tr></thead>
		<tbody><xsl:call-template name="index-rows"><xsl:with-param name="list" select="$months"/></xsl:call-template></tbody>
	</table></div>
	<xsl:apply-templates select="r:trend"/>
</xsl:template>

<!-- LIST: "2026-10 2026-09 …" -->
<xsl:template name="index-rows"><xsl:param name="list"/>
	<xsl:variable name="id" select="substring-before(concat($list, ' '), ' ')"/>
	<xsl:variable name="month" select="$report/r:trend/r:month[@id = $id]"/>
	<xsl:if test="$id != ''">
		<tr><th class="t" scope="row"><a href="{$id}.html"><xsl:choose>
				<xsl:when test="$month"><xsl:value-of select="$month/@title"/></xsl:when>
				<xsl:otherwise><xsl:value-of select="concat(key('t', concat('month.', number(substring($id, 6)))), ' ', substring($id, 1, 4))"/></xsl:otherwise></xsl:choose></a></th>
			<td class="n"><xsl:choose><xsl:when test="$month/r:count[@of = 'bounces']"><xsl:apply-templates select="$month/r:count[@of = 'bounces']"/></xsl:when><xsl:otherwise>–</xsl:otherwise></xsl:choose></td>
			<xsl:if test="$report/r:trend/r:month/r:rate"><td class="n"><xsl:if test="$month/r:rate[@of = 'bounces'] &gt;= $report/r:targets/r:target[@id = 'bounces']/@limit">✗ </xsl:if><xsl:call-template name="rate-text"><xsl:with-param name="of" select="$month/r:rate[@of = 'bounces']"/></xsl:call-template></td></xsl:if>
			<td class="n"><xsl:choose><xsl:when test="$month"><xsl:apply-templates select="$month/r:count[@of = 'complaint']"/></xsl:when><xsl:otherwise>–</xsl:otherwise></xsl:choose></td>
			<td class="w"><a href="{$id}.xml">XML</a> · <a href="{$id}.txt">Text</a></td></tr>
		<xsl:call-template name="index-rows"><xsl:with-param name="list" select="substring-after($list, ' ')"/></xsl:call-template>
	</xsl:if>
</xsl:template>

<!-- === one minute: verdict, key figures, what to do; then what broke, and where === -->

<xsl:template name="state">
	<xsl:choose><xsl:when test="@state = 'worse'">▲ </xsl:when><xsl:when test="@state = 'better'">▼ </xsl:when><xsl:when test="@state = 'steady'">● </xsl:when></xsl:choose>
	<xsl:value-of select="key('t', concat('verdict.state.', @state))"/>
</xsl:template>

<xsl:template name="badge"><xsl:choose>
	<xsl:when test="@targets = 'missed'">✗ <xsl:value-of select="key('t', 'verdict.targets.missed')"/></xsl:when>
	<xsl:when test="@targets = 'met'">✓ <xsl:value-of select="key('t', 'verdict.targets.met')"/></xsl:when>
	<xsl:when test="@targets = 'untold'">? <xsl:value-of select="key('t', 'verdict.targets.untold')"/></xsl:when>
</xsl:choose></xsl:template>

<xsl:template match="r:verdict">
	<xsl:variable name="tone"><xsl:choose>
		<xsl:when test="@targets = 'missed'">worse</xsl:when><xsl:when test="@targets = 'met' and @state != 'worse'">better</xsl:when><xsl:otherwise><xsl:value-of select="@state"/></xsl:otherwise>
	</xsl:choose></xsl:variable>
	<xsl:variable name="why" select="$report/r:measures/r:measure[position() &lt;= 3]/r:because"/>
	<xsl:choose>
		<xsl:when test="$mail">
			<xsl:variable name="tint"><xsl:choose><xsl:when test="$tone = 'worse'">#b0531a</xsl:when><xsl:when test="$tone = 'better'">#2a74a8</xsl:when><xsl:otherwise>#66707a</xsl:otherwise></xsl:choose></xsl:variable>
			<div style="border-left:5px solid {$tint};padding:2px 0 2px 14px">
				<div style="margin:0 0 6px;font-size:13px;font-weight:600"><xsl:if test="@targets != 'unknown'"><span style="padding:3px 9px;background-color:{$tint};color:#fff"><xsl:call-template name="badge"/></span>&#160; </xsl:if><xsl:call-template name="state"/></div>
				<div style="font-size:18px;line-height:1.4"><xsl:call-template name="prose"><xsl:with-param name="text" select="r:sentence"/></xsl:call-template></div>
				<xsl:if test="@quiet != 'true' and $why"><ul style="margin:8px 0 0;padding-left:20px"><xsl:for-each select="$why"><li style="margin:3px 0"><xsl:call-template name="prose"><xsl:with-param name="text" select="."/></xsl:call-template></li></xsl:for-each></ul></xsl:if>
				<div style="margin-top:8px;font-size:13px;opacity:.75"><xsl:call-template name="prose"><xsl:with-param name="text" select="r:note"/></xsl:call-template><xsl:if test="$report/r:sites"><xsl:text> </xsl:text><xsl:call-template name="prose"><xsl:with-param name="text" select="$report/r:sites/r:sentence"/></xsl:call-template></xsl:if></div>
			</div>
		</xsl:when>
		<xsl:otherwise>
			<div class="verdict {$tone}">
				<p class="state"><xsl:if test="@targets != 'unknown'"><span class="badge"><xsl:call-template name="badge"/></span></xsl:if><xsl:call-template name="state"/></p>
				<p class="sentence"><xsl:call-template name="prose"><xsl:with-param name="text" select="r:sentence"/></xsl:call-template></p>
				<xsl:if test="@quiet != 'true' and $why"><ul class="why"><xsl:for-each select="$why"><li><xsl:call-template name="prose"><xsl:with-param name="text" select="."/></xsl:call-template></li></xsl:for-each></ul></xsl:if>
				<p class="lead"><xsl:call-template name="prose"><xsl:with-param name="text" select="r:note"/></xsl:call-template></p>
				<xsl:if test="$report/r:sites"><p class="lead"><xsl:call-template name="prose"><xsl:with-param name="text" select="$report/r:sites/r:sentence"/></xsl:call-template></p></xsl:if>
			</div>
		</xsl:otherwise>
	</xsl:choose>
</xsl:template>

<xsl:template match="r:figures">
	<xsl:variable name="first" select="r:figure[@id = 'bounces' or @id = 'hard' or @id = 'complaint']"/>
	<xsl:variable name="others" select="r:figure[@id = 'soft' or @id = 'block' or @id = 'undetermined' or @id = 'other'][@id != 'undetermined' or r:count != 0]"/>
	<h2 xsl:use-attribute-sets="heading"><xsl:value-of select="key('t', 'heading.figures')"/></h2>
	<xsl:choose>
		<xsl:when test="$mail">
			<table xsl:use-attribute-sets="table">
				<tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.notices')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="$report/@title"/></th>
					<th xsl:use-attribute-sets="column"><xsl:value-of select="$report/@before"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.change')"/></th></tr>
				<xsl:for-each select="$first | $others"><xsl:sort select="number(@id = 'soft' or @id = 'block' or @id = 'undetermined' or @id = 'other')"/><tr>
					<th xsl:use-attribute-sets="row"><xsl:call-template name="key"><xsl:with-param name="of" select="@id"/></xsl:call-template><xsl:value-of select="@title"/><xsl:call-template name="target"/></th>
					<td xsl:use-attribute-sets="number"><xsl:choose>
						<xsl:when test="r:rate"><b style="font-size:17px"><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:rate"/></xsl:call-template></b><br/><xsl:apply-templates select="r:count"/></xsl:when>
						<xsl:otherwise><b style="font-size:17px"><xsl:apply-templates select="r:count"/></b></xsl:otherwise></xsl:choose></td>
					<td xsl:use-attribute-sets="number"><xsl:if test="r:rate-before"><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:rate-before"/></xsl:call-template><br/></xsl:if><xsl:call-template name="before"/></td>
					<td xsl:use-attribute-sets="number"><xsl:call-template name="change"/></td>
				</tr></xsl:for-each>
			</table>
		</xsl:when>
		<xsl:otherwise>
			<ul class="figures first"><xsl:apply-templates select="$first"/></ul>
			<ul class="figures others"><xsl:apply-templates select="$others"/></ul>
		</xsl:otherwise>
	</xsl:choose>
</xsl:template>

<xsl:template match="r:figure">
	<li class="figure {@id}">
		<div class="name"><xsl:call-template name="key"><xsl:with-param name="of" select="@id"/></xsl:call-template><xsl:value-of select="@title"/></div>
		<div class="big"><xsl:choose><xsl:when test="r:rate"><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:rate"/></xsl:call-template></xsl:when><xsl:otherwise><xsl:apply-templates select="r:count"/></xsl:otherwise></xsl:choose></div>
		<div class="history"><xsl:call-template name="figure-history"/></div>
		<div class="versus">
			<xsl:if test="r:rate or r:change"><span><xsl:if test="r:rate"><b><xsl:apply-templates select="r:count"/></b></xsl:if><xsl:if test="r:change"><xsl:text> </xsl:text><xsl:call-template name="change"/></xsl:if></span></xsl:if>
			<xsl:choose>
				<xsl:when test="r:rate-before"><span><xsl:call-template name="fill"><xsl:with-param name="id" select="'figures.before'"/><xsl:with-param name="value"><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:rate-before"/></xsl:call-template></xsl:with-param></xsl:call-template></span></xsl:when>
				<xsl:when test="r:before"><span><xsl:call-template name="fill"><xsl:with-param name="id" select="'figures.before'"/><xsl:with-param name="value"><xsl:call-template name="before"/></xsl:with-param></xsl:call-template></span></xsl:when>
			</xsl:choose>
		</div>
		<xsl:if test="$report/r:targets/r:target[@id = current()/@id][@met]"><div><xsl:call-template name="target"/></div></xsl:if>
	</li>
</xsl:template>

<!-- Twelve bars of a key figure: its rate where there are rates, then with the target as a line; else its counts. -->
<xsl:template name="figure-history">
	<xsl:variable name="id" select="@id"/>
	<xsl:variable name="months" select="$report/r:trend/r:month"/>
	<xsl:variable name="rates" select="$months/*[self::r:rate or self::r:class-rate][@of = $id][current()/r:rate]"/>
	<xsl:variable name="counts" select="$months/r:count[@of = $id][not($rates)]"/>
	<xsl:variable name="limit" select="$report/r:targets/r:target[@id = $id][$rates]/@limit"/>
	<xsl:variable name="max"><xsl:call-template name="maximum"><xsl:with-param name="of" select="$rates | $counts | $limit"/></xsl:call-template></xsl:variable>
	<xsl:if test="count($months) &gt; 1 and $max &gt; 0">
		<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 34" role="img">
			<title><xsl:for-each select="$rates | $counts"><xsl:value-of select="concat(../@title, ': ')"/><xsl:call-template name="month-figure"/>; </xsl:for-each></title>
			<xsl:for-each select="$rates | $counts"><xsl:if test="number(.) &gt; 0">
				<rect x="{(12 - count($months) + count(../preceding-sibling::r:month)) * 10}" width="7.5" y="{format-number(34 - . * 33 div $max, '0.#')}" height="{format-number(. * 33 div $max, '0.#')}"><xsl:attribute name="class"><xsl:value-of select="$id"/><xsl:if test="../following-sibling::r:month"> past</xsl:if></xsl:attribute></rect>
			</xsl:if></xsl:for-each>
			<xsl:if test="$limit"><line class="limit" x1="0" x2="120" y1="{format-number(34 - $limit * 33 div $max, '0.#')}" y2="{format-number(34 - $limit * 33 div $max, '0.#')}"/></xsl:if>
		</svg>
	</xsl:if>
</xsl:template>

<xsl:template name="month-figure"><xsl:choose>
	<xsl:when test="self::r:count"><xsl:apply-templates select="."/></xsl:when>
	<xsl:otherwise><xsl:call-template name="rate-text"><xsl:with-param name="of" select="."/></xsl:call-template></xsl:otherwise></xsl:choose></xsl:template>

<!-- What the figure is held to, where there is a rate. -->
<xsl:template name="target">
	<xsl:variable name="target" select="$report/r:targets/r:target[@id = current()/@id][@met]"/>
	<xsl:if test="$target">
		<span><xsl:attribute name="{$look}"><xsl:choose><xsl:when test="$mail">display:block;font-size:12px;<xsl:choose><xsl:when test="$target/@met = 'true'">opacity:.75</xsl:when><xsl:otherwise>font-weight:600</xsl:otherwise></xsl:choose></xsl:when><xsl:otherwise>target <xsl:value-of select="concat('met-', $target/@met)"/></xsl:otherwise></xsl:choose></xsl:attribute>
			<xsl:choose><xsl:when test="$target/@met = 'true'">✓ </xsl:when><xsl:otherwise>✗ </xsl:otherwise></xsl:choose>
			<xsl:variable name="campaigns" select="$target/@met = 'false' and $target/@value &lt; $target/@limit"/>
			<xsl:call-template name="fill"><xsl:with-param name="id" select="substring('figures.target.campaigns', 1, 14 + 10 * $campaigns)"/><xsl:with-param name="value"><xsl:call-template name="limit-text"><xsl:with-param name="of" select="$target/@limit"/></xsl:call-template></xsl:with-param></xsl:call-template></span>
	</xsl:if>
</xsl:template>

<xsl:template name="what-broke">
	<xsl:variable name="list" select="r:classes/r:class/r:category[@id != 'other' or @mostly][number(r:count) &gt; 0]"/>
	<xsl:variable name="max"><xsl:call-template name="maximum"><xsl:with-param name="of" select="$list/r:count"/></xsl:call-template></xsl:variable>
	<xsl:if test="$list">
		<h2 xsl:use-attribute-sets="heading"><xsl:value-of select="key('t', 'heading.broke')"/></h2>
		<table xsl:use-attribute-sets="table">
			<thead><tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'broke.caption')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.count')"/></th>
				<th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.change')"/></th></tr></thead>
			<tbody><xsl:for-each select="$list">
				<xsl:sort select="r:count" data-type="number" order="descending"/>
				<xsl:if test="position() &lt;= 6"><tr>
					<th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/><xsl:call-template name="leader"/>
						<xsl:call-template name="bar"><xsl:with-param name="parts" select="r:count"/><xsl:with-param name="max" select="$max"/><xsl:with-param name="of" select="../@id"/></xsl:call-template></th>
					<td xsl:use-attribute-sets="number"><xsl:apply-templates select="r:count"/></td>
					<td xsl:use-attribute-sets="number"><xsl:call-template name="change"/></td>
				</tr></xsl:if>
			</xsl:for-each></tbody>
		</table>
		<xsl:call-template name="legend"/>
	</xsl:if>
</xsl:template>

<!-- Who stands behind a cause, and since when. -->
<xsl:template name="leader">
	<xsl:if test="r:leader or @since"><xsl:call-template name="small"><xsl:with-param name="text"><xsl:text> </xsl:text>
		<xsl:if test="r:leader"><xsl:call-template name="fill"><xsl:with-param name="id" select="'mostly-at'"/><xsl:with-param name="name" select="'provider'"/><xsl:with-param name="value" select="r:leader/@title"/></xsl:call-template></xsl:if>
		<xsl:call-template name="since"><xsl:with-param name="first" select="not(r:leader)"/></xsl:call-template></xsl:with-param></xsl:call-template></xsl:if>
</xsl:template>

<xsl:template name="since"><xsl:param name="first" select="false()"/>
	<xsl:if test="@since"><xsl:if test="not($first)">, </xsl:if><xsl:call-template name="fill"><xsl:with-param name="id" select="'since'"/><xsl:with-param name="name" select="'date'"/><xsl:with-param name="value" select="@since-title"/></xsl:call-template></xsl:if>
</xsl:template>

<xsl:template name="where">
	<xsl:if test="r:providers/r:row or r:campaigns/r:row">
		<h2 xsl:use-attribute-sets="heading"><xsl:value-of select="key('t', 'heading.where')"/></h2>
		<xsl:call-template name="pair"><xsl:with-param name="of">
			<xsl:call-template name="top"><xsl:with-param name="rows" select="r:providers/r:row"/><xsl:with-param name="what" select="'provider'"/></xsl:call-template>
			<xsl:call-template name="top"><xsl:with-param name="rows" select="r:campaigns/r:row"/><xsl:with-param name="what" select="'campaign'"/></xsl:call-template>
		</xsl:with-param></xsl:call-template>
		<xsl:call-template name="legend"><xsl:with-param name="rest" select="r:providers/r:row[@name][position() &lt;= 5] | r:campaigns/r:row[@name][position() &lt;= 5]"/></xsl:call-template>
	</xsl:if>
</xsl:template>

<!-- What receivers said when they refused us: a few, with what that calls for. -->
<xsl:template name="refusals">
	<xsl:variable name="list" select="r:answers/r:provider/r:answer[@class = 'block']"/>
	<xsl:if test="$list">
		<h2 xsl:use-attribute-sets="heading"><xsl:value-of select="key('t', 'heading.answers')"/></h2>
		<p xsl:use-attribute-sets="lead"><xsl:value-of select="key('t', 'answers.refused')"/></p>
		<table xsl:use-attribute-sets="table">
			<thead><tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.answer')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.bounces.short')"/></th></tr></thead>
			<tbody><xsl:for-each select="$list"><xsl:sort select="r:count" data-type="number" order="descending"/><xsl:if test="position() &lt;= 4"><tr>
				<th xsl:use-attribute-sets="row"><xsl:value-of select="concat(../@title, ': ')"/><xsl:call-template name="answer"/>
					<xsl:call-template name="small"><xsl:with-param name="text"><xsl:value-of select="@title"/><xsl:if test="@days">, <xsl:value-of select="@days"/></xsl:if>. <xsl:value-of select="r:action"/></xsl:with-param></xsl:call-template></th>
				<td xsl:use-attribute-sets="number"><xsl:apply-templates select="r:count"/></td>
			</tr></xsl:if></xsl:for-each></tbody>
		</table>
	</xsl:if>
</xsl:template>

<xsl:template name="answer"><xsl:if test="@code"><b><xsl:value-of select="@code"/></b><xsl:text> </xsl:text></xsl:if><xsl:value-of select="r:text"/></xsl:template>

<!-- By provider all that is listed; what an answer calls for is said where it comes first. The mail has fewer. -->
<xsl:template match="r:answers">
	<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.answers.all')"/></h3>
	<p xsl:use-attribute-sets="lead"><xsl:call-template name="fill"><xsl:with-param name="id" select="'answers.lead'"/><xsl:with-param name="name" select="'k'"/><xsl:with-param name="value" select="$report/@k"/></xsl:call-template></p>
	<table xsl:use-attribute-sets="table">
		<thead><tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.answer')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.bounces.short')"/></th></tr></thead>
		<xsl:for-each select="r:provider[not($mail) or position() &lt;= 5]"><tbody>
			<tr><th xsl:use-attribute-sets="row" colspan="2"><xsl:attribute name="scope">rowgroup</xsl:attribute><b><xsl:value-of select="@title"/></b></th></tr>
			<xsl:for-each select="r:answer[not($mail) or position() &lt;= 2]"><tr>
				<th xsl:use-attribute-sets="row"><xsl:call-template name="answer"/>
					<xsl:call-template name="small"><xsl:with-param name="text"><xsl:value-of select="@title"/><xsl:if test="@days">, <xsl:value-of select="@days"/></xsl:if>
						<xsl:if test="not($mail) and not(r:action = preceding::r:answer/r:action)"><xsl:text>. </xsl:text><xsl:value-of select="r:action"/></xsl:if></xsl:with-param></xsl:call-template></th>
				<td xsl:use-attribute-sets="number"><xsl:apply-templates select="r:count"/></td>
			</tr></xsl:for-each>
			<xsl:if test="r:count and not($mail)"><tr><th xsl:use-attribute-sets="row"><xsl:call-template name="small"><xsl:with-param name="text" select="key('t', 'answers.other')"/></xsl:call-template></th><td xsl:use-attribute-sets="number"><xsl:apply-templates select="r:count"/></td></tr></xsl:if>
		</tbody></xsl:for-each>
	</table>
</xsl:template>

<!-- Two pieces, side by side where there is room. -->
<xsl:template name="pair"><xsl:param name="of"/>
	<xsl:choose><xsl:when test="$mail"><xsl:copy-of select="$of"/></xsl:when><xsl:otherwise><div class="pair"><xsl:copy-of select="$of"/></div></xsl:otherwise></xsl:choose></xsl:template>

<xsl:template name="top">
	<xsl:param name="rows"/><xsl:param name="what"/>
	<xsl:variable name="list" select="$rows[@name][number(r:count[@of = 'bounces']) &gt; 0][position() &lt;= 5]"/>
	<xsl:variable name="max"><xsl:call-template name="maximum"><xsl:with-param name="of" select="$list/r:count[@of = 'bounces']"/></xsl:call-template></xsl:variable>
	<xsl:variable name="rates" select="boolean($list/r:rate)"/>
	<!-- what the sum leaves: figures that anybody can take off each other -->
	<xsl:variable name="others" select="$report/r:figures/r:figure[@id = 'bounces']/r:count - sum($list/r:count[@of = 'bounces'])"/>
	<xsl:variable name="others-sent" select="$report/r:figures/r:sent/r:count - sum($list/r:sent/r:count)"/>
	<xsl:if test="$list">
		<table xsl:use-attribute-sets="table">
			<xsl:if test="$mail and $what = 'campaign'"><xsl:attribute name="style">width:100%;border-collapse:collapse;font-size:13px;margin-top:14px</xsl:attribute></xsl:if>
			<thead><tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', concat('column.', $what))"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.notices')"/></th>
				<xsl:if test="$rates"><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.rate')"/></th></xsl:if>
				<th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.change')"/></th></tr></thead>
			<tbody><xsl:for-each select="$list"><tr>
				<th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/><xsl:if test="r:worst"><xsl:call-template name="small"><xsl:with-param name="text"><xsl:text> </xsl:text><xsl:value-of select="r:worst[1]/@title"/><xsl:for-each select="r:worst[1]"><xsl:call-template name="since"/></xsl:for-each></xsl:with-param></xsl:call-template></xsl:if>
					<xsl:call-template name="bar"><xsl:with-param name="parts" select="r:count[@of != 'bounces']"/><xsl:with-param name="max" select="$max"/><xsl:with-param name="whole" select="sum(r:count[@of = 'bounces' or @of = 'complaint'][number(.) &gt;= 0])"/></xsl:call-template></th>
				<td xsl:use-attribute-sets="number"><xsl:apply-templates select="r:count[@of = 'bounces']"/></td>
				<xsl:if test="$rates"><td xsl:use-attribute-sets="number"><xsl:call-template name="row-rate"/></td></xsl:if>
				<td xsl:use-attribute-sets="number"><xsl:call-template name="change"/></td>
			</tr></xsl:for-each>
			<xsl:if test="$others &gt;= $report/@k"><tr>
				<th xsl:use-attribute-sets="row"><xsl:value-of select="key('t', 'where.others')"/></th>
				<td xsl:use-attribute-sets="number"><xsl:call-template name="number"><xsl:with-param name="of" select="$others"/></xsl:call-template></td>
				<xsl:if test="$rates"><td xsl:use-attribute-sets="number"><xsl:choose>
					<xsl:when test="$others-sent &gt;= $others"><xsl:call-template name="rate-text"><xsl:with-param name="of" select="format-number(100 * $others div $others-sent, '0.00')"/></xsl:call-template></xsl:when>
					<xsl:otherwise>–</xsl:otherwise></xsl:choose></td></xsl:if>
				<td xsl:use-attribute-sets="number">–</td>
			</tr></xsl:if></tbody>
		</table>
	</xsl:if>
</xsl:template>

<xsl:template match="r:measures">
	<h2 xsl:use-attribute-sets="heading"><xsl:value-of select="key('t', 'heading.todo')"/></h2>
	<xsl:choose>
		<xsl:when test="not(r:measure)"><p xsl:use-attribute-sets="lead"><xsl:value-of select="key('t', 'todo.none')"/></p></xsl:when>
		<xsl:when test="$mail">
			<table role="presentation" width="100%" cellspacing="0" cellpadding="0" border="0"><xsl:for-each select="r:measure"><tr>
				<td valign="top" style="width:28px;padding:6px 0;font-size:18px;font-weight:600"><xsl:value-of select="position()"/></td>
				<td style="padding:6px 0;border-bottom:1px solid #b8bec4"><div><xsl:value-of select="r:action"/></div>
					<div style="font-size:13px;opacity:.75"><xsl:call-template name="reason"/></div></td>
			</tr></xsl:for-each></table>
		</xsl:when>
		<xsl:otherwise>
			<ol class="measures"><xsl:for-each select="r:measure"><li>
				<p><xsl:value-of select="r:action"/></p><p class="lead"><xsl:call-template name="reason"/></p>
			</li></xsl:for-each></ol>
		</xsl:otherwise>
	</xsl:choose>
</xsl:template>

<xsl:template name="reason">
	<b><xsl:value-of select="key('t', concat('urgency.', @urgency))"/></b>
	<xsl:text> · </xsl:text><xsl:value-of select="@owner"/><xsl:text> · </xsl:text><xsl:call-template name="prose"><xsl:with-param name="text" select="r:because"/></xsl:call-template>
</xsl:template>

<xsl:template match="r:comments">
	<h2 xsl:use-attribute-sets="heading"><xsl:value-of select="key('t', 'heading.comments')"/></h2>
	<xsl:for-each select="r:comment">
		<p><xsl:attribute name="{$look}"><xsl:choose><xsl:when test="$mail">margin:0 0 10px;white-space:pre-line</xsl:when><xsl:otherwise>comment</xsl:otherwise></xsl:choose></xsl:attribute>
			<xsl:call-template name="small"><xsl:with-param name="text" select="concat(@date, ' ')"/></xsl:call-template><xsl:value-of select="."/></p>
	</xsl:for-each>
</xsl:template>

<xsl:template match="r:timeline">
	<h2 xsl:use-attribute-sets="heading"><xsl:value-of select="key('t', 'heading.timeline')"/></h2>
	<p xsl:use-attribute-sets="lead"><xsl:value-of select="key('t', 'timeline.lead')"/></p>
	<table xsl:use-attribute-sets="table">
		<xsl:if test="not($mail)"><xsl:attribute name="class">data timeline</xsl:attribute></xsl:if>
		<tbody><xsl:for-each select="r:milestone"><tr>
			<th xsl:use-attribute-sets="row"><xsl:value-of select="@when"/></th>
			<td xsl:use-attribute-sets="words"><xsl:value-of select="."/></td>
		</tr></xsl:for-each></tbody>
	</table>
</xsl:template>

<!-- === twelve months, days === -->

<xsl:template match="r:trend">
	<xsl:variable name="max"><xsl:call-template name="maximum"><xsl:with-param name="of" select="r:month/r:count[@of = 'bounces']"/></xsl:call-template></xsl:variable>
	<xsl:variable name="rates" select="boolean(r:month/r:rate)"/>
	<xsl:if test="r:month">
		<h2 xsl:use-attribute-sets="heading"><xsl:value-of select="key('t', 'heading.trend')"/></h2>
		<p xsl:use-attribute-sets="lead">
			<xsl:value-of select="key('t', 'trend.lead')"/>
			<xsl:if test="r:month/r:sent/@uncounted"><xsl:text> </xsl:text><xsl:value-of select="key('t', 'trend.uncounted')"/></xsl:if>
			<xsl:if test="count(r:month) &lt; 12"><xsl:text> </xsl:text><xsl:call-template name="fill"><xsl:with-param name="id" select="'trend.begin'"/><xsl:with-param name="name" select="'month'"/><xsl:with-param name="value" select="r:month[1]/@title"/></xsl:call-template></xsl:if>
		</p>
		<xsl:choose>
			<xsl:when test="$mail">
				<table xsl:use-attribute-sets="table">
					<thead><tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.month')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.bounces')"/></th>
						<xsl:if test="$rates"><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.rate')"/></th></xsl:if></tr></thead>
					<tbody><xsl:for-each select="r:month"><tr>
					<th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/><xsl:call-template name="bar"><xsl:with-param name="parts" select="r:count[@of != 'bounces']"/><xsl:with-param name="max" select="$max"/><xsl:with-param name="whole" select="sum(r:count[@of = 'bounces' or @of = 'complaint'][number(.) &gt;= 0])"/></xsl:call-template></th>
					<td xsl:use-attribute-sets="number"><xsl:apply-templates select="r:count[@of = 'bounces']"/></td>
					<xsl:if test="$rates"><td xsl:use-attribute-sets="number"><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:rate[@of = 'bounces']"/></xsl:call-template><xsl:if test="r:sent/@uncounted">*</xsl:if></td></xsl:if>
				</tr></xsl:for-each></tbody></table>
			</xsl:when>
			<xsl:otherwise>
				<div class="pair">
					<xsl:if test="$rates"><xsl:call-template name="rate-chart"/></xsl:if>
					<xsl:call-template name="trend-chart"/>
				</div>
				<details><summary><xsl:value-of select="key('t', 'chart.figures')"/></summary><table class="data fold">
					<thead><tr><th class="t" scope="col"><xsl:value-of select="key('t', 'column.month')"/></th><xsl:variable name="rows" select="r:month"/><xsl:for-each select="$columns[$rows/r:count/@of = substring-before(substring-after(@id, 'column.'), '.short')]"><th class="n" scope="col"><xsl:value-of select="."/></th></xsl:for-each>
						<xsl:if test="$rates"><th class="n" scope="col"><xsl:value-of select="key('t', 'column.sent')"/></th><th class="n" scope="col"><xsl:value-of select="key('t', 'column.rate')"/></th><th class="n" scope="col"><xsl:value-of select="key('t', 'column.hard.short')"/> %</th><th class="n" scope="col"><xsl:value-of select="key('t', 'column.complaint.short')"/> %</th></xsl:if></tr></thead>
					<tbody><xsl:for-each select="r:month"><tr><th class="t" scope="row"><xsl:value-of select="@title"/></th><xsl:variable name="row" select="."/><xsl:for-each select="$columns[$row/../r:month/r:count/@of = substring-before(substring-after(@id, 'column.'), '.short')]"><xsl:variable name="of" select="substring-before(substring-after(@id, 'column.'), '.short')"/><td class="n"><xsl:call-template name="label"><xsl:with-param name="of" select="@id"/></xsl:call-template><xsl:call-template name="told"><xsl:with-param name="of" select="$row/r:count[@of = $of]"/></xsl:call-template></td></xsl:for-each>
						<xsl:if test="$rates"><td class="n"><xsl:call-template name="label"><xsl:with-param name="of" select="'column.sent'"/></xsl:call-template><xsl:choose><xsl:when test="r:sent"><xsl:apply-templates select="r:sent/r:count"/><xsl:if test="r:sent/@uncounted">*</xsl:if></xsl:when><xsl:otherwise>–</xsl:otherwise></xsl:choose></td>
							<td class="n"><xsl:call-template name="label"><xsl:with-param name="of" select="'column.rate'"/></xsl:call-template><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:rate[@of = 'bounces']"/></xsl:call-template></td>
							<td class="n"><xsl:call-template name="label"><xsl:with-param name="of" select="'column.hard.short'"/><xsl:with-param name="unit" select="' %'"/></xsl:call-template><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:class-rate[@of = 'hard']"/></xsl:call-template></td>
							<td class="n"><xsl:call-template name="label"><xsl:with-param name="of" select="'column.complaint.short'"/><xsl:with-param name="unit" select="' %'"/></xsl:call-template><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:class-rate[@of = 'complaint']"/></xsl:call-template></td></xsl:if></tr></xsl:for-each></tbody>
				</table></details>
			</xsl:otherwise>
		</xsl:choose>
	</xsl:if>
</xsl:template>

<!--
  Charts: as wide as they may be, at any width with the same letters: across in percent, down in pixels, the plot from y 24 to 174. Labels of the axis
  stand left of it, in a margin as wide as the longest.
-->
<xsl:template name="gutter"><xsl:param name="top"/><xsl:param name="unit" select="''"/>
	<xsl:variable name="text"><xsl:call-template name="number"><xsl:with-param name="of" select="$top"/></xsl:call-template></xsl:variable>
	<xsl:attribute name="style">--gutter: <xsl:value-of select="(string-length($text) + string-length($unit)) * 7 + 10"/>px</xsl:attribute></xsl:template>

<xsl:template name="grid">
	<xsl:param name="top"/><xsl:param name="unit" select="''"/>
	<g xmlns="http://www.w3.org/2000/svg" class="grid">
		<line x1="0" x2="100%" y1="24" y2="24"/><line x1="0" x2="100%" y1="99" y2="99"/>
		<text class="label" x="-8" y="28" text-anchor="end"><xsl:call-template name="number"><xsl:with-param name="of" select="$top"/></xsl:call-template><xsl:value-of select="$unit"/></text>
		<text class="label" x="-8" y="103" text-anchor="end"><xsl:call-template name="number"><xsl:with-param name="of" select="$top div 2"/></xsl:call-template><xsl:value-of select="$unit"/></text>
		<text class="label" x="-8" y="178" text-anchor="end">0</text>
	</g>
</xsl:template>

<!-- Where a month's middle is: the latest is always at the right. -->
<xsl:template name="month-x"><xsl:param name="add" select="0"/><xsl:value-of select="concat(format-number((12 - count(following-sibling::r:month) - 0.5) * 8.3333 + $add, '0.##'), '%')"/></xsl:template>
<xsl:template name="month-labels"><xsl:for-each select="r:month">
	<text xmlns="http://www.w3.org/2000/svg" class="label month{count(following-sibling::r:month) mod 2}" y="192" text-anchor="middle"><xsl:attribute name="x"><xsl:call-template name="month-x"/></xsl:attribute><xsl:value-of select="key('t', concat('month.short.', number(substring(@id, 6))))"/></text></xsl:for-each></xsl:template>

<!-- Rates as lines, with the target as a dashed one; percent on the axis. -->
<xsl:template name="rate-chart">
	<xsl:variable name="limit" select="$report/r:targets/r:target[@id = 'bounces']/@limit"/>
	<xsl:variable name="largest"><xsl:call-template name="maximum"><xsl:with-param name="of" select="r:month/r:rate[@of = 'bounces'] | $limit"/></xsl:call-template></xsl:variable>
	<xsl:variable name="top"><xsl:choose>
		<xsl:when test="$largest &lt;= 2">2</xsl:when><xsl:when test="$largest &lt;= 4">4</xsl:when><xsl:when test="$largest &lt;= 6">6</xsl:when><xsl:when test="$largest &lt;= 10">10</xsl:when>
		<xsl:when test="$largest &lt;= 20">20</xsl:when><xsl:when test="$largest &lt;= 50">50</xsl:when><xsl:otherwise>100</xsl:otherwise></xsl:choose></xsl:variable>
	<figure class="chart rates"><xsl:call-template name="gutter"><xsl:with-param name="top" select="$top"/><xsl:with-param name="unit" select="' %'"/></xsl:call-template>
	<figcaption><xsl:value-of select="key('t', 'trend.rates')"/></figcaption>
	<svg xmlns="http://www.w3.org/2000/svg" height="200" role="img">
		<title><xsl:value-of select="key('t', 'trend.rates')"/></title>
		<desc><xsl:for-each select="r:month[r:rate]"><xsl:value-of select="concat(@title, ': ', r:rate[@of = 'bounces'], ' %, ', r:class-rate[@of = 'hard'], ' %; ')"/></xsl:for-each></desc>
		<xsl:call-template name="grid"><xsl:with-param name="top" select="$top"/><xsl:with-param name="unit" select="' %'"/></xsl:call-template>
		<line class="base" x1="0" x2="100%" y1="174" y2="174"/>
		<line class="limit" x1="0" x2="100%" y1="{format-number(174 - $limit * 150 div $top, '0.##')}" y2="{format-number(174 - $limit * 150 div $top, '0.##')}"/>
		<text class="label" x="4" y="{format-number(169 - $limit * 150 div $top, '0.##')}"><xsl:call-template name="fill"><xsl:with-param name="id" select="'figures.target'"/><xsl:with-param name="value"><xsl:call-template name="limit-text"><xsl:with-param name="of" select="$limit"/></xsl:call-template></xsl:with-param></xsl:call-template></text>
		<xsl:call-template name="rate-line"><xsl:with-param name="of" select="'bounces'"/><xsl:with-param name="top" select="$top"/></xsl:call-template>
		<xsl:call-template name="rate-line"><xsl:with-param name="of" select="'hard'"/><xsl:with-param name="top" select="$top"/></xsl:call-template>
		<xsl:call-template name="month-labels"/>
	</svg>
	<p class="legend"><span class="entry"><i class="key line-bounces"/><xsl:value-of select="key('t', 'column.bounces')"/></span><span class="entry"><i class="key line-hard"/><xsl:value-of select="key('t', 'column.hard')"/></span></p></figure>
</xsl:template>

<!-- Months without a rate leave a gap. The latest figures stand at the right, one below the other where they are close. -->
<xsl:template name="rate-line"><xsl:param name="of"/><xsl:param name="top"/>
	<xsl:for-each select="r:month/*[self::r:rate or self::r:class-rate][@of = $of]">
		<xsl:variable name="y" select="174 - . * 150 div $top"/>
		<xsl:variable name="next" select="../following-sibling::r:month[1]/*[self::r:rate or self::r:class-rate][@of = $of]"/>
		<xsl:variable name="x"><xsl:for-each select=".."><xsl:call-template name="month-x"/></xsl:for-each></xsl:variable>
		<xsl:if test="$next"><line xmlns="http://www.w3.org/2000/svg" class="line {$of}" x1="{$x}" y1="{format-number($y, '0.##')}" y2="{format-number(174 - $next * 150 div $top, '0.##')}">
			<xsl:attribute name="x2"><xsl:for-each select=".."><xsl:call-template name="month-x"><xsl:with-param name="add" select="8.3333"/></xsl:call-template></xsl:for-each></xsl:attribute></line></xsl:if>
		<circle xmlns="http://www.w3.org/2000/svg" class="dot {$of}" r="3.5" cx="{$x}" cy="{format-number($y, '0.##')}"/>
		<xsl:if test="not(../following-sibling::r:month)">
			<xsl:variable name="above" select="174 - ../r:rate[@of = 'bounces'] * 150 div $top"/>
			<text xmlns="http://www.w3.org/2000/svg" class="label named" x="100%"><xsl:attribute name="y"><xsl:choose><xsl:when test="$of = 'hard' and $y &lt; $above + 14"><xsl:value-of select="format-number($above + 18, '0.##')"/></xsl:when><xsl:otherwise><xsl:value-of select="format-number($y + 4, '0.##')"/></xsl:otherwise></xsl:choose></xsl:attribute><xsl:call-template name="rate-text"><xsl:with-param name="of" select="."/></xsl:call-template></text></xsl:if>
	</xsl:for-each>
</xsl:template>

<xsl:template name="trend-chart">
	<xsl:variable name="largest"><xsl:call-template name="maximum"><xsl:with-param name="of" select="r:month/r:count[@of = 'bounces']"/></xsl:call-template></xsl:variable>
	<xsl:variable name="top"><xsl:call-template name="round-up"><xsl:with-param name="n" select="$largest"/></xsl:call-template></xsl:variable>
	<figure class="chart"><xsl:call-template name="gutter"><xsl:with-param name="top" select="$top"/></xsl:call-template>
	<figcaption><xsl:value-of select="key('t', 'trend.chart')"/></figcaption>
	<svg xmlns="http://www.w3.org/2000/svg" height="200" role="img">
		<title><xsl:value-of select="key('t', 'trend.chart')"/></title>
		<desc><xsl:for-each select="r:month"><xsl:value-of select="concat(@title, ': ')"/><xsl:apply-templates select="r:count[@of = 'bounces']"/>; </xsl:for-each></desc>
		<xsl:call-template name="grid"><xsl:with-param name="top" select="$top"/></xsl:call-template>
		<xsl:for-each select="r:month">
			<xsl:variable name="x"><xsl:call-template name="month-x"><xsl:with-param name="add" select="-2.9"/></xsl:call-template></xsl:variable>
			<xsl:for-each select="r:count[@of != 'bounces'][number(.) &gt; 0]">
				<xsl:variable name="below" select="sum(preceding-sibling::r:count[@of != 'bounces'][number(.) &gt; 0])"/>
				<rect class="{@of}" x="{$x}" width="5.8%" y="{format-number(174 - ($below + .) * 150 div $top, '0.##')}" height="{format-number(. * 150 div $top, '0.##')}"/>
			</xsl:for-each>
			<xsl:variable name="parts" select="sum(r:count[@of != 'bounces'][number(.) &gt; 0])"/>
			<xsl:variable name="whole" select="sum(r:count[@of = 'bounces' or @of = 'complaint'][number(.) &gt;= 0])"/>
			<xsl:if test="$whole &gt; $parts"><rect class="rest" x="{$x}" width="5.8%" y="{format-number(174 - $whole * 150 div $top, '0.##')}" height="{format-number(($whole - $parts) * 150 div $top, '0.##')}"/></xsl:if>
		</xsl:for-each>
		<line class="base" x1="0" x2="100%" y1="174" y2="174"/>
		<xsl:call-template name="month-labels"/>
	</svg>
	<xsl:call-template name="legend"><xsl:with-param name="rest" select="r:month"/></xsl:call-template></figure>
</xsl:template>

<xsl:template match="r:days">
	<xsl:variable name="largest"><xsl:call-template name="maximum"><xsl:with-param name="of" select="r:day/r:count"/></xsl:call-template></xsl:variable>
	<xsl:variable name="top"><xsl:call-template name="round-up"><xsl:with-param name="n" select="$largest"/></xsl:call-template></xsl:variable>
	<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.days')"/></h3>
	<p xsl:use-attribute-sets="lead">
		<xsl:choose>
			<xsl:when test="r:day/r:standout">
				<xsl:if test="@usual &gt; 0"><xsl:call-template name="fill"><xsl:with-param name="id" select="'days.usual'"/><xsl:with-param name="value"><xsl:call-template name="number"><xsl:with-param name="of" select="@usual"/></xsl:call-template></xsl:with-param></xsl:call-template><xsl:text> </xsl:text></xsl:if>
				<xsl:value-of select="key('t', 'days.lead')"/><xsl:text> </xsl:text>
				<xsl:for-each select="r:day[r:standout]">
					<xsl:if test="position() &gt; 1">; </xsl:if>
					<xsl:value-of select="concat(@weekday, ' ', number(substring(@date, 9)), ': ')"/><b><xsl:apply-templates select="r:count"/></b>
					<xsl:if test="r:standout/@class"><xsl:text> </xsl:text><xsl:call-template name="fill"><xsl:with-param name="id" select="'days.mostly'"/><xsl:with-param name="name" select="'what'"/><xsl:with-param name="value" select="key('t', concat('column.', r:standout/@class, '.words'))"/></xsl:call-template></xsl:if>
					<xsl:if test="r:standout/@provider"><xsl:text> </xsl:text><xsl:call-template name="fill"><xsl:with-param name="id" select="'at'"/><xsl:with-param name="name" select="'provider'"/><xsl:with-param name="value" select="r:standout/@provider-title"/></xsl:call-template></xsl:if>
				</xsl:for-each>
				<xsl:text>.</xsl:text>
			</xsl:when>
			<xsl:otherwise><xsl:value-of select="key('t', 'days.none')"/></xsl:otherwise>
		</xsl:choose>
	</p>
	<xsl:if test="not($mail) and $largest &gt; 0">
		<xsl:variable name="wide" select="100 div count(r:day)"/>
		<xsl:variable name="begun" select="$report/r:classes/r:class/r:category[@since]"/>
		<figure class="chart"><xsl:call-template name="gutter"><xsl:with-param name="top" select="$top"/></xsl:call-template>
		<svg xmlns="http://www.w3.org/2000/svg" height="200" role="img">
			<title><xsl:value-of select="key('t', 'days.chart')"/></title>
			<desc><xsl:for-each select="r:day"><xsl:value-of select="concat(@date, ': ', r:count, '; ')"/></xsl:for-each></desc>
			<xsl:for-each select="r:day"><xsl:if test="@weekday = string(key('t', 'weekday.6')) or @weekday = string(key('t', 'weekday.0'))"><rect class="weekend" x="{format-number((position() - 1) * $wide, '0.##')}%" width="{format-number($wide, '0.##')}%" y="24" height="150"/></xsl:if></xsl:for-each>
			<xsl:call-template name="grid"><xsl:with-param name="top" select="$top"/></xsl:call-template>
			<xsl:for-each select="r:day">
				<xsl:choose>
					<xsl:when test="number(r:count) &gt; 0">
						<rect x="{format-number((position() - 0.87) * $wide, '0.##')}%" width="{format-number(0.74 * $wide, '0.##')}%" y="{format-number(174 - r:count * 150 div $top, '0.##')}" height="{format-number(r:count * 150 div $top, '0.##')}">
							<xsl:attribute name="class"><xsl:choose><xsl:when test="r:standout">standout</xsl:when><xsl:otherwise>plain</xsl:otherwise></xsl:choose></xsl:attribute>
						</rect>
					</xsl:when>
					<xsl:when test="not(r:count)"><rect class="hidden" x="{format-number((position() - 0.87) * $wide, '0.##')}%" width="{format-number(0.74 * $wide, '0.##')}%" y="169" height="5"/></xsl:when>
				</xsl:choose>
			</xsl:for-each>
			<line class="base" x1="0" x2="100%" y1="174" y2="174"/>
			<xsl:if test="@usual &gt; 0 and @usual &lt;= $top"><line class="usual" x1="0" x2="100%" y1="{format-number(174 - @usual * 150 div $top, '0.##')}" y2="{format-number(174 - @usual * 150 div $top, '0.##')}"/></xsl:if>
			<xsl:for-each select="r:day">
				<xsl:variable name="told" select="r:standout or @date = $begun/@since"/>
				<xsl:variable name="beside" select="(preceding-sibling::r:day[1] | following-sibling::r:day[1])[r:standout or @date = $begun/@since]"/>
				<xsl:if test="$told or (@weekday = string(key('t', 'weekday.1')) and not($beside))"><text class="label date" x="{format-number((position() - 0.5) * $wide, '0.##')}%" y="190" text-anchor="middle"><xsl:value-of select="number(substring(@date, 9))"/></text></xsl:if>
			</xsl:for-each>
			<xsl:for-each select="$begun[not(@since = preceding::r:category/@since)]"><xsl:sort select="@since"/>
				<xsl:variable name="x" select="concat(format-number((substring(@since, 9) - 0.5) * $wide, '0.##'), '%')"/>
				<line class="began" x1="{$x}" x2="{$x}" y1="18" y2="174"/><circle class="began" cx="{$x}" cy="10" r="9"/><text class="began" x="{$x}" y="14" text-anchor="middle"><xsl:value-of select="position()"/></text>
			</xsl:for-each>
		</svg>
		<p class="legend"><span class="entry"><i class="key plain"/><xsl:value-of select="key('t', 'legend.day')"/></span>
			<xsl:if test="r:day/r:standout"><span class="entry"><i class="key standout"/><xsl:value-of select="key('t', 'legend.standout')"/></span></xsl:if>
			<xsl:if test="r:day[not(r:count)]"><span class="entry"><i class="key hidden"/><xsl:value-of select="key('t', 'legend.hidden')"/></span></xsl:if>
			<xsl:if test="@usual &gt; 0"><span class="entry"><i class="key line-usual"/><xsl:value-of select="key('t', 'legend.usual')"/></span></xsl:if>
			<span class="entry"><i class="key weekend"/><xsl:value-of select="key('t', 'legend.weekend')"/></span></p>
		<xsl:if test="$begun"><ol class="began"><xsl:for-each select="$begun[not(@since = preceding::r:category/@since)]"><xsl:sort select="@since"/>
			<li><b><xsl:value-of select="@since-title"/></b><xsl:text>: </xsl:text><xsl:for-each select="$begun[@since = current()/@since]"><xsl:if test="position() &gt; 1">; </xsl:if><xsl:value-of select="@title"/>
				<xsl:if test="r:leader"><xsl:text>, </xsl:text><xsl:call-template name="fill"><xsl:with-param name="id" select="'mostly-at'"/><xsl:with-param name="name" select="'provider'"/><xsl:with-param name="value" select="r:leader/@title"/></xsl:call-template></xsl:if></xsl:for-each></li></xsl:for-each></ol></xsl:if>
		</figure>
		<details><summary><xsl:value-of select="key('t', 'chart.figures')"/></summary><table class="data">
			<thead><tr><th class="t" scope="col"><xsl:value-of select="key('t', 'column.day')"/></th><th class="n" scope="col"><xsl:value-of select="key('t', 'column.bounces')"/></th></tr></thead>
			<tbody><xsl:for-each select="r:day"><tr><th class="t" scope="row"><xsl:value-of select="concat(@weekday, ' ', @date)"/></th><td class="n"><xsl:apply-templates select="r:count"/></td></tr></xsl:for-each></tbody>
		</table></details>
	</xsl:if>
</xsl:template>

<!-- === details === -->

<xsl:template name="details">
	<h2 xsl:use-attribute-sets="heading"><xsl:value-of select="key('t', 'heading.details')"/></h2>
	<xsl:call-template name="matrix"><xsl:with-param name="rows" select="r:providers/r:row"/><xsl:with-param name="what" select="'provider'"/></xsl:call-template>
	<xsl:apply-templates select="r:answers"/>
	<xsl:call-template name="matrix"><xsl:with-param name="rows" select="r:campaigns/r:row"/><xsl:with-param name="what" select="'campaign'"/></xsl:call-template>
	<xsl:call-template name="matrix"><xsl:with-param name="rows" select="r:groups/r:row"/><xsl:with-param name="what" select="'group'"/></xsl:call-template>
	<xsl:call-template name="matrix"><xsl:with-param name="rows" select="r:streams/r:row"/><xsl:with-param name="what" select="'stream'"/></xsl:call-template>
	<xsl:apply-templates select="r:classes"/>
	<xsl:call-template name="infrastructure"/>
	<xsl:call-template name="blocks"/>
	<xsl:apply-templates select="r:investigations"/>
	<xsl:apply-templates select="r:delays"/>
	<xsl:apply-templates select="r:cohorts"/>
	<xsl:apply-templates select="r:typing-errors"/>
	<xsl:apply-templates select="r:summaries"/>
	<xsl:call-template name="complaints"/>
	<xsl:apply-templates select="r:days"/>
	<xsl:apply-templates select="r:origins"/>
	<xsl:call-template name="mailboxes"/>
	<xsl:apply-templates select="r:contacts"/>
</xsl:template>

<!-- A figure, or a dash where it is left out. -->
<xsl:template name="told"><xsl:param name="of"/>
	<xsl:choose><xsl:when test="$of"><xsl:apply-templates select="$of"/></xsl:when><xsl:otherwise>–</xsl:otherwise></xsl:choose></xsl:template>

<xsl:template name="matrix">
	<xsl:param name="rows"/><xsl:param name="what"/>
	<xsl:variable name="complained" select="boolean($rows/r:class-rate[@of = 'complaint'] or $rows/r:judged[@of = 'complaint'][@as = 'missed'])"/>
	<xsl:variable name="rates" select="boolean($rows/r:rate)"/>
	<!-- a column of nothing but dashes is left out -->
	<xsl:variable name="hard-rates" select="$what != 'group' and not($mail) and boolean($rows/r:class-rate[@of = 'hard'] or ($what = 'campaign' and $rows/r:judged[@of = 'hard'][@as = 'missed']))"/>
	<xsl:variable name="changes" select="not($mail) and boolean($rows/r:change)"/>
	<xsl:variable name="in-mail"><xsl:choose><xsl:when test="$what = 'stream'">bounces hard complaint optout</xsl:when><xsl:otherwise>bounces hard soft block other</xsl:otherwise></xsl:choose></xsl:variable>
	<xsl:if test="$rows">
		<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', concat('heading.', $what))"/></h3>
		<xsl:if test="$what = 'stream'"><p xsl:use-attribute-sets="lead"><xsl:value-of select="key('t', 'streams.lead')"/></p></xsl:if>
		<table xsl:use-attribute-sets="table">
			<xsl:if test="not($mail)"><xsl:attribute name="class">data fold</xsl:attribute></xsl:if>
			<thead><tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', concat('column.', $what))"/></th>
				<xsl:if test="not($mail) and $rows/r:history"><th class="n past" scope="col"><xsl:value-of select="key('t', 'column.history')"/></th></xsl:if>
				<xsl:for-each select="$columns[$rows/r:count/@of = substring-before(substring-after(@id, 'column.'), '.short')][not($mail) or contains($in-mail, substring-before(substring-after(@id, 'column.'), '.short'))]"><th xsl:use-attribute-sets="column"><xsl:value-of select="."/></th></xsl:for-each>
				<xsl:if test="$changes"><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.change')"/></th></xsl:if>
				<xsl:if test="$rates"><xsl:if test="not($mail)"><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.sent')"/></th></xsl:if><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.rate')"/></th><xsl:if test="$hard-rates"><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.hard.short')"/> %</th></xsl:if><xsl:if test="$complained and not($mail)"><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.complaint.rate')"/></th></xsl:if></xsl:if></tr></thead>
			<tbody><xsl:for-each select="$rows"><tr><xsl:if test="not($mail) and $rows/r:history"><xsl:attribute name="class">has-past</xsl:attribute></xsl:if>
				<th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/><xsl:if test="r:worst"><xsl:call-template name="small"><xsl:with-param name="text"><xsl:text> </xsl:text><xsl:for-each select="r:worst[not($mail) or position() = 1]"><xsl:if test="position() &gt; 1">; </xsl:if><xsl:value-of select="@title"/><xsl:call-template name="since"/></xsl:for-each></xsl:with-param></xsl:call-template></xsl:if></th>
				<xsl:if test="not($mail) and $rows/r:history"><td class="n past"><xsl:apply-templates select="r:history"/></td></xsl:if>
				<xsl:variable name="row" select="."/>
				<xsl:for-each select="$columns[$rows/r:count/@of = substring-before(substring-after(@id, 'column.'), '.short')][not($mail) or contains($in-mail, substring-before(substring-after(@id, 'column.'), '.short'))]"><xsl:variable name="of" select="substring-before(substring-after(@id, 'column.'), '.short')"/><td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="@id"/></xsl:call-template><xsl:call-template name="told"><xsl:with-param name="of" select="$row/r:count[@of = $of]"/></xsl:call-template></td></xsl:for-each>
				<xsl:if test="$changes"><td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="'column.change'"/></xsl:call-template><xsl:call-template name="change"/></td></xsl:if>
				<xsl:if test="$rates"><xsl:if test="not($mail)"><td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="'column.sent'"/></xsl:call-template><xsl:choose><xsl:when test="r:sent/r:count != 0"><xsl:apply-templates select="r:sent/r:count"/></xsl:when><xsl:otherwise>–</xsl:otherwise></xsl:choose></td></xsl:if>
					<td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="'column.rate'"/></xsl:call-template><xsl:call-template name="row-rate"/></td>
					<xsl:if test="$hard-rates"><td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="'column.hard.short'"/><xsl:with-param name="unit" select="' %'"/></xsl:call-template><xsl:if test="$what = 'campaign' and r:judged[@of = 'hard'][@as = 'missed']">✗ </xsl:if><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:class-rate[@of = 'hard']"/></xsl:call-template></td></xsl:if>
					<xsl:if test="$complained and not($mail)"><td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="'column.complaint.rate'"/></xsl:call-template><xsl:if test="r:judged[@of = 'complaint'][@as = 'missed']">✗ </xsl:if><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:class-rate[@of = 'complaint']"/></xsl:call-template></td></xsl:if></xsl:if>
			</tr></xsl:for-each></tbody>
		</table>
		<xsl:if test="$what = 'provider' and $rows/r:advice and not($mail)">
			<dl class="method"><xsl:for-each select="$rows[r:advice]"><dt><xsl:value-of select="@title"/></dt><dd><xsl:value-of select="concat(r:worst[1]/@title, ': ', r:advice)"/></dd></xsl:for-each></dl>
		</xsl:if>
	</xsl:if>
</xsl:template>

<!-- Twelve small bars; their figures stand in the title. -->
<xsl:template match="r:history">
	<xsl:variable name="max"><xsl:call-template name="maximum"><xsl:with-param name="of" select="r:month/r:count"/></xsl:call-template></xsl:variable>
	<xsl:variable name="months" select="count(r:month)"/>
	<xsl:if test="$max &gt; 0"><svg xmlns="http://www.w3.org/2000/svg" class="spark" viewBox="0 0 72 20" role="img">
		<title><xsl:for-each select="r:month"><xsl:value-of select="concat(@id, ': ')"/><xsl:choose><xsl:when test="r:count"><xsl:value-of select="r:count"/></xsl:when><xsl:otherwise>–</xsl:otherwise></xsl:choose>; </xsl:for-each></title>
		<xsl:for-each select="r:month"><xsl:if test="number(r:count) &gt; 0">
			<rect x="{(12 - $months + position() - 1) * 6}" width="4.5" y="{format-number(20 - r:count * 20 div $max, '0.##')}" height="{format-number(r:count * 20 div $max, '0.##')}"><xsl:attribute name="class"><xsl:choose><xsl:when test="position() = $months">standout</xsl:when><xsl:otherwise>plain</xsl:otherwise></xsl:choose></xsl:attribute></rect>
		</xsl:if></xsl:for-each></svg></xsl:if>
</xsl:template>

<xsl:template match="r:classes">
	<xsl:if test="r:class/r:category">
	<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.classes')"/></h3>
	<table xsl:use-attribute-sets="table">
		<thead><tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.cause')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.count')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.share')"/></th>
			<th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.before')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.change')"/></th></tr></thead>
		<tbody><xsl:for-each select="r:class[r:category]">
			<tr><th xsl:use-attribute-sets="row"><xsl:call-template name="key"><xsl:with-param name="of" select="@id"/></xsl:call-template><b><xsl:value-of select="@title"/></b></th>
				<td xsl:use-attribute-sets="number"><b><xsl:call-template name="told"><xsl:with-param name="of" select="r:count"/></xsl:call-template></b></td>
				<xsl:if test="not($report/r:figures/r:figure[@id = current()/@id])"><td xsl:use-attribute-sets="number">–</td><td xsl:use-attribute-sets="number">–</td><td xsl:use-attribute-sets="number">–</td></xsl:if>
				<xsl:for-each select="$report/r:figures/r:figure[@id = current()/@id]">
					<td xsl:use-attribute-sets="number"><xsl:call-template name="share"/></td>
					<td xsl:use-attribute-sets="number"><xsl:call-template name="before"/></td>
					<td xsl:use-attribute-sets="number"><xsl:call-template name="change"/></td>
				</xsl:for-each></tr>
			<xsl:for-each select="r:category"><tr>
				<th xsl:use-attribute-sets="row"><xsl:text>&#160;&#160;&#160;</xsl:text><xsl:value-of select="@title"/></th>
				<td xsl:use-attribute-sets="number"><xsl:apply-templates select="r:count"/></td>
				<td xsl:use-attribute-sets="number"><xsl:call-template name="share"/></td>
				<td xsl:use-attribute-sets="number"><xsl:call-template name="before"/></td>
				<td xsl:use-attribute-sets="number"><xsl:call-template name="change"/></td>
			</tr></xsl:for-each>
		</xsl:for-each></tbody>
	</table>
	</xsl:if>
</xsl:template>

<xsl:template name="checks"><xsl:param name="list"/>
	<table xsl:use-attribute-sets="table">
		<xsl:if test="not($mail)"><xsl:attribute name="class">data checks</xsl:attribute></xsl:if>
		<thead><tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.cause')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.count')"/></th><xsl:if test="not($mail)"><th xsl:use-attribute-sets="words-column"><xsl:value-of select="key('t', 'column.check')"/></th></xsl:if></tr></thead>
		<tbody><xsl:for-each select="$list"><xsl:sort select="number(number(r:count) &gt; 0)" order="descending"/><xsl:sort select="r:count" data-type="number" order="descending"/><tr>
			<th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/><xsl:call-template name="leader"/><xsl:if test="$mail"><xsl:call-template name="small"><xsl:with-param name="text"><xsl:text> </xsl:text><xsl:value-of select="r:check"/></xsl:with-param></xsl:call-template></xsl:if></th>
			<td xsl:use-attribute-sets="number"><xsl:apply-templates select="r:count"/></td>
			<xsl:if test="not($mail)"><td xsl:use-attribute-sets="words"><xsl:value-of select="r:check"/></td></xsl:if>
		</tr></xsl:for-each></tbody>
	</table>
</xsl:template>

<xsl:template name="infrastructure">
	<xsl:variable name="list" select="r:classes/r:class/r:category[@infrastructure]"/>
	<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.infrastructure')"/></h3>
	<p xsl:use-attribute-sets="lead"><xsl:value-of select="key('t', 'infrastructure.lead')"/><xsl:if test="not($list)"><xsl:text> </xsl:text><xsl:choose><xsl:when test="r:classes/r:class[@id = 'block' or @id = 'soft']/r:category[@id = 'other']"><xsl:value-of select="key('t', 'infrastructure.untold')"/></xsl:when><xsl:otherwise><xsl:value-of select="key('t', 'infrastructure.none')"/></xsl:otherwise></xsl:choose></xsl:if></p>
	<xsl:if test="$list"><xsl:call-template name="checks"><xsl:with-param name="list" select="$list"/></xsl:call-template></xsl:if>
</xsl:template>

<xsl:template name="blocks">
	<xsl:variable name="list" select="r:classes/r:class[@id = 'block']/r:category[not(@infrastructure)][r:check]"/>
	<xsl:if test="$list">
		<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.blocks')"/></h3>
		<xsl:call-template name="checks"><xsl:with-param name="list" select="$list"/></xsl:call-template>
	</xsl:if>
</xsl:template>

<xsl:template match="r:investigations">
	<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.investigations')"/></h3>
	<p xsl:use-attribute-sets="lead"><xsl:value-of select="key('t', 'investigations.lead')"/><xsl:text> </xsl:text><xsl:choose><xsl:when test="r:investigation"><xsl:value-of select="key('t', 'investigations.as-of')"/></xsl:when><xsl:otherwise><xsl:value-of select="key('t', 'investigations.none')"/></xsl:otherwise></xsl:choose></p>
	<xsl:if test="r:investigation">
		<table xsl:use-attribute-sets="table">
			<thead><tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.provider')"/></th><th xsl:use-attribute-sets="words-column"><xsl:value-of select="key('t', 'column.cause')"/></th>
				<th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.since')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.until')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.days')"/></th></tr></thead>
			<tbody><xsl:for-each select="r:investigation"><tr>
				<th xsl:use-attribute-sets="row"><xsl:value-of select="@provider-title"/></th><td xsl:use-attribute-sets="words"><xsl:value-of select="@title"/></td>
				<td xsl:use-attribute-sets="number"><xsl:value-of select="@opened"/></td>
				<td xsl:use-attribute-sets="number"><xsl:choose><xsl:when test="@closed"><xsl:value-of select="@closed"/></xsl:when><xsl:otherwise><b><xsl:value-of select="key('t', 'investigations.open')"/></b></xsl:otherwise></xsl:choose></td>
				<td xsl:use-attribute-sets="number"><xsl:choose><xsl:when test="@closed"><xsl:value-of select="@days"/></xsl:when><xsl:otherwise>–</xsl:otherwise></xsl:choose></td>
			</tr></xsl:for-each></tbody>
		</table>
	</xsl:if>
</xsl:template>

<xsl:template match="r:delays">
	<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.delays')"/></h3>
	<p xsl:use-attribute-sets="lead"><xsl:value-of select="key('t', 'delays.lead')"/></p>
	<table xsl:use-attribute-sets="table">
		<thead><tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.provider')"/></th>
			<xsl:for-each select="r:row[1]/r:count"><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', concat('column.', @of))"/></th></xsl:for-each></tr></thead>
		<tbody><xsl:for-each select="r:row"><tr>
			<th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/><xsl:if test="r:worst"><xsl:call-template name="small"><xsl:with-param name="text"><xsl:text> </xsl:text><xsl:value-of select="r:worst/@title"/></xsl:with-param></xsl:call-template></xsl:if></th>
			<xsl:for-each select="r:count"><td xsl:use-attribute-sets="number"><xsl:apply-templates select="."/></td></xsl:for-each>
		</tr></xsl:for-each></tbody>
	</table>
</xsl:template>

<xsl:template match="r:cohorts">
	<xsl:if test="r:cohort">
		<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.cohorts')"/></h3>
		<p xsl:use-attribute-sets="lead"><xsl:value-of select="key('t', 'cohorts.lead')"/></p>
		<table xsl:use-attribute-sets="table">
			<xsl:if test="not($mail)"><xsl:attribute name="class">data fold</xsl:attribute></xsl:if>
				<thead><tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.month')"/></th><xsl:for-each select="r:cohort[1]/r:count"><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', concat('cohort.', @of))"/></th></xsl:for-each></tr></thead>
				<tbody><xsl:for-each select="r:cohort"><tr><th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/></th><xsl:for-each select="r:count"><td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="concat('cohort.', @of)"/></xsl:call-template><xsl:apply-templates select="."/></td></xsl:for-each></tr></xsl:for-each></tbody>
		</table>
	</xsl:if>
</xsl:template>

<xsl:template match="r:typing-errors">
	<xsl:if test="r:domain">
		<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.typing')"/></h3>
		<p xsl:use-attribute-sets="lead"><xsl:value-of select="key('t', 'typing.lead')"/></p>
		<table xsl:use-attribute-sets="table">
			<thead><tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.domain')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.count')"/></th></tr></thead>
			<tbody><xsl:for-each select="r:domain"><tr><th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/></th><td xsl:use-attribute-sets="number"><xsl:apply-templates select="r:count"/></td></tr></xsl:for-each></tbody>
		</table>
	</xsl:if>
</xsl:template>

<!-- Counts of machines and networks: k does not apply to them. -->
<xsl:template match="r:summaries">
	<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.summaries')"/></h3>
	<p xsl:use-attribute-sets="lead"><xsl:choose><xsl:when test="@dmarc + @tls = 0"><xsl:value-of select="key('t', 'summaries.none')"/></xsl:when><xsl:otherwise><xsl:value-of select="key('t', 'summaries.lead')"/></xsl:otherwise></xsl:choose></p>
	<xsl:for-each select="r:doubt"><p xsl:use-attribute-sets="lead"><strong><xsl:value-of select="."/></strong></p></xsl:for-each>
	<xsl:for-each select="r:apart | r:told"><p xsl:use-attribute-sets="lead"><xsl:value-of select="."/></p></xsl:for-each>
	<xsl:if test="r:source">
		<table xsl:use-attribute-sets="table">
			<xsl:if test="not($mail)"><xsl:attribute name="class">data fold</xsl:attribute></xsl:if>
			<thead><tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'summaries.source')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'summaries.mails')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'summaries.unaligned')"/></th><xsl:if test="not($mail)"><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'summaries.no-dkim')"/></th></xsl:if><xsl:if test="not($mail)"><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'summaries.no-spf')"/></th></xsl:if><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'summaries.refused')"/></th></tr></thead>
			<tbody><xsl:for-each select="r:source"><tr>
				<th xsl:use-attribute-sets="row"><xsl:value-of select="@network"/><xsl:if test="@known = 'true'"><xsl:call-template name="small"><xsl:with-param name="text" select="concat(' ', @domain)"/></xsl:call-template></xsl:if></th>
				<td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="'summaries.mails'"/></xsl:call-template><xsl:call-template name="number"><xsl:with-param name="of" select="@mails"/></xsl:call-template></td><td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="'summaries.unaligned'"/></xsl:call-template><xsl:call-template name="number"><xsl:with-param name="of" select="@unaligned"/></xsl:call-template></td><xsl:if test="not($mail)"><td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="'summaries.no-dkim'"/></xsl:call-template><xsl:call-template name="number"><xsl:with-param name="of" select="@without-dkim"/></xsl:call-template></td></xsl:if><xsl:if test="not($mail)"><td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="'summaries.no-spf'"/></xsl:call-template><xsl:call-template name="number"><xsl:with-param name="of" select="@without-spf"/></xsl:call-template></td></xsl:if><td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="'summaries.refused'"/></xsl:call-template><xsl:call-template name="number"><xsl:with-param name="of" select="@refused"/></xsl:call-template></td>
			</tr></xsl:for-each></tbody>
		</table>
	</xsl:if>
	<xsl:if test="r:break">
		<table xsl:use-attribute-sets="table">
			<xsl:if test="not($mail)"><xsl:attribute name="class">data fold</xsl:attribute></xsl:if>
			<thead><tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'summaries.receiver')"/></th><xsl:if test="not($mail)"><th xsl:use-attribute-sets="words-column"><xsl:value-of select="key('t', 'summaries.source')"/></th></xsl:if><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'summaries.unaligned')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'summaries.mails')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.since')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.until')"/></th></tr></thead>
			<tbody><xsl:for-each select="r:break"><tr>
				<th xsl:use-attribute-sets="row"><xsl:value-of select="@receiver"/><xsl:if test="$mail"><xsl:call-template name="small"><xsl:with-param name="text" select="concat(' ', @network, ' ', @domain)"/></xsl:call-template></xsl:if></th><xsl:if test="not($mail)"><td xsl:use-attribute-sets="words"><xsl:value-of select="concat(@network, ' ', @domain)"/></td></xsl:if>
				<td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="'summaries.unaligned'"/></xsl:call-template><xsl:call-template name="number"><xsl:with-param name="of" select="@unaligned"/></xsl:call-template></td><td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="'summaries.mails'"/></xsl:call-template><xsl:call-template name="number"><xsl:with-param name="of" select="@mails"/></xsl:call-template></td><td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="'column.since'"/></xsl:call-template><xsl:value-of select="@first-title"/></td><td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="'column.until'"/></xsl:call-template><xsl:value-of select="@last-title"/></td>
			</tr></xsl:for-each></tbody>
		</table>
	</xsl:if>
	<xsl:if test="r:sessions">
		<table xsl:use-attribute-sets="table">
			<xsl:if test="not($mail)"><xsl:attribute name="class">data fold</xsl:attribute></xsl:if>
			<thead><tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'summaries.domain')"/></th><xsl:if test="not($mail)"><th xsl:use-attribute-sets="words-column"><xsl:value-of select="key('t', 'summaries.result')"/></th></xsl:if><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'summaries.sessions')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.since')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.until')"/></th></tr></thead>
			<tbody><xsl:for-each select="r:sessions"><tr>
				<th xsl:use-attribute-sets="row"><xsl:value-of select="@domain"/><xsl:if test="$mail"><xsl:call-template name="small"><xsl:with-param name="text" select="concat(' ', @title)"/></xsl:call-template></xsl:if></th><xsl:if test="not($mail)"><td xsl:use-attribute-sets="words"><xsl:value-of select="@title"/></td></xsl:if>
				<td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="'summaries.sessions'"/></xsl:call-template><xsl:call-template name="number"><xsl:with-param name="of" select="@count"/></xsl:call-template></td><td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="'column.since'"/></xsl:call-template><xsl:value-of select="@first-title"/></td><td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="'column.until'"/></xsl:call-template><xsl:value-of select="@last-title"/></td>
			</tr></xsl:for-each></tbody>
		</table>
	</xsl:if>
</xsl:template>

<xsl:template name="complaints">
	<xsl:variable name="campaigns" select="r:campaigns/r:row[r:count[@of = 'complaint'] != 0]"/>
	<xsl:variable name="providers" select="r:providers/r:row[r:count[@of = 'complaint'] != 0]"/>
	<xsl:if test="$campaigns or $providers">
		<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.complaints')"/></h3>
		<xsl:call-template name="complaint-list"><xsl:with-param name="rows" select="$campaigns"/><xsl:with-param name="what" select="key('t', 'complaints.campaign')"/></xsl:call-template>
		<xsl:call-template name="complaint-list"><xsl:with-param name="rows" select="$providers"/><xsl:with-param name="what" select="key('t', 'complaints.provider')"/></xsl:call-template>
	</xsl:if>
</xsl:template>

<xsl:template name="complaint-list">
	<xsl:param name="rows"/><xsl:param name="what"/>
	<xsl:if test="$rows"><p xsl:use-attribute-sets="lead"><b><xsl:value-of select="$what"/></b><xsl:text>: </xsl:text>
		<xsl:for-each select="$rows">
			<xsl:sort select="concat('0', translate(r:count[@of = 'complaint'], '&lt;≥', '')) * (number(r:count[@of = 'complaint']) = number(r:count[@of = 'complaint']))" data-type="number" order="descending"/>
			<xsl:if test="position() &gt; 1">, </xsl:if>
			<xsl:value-of select="@title"/><xsl:text>&#160;</xsl:text><b><xsl:apply-templates select="r:count[@of = 'complaint']"/></b><xsl:if test="r:class-rate[@of = 'complaint']"> (<xsl:if test="r:judged[@of = 'complaint'][@as = 'missed']">✗ </xsl:if><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:class-rate[@of = 'complaint']"/></xsl:call-template>)</xsl:if>
		</xsl:for-each>
		<xsl:text>.</xsl:text></p></xsl:if>
</xsl:template>

<xsl:template match="r:origins">
	<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.origins')"/></h3>
	<p xsl:use-attribute-sets="lead"><xsl:value-of select="key('t', 'origins.lead')"/></p>
	<table xsl:use-attribute-sets="table">
		<thead><tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'origins.head')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.bounces')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.complaint')"/></th></tr></thead>
		<tbody><xsl:for-each select="r:origin"><tr>
			<th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/></th>
			<xsl:for-each select="r:count"><td xsl:use-attribute-sets="number"><xsl:apply-templates select="."/></td></xsl:for-each>
		</tr></xsl:for-each></tbody>
	</table>
</xsl:template>

<xsl:template name="mailboxes">
	<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.mailboxes')"/></h3>
	<p xsl:use-attribute-sets="lead"><xsl:value-of select="key('t', 'mailboxes.beside')"/><xsl:text> </xsl:text>
		<xsl:for-each select="r:other-mail/r:kind"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:value-of select="@title"/><xsl:text>&#160;</xsl:text><b><xsl:apply-templates select="r:count"/></b></xsl:for-each>
		<xsl:text>.</xsl:text></p>
	<xsl:if test="r:mailboxes/r:mailbox">
		<table xsl:use-attribute-sets="table">
			<xsl:if test="not($mail)"><xsl:attribute name="class">data fold</xsl:attribute></xsl:if>
			<thead><tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.mailbox')"/></th><xsl:for-each select="r:mailboxes/r:mailbox[1]/r:count"><xsl:if test="not($mail) or position() = 1 or $report/r:mailboxes/r:mailbox/r:count[@of = current()/@of] != 0"><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', concat('outcome.', @of))"/></th></xsl:if></xsl:for-each></tr></thead>
			<tbody><xsl:for-each select="r:mailboxes/r:mailbox"><tr>
				<th xsl:use-attribute-sets="row"><xsl:value-of select="@name"/></th>
				<xsl:for-each select="r:count"><xsl:if test="not($mail) or position() = 1 or $report/r:mailboxes/r:mailbox/r:count[@of = current()/@of] != 0"><td xsl:use-attribute-sets="number"><xsl:call-template name="label"><xsl:with-param name="of" select="concat('outcome.', @of)"/></xsl:call-template><xsl:apply-templates select="."/></td></xsl:if></xsl:for-each>
			</tr></xsl:for-each></tbody>
		</table>
	</xsl:if>
</xsl:template>

<xsl:template match="r:contacts">
	<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.contacts')"/></h3>
	<p xsl:use-attribute-sets="lead"><xsl:value-of select="key('t', 'contacts.lead')"/><xsl:text> </xsl:text>
		<xsl:for-each select="r:state[r:count != 0]"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:value-of select="@title"/><xsl:text>&#160;</xsl:text><b><xsl:apply-templates select="r:count"/></b></xsl:for-each>
		<xsl:if test="not(r:state[r:count != 0])"><xsl:value-of select="key('t', 'contacts.none')"/></xsl:if><xsl:text>.</xsl:text></p>
</xsl:template>

<xsl:template match="r:retention">
	<h2 xsl:use-attribute-sets="heading"><xsl:value-of select="key('t', 'heading.retention')"/></h2>
	<p xsl:use-attribute-sets="lead"><xsl:value-of select="r:sentence"/><xsl:text> </xsl:text><xsl:value-of select="key('t', 'retention.kept')"/><xsl:text> </xsl:text>
		<xsl:for-each select="r:class"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:value-of select="concat(@title, ' ', @period)"/></xsl:for-each><xsl:text>.</xsl:text>
		<xsl:if test="r:ledger"><xsl:text> </xsl:text><xsl:call-template name="fill"><xsl:with-param name="id" select="'retention.closing'"/><xsl:with-param name="value" select="r:ledger/@entry"/></xsl:call-template><xsl:text> </xsl:text><xsl:call-template name="hash"><xsl:with-param name="text" select="r:ledger/@hash"/></xsl:call-template></xsl:if>
		<xsl:if test="$head-entry != ''"><xsl:if test="r:ledger">.</xsl:if><xsl:text> </xsl:text><xsl:call-template name="fill"><xsl:with-param name="id" select="'retention.head'"/><xsl:with-param name="value" select="$head-entry"/></xsl:call-template><xsl:text> </xsl:text><xsl:call-template name="hash"><xsl:with-param name="text" select="$head-hash"/></xsl:call-template></xsl:if>
		<xsl:if test="$signing-key != ''"><xsl:text>. </xsl:text><xsl:value-of select="key('t', 'retention.signed')"/><xsl:text> </xsl:text><xsl:call-template name="hash"><xsl:with-param name="text" select="$signing-key"/></xsl:call-template></xsl:if></p>
</xsl:template>

<xsl:template name="hash"><xsl:param name="text"/>
	<xsl:choose><xsl:when test="$mail"><span style="font-family:monospace;font-size:11px;word-break:break-all"><xsl:value-of select="$text"/></span></xsl:when>
	<xsl:otherwise><code><xsl:value-of select="$text"/></code></xsl:otherwise></xsl:choose></xsl:template>

<xsl:template match="r:method">
	<h2 xsl:use-attribute-sets="heading"><xsl:value-of select="key('t', 'heading.method')"/></h2>
	<p xsl:use-attribute-sets="lead">
		<xsl:call-template name="fill"><xsl:with-param name="id" select="'method.zone'"/><xsl:with-param name="name" select="'zone'"/><xsl:with-param name="value" select="$report/@timezone"/></xsl:call-template><xsl:text> </xsl:text>
		<xsl:call-template name="fill"><xsl:with-param name="id" select="'method.k'"/><xsl:with-param name="name" select="'k'"/><xsl:with-param name="value" select="$report/@k"/></xsl:call-template><xsl:text> </xsl:text>
		<xsl:call-template name="fill"><xsl:with-param name="id" select="'method.hidden'"/><xsl:with-param name="value" select="@hidden"/></xsl:call-template><xsl:text> </xsl:text>
		<xsl:value-of select="key('t', 'method.address')"/></p>
	<xsl:choose>
		<xsl:when test="$mail"><p xsl:use-attribute-sets="lead"><xsl:for-each select="r:definition"><b><xsl:value-of select="@term"/></b>: <xsl:value-of select="."/><br/></xsl:for-each></p></xsl:when>
		<xsl:otherwise><dl class="method"><xsl:for-each select="r:definition"><dt><xsl:value-of select="@term"/></dt><dd><xsl:value-of select="."/></dd></xsl:for-each></dl></xsl:otherwise>
	</xsl:choose>
</xsl:template>

<!-- === pieces === -->

<!-- Texts, numbers and rates in the marks of the language. -->
<xsl:template name="fill"><xsl:param name="id"/><xsl:param name="value"/><xsl:param name="name" select="'n'"/><xsl:param name="text" select="string(key('t', $id))"/>
	<xsl:variable name="hole" select="concat('{', $name, '}')"/>
	<xsl:choose>
		<xsl:when test="contains($text, $hole)">
			<xsl:value-of select="concat(substring-before($text, $hole), $value)"/>
			<xsl:call-template name="fill"><xsl:with-param name="value" select="$value"/><xsl:with-param name="name" select="$name"/><xsl:with-param name="text" select="substring-after($text, $hole)"/></xsl:call-template>
		</xsl:when>
		<xsl:otherwise><xsl:value-of select="$text"/></xsl:otherwise>
	</xsl:choose></xsl:template>

<!-- A sentence whose lines do not end between a figure and its sign. -->
<xsl:template name="prose"><xsl:param name="text"/>
	<xsl:choose>
		<xsl:when test="contains($text, ' %')">
			<xsl:value-of select="concat(substring-before($text, ' %'), '&#160;%')"/>
			<xsl:call-template name="prose"><xsl:with-param name="text" select="substring-after($text, ' %')"/></xsl:call-template>
		</xsl:when>
		<xsl:otherwise><xsl:value-of select="$text"/></xsl:otherwise>
	</xsl:choose></xsl:template>

<xsl:template name="number"><xsl:param name="of"/><xsl:value-of select="translate(format-number($of, '#,##0'), ',', substring($marks, 1, 1))"/></xsl:template>

<xsl:template name="rate-text"><xsl:param name="of"/>
	<xsl:choose>
		<xsl:when test="$of"><xsl:call-template name="fill"><xsl:with-param name="id" select="'percent'"/><xsl:with-param name="value" select="translate($of, '.', substring($marks, 2, 1))"/></xsl:call-template></xsl:when>
		<xsl:otherwise>–</xsl:otherwise>
	</xsl:choose></xsl:template>

<!-- "5 %" of 5.00, "0.1 %" of 0.10. -->
<xsl:template name="limit-text"><xsl:param name="of"/><xsl:call-template name="rate-text"><xsl:with-param name="of" select="format-number($of, '0.##')"/></xsl:call-template></xsl:template>

<!-- A row's rate of bounces, or what it is at most. -->
<xsl:template name="row-rate"><xsl:if test="r:judged[@of = 'hard'][@as = 'missed']">✗ </xsl:if><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:rate[@of = 'bounces']"/></xsl:call-template></xsl:template>

<xsl:template match="r:count">
	<xsl:choose>
		<xsl:when test="number(.) = number(.)"><xsl:call-template name="number"><xsl:with-param name="of" select="."/></xsl:call-template></xsl:when>
		<xsl:otherwise><xsl:value-of select="."/></xsl:otherwise>
	</xsl:choose>
</xsl:template>

<xsl:template name="before">
	<xsl:choose>
		<xsl:when test="number(r:before) = number(r:before)"><xsl:call-template name="number"><xsl:with-param name="of" select="r:before"/></xsl:call-template></xsl:when>
		<xsl:when test="r:before"><xsl:value-of select="r:before"/></xsl:when>
		<xsl:otherwise>–</xsl:otherwise>
	</xsl:choose>
</xsl:template>

<xsl:template name="change">
	<xsl:variable name="size"><xsl:call-template name="number"><xsl:with-param name="of" select="translate(r:change, '-', '')"/></xsl:call-template></xsl:variable>
	<xsl:choose>
		<xsl:when test="not(r:change)">–</xsl:when>
		<xsl:when test="r:change &gt; 0"><xsl:call-template name="fill"><xsl:with-param name="id" select="'change.up'"/><xsl:with-param name="value" select="$size"/></xsl:call-template></xsl:when>
		<xsl:when test="r:change &lt; 0"><xsl:call-template name="fill"><xsl:with-param name="id" select="'change.down'"/><xsl:with-param name="value" select="$size"/></xsl:call-template></xsl:when>
		<xsl:otherwise><xsl:value-of select="key('t', 'change.none')"/></xsl:otherwise>
	</xsl:choose>
</xsl:template>

<xsl:template name="share"><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:share"/></xsl:call-template></xsl:template>


<xsl:template name="small"><xsl:param name="text"/>
	<span><xsl:attribute name="{$look}"><xsl:choose><xsl:when test="$mail">display:block;font-size:12px;opacity:.75</xsl:when><xsl:otherwise>small</xsl:otherwise></xsl:choose></xsl:attribute>
		<xsl:value-of select="$text"/></span></xsl:template>

<!-- What a folded table says before a figure, on a phone. -->
<xsl:template name="label"><xsl:param name="of"/><xsl:param name="unit" select="''"/><xsl:if test="not($mail)"><xsl:attribute name="data-label"><xsl:value-of select="concat(key('t', $of), $unit)"/></xsl:attribute></xsl:if></xsl:template>

<!-- The mail's colours; the page's stand in its CSS. Readable for the colour-blind: they differ in lightness too. -->
<xsl:template name="colour"><xsl:param name="of"/>
	<xsl:choose>
		<xsl:when test="$of = 'hard'">#2b66a3</xsl:when><xsl:when test="$of = 'soft'">#62a9d6</xsl:when><xsl:when test="$of = 'block'">#e08a2e</xsl:when>
		<xsl:when test="$of = 'complaint'">#a6215d</xsl:when><xsl:when test="$of = 'other'">#b8bec4</xsl:when><xsl:otherwise>#9aa4ae</xsl:otherwise>
	</xsl:choose></xsl:template>

<xsl:template name="key"><xsl:param name="of"/>
	<xsl:if test="$of != 'bounces'"><xsl:choose>
		<xsl:when test="$mail"><span><xsl:attribute name="style">color:<xsl:call-template name="colour"><xsl:with-param name="of" select="$of"/></xsl:call-template></xsl:attribute>■&#160;</span></xsl:when>
		<xsl:otherwise><i class="key {$of}"/></xsl:otherwise>
	</xsl:choose></xsl:if></xsl:template>

<!-- REST: rows of which something may stand in no class; what is pale is said once. -->
<xsl:template name="legend"><xsl:param name="rest" select="/.."/>
	<p><xsl:attribute name="{$look}"><xsl:choose><xsl:when test="$mail">margin:8px 0 0;font-size:12px;opacity:.85</xsl:when><xsl:otherwise>legend</xsl:otherwise></xsl:choose></xsl:attribute>
		<xsl:for-each select="$report/r:figures/r:figure[@id != 'bounces'][r:count != 0]">
			<xsl:choose>
				<xsl:when test="$mail"><xsl:call-template name="key"><xsl:with-param name="of" select="@id"/></xsl:call-template><xsl:value-of select="@title"/>&#160;&#160; </xsl:when>
				<xsl:otherwise><span class="entry"><i class="key {@id}"/><xsl:value-of select="@title"/></span></xsl:otherwise>
			</xsl:choose>
		</xsl:for-each>
		<xsl:choose>
			<xsl:when test="$report/r:figures/r:figure[@id = 'other'][r:count != 0] or not($rest[r:count[@of = 'bounces'] &gt; sum(r:count[@of != 'bounces' and @of != 'complaint' and @of != 'other'][number(.) &gt; 0])])"/>
			<xsl:when test="$mail"><span style="color:#b8bec4">■&#160;</span><xsl:value-of select="key('t', 'legend.rest')"/></xsl:when>
			<xsl:otherwise><span class="entry"><i class="key rest"/><xsl:value-of select="key('t', 'legend.rest')"/></span></xsl:otherwise>
		</xsl:choose></p></xsl:template>

<!-- A bar of one or more parts, as wide as their share of MAX; what of WHOLE is not shown by part is pale. -->
<xsl:template name="bar"><xsl:param name="parts"/><xsl:param name="max"/><xsl:param name="of" select="''"/><xsl:param name="whole" select="0"/>
	<xsl:variable name="seen" select="$parts[number(.) &gt; 0]"/>
	<xsl:variable name="sum" select="sum($seen)"/>
	<xsl:choose>
		<xsl:when test="not($max &gt; 0) or not($seen or $whole &gt; 0)"/>
		<xsl:when test="$mail">
			<!-- whole percents and none of 0, which would be as wide as it likes -->
			<xsl:variable name="drawn" select="$seen[100 * . div $max &gt;= 0.5]"/>
			<xsl:variable name="hidden" select="$whole - $sum"/>
			<table role="presentation" width="100%" cellspacing="0" cellpadding="0" border="0" style="border-collapse:collapse;margin-top:4px;font-size:1px;line-height:8px"><tr>
				<xsl:for-each select="$drawn | $seen[not($drawn)][1]">
					<xsl:variable name="colour"><xsl:call-template name="colour"><xsl:with-param name="of" select="concat($of, @of)"/></xsl:call-template></xsl:variable>
					<xsl:variable name="width" select="round(100 * . div $max)"/>
					<td width="{$width + number($width = 0)}%" bgcolor="{$colour}">&#160;</td>
				</xsl:for-each>
				<xsl:if test="100 * $hidden div $max &gt;= 0.5"><td width="{round(100 * $hidden div $max)}%" bgcolor="#b8bec4">&#160;</td></xsl:if>
				<xsl:if test="100 * (($whole &gt; $sum) * $hidden + $sum) div $max &lt; 99.5"><td>&#160;</td></xsl:if>
			</tr></table>
		</xsl:when>
		<xsl:otherwise>
			<svg xmlns="http://www.w3.org/2000/svg" class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
				<xsl:for-each select="$seen">
					<xsl:variable name="before" select="sum(preceding-sibling::*[self::r:count][$of = ''][@of != 'bounces'][number(.) &gt; 0])"/>
					<rect class="{concat($of, @of)}" x="{format-number(1000 * $before div $max, '0.#')}" width="{format-number(1000 * . div $max, '0.#')}" y="0" height="10"/>
				</xsl:for-each>
				<xsl:if test="$whole &gt; $sum"><rect class="rest" x="{format-number(1000 * $sum div $max, '0.#')}" width="{format-number(1000 * ($whole - $sum) div $max, '0.#')}" y="0" height="10"/></xsl:if>
			</svg>
		</xsl:otherwise>
	</xsl:choose></xsl:template>

<!-- The largest number of a set, 0 where there is none. -->
<xsl:template name="maximum"><xsl:param name="of"/>
	<xsl:if test="not($of[number(.) &gt; 0])">0</xsl:if>
	<xsl:for-each select="$of[number(.) &gt; 0]"><xsl:sort select="." data-type="number" order="descending"/><xsl:if test="position() = 1"><xsl:value-of select="."/></xsl:if></xsl:for-each></xsl:template>

<!-- The next of 10, 20, 30, 40, 60, 80, 100, 200, … that is not below N. -->
<xsl:template name="round-up"><xsl:param name="n"/><xsl:param name="step" select="10"/>
	<xsl:choose>
		<xsl:when test="$n &lt;= $step"><xsl:value-of select="$step"/></xsl:when>
		<xsl:when test="$n &lt;= 2 * $step"><xsl:value-of select="2 * $step"/></xsl:when>
		<xsl:when test="$n &lt;= 3 * $step"><xsl:value-of select="3 * $step"/></xsl:when>
		<xsl:when test="$n &lt;= 4 * $step"><xsl:value-of select="4 * $step"/></xsl:when>
		<xsl:when test="$n &lt;= 6 * $step"><xsl:value-of select="6 * $step"/></xsl:when>
		<xsl:when test="$n &lt;= 8 * $step"><xsl:value-of select="8 * $step"/></xsl:when>
		<xsl:otherwise><xsl:call-template name="round-up"><xsl:with-param name="n" select="$n"/><xsl:with-param name="step" select="10 * $step"/></xsl:call-template></xsl:otherwise>
	</xsl:choose></xsl:template>

<xsl:template name="css">
:root { color-scheme: light dark; --ink: #18222d; --soft-ink: #55606c; --line: #dce1e6; --strong: #8a95a0; --paper: #fff; --wash: #f4f6f8;
	--hard: #1f4e79; --soft: #62a9d6; --block: #e08a2e; --undetermined: #9aa4ae; --complaint: #a6215d; --rest: #ccd3da; --plain: #8fa3b5; --worse: #b0531a; --better: #2a74a8; --steady: #55606c; --on: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaee; --soft-ink: #a7b1bb; --line: #2f3943; --strong: #6c7883; --paper: #12181e; --wash: #1a222a;
	--hard: #4f8fcc; --soft: #a5d0ec; --block: #e9a04f; --undetermined: #75808b; --complaint: #dd6b9c; --rest: #44505b; --plain: #5f7081; --worse: #eb9a57; --better: #78b7e3; --steady: #a7b1bb; --on: #12181e; } }
<xsl:value-of select="$colours"/>
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { margin: 0 0 1.25rem; color: var(--brand, inherit); font-size: 2.25rem; line-height: 1.15; font-weight: 650; letter-spacing: -.015em; }
a { color: var(--better); }
.logo { display: block; max-height: 3rem; max-width: 16rem; margin: 0 0 .75rem; }
@media (prefers-color-scheme: dark) { .logo { padding: .4rem; border-radius: 4px; background: #fff; } }
.overline { margin: 0; color: var(--soft-ink); font-size: .9rem; }
.heading { margin: 2.75rem 0 .9rem; padding-top: .5rem; border-top: 2px solid var(--brand, var(--ink)); color: var(--brand, inherit); font-size: 1.3rem; line-height: 1.3; font-weight: 650; }
.subheading { margin: 2.25rem 0 .4rem; font-size: 1.05rem; line-height: 1.3; font-weight: 650; }
.lead { margin: 0 0 .75rem; color: var(--soft-ink); font-size: .9rem; max-width: 46rem; }
.lead b { color: var(--ink); font-weight: 600; }
.small { display: block; color: var(--soft-ink); font-size: .82rem; line-height: 1.35; }
.verdict { padding: .35rem 0 .1rem 1.1rem; border-left: 6px solid var(--steady); --tone: var(--steady); }
.verdict.worse { --tone: var(--worse); border-color: var(--worse); } .verdict.better { --tone: var(--better); border-color: var(--better); }
.state { margin: 0 0 .5rem; font-size: .9rem; font-weight: 600; color: var(--tone); }
.badge { display: inline-block; padding: .1rem .6rem; margin-right: .7rem; border-radius: 3px; background: var(--tone); color: var(--on); }
.sentence { margin: 0 0 .5rem; font-size: 1.3rem; line-height: 1.4; max-width: 46rem; }
.why { margin: .2rem 0 .6rem; padding-left: 1.1rem; max-width: 46rem; } .why li { margin: .2rem 0; }
.figures { display: grid; grid-template-columns: repeat(3, 1fr); gap: .75rem; margin: 0 0 .75rem; padding: 0; list-style: none; }
.figure { display: grid; grid-template-columns: auto 1fr; align-content: start; gap: 0 .75rem; padding: .7rem .9rem .75rem; background: var(--wash); border-radius: 4px; }
.figure > * { grid-column: 1 / -1; margin: 0; } .figure .name { font-size: .9rem; }
.figure .big { grid-column: 1; font-size: 1.45rem; line-height: 1.3; font-weight: 600; letter-spacing: -.01em; white-space: nowrap; }
.first .big { font-size: 2rem; line-height: 1.25; }
.figure .history { grid-column: 2; align-self: end; padding-bottom: .35rem; } .history svg { display: block; width: 100%; max-width: 7.5rem; height: 26px; margin-left: auto; } .first .history svg { height: 34px; }
.versus { display: flex; flex-wrap: wrap; gap: 0 .8rem; font-size: .85rem; color: var(--soft-ink); } .versus span { white-space: nowrap; } .versus b { color: var(--ink); font-weight: 600; }
.target { font-size: .85rem; color: var(--soft-ink); } .met-false { color: var(--worse); font-weight: 600; }
table.data { width: 100%; border-collapse: collapse; font-size: .92rem; margin-bottom: .5rem; }
.data th, .data td { padding: .45rem 0 .45rem .9rem; border-bottom: 1px solid var(--line); vertical-align: top; font-weight: 400; }
.data th:first-child { padding-left: 0; } .data.fold th:not(:first-child), .data.fold td { padding-left: .65rem; }
.data thead th { border-bottom-color: var(--strong); color: var(--soft-ink); font-size: .82rem; vertical-align: bottom; }
.t, .w { text-align: left; } .t { overflow-wrap: anywhere; } .w { color: var(--soft-ink); font-size: .88rem; }
.timeline th { white-space: nowrap; padding-right: 1rem; vertical-align: top; } @media (max-width: 30rem) { .timeline th { white-space: normal; } }
.n { text-align: right; white-space: nowrap; } .data b { font-weight: 650; } td.past { vertical-align: middle; } .fold .t { min-width: 7.5rem; }
.spark { display: block; width: 4.5rem; height: 1.25rem; margin: .1rem 0 0 auto; }
.bar { display: block; width: 100%; height: 8px; margin-top: .3rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1.25rem 2.5rem; align-items: start; } .pair > :only-child { grid-column: 1 / -1; } .pair > * { min-width: 0; }
.chart { margin: 0 0 .75rem; } .chart svg { display: block; width: calc(100% - var(--gutter)); margin-left: var(--gutter); overflow: visible; }
.rates svg { width: calc(100% - var(--gutter) - 3rem); }
figcaption { font-size: .9rem; color: var(--soft-ink); margin-bottom: .5rem; }
.grid line { stroke: var(--line); } .base { stroke: var(--strong); } .label { fill: var(--soft-ink); font-size: 12px; } .date { font-size: 11px; } .named { fill: var(--ink); font-weight: 600; }
rect.hard { fill: var(--hard); } rect.soft { fill: var(--soft); } rect.block { fill: var(--block); } rect.undetermined { fill: var(--undetermined); } rect.other { fill: var(--rest); } rect.complaint { fill: var(--complaint); }
rect.bounces, rect.standout { fill: var(--ink); } rect.plain { fill: var(--plain); } rect.rest { fill: var(--rest); } rect.weekend { fill: var(--wash); } rect.hidden { fill: none; stroke: var(--strong); } rect.past { opacity: .42; }
.line { stroke-width: 2.5; stroke-linecap: round; } .line.bounces { stroke: var(--ink); } .line.hard { stroke: var(--hard); stroke-width: 2; } .dot.bounces { fill: var(--ink); } .dot.hard { fill: var(--paper); stroke: var(--hard); stroke-width: 2; }
.limit { stroke: var(--worse); stroke-width: 1.5; stroke-dasharray: 5 4; } .usual { stroke: var(--soft-ink); stroke-dasharray: 2 3; } line.began { stroke: var(--worse); stroke-dasharray: 3 3; } circle.began { fill: var(--worse); } text.began { fill: var(--on); font-size: 12px; font-weight: 600; }
ol.began { margin: .5rem 0 0; padding: 0; list-style: none; counter-reset: m; font-size: .9rem; } .began li { counter-increment: m; padding-left: 1.8rem; position: relative; margin: .2rem 0; }
.began li::before { content: counter(m); position: absolute; left: 0; top: .1rem; width: 1.25rem; height: 1.25rem; line-height: 1.25rem; border-radius: 50%; background: var(--worse); color: var(--on); text-align: center; font-size: .78rem; font-weight: 600; }
.key { display: inline-block; width: .7em; height: .7em; margin-right: .4em; background: var(--undetermined); }
.key.hard { background: var(--hard); } .key.soft { background: var(--soft); } .key.block { background: var(--block); } .key.other { background: var(--rest); } .key.complaint { background: var(--complaint); } .key.plain { background: var(--plain); } .key.standout { background: var(--ink); }
.key.rest { background: var(--rest); } .key.hidden { background: none; border: 1px solid var(--strong); } .key.weekend { background: var(--wash); border: 1px solid var(--line); }
.key.line-bounces, .key.line-hard { border-radius: 50%; background: var(--ink); } .key.line-hard { background: none; border: .16em solid var(--hard); } .key.line-usual { background: none; height: 0; width: 1.2em; vertical-align: .25em; border-top: 2px dotted var(--soft-ink); }
.legend { margin: .4rem 0 0; color: var(--soft-ink); font-size: .82rem; } .entry { display: inline-block; margin-right: 1.1rem; white-space: nowrap; }
.measures { margin: 0; padding: 0; list-style: none; counter-reset: m; }
.measures li { counter-increment: m; position: relative; padding: .65rem 0 .5rem 2.4rem; border-bottom: 1px solid var(--line); }
.measures li::before { content: counter(m); position: absolute; left: 0; top: .5rem; font-size: 1.4rem; line-height: 1.4; font-weight: 600; color: var(--better); }
.measures p { margin: 0 0 .15rem; max-width: 46rem; }
.comment { margin: 0 0 .75rem; white-space: pre-line; max-width: 46rem; }
details { margin-top: .6rem; font-size: .92rem; } summary { cursor: pointer; color: var(--soft-ink); font-size: .88rem; }
.method { margin: 0; font-size: .88rem; color: var(--soft-ink); display: grid; grid-template-columns: 8rem 1fr; gap: .25rem 1rem; max-width: 46rem; }
.method dt { color: var(--ink); font-weight: 600; overflow-wrap: anywhere; } .method dd { margin: 0; }
code { font-size: .8rem; overflow-wrap: anywhere; }
@media (max-width: 58rem) { .pair { grid-template-columns: minmax(0, 1fr); } }
@media screen and (max-width: 60rem) {
	.fold thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); } .fold, .fold tbody { display: block; }
	.fold tbody tr { display: grid; grid-template-columns: repeat(auto-fill, minmax(4.15rem, 1fr)); gap: .35rem .45rem; padding: .6rem 0; border-bottom: 1px solid var(--line); font-size: .88rem; }
	.data.fold tbody th, .data.fold td { border: 0; padding: 0; } .fold tbody th { grid-column: 1 / -1; } .fold td.w { grid-column: 1 / -1; } .fold tr.has-past th { grid-column: 1 / -2; } .fold td.past { grid-column: -2 / -1; }
	.fold td[data-label] { text-align: left; } .fold td[data-label]::before { content: attr(data-label); display: block; color: var(--soft-ink); font-size: .75rem; line-height: 1.2; white-space: normal; }
	.checks thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); } .checks, .checks tbody { display: block; }
	.checks tbody tr { display: grid; grid-template-columns: 1fr auto; padding: .5rem 0; border-bottom: 1px solid var(--line); } .data.checks tbody th, .data.checks td { border: 0; padding: 0; } .checks .w { grid-column: 1 / -1; } }
@media (max-width: 36rem) { .month1 { display: none; } main { padding: 1.25rem 1rem 3rem; } h1 { font-size: 1.8rem; } .sentence { font-size: 1.12rem; } .heading { margin-top: 2.25rem; }
	.figures { gap: .5rem; margin-bottom: .5rem; } .figures.first { grid-template-columns: 1fr; } .figures.others { grid-template-columns: repeat(auto-fit, minmax(5.2rem, 1fr)); } .others .history { display: none; }
	.others .figure { padding: .5rem .55rem; } .others .name { font-size: .8rem; } .others .big { font-size: 1.2rem; } .others .versus { flex-direction: column; } .others .versus span { white-space: normal; } .data th, .data td { padding-left: .6rem; } .method { grid-template-columns: 1fr; } .method dd { margin-bottom: .4rem; } .entry { margin-right: .8rem; } .measures li { padding-left: 1.9rem; } }
@page { margin: 15mm 14mm; }
@media print { :root { font-size: 10pt; color-scheme: light; --brand: #000; --ink: #000; --soft-ink: #444; --paper: #fff; --line: #ccc; --strong: #888; --wash: #f3f3f3;
	--hard: #1f4e79; --soft: #62a9d6; --block: #e08a2e; --undetermined: #9aa4ae; --complaint: #a6215d; --rest: #ccd3da; --plain: #8fa3b5; --worse: #b0531a; --better: #2a74a8; --steady: #444; --on: #fff; }
	body { font-size: 1rem; } main { max-width: none; padding: 0; } .heading { margin-top: 1.6rem; } .heading, .subheading { break-after: avoid; } .lead:has(+ table), .lead:has(+ .lead), .lead:has(+ .pair), .lead:has(+ .chart) { break-after: avoid; } .subheading { margin-top: 1.4rem; }
	.pair { grid-template-columns: 1fr 1fr; gap: 1rem 1.5rem; } tr, li, .chart, .figure, .method > *, .verdict { break-inside: avoid; } p { orphans: 3; widows: 3; } tbody tr:first-child, tr:has(> th > .key) { break-after: avoid; } tbody tr:last-child { break-before: avoid; } .method { font-size: 8.5pt; gap: .1rem 1rem; max-width: none; } details, .fold .past, .month1 { display: none; } .fold { font-size: 8.5pt; } .data th, .data td { padding-top: .3rem; padding-bottom: .3rem; }
	.logo { padding: 0; } rect, circle, .key, .badge, .figure, .began li::before { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
</xsl:template>
</xsl:stylesheet>
