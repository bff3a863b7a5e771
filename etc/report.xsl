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
<xsl:param name="months" select="''"/>
<xsl:key name="t" match="r:texts/r:text" use="@id"/>
<xsl:variable name="marks" select="string(key('t', 'number.marks'))"/>
<xsl:variable name="mail" select="$shape = 'mail'"/>
<xsl:variable name="look"><xsl:choose><xsl:when test="$mail">style</xsl:when><xsl:otherwise>class</xsl:otherwise></xsl:choose></xsl:variable>
<xsl:variable name="side"><xsl:choose><xsl:when test="$mail">align</xsl:when><xsl:otherwise>class</xsl:otherwise></xsl:choose></xsl:variable>
<xsl:variable name="report" select="/r:report"/>

<!-- Each look has a class in the page and a style in the mail. -->
<xsl:attribute-set name="heading"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">margin:32px 0 8px;font-size:19px;line-height:1.3;font-weight:600</xsl:when>
	<xsl:otherwise>heading</xsl:otherwise></xsl:choose></xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="subheading"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">margin:20px 0 6px;font-size:15px;line-height:1.3;font-weight:600</xsl:when>
	<xsl:otherwise>subheading</xsl:otherwise></xsl:choose></xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="lead"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">margin:0 0 10px;font-size:13px;color:#66717d</xsl:when>
	<xsl:otherwise>lead</xsl:otherwise></xsl:choose></xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="table"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">width:100%;border-collapse:collapse;font-size:13px</xsl:when>
	<xsl:otherwise>data</xsl:otherwise></xsl:choose></xsl:attribute>
	<xsl:attribute name="cellspacing">0</xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="column"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">padding:5px 0 5px 8px;text-align:right;vertical-align:bottom;font-size:12px;color:#66717d;border-bottom:1px solid #8a949e</xsl:when>
	<xsl:otherwise>n</xsl:otherwise></xsl:choose></xsl:attribute><xsl:attribute name="scope">col</xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="first-column"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">padding:5px 0;text-align:left;vertical-align:bottom;font-weight:600;font-size:12px;color:#66717d;border-bottom:1px solid #8a949e</xsl:when>
	<xsl:otherwise>t</xsl:otherwise></xsl:choose></xsl:attribute><xsl:attribute name="scope">col</xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="row"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">padding:5px 0;text-align:left;font-weight:400;border-bottom:1px solid #ddd;word-break:break-word</xsl:when>
	<xsl:otherwise>t</xsl:otherwise></xsl:choose></xsl:attribute><xsl:attribute name="scope">row</xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="number"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">padding:5px 0 5px 8px;border-bottom:1px solid #ddd;white-space:nowrap</xsl:when>
	<xsl:otherwise>n</xsl:otherwise></xsl:choose></xsl:attribute><xsl:attribute name="{$side}"><xsl:choose><xsl:when test="$mail">right</xsl:when><xsl:otherwise>n</xsl:otherwise></xsl:choose></xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="words"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">padding:5px 0 5px 12px;text-align:left;border-bottom:1px solid #ddd</xsl:when>
	<xsl:otherwise>w</xsl:otherwise></xsl:choose></xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="words-column"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">padding:5px 0 5px 12px;text-align:left;vertical-align:bottom;font-weight:600;font-size:12px;color:#66717d;border-bottom:1px solid #8a949e</xsl:when>
	<xsl:otherwise>w</xsl:otherwise></xsl:choose></xsl:attribute><xsl:attribute name="scope">col</xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="bar-head"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">width:40%;border-bottom:1px solid #8a949e</xsl:when><xsl:otherwise>b</xsl:otherwise></xsl:choose></xsl:attribute></xsl:attribute-set>
<xsl:attribute-set name="bar-cell"><xsl:attribute name="{$look}"><xsl:choose>
	<xsl:when test="$mail">padding:5px 0 5px 12px;border-bottom:1px solid #ddd;width:40%</xsl:when>
	<xsl:otherwise>b</xsl:otherwise></xsl:choose></xsl:attribute></xsl:attribute-set>

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
					<table role="presentation" width="100%" cellspacing="0" cellpadding="0" border="0"><tr><td align="center" style="padding:16px">
						<table role="presentation" width="100%" cellspacing="0" cellpadding="0" border="0" style="max-width:640px"><tr>
							<td align="left" style="font-family:-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;font-size:15px;line-height:1.5">
								<xsl:call-template name="content"/>
							</td>
						</tr></table>
					</td></tr></table>
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
	<xsl:call-template name="what-broke"/>
	<xsl:call-template name="where"/>
	<xsl:apply-templates select="r:measures"/>
	<xsl:apply-templates select="r:comments"/>
	<xsl:apply-templates select="r:trend"/>
	<xsl:call-template name="details"/>
	<xsl:apply-templates select="r:retention"/>
	<xsl:apply-templates select="r:method"/>
</xsl:template>

<xsl:template name="masthead">
	<xsl:choose>
		<xsl:when test="$mail">
			<div style="font-size:13px;color:#66717d"><xsl:call-template name="overline"/></div>
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
		<tr><th class="t" scope="col"><xsl:value-of select="key('t', 'column.month')"/></th><th class="n" scope="col"><xsl:value-of select="key('t', 'column.bounces')"/></th>
			<xsl:if test="r:trend/r:month/r:rate"><th class="n" scope="col"><xsl:value-of select="key('t', 'column.rate')"/></th></xsl:if>
			<th class="n" scope="col"><xsl:value-of select="key('t', 'column.complaint')"/></th><th class="w" scope="col"><xsl:value-of select="key('t', 'index.formats')"/></th></tr>
		<xsl:call-template name="index-rows"><xsl:with-param name="list" select="$months"/></xsl:call-template>
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
			<td class="n"><xsl:choose><xsl:when test="number($month/r:count[@of = 'all']) >= 0 and number($month/r:count[@of = 'complaint']) >= 0"><xsl:call-template name="number"><xsl:with-param name="of" select="$month/r:count[@of = 'all'] - $month/r:count[@of = 'complaint']"/></xsl:call-template></xsl:when><xsl:otherwise>–</xsl:otherwise></xsl:choose></td>
			<xsl:if test="$report/r:trend/r:month/r:rate"><td class="n"><xsl:call-template name="rate-text"><xsl:with-param name="of" select="$month/r:rate[@of = 'bounces']"/></xsl:call-template></td></xsl:if>
			<td class="n"><xsl:choose><xsl:when test="$month"><xsl:apply-templates select="$month/r:count[@of = 'complaint']"/></xsl:when><xsl:otherwise>–</xsl:otherwise></xsl:choose></td>
			<td class="w"><a href="{$id}.xml">XML</a> · <a href="{$id}.txt">Text</a></td></tr>
		<xsl:call-template name="index-rows"><xsl:with-param name="list" select="substring-after($list, ' ')"/></xsl:call-template>
	</xsl:if>
</xsl:template>

<!-- === one minute: verdict, key figures, what broke, where, what to do === -->

<xsl:template name="state">
	<xsl:choose>
		<xsl:when test="@targets = 'missed'">✗ <xsl:value-of select="key('t', 'verdict.targets.missed')"/> · </xsl:when>
		<xsl:when test="@targets = 'met'">✓ <xsl:value-of select="key('t', 'verdict.targets.met')"/> · </xsl:when>
	</xsl:choose>
	<xsl:choose><xsl:when test="@state = 'worse'">▲ </xsl:when><xsl:when test="@state = 'better'">▼ </xsl:when><xsl:otherwise>● </xsl:otherwise></xsl:choose>
	<xsl:value-of select="key('t', concat('verdict.state.', @state))"/>
</xsl:template>

<xsl:template match="r:verdict">
	<xsl:variable name="tone"><xsl:choose>
		<xsl:when test="@targets = 'missed'">worse</xsl:when><xsl:when test="@targets = 'met' and @state != 'worse'">better</xsl:when><xsl:otherwise><xsl:value-of select="@state"/></xsl:otherwise>
	</xsl:choose></xsl:variable>
	<xsl:variable name="why" select="$report/r:measures/r:measure[position() &lt;= 3]/r:because"/>
	<xsl:choose>
		<xsl:when test="$mail">
			<xsl:variable name="tint"><xsl:choose><xsl:when test="$tone = 'worse'">#c4661f</xsl:when><xsl:when test="$tone = 'better'">#2f7fb3</xsl:when><xsl:otherwise>#7d8791</xsl:otherwise></xsl:choose></xsl:variable>
			<div style="border-left:5px solid {$tint};padding:2px 0 2px 14px">
				<div style="font-size:13px;font-weight:600;color:{$tint}"><xsl:call-template name="state"/></div>
				<div style="font-size:18px;line-height:1.4"><xsl:value-of select="r:sentence"/></div>
				<xsl:if test="@quiet != 'true' and $why"><ul style="margin:8px 0 0;padding-left:20px"><xsl:for-each select="$why"><li style="margin:2px 0"><xsl:value-of select="."/></li></xsl:for-each></ul></xsl:if>
				<div style="margin-top:6px;font-size:13px;color:#66717d"><xsl:value-of select="r:note"/></div>
			</div>
		</xsl:when>
		<xsl:otherwise>
			<section class="verdict {$tone}">
				<p class="state"><xsl:call-template name="state"/></p>
				<p class="sentence"><xsl:value-of select="r:sentence"/></p>
				<xsl:if test="@quiet != 'true' and $why"><ul class="why"><xsl:for-each select="$why"><li><xsl:value-of select="."/></li></xsl:for-each></ul></xsl:if>
				<p class="lead"><xsl:value-of select="r:note"/></p>
			</section>
		</xsl:otherwise>
	</xsl:choose>
</xsl:template>

<xsl:template match="r:figures">
	<xsl:variable name="shown" select="r:figure[@id != 'all'][@id != 'undetermined' or number(r:count) &gt; 0 or r:count != 0]"/>
	<h2 xsl:use-attribute-sets="heading"><xsl:value-of select="key('t', 'heading.figures')"/></h2>
	<xsl:choose>
		<xsl:when test="$mail">
			<table xsl:use-attribute-sets="table">
				<tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.notices')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="$report/@title"/></th>
					<th xsl:use-attribute-sets="column"><xsl:value-of select="$report/@before"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.change')"/></th></tr>
				<xsl:for-each select="$shown"><tr>
					<th xsl:use-attribute-sets="row"><xsl:call-template name="key"><xsl:with-param name="of" select="@id"/></xsl:call-template><xsl:value-of select="@title"/><xsl:call-template name="target"/></th>
					<td xsl:use-attribute-sets="number"><b style="font-size:17px"><xsl:apply-templates select="r:count"/></b><xsl:if test="r:rate"><br/><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:rate"/></xsl:call-template></xsl:if></td>
					<td xsl:use-attribute-sets="number"><xsl:call-template name="before"/><xsl:if test="r:rate-before"><br/><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:rate-before"/></xsl:call-template></xsl:if></td>
					<td xsl:use-attribute-sets="number"><xsl:call-template name="change"/></td>
				</tr></xsl:for-each>
			</table>
		</xsl:when>
		<xsl:otherwise>
			<dl class="figures"><xsl:for-each select="$shown">
				<div class="figure {@id}">
					<dt><xsl:call-template name="key"><xsl:with-param name="of" select="@id"/></xsl:call-template><xsl:value-of select="@title"/></dt>
					<dd>
						<xsl:choose>
							<xsl:when test="r:rate"><span class="big"><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:rate"/></xsl:call-template></span><span class="versus"><b><xsl:apply-templates select="r:count"/></b></span></xsl:when>
							<xsl:otherwise><span class="big"><xsl:apply-templates select="r:count"/></span></xsl:otherwise>
						</xsl:choose>
						<xsl:if test="r:before"><span class="versus"><b><xsl:call-template name="change"/></b>
							<span><xsl:call-template name="fill"><xsl:with-param name="id" select="'figures.before'"/><xsl:with-param name="value"><xsl:choose>
								<xsl:when test="r:rate and r:rate-before"><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:rate-before"/></xsl:call-template></xsl:when>
								<xsl:otherwise><xsl:call-template name="before"/></xsl:otherwise></xsl:choose></xsl:with-param></xsl:call-template></span></span></xsl:if>
						<xsl:call-template name="target"/>
					</dd>
				</div>
			</xsl:for-each></dl>
		</xsl:otherwise>
	</xsl:choose>
</xsl:template>

<!-- What the figure is held to, where there is a rate. -->
<xsl:template name="target">
	<xsl:variable name="target" select="$report/r:targets/r:target[@id = current()/@id][@value]"/>
	<xsl:if test="$target">
		<span><xsl:attribute name="{$look}"><xsl:choose><xsl:when test="$mail">display:block;font-size:12px;color:#66717d</xsl:when><xsl:otherwise>target <xsl:value-of select="concat('met-', $target/@met)"/></xsl:otherwise></xsl:choose></xsl:attribute>
			<xsl:choose><xsl:when test="$target/@met = 'true'">✓ </xsl:when><xsl:otherwise>✗ </xsl:otherwise></xsl:choose>
			<xsl:call-template name="fill"><xsl:with-param name="id" select="'figures.target'"/><xsl:with-param name="value"><xsl:call-template name="rate-text"><xsl:with-param name="of" select="$target/@limit"/></xsl:call-template></xsl:with-param></xsl:call-template></span>
	</xsl:if>
</xsl:template>

<xsl:template name="what-broke">
	<xsl:variable name="list" select="r:classes/r:class/r:category[number(r:count) &gt; 0]"/>
	<xsl:variable name="max"><xsl:call-template name="maximum"><xsl:with-param name="of" select="$list/r:count"/></xsl:call-template></xsl:variable>
	<xsl:if test="$list">
		<h2 xsl:use-attribute-sets="heading"><xsl:value-of select="key('t', 'heading.broke')"/></h2>
		<table xsl:use-attribute-sets="table">
			<xsl:call-template name="caption"><xsl:with-param name="text" select="key('t', 'broke.caption')"/></xsl:call-template>
			<tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.cause')"/></th><td xsl:use-attribute-sets="bar-head"/><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.count')"/></th>
				<th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.change')"/></th></tr>
			<xsl:for-each select="$list">
				<xsl:sort select="r:count" data-type="number" order="descending"/>
				<xsl:if test="position() &lt;= 6"><tr>
					<th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/><xsl:call-template name="leader"/></th>
					<td xsl:use-attribute-sets="bar-cell"><xsl:call-template name="bar"><xsl:with-param name="parts" select="r:count"/><xsl:with-param name="max" select="$max"/><xsl:with-param name="of" select="../@id"/></xsl:call-template></td>
					<td xsl:use-attribute-sets="number"><xsl:apply-templates select="r:count"/></td>
					<td xsl:use-attribute-sets="number"><xsl:call-template name="change"/></td>
				</tr></xsl:if>
			</xsl:for-each>
		</table>
		<xsl:call-template name="legend"/>
	</xsl:if>
</xsl:template>

<!-- Who stands behind a cause, and since when. -->
<xsl:template name="leader">
	<xsl:if test="r:leader"><xsl:call-template name="small"><xsl:with-param name="text"><xsl:text> </xsl:text>
		<xsl:call-template name="fill"><xsl:with-param name="id" select="'mostly-at'"/><xsl:with-param name="name" select="'provider'"/><xsl:with-param name="value" select="r:leader"/></xsl:call-template>
		<xsl:call-template name="since"/></xsl:with-param></xsl:call-template></xsl:if>
</xsl:template>

<xsl:template name="since">
	<xsl:if test="@since"><xsl:text>, </xsl:text><xsl:call-template name="fill"><xsl:with-param name="id" select="'since'"/><xsl:with-param name="name" select="'date'"/><xsl:with-param name="value" select="@since-title"/></xsl:call-template></xsl:if>
</xsl:template>

<xsl:template name="where">
	<xsl:if test="r:providers/r:row or r:campaigns/r:row">
		<h2 xsl:use-attribute-sets="heading"><xsl:value-of select="key('t', 'heading.where')"/></h2>
		<xsl:call-template name="top"><xsl:with-param name="rows" select="r:providers/r:row"/><xsl:with-param name="what" select="'provider'"/></xsl:call-template>
		<xsl:call-template name="top"><xsl:with-param name="rows" select="r:campaigns/r:row"/><xsl:with-param name="what" select="'campaign'"/></xsl:call-template>
		<xsl:call-template name="legend"><xsl:with-param name="rest" select="true()"/></xsl:call-template>
	</xsl:if>
</xsl:template>

<xsl:template name="top">
	<xsl:param name="rows"/><xsl:param name="what"/>
	<xsl:variable name="list" select="$rows[@name][number(r:count[@of = 'all']) &gt; 0][position() &lt;= 5]"/>
	<xsl:variable name="max"><xsl:call-template name="maximum"><xsl:with-param name="of" select="$list/r:count[@of = 'all']"/></xsl:call-template></xsl:variable>
	<xsl:variable name="rates" select="boolean($list/r:rate | $list/r:rate-at-most)"/>
	<xsl:if test="$list">
		<table xsl:use-attribute-sets="table">
			<xsl:call-template name="caption"><xsl:with-param name="text" select="key('t', concat('heading.', $what))"/></xsl:call-template>
			<tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', concat('column.', $what))"/></th><td xsl:use-attribute-sets="bar-head"/><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.notices')"/></th>
				<xsl:if test="$rates"><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.rate')"/></th></xsl:if>
				<th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.change')"/></th></tr>
			<xsl:for-each select="$list"><tr>
				<th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/><xsl:if test="r:worst"><xsl:call-template name="small"><xsl:with-param name="text"><xsl:text> </xsl:text><xsl:value-of select="r:worst[1]/@title"/><xsl:for-each select="r:worst[1]"><xsl:call-template name="since"/></xsl:for-each></xsl:with-param></xsl:call-template></xsl:if></th>
				<td xsl:use-attribute-sets="bar-cell"><xsl:call-template name="bar"><xsl:with-param name="parts" select="r:count[@of != 'all']"/><xsl:with-param name="max" select="$max"/><xsl:with-param name="whole" select="r:count[@of = 'all']"/></xsl:call-template></td>
				<td xsl:use-attribute-sets="number"><xsl:apply-templates select="r:count[@of = 'all']"/></td>
				<xsl:if test="$rates"><td xsl:use-attribute-sets="number"><xsl:call-template name="row-rate"/></td></xsl:if>
				<td xsl:use-attribute-sets="number"><xsl:call-template name="change"/></td>
			</tr></xsl:for-each>
		</table>
	</xsl:if>
</xsl:template>

<xsl:template match="r:measures">
	<h2 xsl:use-attribute-sets="heading"><xsl:value-of select="key('t', 'heading.todo')"/></h2>
	<xsl:choose>
		<xsl:when test="not(r:measure)"><p xsl:use-attribute-sets="lead"><xsl:value-of select="key('t', 'todo.none')"/></p></xsl:when>
		<xsl:when test="$mail">
			<table role="presentation" width="100%" cellspacing="0" cellpadding="0" border="0"><xsl:for-each select="r:measure"><tr>
				<td valign="top" style="width:30px;padding:6px 0;font-size:18px;font-weight:600;color:#2f7fb3"><xsl:value-of select="position()"/></td>
				<td style="padding:6px 0;border-bottom:1px solid #ddd"><div><xsl:value-of select="r:action"/></div>
					<div style="font-size:13px;color:#66717d"><xsl:call-template name="reason"/></div></td>
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
	<xsl:text> · </xsl:text><xsl:value-of select="@owner"/><xsl:text> · </xsl:text><xsl:value-of select="r:because"/>
</xsl:template>

<xsl:template match="r:comments">
	<h2 xsl:use-attribute-sets="heading"><xsl:value-of select="key('t', 'heading.comments')"/></h2>
	<xsl:for-each select="r:comment">
		<p><xsl:attribute name="{$look}"><xsl:choose><xsl:when test="$mail">margin:0 0 10px;white-space:pre-line</xsl:when><xsl:otherwise>comment</xsl:otherwise></xsl:choose></xsl:attribute>
			<xsl:call-template name="small"><xsl:with-param name="text" select="concat(@date, ' ')"/></xsl:call-template><xsl:value-of select="."/></p>
	</xsl:for-each>
</xsl:template>

<!-- === twelve months, days === -->

<xsl:template match="r:trend">
	<xsl:variable name="max"><xsl:call-template name="maximum"><xsl:with-param name="of" select="r:month/r:count[@of = 'all']"/></xsl:call-template></xsl:variable>
	<xsl:variable name="rates" select="boolean(r:month/r:rate)"/>
	<xsl:if test="r:month">
		<h2 xsl:use-attribute-sets="heading"><xsl:value-of select="key('t', 'heading.trend')"/></h2>
		<p xsl:use-attribute-sets="lead">
			<xsl:value-of select="key('t', 'trend.lead')"/>
			<xsl:if test="count(r:month) &lt; 12"><xsl:text> </xsl:text><xsl:call-template name="fill"><xsl:with-param name="id" select="'trend.begin'"/><xsl:with-param name="name" select="'month'"/><xsl:with-param name="value" select="r:month[1]/@title"/></xsl:call-template></xsl:if>
		</p>
		<xsl:choose>
			<xsl:when test="$mail">
				<table xsl:use-attribute-sets="table">
					<tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.month')"/></th><td xsl:use-attribute-sets="bar-head"/><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.notices')"/></th>
						<xsl:if test="$rates"><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.rate')"/></th></xsl:if></tr>
					<xsl:for-each select="r:month"><tr>
					<th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/></th>
					<td xsl:use-attribute-sets="bar-cell"><xsl:call-template name="bar"><xsl:with-param name="parts" select="r:count[@of != 'all']"/><xsl:with-param name="max" select="$max"/><xsl:with-param name="whole" select="r:count[@of = 'all']"/></xsl:call-template></td>
					<td xsl:use-attribute-sets="number"><xsl:apply-templates select="r:count[@of = 'all']"/></td>
					<xsl:if test="$rates"><td xsl:use-attribute-sets="number"><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:rate[@of = 'bounces']"/></xsl:call-template></td></xsl:if>
				</tr></xsl:for-each></table>
			</xsl:when>
			<xsl:otherwise>
				<xsl:call-template name="trend-chart"/>
				<xsl:call-template name="legend"/>
				<xsl:if test="$rates"><xsl:call-template name="rate-chart"/></xsl:if>
				<details><summary><xsl:value-of select="key('t', 'chart.figures')"/></summary><div class="scroll"><table class="data">
					<tr><th class="t" scope="col"><xsl:value-of select="key('t', 'column.month')"/></th><xsl:for-each select="r:month[1]/r:count"><th class="n" scope="col"><xsl:call-template name="column-title"/></th></xsl:for-each>
						<xsl:if test="$rates"><th class="n" scope="col"><xsl:value-of select="key('t', 'column.sent')"/></th><th class="n" scope="col"><xsl:value-of select="key('t', 'column.rate')"/></th><th class="n" scope="col"><xsl:value-of select="key('t', 'column.hard.short')"/> %</th><th class="n" scope="col"><xsl:value-of select="key('t', 'column.complaint.short')"/> %</th></xsl:if></tr>
					<xsl:for-each select="r:month"><tr><th class="t" scope="row"><xsl:value-of select="@title"/></th><xsl:for-each select="r:count"><td class="n"><xsl:apply-templates select="."/></td></xsl:for-each>
						<xsl:if test="$rates"><td class="n"><xsl:choose><xsl:when test="r:sent"><xsl:apply-templates select="r:sent/r:count"/></xsl:when><xsl:otherwise>–</xsl:otherwise></xsl:choose></td>
							<td class="n"><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:rate[@of = 'bounces']"/></xsl:call-template></td>
							<td class="n"><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:class-rate[@of = 'hard']"/></xsl:call-template></td>
							<td class="n"><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:class-rate[@of = 'complaint']"/></xsl:call-template></td></xsl:if></tr></xsl:for-each>
				</table></div></details>
			</xsl:otherwise>
		</xsl:choose>
	</xsl:if>
</xsl:template>

<!-- Rates as lines, with the target as a dashed one; percent on the axis. -->
<xsl:template name="rate-chart">
	<xsl:variable name="limit" select="$report/r:targets/r:target[@id = 'bounces']/@limit"/>
	<xsl:variable name="largest"><xsl:call-template name="maximum"><xsl:with-param name="of" select="r:month/r:rate[@of = 'bounces'] | $limit"/></xsl:call-template></xsl:variable>
	<xsl:variable name="top"><xsl:choose>
		<xsl:when test="$largest &lt;= 2">2</xsl:when><xsl:when test="$largest &lt;= 4">4</xsl:when><xsl:when test="$largest &lt;= 6">6</xsl:when><xsl:when test="$largest &lt;= 10">10</xsl:when>
		<xsl:when test="$largest &lt;= 20">20</xsl:when><xsl:when test="$largest &lt;= 50">50</xsl:when><xsl:otherwise>100</xsl:otherwise></xsl:choose></xsl:variable>
	<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 560 196" role="img" aria-labelledby="rates-title rates-desc">
		<title id="rates-title"><xsl:value-of select="key('t', 'trend.rates')"/></title>
		<desc id="rates-desc"><xsl:for-each select="r:month[r:rate]"><xsl:value-of select="concat(@title, ': ', r:rate[@of = 'bounces'], ' %, ', r:class-rate[@of = 'hard'], ' %; ')"/></xsl:for-each></desc>
		<xsl:call-template name="grid"><xsl:with-param name="top" select="$top"/><xsl:with-param name="unit" select="' %'"/></xsl:call-template>
		<line class="limit" x1="44" x2="556" y1="{format-number(172 - $limit * 160 div $top, '0.##')}" y2="{format-number(172 - $limit * 160 div $top, '0.##')}"/>
		<text class="label" x="48" y="{format-number(168 - $limit * 160 div $top, '0.##')}"><xsl:call-template name="fill"><xsl:with-param name="id" select="'figures.target'"/><xsl:with-param name="value"><xsl:call-template name="rate-text"><xsl:with-param name="of" select="$limit"/></xsl:call-template></xsl:with-param></xsl:call-template></text>
		<xsl:call-template name="rate-line"><xsl:with-param name="of" select="'bounces'"/><xsl:with-param name="top" select="$top"/></xsl:call-template>
		<xsl:call-template name="rate-line"><xsl:with-param name="of" select="'hard'"/><xsl:with-param name="top" select="$top"/></xsl:call-template>
		<xsl:for-each select="r:month"><text class="label" x="{65 + (position() - 1) * 42}" y="190" text-anchor="middle"><xsl:value-of select="key('t', concat('month.short.', number(substring(@id, 6))))"/></text></xsl:for-each>
	</svg>
	<p class="legend"><span class="entry"><i class="key line-bounces"/><xsl:value-of select="key('t', 'column.bounces')"/></span><span class="entry"><i class="key hard"/><xsl:value-of select="key('t', 'column.hard')"/></span></p>
</xsl:template>

<xsl:template name="rate-line"><xsl:param name="of"/><xsl:param name="top"/>
	<xsl:variable name="points"><xsl:for-each select="r:month"><xsl:if test="*[self::r:rate or self::r:class-rate][@of = $of]"><xsl:value-of select="concat(65 + (position() - 1) * 42, ',', format-number(172 - *[self::r:rate or self::r:class-rate][@of = $of] * 160 div $top, '0.##'), ' ')"/></xsl:if></xsl:for-each></xsl:variable>
	<polyline xmlns="http://www.w3.org/2000/svg" class="line {$of}" points="{normalize-space($points)}"/>
	<xsl:for-each select="r:month"><xsl:if test="*[self::r:rate or self::r:class-rate][@of = $of]"><circle xmlns="http://www.w3.org/2000/svg" class="dot {$of}" r="3.2" cx="{65 + (position() - 1) * 42}" cy="{format-number(172 - *[self::r:rate or self::r:class-rate][@of = $of] * 160 div $top, '0.##')}"/></xsl:if></xsl:for-each>
</xsl:template>

<!-- Coordinates: 560 wide; the plot from x 44, from y 12 down to 172. -->
<xsl:template name="trend-chart">
	<xsl:variable name="largest"><xsl:call-template name="maximum"><xsl:with-param name="of" select="r:month/r:count[@of = 'all']"/></xsl:call-template></xsl:variable>
	<xsl:variable name="top"><xsl:call-template name="round-up"><xsl:with-param name="n" select="$largest"/></xsl:call-template></xsl:variable>
	<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 560 196" role="img" aria-labelledby="trend-title trend-desc">
		<title id="trend-title"><xsl:value-of select="key('t', 'trend.chart')"/></title>
		<desc id="trend-desc"><xsl:for-each select="r:month"><xsl:value-of select="concat(@title, ': ')"/><xsl:apply-templates select="r:count[@of = 'all']"/>; </xsl:for-each></desc>
		<xsl:call-template name="grid"><xsl:with-param name="top" select="$top"/></xsl:call-template>
		<xsl:for-each select="r:month">
			<xsl:variable name="x" select="50 + (position() - 1) * 42"/>
			<xsl:for-each select="r:count[@of != 'all'][number(.) &gt; 0]">
				<xsl:variable name="below" select="sum(preceding-sibling::r:count[@of != 'all'][number(.) &gt; 0])"/>
				<rect class="{@of}" x="{$x}" width="30" y="{format-number(172 - ($below + .) * 160 div $top, '0.##')}" height="{format-number(. * 160 div $top, '0.##')}"/>
			</xsl:for-each>
			<xsl:variable name="parts" select="sum(r:count[@of != 'all'][number(.) &gt; 0])"/>
			<xsl:if test="r:count[@of = 'all'] &gt; $parts"><rect class="hidden" x="{$x + 0.5}" width="29" y="{format-number(172 - r:count[@of = 'all'] * 160 div $top, '0.##')}" height="{format-number((r:count[@of = 'all'] - $parts) * 160 div $top, '0.##')}"/></xsl:if>
			<text class="label" x="{$x + 15}" y="190" text-anchor="middle"><xsl:value-of select="key('t', concat('month.short.', number(substring(@id, 6))))"/></text>
		</xsl:for-each>
	</svg>
</xsl:template>

<xsl:template name="grid">
	<xsl:param name="top"/><xsl:param name="unit" select="''"/>
	<g xmlns="http://www.w3.org/2000/svg" class="grid">
		<line x1="44" x2="556" y1="12" y2="12"/><line x1="44" x2="556" y1="92" y2="92"/><line class="base" x1="44" x2="556" y1="172" y2="172"/>
		<text class="label" x="38" y="16" text-anchor="end"><xsl:call-template name="number"><xsl:with-param name="of" select="$top"/></xsl:call-template><xsl:value-of select="$unit"/></text>
		<text class="label" x="38" y="96" text-anchor="end"><xsl:call-template name="number"><xsl:with-param name="of" select="$top div 2"/></xsl:call-template><xsl:value-of select="$unit"/></text>
		<text class="label" x="38" y="176" text-anchor="end">0</text>
	</g>
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
					<xsl:if test="r:standout/@provider"><xsl:text> </xsl:text><xsl:call-template name="fill"><xsl:with-param name="id" select="'at'"/><xsl:with-param name="name" select="'provider'"/><xsl:with-param name="value" select="r:standout/@provider"/></xsl:call-template></xsl:if>
				</xsl:for-each>
				<xsl:text>.</xsl:text>
			</xsl:when>
			<xsl:otherwise><xsl:value-of select="key('t', 'days.none')"/></xsl:otherwise>
		</xsl:choose>
	</p>
	<xsl:if test="not($mail) and $largest &gt; 0">
		<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 560 196" role="img" aria-labelledby="days-title days-desc">
			<title id="days-title"><xsl:value-of select="key('t', 'days.chart')"/></title>
			<desc id="days-desc"><xsl:for-each select="r:day"><xsl:value-of select="concat(@date, ': ', r:count, '; ')"/></xsl:for-each></desc>
			<xsl:call-template name="grid"><xsl:with-param name="top" select="$top"/></xsl:call-template>
			<xsl:for-each select="r:day">
				<xsl:variable name="x" select="48 + (position() - 1) * 16.4"/>
				<xsl:choose>
					<xsl:when test="number(r:count) &gt; 0">
						<rect x="{$x}" width="12" y="{format-number(172 - r:count * 160 div $top, '0.##')}" height="{format-number(r:count * 160 div $top, '0.##')}">
							<xsl:attribute name="class"><xsl:choose><xsl:when test="r:standout">standout</xsl:when><xsl:otherwise>plain</xsl:otherwise></xsl:choose></xsl:attribute>
						</rect>
					</xsl:when>
					<xsl:when test="r:count != 0"><rect class="hidden" x="{$x + 0.5}" width="11" y="168" height="3.5"/></xsl:when>
				</xsl:choose>
				<xsl:if test="r:standout or (@weekday = string(key('t', 'weekday.1')) and not(preceding-sibling::r:day[1]/r:standout or following-sibling::r:day[1]/r:standout))"><text x="{$x + 6}" y="189" text-anchor="middle" class="label date"><xsl:value-of select="number(substring(@date, 9))"/></text></xsl:if>
			</xsl:for-each>
		</svg>
		<p class="legend"><span class="entry"><i class="key plain"/><xsl:value-of select="key('t', 'legend.day')"/></span><span class="entry"><i class="key standout"/><xsl:value-of select="key('t', 'legend.standout')"/></span>
			<span class="entry"><i class="key hidden"/><xsl:value-of select="key('t', 'legend.hidden')"/></span><span class="entry"><xsl:value-of select="key('t', 'legend.labels')"/></span></p>
		<details><summary><xsl:value-of select="key('t', 'chart.figures')"/></summary><table class="data">
			<tr><th class="t" scope="col"><xsl:value-of select="key('t', 'heading.days')"/></th><th class="n" scope="col"><xsl:value-of select="key('t', 'column.bounces')"/></th></tr>
			<xsl:for-each select="r:day"><tr><th class="t" scope="row"><xsl:value-of select="concat(@weekday, ' ', @date)"/></th><td class="n"><xsl:apply-templates select="r:count"/></td></tr></xsl:for-each>
		</table></details>
	</xsl:if>
</xsl:template>

<!-- === details === -->

<xsl:template name="details">
	<h2 xsl:use-attribute-sets="heading"><xsl:value-of select="key('t', 'heading.details')"/></h2>
	<xsl:call-template name="matrix"><xsl:with-param name="rows" select="r:providers/r:row"/><xsl:with-param name="what" select="'provider'"/></xsl:call-template>
	<xsl:call-template name="matrix"><xsl:with-param name="rows" select="r:campaigns/r:row"/><xsl:with-param name="what" select="'campaign'"/></xsl:call-template>
	<xsl:call-template name="matrix"><xsl:with-param name="rows" select="r:groups/r:row"/><xsl:with-param name="what" select="'group'"/></xsl:call-template>
	<xsl:apply-templates select="r:classes"/>
	<xsl:call-template name="infrastructure"/>
	<xsl:call-template name="blocks"/>
	<xsl:apply-templates select="r:investigations"/>
	<xsl:apply-templates select="r:cohorts"/>
	<xsl:apply-templates select="r:typing-errors"/>
	<xsl:call-template name="complaints"/>
	<xsl:apply-templates select="r:days"/>
	<xsl:apply-templates select="r:origins"/>
	<xsl:call-template name="mailboxes"/>
	<xsl:apply-templates select="r:contacts"/>
</xsl:template>

<xsl:template name="matrix">
	<xsl:param name="rows"/><xsl:param name="what"/>
	<xsl:variable name="rates" select="boolean($rows/r:rate | $rows/r:rate-at-most)"/>
	<xsl:if test="$rows">
		<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', concat('heading.', $what))"/></h3>
		<xsl:call-template name="scrolling"><xsl:with-param name="table">
			<table xsl:use-attribute-sets="table">
				<tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', concat('column.', $what))"/></th>
					<xsl:if test="not($mail) and $rows/r:history"><th class="n" scope="col"><xsl:value-of select="key('t', 'column.history')"/></th></xsl:if>
					<xsl:for-each select="$rows[1]/r:count[not($mail) or contains('all hard soft block', @of)]"><th xsl:use-attribute-sets="column"><xsl:call-template name="column-title"/></th></xsl:for-each>
					<th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.change')"/></th>
					<xsl:if test="$rates"><xsl:if test="not($mail)"><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.sent')"/></th></xsl:if><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.rate')"/></th><xsl:if test="$what != 'group' and not($mail)"><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.hard.short')"/> %</th></xsl:if></xsl:if></tr>
				<xsl:for-each select="$rows"><tr>
					<th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/><xsl:if test="r:worst"><xsl:call-template name="small"><xsl:with-param name="text"><xsl:text> </xsl:text><xsl:for-each select="r:worst"><xsl:if test="position() &gt; 1">; </xsl:if><xsl:value-of select="@title"/><xsl:call-template name="since"/></xsl:for-each></xsl:with-param></xsl:call-template></xsl:if></th>
					<xsl:if test="not($mail) and $rows/r:history"><td class="n"><xsl:apply-templates select="r:history"/></td></xsl:if>
					<xsl:for-each select="r:count[not($mail) or contains('all hard soft block', @of)]"><td xsl:use-attribute-sets="number"><xsl:apply-templates select="."/></td></xsl:for-each>
					<td xsl:use-attribute-sets="number"><xsl:call-template name="change"/></td>
					<xsl:if test="$rates"><xsl:if test="not($mail)"><td xsl:use-attribute-sets="number"><xsl:choose><xsl:when test="r:sent/r:count != 0"><xsl:apply-templates select="r:sent/r:count"/></xsl:when><xsl:otherwise>–</xsl:otherwise></xsl:choose></td></xsl:if>
						<td xsl:use-attribute-sets="number"><xsl:call-template name="row-rate"/></td>
						<xsl:if test="$what != 'group' and not($mail)"><td xsl:use-attribute-sets="number"><xsl:if test="$what = 'campaign' and r:class-rate[@of = 'hard'] &gt;= $report/r:targets/r:target[@id = 'hard']/@limit">✗ </xsl:if><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:class-rate[@of = 'hard']"/></xsl:call-template></td></xsl:if></xsl:if>
				</tr></xsl:for-each>
			</table>
		</xsl:with-param></xsl:call-template>
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
			<rect x="{(12 - $months + position() - 1) * 6}" width="4.5" y="{format-number(20 - r:count * 20 div $max, '0.##')}" height="{format-number(r:count * 20 div $max, '0.##')}"><xsl:attribute name="class"><xsl:choose><xsl:when test="position() = $months">hard</xsl:when><xsl:otherwise>plain</xsl:otherwise></xsl:choose></xsl:attribute></rect>
		</xsl:if></xsl:for-each></svg></xsl:if>
</xsl:template>

<xsl:template match="r:classes">
	<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.classes')"/></h3>
	<xsl:call-template name="scrolling"><xsl:with-param name="table">
		<table xsl:use-attribute-sets="table">
			<tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.cause')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.count')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.share')"/></th>
				<th xsl:use-attribute-sets="column"><xsl:value-of select="$report/@before"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.change')"/></th></tr>
			<xsl:for-each select="r:class[r:category]">
				<tr><th xsl:use-attribute-sets="row"><xsl:call-template name="key"><xsl:with-param name="of" select="@id"/></xsl:call-template><b><xsl:value-of select="@title"/></b></th>
					<td xsl:use-attribute-sets="number"><b><xsl:apply-templates select="r:count"/></b></td>
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
			</xsl:for-each>
		</table>
	</xsl:with-param></xsl:call-template>
</xsl:template>

<xsl:template name="checks"><xsl:param name="list"/>
	<table xsl:use-attribute-sets="table">
		<tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.cause')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.count')"/></th><th xsl:use-attribute-sets="words-column"><xsl:value-of select="key('t', 'column.check')"/></th></tr>
		<xsl:for-each select="$list"><tr>
			<th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/><xsl:call-template name="leader"/></th>
			<td xsl:use-attribute-sets="number"><xsl:apply-templates select="r:count"/></td>
			<td xsl:use-attribute-sets="words"><xsl:value-of select="r:check"/></td>
		</tr></xsl:for-each>
	</table>
</xsl:template>

<xsl:template name="infrastructure">
	<xsl:variable name="list" select="r:classes/r:class/r:category[@infrastructure]"/>
	<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.infrastructure')"/></h3>
	<p xsl:use-attribute-sets="lead"><xsl:value-of select="key('t', 'infrastructure.lead')"/><xsl:if test="not($list)"><xsl:text> </xsl:text><xsl:value-of select="key('t', 'infrastructure.none')"/></xsl:if></p>
	<xsl:if test="$list"><xsl:call-template name="checks"><xsl:with-param name="list" select="$list"/></xsl:call-template></xsl:if>
</xsl:template>

<xsl:template name="blocks">
	<xsl:variable name="list" select="r:classes/r:class[@id = 'block']/r:category[not(@infrastructure)]"/>
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
			<tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.provider')"/></th><th xsl:use-attribute-sets="words-column"><xsl:value-of select="key('t', 'column.cause')"/></th>
				<th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.since')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.until')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.days')"/></th></tr>
			<xsl:for-each select="r:investigation"><tr>
				<th xsl:use-attribute-sets="row"><xsl:value-of select="@provider"/></th><td xsl:use-attribute-sets="words"><xsl:value-of select="@title"/></td>
				<td xsl:use-attribute-sets="number"><xsl:value-of select="@opened"/></td>
				<td xsl:use-attribute-sets="number"><xsl:choose><xsl:when test="@closed"><xsl:value-of select="@closed"/></xsl:when><xsl:otherwise><b><xsl:value-of select="key('t', 'investigations.open')"/></b></xsl:otherwise></xsl:choose></td>
				<td xsl:use-attribute-sets="number"><xsl:choose><xsl:when test="@closed"><xsl:value-of select="@days"/></xsl:when><xsl:otherwise>–</xsl:otherwise></xsl:choose></td>
			</tr></xsl:for-each>
		</table>
	</xsl:if>
</xsl:template>

<xsl:template match="r:cohorts">
	<xsl:if test="r:cohort">
		<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.cohorts')"/></h3>
		<p xsl:use-attribute-sets="lead"><xsl:value-of select="key('t', 'cohorts.lead')"/></p>
		<xsl:call-template name="scrolling"><xsl:with-param name="table">
			<table xsl:use-attribute-sets="table">
				<tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.month')"/></th><xsl:for-each select="r:cohort[1]/r:count"><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', concat('cohort.', @of))"/></th></xsl:for-each></tr>
				<xsl:for-each select="r:cohort"><tr><th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/></th><xsl:for-each select="r:count"><td xsl:use-attribute-sets="number"><xsl:apply-templates select="."/></td></xsl:for-each></tr></xsl:for-each>
			</table>
		</xsl:with-param></xsl:call-template>
	</xsl:if>
</xsl:template>

<xsl:template match="r:typing-errors">
	<xsl:if test="r:domain">
		<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.typing')"/></h3>
		<p xsl:use-attribute-sets="lead"><xsl:value-of select="key('t', 'typing.lead')"/></p>
		<table xsl:use-attribute-sets="table">
			<tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.domain')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.count')"/></th></tr>
			<xsl:for-each select="r:domain"><tr><th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/></th><td xsl:use-attribute-sets="number"><xsl:apply-templates select="r:count"/></td></tr></xsl:for-each>
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
	<p xsl:use-attribute-sets="lead"><b><xsl:value-of select="$what"/></b><xsl:text>: </xsl:text>
		<xsl:for-each select="$rows">
			<xsl:sort select="concat('0', translate(r:count[@of = 'complaint'], '&lt;≥', '')) * (number(r:count[@of = 'complaint']) = number(r:count[@of = 'complaint']))" data-type="number" order="descending"/>
			<xsl:if test="position() &gt; 1">, </xsl:if>
			<xsl:value-of select="@title"/><xsl:text>&#160;</xsl:text><b><xsl:apply-templates select="r:count[@of = 'complaint']"/></b><xsl:if test="r:class-rate[@of = 'complaint']"> (<xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:class-rate[@of = 'complaint']"/></xsl:call-template>)</xsl:if>
		</xsl:for-each>
		<xsl:text>.</xsl:text></p>
</xsl:template>

<xsl:template match="r:origins">
	<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.origins')"/></h3>
	<p xsl:use-attribute-sets="lead"><xsl:value-of select="key('t', 'origins.lead')"/></p>
	<table xsl:use-attribute-sets="table">
		<tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'origins.head')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.bounces')"/></th><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', 'column.complaint')"/></th></tr>
		<xsl:for-each select="r:origin"><tr>
			<th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/></th>
			<xsl:for-each select="r:count"><td xsl:use-attribute-sets="number"><xsl:apply-templates select="."/></td></xsl:for-each>
		</tr></xsl:for-each>
	</table>
</xsl:template>

<xsl:template name="mailboxes">
	<h3 xsl:use-attribute-sets="subheading"><xsl:value-of select="key('t', 'heading.mailboxes')"/></h3>
	<p xsl:use-attribute-sets="lead"><xsl:value-of select="key('t', 'mailboxes.beside')"/><xsl:text> </xsl:text>
		<xsl:for-each select="r:other-mail/r:kind"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:value-of select="@title"/><xsl:text>&#160;</xsl:text><b><xsl:apply-templates select="r:count"/></b></xsl:for-each>
		<xsl:text>.</xsl:text></p>
	<xsl:if test="r:mailboxes/r:mailbox">
		<table xsl:use-attribute-sets="table">
			<tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="key('t', 'column.mailbox')"/></th><xsl:for-each select="r:mailboxes/r:mailbox[1]/r:count"><th xsl:use-attribute-sets="column"><xsl:value-of select="key('t', concat('outcome.', @of))"/></th></xsl:for-each></tr>
			<xsl:for-each select="r:mailboxes/r:mailbox"><tr>
				<th xsl:use-attribute-sets="row"><xsl:value-of select="@name"/></th>
				<xsl:for-each select="r:count"><td xsl:use-attribute-sets="number"><xsl:apply-templates select="."/></td></xsl:for-each>
			</tr></xsl:for-each>
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
		<xsl:if test="$head-entry != ''"><xsl:text>. </xsl:text><xsl:call-template name="fill"><xsl:with-param name="id" select="'retention.head'"/><xsl:with-param name="value" select="$head-entry"/></xsl:call-template><xsl:text> </xsl:text><xsl:call-template name="hash"><xsl:with-param name="text" select="$head-hash"/></xsl:call-template></xsl:if>
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

<xsl:template name="number"><xsl:param name="of"/><xsl:value-of select="translate(format-number($of, '#,##0'), ',', substring($marks, 1, 1))"/></xsl:template>

<xsl:template name="rate-text"><xsl:param name="of"/>
	<xsl:choose>
		<xsl:when test="$of"><xsl:call-template name="fill"><xsl:with-param name="id" select="'percent'"/><xsl:with-param name="value" select="translate($of, '.', substring($marks, 2, 1))"/></xsl:call-template></xsl:when>
		<xsl:otherwise>–</xsl:otherwise>
	</xsl:choose></xsl:template>

<!-- A row's rate of bounces, or what it is at most. -->
<xsl:template name="row-rate">
	<xsl:choose>
		<xsl:when test="r:rate[@of = 'bounces'] or not(r:rate-at-most)"><xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:rate[@of = 'bounces']"/></xsl:call-template></xsl:when>
		<xsl:otherwise>≤ <xsl:call-template name="rate-text"><xsl:with-param name="of" select="r:rate-at-most"/></xsl:call-template></xsl:otherwise>
	</xsl:choose></xsl:template>

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

<xsl:template name="column-title"><xsl:value-of select="key('t', concat('column.', @of, '.short'))"/></xsl:template>

<xsl:template name="caption"><xsl:param name="text"/>
	<caption><xsl:attribute name="{$look}"><xsl:choose><xsl:when test="$mail">text-align:left;padding-top:10px;font-size:13px;color:#66717d</xsl:when><xsl:otherwise>caption</xsl:otherwise></xsl:choose></xsl:attribute>
		<xsl:value-of select="$text"/></caption></xsl:template>

<xsl:template name="small"><xsl:param name="text"/>
	<span><xsl:attribute name="{$look}"><xsl:choose><xsl:when test="$mail">font-size:12px;color:#66717d</xsl:when><xsl:otherwise>small</xsl:otherwise></xsl:choose></xsl:attribute>
		<xsl:value-of select="$text"/></span></xsl:template>

<xsl:template name="scrolling"><xsl:param name="table"/>
	<xsl:choose><xsl:when test="$mail"><xsl:copy-of select="$table"/></xsl:when><xsl:otherwise><div class="scroll"><xsl:copy-of select="$table"/></div></xsl:otherwise></xsl:choose></xsl:template>

<!-- The mail's colours; the page's stand in its CSS. Readable for the colour-blind: they differ in lightness too. -->
<xsl:template name="colour"><xsl:param name="of"/>
	<xsl:choose>
		<xsl:when test="$of = 'hard'">#2b66a3</xsl:when><xsl:when test="$of = 'soft'">#62a9d6</xsl:when><xsl:when test="$of = 'block'">#e08a2e</xsl:when>
		<xsl:when test="$of = 'complaint'">#a6215d</xsl:when><xsl:otherwise>#9aa4ae</xsl:otherwise>
	</xsl:choose></xsl:template>

<xsl:template name="key"><xsl:param name="of"/>
	<xsl:if test="$of != 'bounces'"><xsl:choose>
		<xsl:when test="$mail"><span><xsl:attribute name="style">color:<xsl:call-template name="colour"><xsl:with-param name="of" select="$of"/></xsl:call-template></xsl:attribute>■&#160;</span></xsl:when>
		<xsl:otherwise><i class="key {$of}"/></xsl:otherwise>
	</xsl:choose></xsl:if></xsl:template>

<xsl:template name="legend"><xsl:param name="rest" select="false()"/>
	<p><xsl:attribute name="{$look}"><xsl:choose><xsl:when test="$mail">margin:6px 0 0;font-size:12px;color:#66717d</xsl:when><xsl:otherwise>legend</xsl:otherwise></xsl:choose></xsl:attribute>
		<xsl:for-each select="$report/r:figures/r:figure[@id != 'all' and @id != 'bounces'][r:count != 0]">
			<xsl:choose>
				<xsl:when test="$mail"><xsl:call-template name="key"><xsl:with-param name="of" select="@id"/></xsl:call-template><xsl:value-of select="@title"/>&#160;&#160; </xsl:when>
				<xsl:otherwise><span class="entry"><i class="key {@id}"/><xsl:value-of select="@title"/></span></xsl:otherwise>
			</xsl:choose>
		</xsl:for-each>
		<xsl:choose>
			<xsl:when test="not($rest)"/>
			<xsl:when test="$mail"><span style="color:#ccc">■&#160;</span><xsl:value-of select="key('t', 'legend.rest')"/></xsl:when>
			<xsl:otherwise><span class="entry"><i class="key rest"/><xsl:value-of select="key('t', 'legend.rest')"/></span></xsl:otherwise>
		</xsl:choose></p></xsl:template>

<!-- A bar of one or more parts, as wide as their share of MAX; what of WHOLE is not shown by part is pale. -->
<xsl:template name="bar"><xsl:param name="parts"/><xsl:param name="max"/><xsl:param name="of" select="''"/><xsl:param name="whole" select="0"/>
	<xsl:variable name="seen" select="$parts[number(.) &gt; 0]"/>
	<xsl:variable name="sum" select="sum($seen)"/>
	<xsl:choose>
		<xsl:when test="not($max &gt; 0) or not($seen or $whole &gt; 0)"/>
		<xsl:when test="$mail">
			<table role="presentation" width="100%" cellspacing="0" cellpadding="0" border="0" style="border-collapse:collapse;font-size:1px;line-height:12px"><tr>
				<xsl:for-each select="$seen">
					<xsl:variable name="colour"><xsl:call-template name="colour"><xsl:with-param name="of" select="concat($of, @of)"/></xsl:call-template></xsl:variable>
					<td width="{format-number(100 * . div $max, '0.#')}%" bgcolor="{$colour}">&#160;</td>
				</xsl:for-each>
				<xsl:if test="$whole &gt; $sum"><td width="{format-number(100 * ($whole - $sum) div $max, '0.#')}%" bgcolor="#dddddd">&#160;</td></xsl:if>
				<xsl:if test="$sum &lt; $max and not($whole = $max)"><td>&#160;</td></xsl:if>
			</tr></table>
		</xsl:when>
		<xsl:otherwise>
			<svg xmlns="http://www.w3.org/2000/svg" class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
				<xsl:for-each select="$seen">
					<xsl:variable name="before" select="sum(preceding-sibling::*[self::r:count][$of = ''][@of != 'all'][number(.) &gt; 0])"/>
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
:root { color-scheme: light dark; --ink: #18222d; --soft-ink: #5a6672; --line: #d9dfe5; --strong: #8d98a3; --paper: #fff; --wash: #f5f7f9;
	--hard: #1f4e79; --soft: #62a9d6; --block: #e08a2e; --undetermined: #9aa4ae; --complaint: #a6215d; --worse: #b9591a; --better: #2a74a8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaee; --soft-ink: #a3adb8; --line: #323c46; --strong: #66717c; --paper: #12181e; --wash: #1a222a;
	--hard: #4f8fcc; --soft: #a5d0ec; --block: #e9a04f; --undetermined: #75808b; --complaint: #dd6b9c; --worse: #eb9a57; --better: #78b7e3; } }
<xsl:if test="$colour != ''"><xsl:value-of select="concat('h1, .heading { color: ', $colour, '; } .heading { border-color: ', $colour, '; } @media (prefers-color-scheme: dark) { h1, .heading { color: var(--ink); } }&#10;')"/></xsl:if>
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { margin: 0 0 1.25rem; font-size: 2.25rem; line-height: 1.15; font-weight: 650; letter-spacing: -.015em; }
.logo { display: block; max-height: 3rem; max-width: 16rem; margin: 0 0 .75rem; }
.why { margin: .2rem 0 .6rem; padding-left: 1.1rem; max-width: 46rem; } .why li { margin: .15rem 0; }
.comment { margin: 0 0 .75rem; white-space: pre-line; max-width: 46rem; }
.target { display: block; font-size: .82rem; color: var(--soft-ink); } .met-false { color: var(--worse); font-weight: 600; }
.spark { display: block; width: 4.5rem; height: 1.25rem; margin-left: auto; } a { color: var(--better); }
.overline { margin: 0; color: var(--soft-ink); font-size: .9rem; }
.heading { margin: 2.75rem 0 .75rem; padding-top: .5rem; border-top: 2px solid var(--ink); font-size: 1.3rem; line-height: 1.3; font-weight: 650; }
.subheading { margin: 2rem 0 .4rem; font-size: 1.05rem; line-height: 1.3; font-weight: 650; }
.lead { margin: 0 0 .75rem; color: var(--soft-ink); font-size: .9rem; max-width: 46rem; }
.lead b { color: var(--ink); font-weight: 600; }
.small { display: block; color: var(--soft-ink); font-size: .8rem; line-height: 1.3; }
.verdict { padding: .35rem 0 .1rem 1.1rem; border-left: 6px solid var(--strong); }
.verdict.worse { border-color: var(--worse); } .verdict.better { border-color: var(--better); }
.state { margin: 0; font-size: .9rem; font-weight: 650; color: var(--soft-ink); }
.worse .state { color: var(--worse); } .better .state { color: var(--better); }
.sentence { margin: .1rem 0 .4rem; font-size: 1.3rem; line-height: 1.4; max-width: 46rem; text-wrap: pretty; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.6rem, 1fr)); gap: .75rem; margin: 0; }
.figure { padding: .75rem .9rem .8rem; background: var(--wash); border-radius: 4px; }
.figure dt { font-size: .85rem; color: var(--soft-ink); } .figure dd { margin: 0; }
.big { display: block; font-size: 1.85rem; line-height: 1.2; font-weight: 600; font-variant-numeric: tabular-nums; letter-spacing: -.01em; }
.versus { font-size: .82rem; color: var(--soft-ink); font-variant-numeric: tabular-nums; } .versus b, .versus span { display: block; font-weight: 400; white-space: nowrap; } .versus b { color: var(--ink); font-weight: 600; }
table.data { width: 100%; border-collapse: collapse; font-size: .92rem; margin-bottom: .5rem; }
.data caption, .caption { text-align: left; color: var(--soft-ink); font-size: .88rem; padding: .35rem 0; }
.data th, .data td { padding: .4rem 0 .4rem .8rem; border-bottom: 1px solid var(--line); vertical-align: middle; font-weight: 400; }
.data th:first-child, .data td:first-child { padding-left: 0; }
.data tr:first-child > * { border-bottom-color: var(--strong); color: var(--soft-ink); font-size: .82rem; vertical-align: bottom; }
.t, .w { text-align: left; } .t { overflow-wrap: anywhere; min-width: 7.5rem; } .w { color: var(--soft-ink); font-size: .88rem; }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.b { width: 44%; } .data b { font-weight: 650; }
.scroll { overflow-x: auto; }
.bar { display: block; width: 100%; height: 14px; }
.chart { display: block; width: 100%; max-width: 46rem; height: auto; margin: .25rem 0; }
.chart .grid line { stroke: var(--line); } .chart .grid .base { stroke: var(--strong); } .label { fill: var(--soft-ink); font-size: 12px; font-variant-numeric: tabular-nums; } .label.date { font-size: 10.5px; }
rect.hard { fill: var(--hard); } rect.soft, rect.plain { fill: var(--soft); } rect.block, rect.standout { fill: var(--block); }
rect.undetermined { fill: var(--undetermined); } rect.complaint { fill: var(--complaint); } rect.rest { fill: var(--line); } rect.hidden { fill: none; stroke: var(--strong); }
.line { fill: none; stroke-width: 2.5; } .line.bounces { stroke: var(--ink); } .line.hard { stroke: var(--hard); } .dot.bounces { fill: var(--ink); } .dot.hard { fill: var(--hard); }
.limit { stroke: var(--worse); stroke-dasharray: 5 4; } .key.line-bounces { background: var(--ink); }
.key { display: inline-block; width: .7em; height: .7em; margin-right: .4em; background: var(--undetermined); }
.key.hard { background: var(--hard); } .key.soft, .key.plain { background: var(--soft); } .key.block, .key.standout { background: var(--block); }
.key.complaint { background: var(--complaint); } .key.rest { background: var(--line); } .key.hidden { background: none; border: 1px solid var(--strong); }
.legend { margin: .4rem 0 0; color: var(--soft-ink); font-size: .82rem; } .entry { display: inline-block; margin-right: 1.1rem; white-space: nowrap; }
.measures { margin: 0; padding: 0; list-style: none; counter-reset: m; }
.measures li { counter-increment: m; position: relative; padding: .65rem 0 .5rem 2.4rem; border-bottom: 1px solid var(--line); }
.measures li::before { content: counter(m); position: absolute; left: 0; top: .5rem; font-size: 1.4rem; line-height: 1.4; font-weight: 600; color: var(--better); }
.measures p { margin: 0 0 .15rem; max-width: 46rem; } .lead, .measures p { text-wrap: pretty; }
details { margin-top: .6rem; font-size: .92rem; } summary { cursor: pointer; color: var(--soft-ink); font-size: .88rem; }
.method { margin: 0; font-size: .88rem; color: var(--soft-ink); display: grid; grid-template-columns: 8rem 1fr; gap: .25rem 1rem; max-width: 46rem; }
.method dt { color: var(--ink); font-weight: 600; } .method dd { margin: 0; }
code { font-size: .8rem; overflow-wrap: anywhere; }
@media (max-width: 36rem) { main { padding-top: 1.25rem; } h1 { font-size: 1.8rem; } .sentence { font-size: 1.12rem; } .b { width: 30%; } .method { grid-template-columns: 1fr; } .method dd { margin-bottom: .4rem; }
	.figures { grid-template-columns: 1fr 1fr; gap: .5rem; } .figure:first-child:nth-last-child(odd) { grid-column: span 2; } }
@media print { :root { color-scheme: light; --ink: #000; --soft-ink: #444; --paper: #fff; --line: #ccc; --wash: #f3f3f3;
	--hard: #1f4e79; --soft: #62a9d6; --block: #e08a2e; --undetermined: #9aa4ae; --complaint: #a6215d; }
	body { font-size: 10.5pt; } main { max-width: none; padding: 0; } .heading { break-after: avoid; margin-top: 1.5rem; } .subheading { break-after: avoid; }
	tr, li, .chart, .figure { break-inside: avoid; } .scroll { overflow: visible; } details { display: none; } rect, .key { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
</xsl:template>
</xsl:stylesheet>
