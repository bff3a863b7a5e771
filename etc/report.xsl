<?xml version="1.0" encoding="UTF-8"?>
<!--
  The monthly report as HTML, from the XML that etc/report.xsd describes. Two shapes of one content:
  page: a document with inline SVG, for screens light and dark, phones and paper; no script, nothing from outside.
  mail: tables with inline styles, as mail clients need it.
  To restyle, copy this file, change it, and name the copy in the configuration ([report] stylesheet).
-->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:retour:report:1" exclude-result-prefixes="r">
<xsl:output method="html" encoding="UTF-8" indent="no" doctype-system="about:legacy-compat"/>
<xsl:strip-space elements="*"/>
<xsl:param name="shape" select="'page'"/>
<xsl:param name="head-entry" select="''"/>
<xsl:param name="head-hash" select="''"/>
<xsl:param name="signing-key" select="''"/>
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
	<xsl:when test="$mail">padding:5px 0 5px 8px;border-bottom:1px solid #ddd</xsl:when>
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
	<html lang="en">
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
			<xsl:otherwise><body><main><xsl:call-template name="content"/></main></body></xsl:otherwise>
		</xsl:choose>
	</html>
</xsl:template>

<xsl:template name="title">
	<xsl:text>Deliverability report, </xsl:text><xsl:value-of select="@title"/>
	<xsl:if test="@organisation">, <xsl:value-of select="@organisation"/></xsl:if>
</xsl:template>

<xsl:template name="content">
	<xsl:call-template name="masthead"/>
	<xsl:apply-templates select="r:verdict"/>
	<xsl:apply-templates select="r:figures"/>
	<xsl:call-template name="what-broke"/>
	<xsl:call-template name="where"/>
	<xsl:apply-templates select="r:measures"/>
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
		<xsl:otherwise><header><p class="overline"><xsl:call-template name="overline"/></p><h1><xsl:value-of select="@title"/></h1></header></xsl:otherwise>
	</xsl:choose>
</xsl:template>

<xsl:template name="overline">
	<xsl:text>Deliverability report</xsl:text>
	<xsl:if test="@organisation"> · <xsl:value-of select="@organisation"/></xsl:if>
</xsl:template>

<!-- === one minute: verdict, key figures, what broke, where, what to do === -->

<xsl:template name="state">
	<xsl:choose>
		<xsl:when test="@state = 'worse'">▲ Worse than the month before</xsl:when>
		<xsl:when test="@state = 'better'">▼ Better than the month before</xsl:when>
		<xsl:when test="@state = 'steady'">● Much like the month before</xsl:when>
		<xsl:otherwise>● First full month</xsl:otherwise>
	</xsl:choose>
</xsl:template>

<xsl:template match="r:verdict">
	<xsl:choose>
		<xsl:when test="$mail">
			<xsl:variable name="colour"><xsl:choose><xsl:when test="@state = 'worse'">#c4661f</xsl:when><xsl:when test="@state = 'better'">#2f7fb3</xsl:when><xsl:otherwise>#7d8791</xsl:otherwise></xsl:choose></xsl:variable>
			<div style="border-left:5px solid {$colour};padding:2px 0 2px 14px">
				<div style="font-size:13px;font-weight:600;color:{$colour}"><xsl:call-template name="state"/></div>
				<div style="font-size:18px;line-height:1.4"><xsl:value-of select="r:sentence"/></div>
				<div style="margin-top:6px;font-size:13px;color:#66717d"><xsl:value-of select="r:note"/></div>
			</div>
		</xsl:when>
		<xsl:otherwise>
			<section class="verdict {@state}">
				<p class="state"><xsl:call-template name="state"/></p>
				<p class="sentence"><xsl:value-of select="r:sentence"/></p>
				<p class="lead"><xsl:value-of select="r:note"/></p>
			</section>
		</xsl:otherwise>
	</xsl:choose>
</xsl:template>

<xsl:template match="r:figures">
	<xsl:variable name="shown" select="r:figure[@id != 'all'][@id != 'undetermined' or number(r:count) &gt; 0 or r:count != 0]"/>
	<h2 xsl:use-attribute-sets="heading">Key figures</h2>
	<xsl:choose>
		<xsl:when test="$mail">
			<table xsl:use-attribute-sets="table">
				<tr><th xsl:use-attribute-sets="first-column">Notices</th><th xsl:use-attribute-sets="column"><xsl:value-of select="$report/@title"/></th>
					<th xsl:use-attribute-sets="column"><xsl:value-of select="$report/@before"/></th><th xsl:use-attribute-sets="column">Change</th></tr>
				<xsl:for-each select="$shown"><tr>
					<th xsl:use-attribute-sets="row"><xsl:call-template name="key"><xsl:with-param name="of" select="@id"/></xsl:call-template><xsl:value-of select="@title"/></th>
					<td xsl:use-attribute-sets="number"><b style="font-size:17px"><xsl:apply-templates select="r:count"/></b><xsl:call-template name="rate"/></td>
					<td xsl:use-attribute-sets="number"><xsl:call-template name="before"/></td>
					<td xsl:use-attribute-sets="number"><xsl:call-template name="change"/></td>
				</tr></xsl:for-each>
			</table>
		</xsl:when>
		<xsl:otherwise>
			<dl class="figures"><xsl:for-each select="$shown">
				<div class="figure {@id}">
					<dt><xsl:call-template name="key"><xsl:with-param name="of" select="@id"/></xsl:call-template><xsl:value-of select="@title"/></dt>
					<dd><span class="big"><xsl:apply-templates select="r:count"/></span><xsl:call-template name="rate"/>
						<xsl:if test="r:before"><span class="versus"><b><xsl:call-template name="change"/></b><xsl:text> </xsl:text><span>before <xsl:call-template name="before"/></span></span></xsl:if></dd>
				</div>
			</xsl:for-each></dl>
		</xsl:otherwise>
	</xsl:choose>
</xsl:template>

<xsl:template name="what-broke">
	<xsl:variable name="list" select="r:classes/r:class/r:category[number(r:count) &gt; 0]"/>
	<xsl:variable name="max"><xsl:call-template name="maximum"><xsl:with-param name="of" select="$list/r:count"/></xsl:call-template></xsl:variable>
	<xsl:if test="$list">
		<h2 xsl:use-attribute-sets="heading">What broke</h2>
		<table xsl:use-attribute-sets="table">
			<xsl:call-template name="caption"><xsl:with-param name="text">The most frequent causes</xsl:with-param></xsl:call-template>
			<tr><th xsl:use-attribute-sets="first-column">Cause</th><td xsl:use-attribute-sets="bar-head"/><th xsl:use-attribute-sets="column">Count</th>
				<th xsl:use-attribute-sets="column">Change</th></tr>
			<xsl:for-each select="$list">
				<xsl:sort select="r:count" data-type="number" order="descending"/>
				<xsl:if test="position() &lt;= 6"><tr>
					<th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/><xsl:if test="r:leader"><xsl:call-template name="small"><xsl:with-param name="text" select="concat(' mostly at ', r:leader)"/></xsl:call-template></xsl:if></th>
					<td xsl:use-attribute-sets="bar-cell"><xsl:call-template name="bar"><xsl:with-param name="parts" select="r:count"/><xsl:with-param name="max" select="$max"/><xsl:with-param name="of" select="../@id"/></xsl:call-template></td>
					<td xsl:use-attribute-sets="number"><xsl:apply-templates select="r:count"/></td>
					<td xsl:use-attribute-sets="number"><xsl:call-template name="change"/></td>
				</tr></xsl:if>
			</xsl:for-each>
		</table>
		<xsl:call-template name="legend"/>
	</xsl:if>
</xsl:template>

<xsl:template name="where">
	<xsl:if test="r:providers/r:row or r:campaigns/r:row">
		<h2 xsl:use-attribute-sets="heading">Where</h2>
		<xsl:call-template name="top"><xsl:with-param name="rows" select="r:providers/r:row"/><xsl:with-param name="what">Provider</xsl:with-param></xsl:call-template>
		<xsl:call-template name="top"><xsl:with-param name="rows" select="r:campaigns/r:row"/><xsl:with-param name="what">Campaign</xsl:with-param></xsl:call-template>
		<xsl:call-template name="legend"><xsl:with-param name="rest" select="true()"/></xsl:call-template>
	</xsl:if>
</xsl:template>

<xsl:template name="top">
	<xsl:param name="rows"/><xsl:param name="what"/>
	<xsl:variable name="list" select="$rows[@name][number(r:count[@of = 'all']) &gt; 0][position() &lt;= 5]"/>
	<xsl:variable name="max"><xsl:call-template name="maximum"><xsl:with-param name="of" select="$list/r:count[@of = 'all']"/></xsl:call-template></xsl:variable>
	<xsl:if test="$list">
		<table xsl:use-attribute-sets="table">
			<xsl:call-template name="caption"><xsl:with-param name="text" select="concat('By ', translate($what, 'PC', 'pc'))"/></xsl:call-template>
			<tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="$what"/></th><td xsl:use-attribute-sets="bar-head"/><th xsl:use-attribute-sets="column">Notices</th>
				<th xsl:use-attribute-sets="column">Change</th></tr>
			<xsl:for-each select="$list"><tr>
				<th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/><xsl:if test="r:worst"><xsl:call-template name="small"><xsl:with-param name="text" select="concat(' ', r:worst/@title)"/></xsl:call-template></xsl:if></th>
				<td xsl:use-attribute-sets="bar-cell"><xsl:call-template name="bar"><xsl:with-param name="parts" select="r:count[@of != 'all']"/><xsl:with-param name="max" select="$max"/><xsl:with-param name="whole" select="r:count[@of = 'all']"/></xsl:call-template></td>
				<td xsl:use-attribute-sets="number"><xsl:apply-templates select="r:count[@of = 'all']"/></td>
				<td xsl:use-attribute-sets="number"><xsl:call-template name="change"/></td>
			</tr></xsl:for-each>
		</table>
	</xsl:if>
</xsl:template>

<xsl:template match="r:measures">
	<h2 xsl:use-attribute-sets="heading">What to do</h2>
	<xsl:choose>
		<xsl:when test="not(r:measure)"><p xsl:use-attribute-sets="lead">The figures of this month call for no measure.</p></xsl:when>
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
	<b><xsl:choose><xsl:when test="@urgency = 'now'">Now</xsl:when><xsl:when test="@urgency = 'watch'">Keep an eye on it</xsl:when><xsl:otherwise>This month</xsl:otherwise></xsl:choose></b>
	<xsl:text> · </xsl:text><xsl:value-of select="@owner"/><xsl:text> · </xsl:text><xsl:value-of select="r:because"/>
</xsl:template>

<!-- === twelve months, days === -->

<xsl:template match="r:trend">
	<xsl:variable name="max"><xsl:call-template name="maximum"><xsl:with-param name="of" select="r:month/r:count[@of = 'all']"/></xsl:call-template></xsl:variable>
	<xsl:if test="r:month">
		<h2 xsl:use-attribute-sets="heading">The last twelve months</h2>
		<p xsl:use-attribute-sets="lead">
			<xsl:text>Attributed bounces and complaints per month.</xsl:text>
			<xsl:if test="count(r:month) &lt; 12"> The records begin in <xsl:value-of select="r:month[1]/@title"/>.</xsl:if>
		</p>
		<xsl:choose>
			<xsl:when test="$mail">
				<table xsl:use-attribute-sets="table"><xsl:for-each select="r:month"><tr>
					<th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/></th>
					<td xsl:use-attribute-sets="bar-cell"><xsl:call-template name="bar"><xsl:with-param name="parts" select="r:count[@of != 'all']"/><xsl:with-param name="max" select="$max"/><xsl:with-param name="whole" select="r:count[@of = 'all']"/></xsl:call-template></td>
					<td xsl:use-attribute-sets="number"><xsl:apply-templates select="r:count[@of = 'all']"/></td>
				</tr></xsl:for-each></table>
			</xsl:when>
			<xsl:otherwise>
				<xsl:call-template name="trend-chart"/>
				<xsl:call-template name="legend"/>
				<details><summary>The figures of the chart</summary><div class="scroll"><table class="data">
					<tr><th class="t" scope="col">Month</th><xsl:for-each select="r:month[1]/r:count"><th class="n" scope="col"><xsl:call-template name="column-title"/></th></xsl:for-each></tr>
					<xsl:for-each select="r:month"><tr><th class="t" scope="row"><xsl:value-of select="@title"/></th><xsl:for-each select="r:count"><td class="n"><xsl:apply-templates select="."/></td></xsl:for-each></tr></xsl:for-each>
				</table></div></details>
			</xsl:otherwise>
		</xsl:choose>
	</xsl:if>
</xsl:template>

<!-- Coordinates: 560 wide; the plot from x 44, from y 12 down to 172. -->
<xsl:template name="trend-chart">
	<xsl:variable name="largest"><xsl:call-template name="maximum"><xsl:with-param name="of" select="r:month/r:count[@of = 'all']"/></xsl:call-template></xsl:variable>
	<xsl:variable name="top"><xsl:call-template name="round-up"><xsl:with-param name="n" select="$largest"/></xsl:call-template></xsl:variable>
	<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 560 196" role="img" aria-labelledby="trend-title trend-desc">
		<title id="trend-title">Bounces and complaints per month</title>
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
			<text class="label" x="{$x + 15}" y="190" text-anchor="middle"><xsl:value-of select="substring(@title, 1, 3)"/></text>
		</xsl:for-each>
	</svg>
</xsl:template>

<xsl:template name="grid">
	<xsl:param name="top"/>
	<g xmlns="http://www.w3.org/2000/svg" class="grid">
		<line x1="44" x2="556" y1="12" y2="12"/><line x1="44" x2="556" y1="92" y2="92"/><line class="base" x1="44" x2="556" y1="172" y2="172"/>
		<text class="label" x="38" y="16" text-anchor="end"><xsl:value-of select="format-number($top, '#,##0')"/></text>
		<text class="label" x="38" y="96" text-anchor="end"><xsl:value-of select="format-number($top div 2, '#,##0')"/></text>
		<text class="label" x="38" y="176" text-anchor="end">0</text>
	</g>
</xsl:template>

<xsl:template match="r:days">
	<xsl:variable name="largest"><xsl:call-template name="maximum"><xsl:with-param name="of" select="r:day/r:count"/></xsl:call-template></xsl:variable>
	<xsl:variable name="top"><xsl:call-template name="round-up"><xsl:with-param name="n" select="$largest"/></xsl:call-template></xsl:variable>
	<h3 xsl:use-attribute-sets="subheading">By day</h3>
	<p xsl:use-attribute-sets="lead">
		<xsl:choose>
			<xsl:when test="r:day/r:standout">
				<xsl:text>Bounces on the days that stand out</xsl:text>
				<xsl:if test="@usual &gt; 0"> (a usual day has <xsl:value-of select="format-number(@usual, '#,##0')"/>)</xsl:if>
				<xsl:text>: </xsl:text>
				<xsl:for-each select="r:day[r:standout]">
					<xsl:if test="position() &gt; 1">; </xsl:if>
					<xsl:value-of select="concat(@weekday, ' ', number(substring(@date, 9)), ': ')"/><b><xsl:apply-templates select="r:count"/></b>
					<xsl:if test="r:standout/@class"> mostly <xsl:value-of select="r:standout/@class"/></xsl:if>
					<xsl:if test="r:standout/@provider"> at <xsl:value-of select="r:standout/@provider"/></xsl:if>
				</xsl:for-each>
				<xsl:text>.</xsl:text>
			</xsl:when>
			<xsl:otherwise>No day stands out.</xsl:otherwise>
		</xsl:choose>
	</p>
	<xsl:if test="not($mail) and $largest &gt; 0">
		<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 560 196" role="img" aria-labelledby="days-title days-desc">
			<title id="days-title">Bounces per day</title>
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
				<xsl:if test="r:standout or (@weekday = 'Mon' and not(preceding-sibling::r:day[1]/r:standout or following-sibling::r:day[1]/r:standout))"><text x="{$x + 6}" y="189" text-anchor="middle" class="label date"><xsl:value-of select="number(substring(@date, 9))"/></text></xsl:if>
			</xsl:for-each>
		</svg>
		<p class="legend"><span class="entry"><i class="key plain"/>bounces per day</span><span class="entry"><i class="key standout"/>stands out</span>
			<span class="entry"><i class="key hidden"/>too few to show</span><span class="entry">labels: Mondays and the days that stand out</span></p>
	</xsl:if>
</xsl:template>

<!-- === details === -->

<xsl:template name="details">
	<h2 xsl:use-attribute-sets="heading">Details</h2>
	<xsl:call-template name="matrix"><xsl:with-param name="rows" select="r:providers/r:row"/><xsl:with-param name="what">Provider</xsl:with-param></xsl:call-template>
	<xsl:call-template name="matrix"><xsl:with-param name="rows" select="r:campaigns/r:row"/><xsl:with-param name="what">Campaign</xsl:with-param></xsl:call-template>
	<xsl:apply-templates select="r:classes"/>
	<xsl:call-template name="blocks"/>
	<xsl:call-template name="complaints"/>
	<xsl:apply-templates select="r:days"/>
	<xsl:apply-templates select="r:origins"/>
	<xsl:call-template name="mailboxes"/>
	<xsl:apply-templates select="r:contacts"/>
</xsl:template>

<xsl:template name="matrix">
	<xsl:param name="rows"/><xsl:param name="what"/>
	<xsl:if test="$rows">
		<h3 xsl:use-attribute-sets="subheading">By <xsl:value-of select="translate($what, 'PC', 'pc')"/></h3>
		<xsl:call-template name="scrolling"><xsl:with-param name="table">
			<table xsl:use-attribute-sets="table">
				<tr><th xsl:use-attribute-sets="first-column"><xsl:value-of select="$what"/></th>
					<xsl:for-each select="$rows[1]/r:count"><th xsl:use-attribute-sets="column"><xsl:call-template name="column-title"/></th></xsl:for-each>
					<th xsl:use-attribute-sets="column">Change</th><xsl:if test="$rows/r:rate"><th xsl:use-attribute-sets="column">Bounce rate</th></xsl:if></tr>
				<xsl:for-each select="$rows"><tr>
					<th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/></th>
					<xsl:for-each select="r:count"><td xsl:use-attribute-sets="number"><xsl:apply-templates select="."/></td></xsl:for-each>
					<td xsl:use-attribute-sets="number"><xsl:call-template name="change"/></td>
					<xsl:if test="$rows/r:rate"><td xsl:use-attribute-sets="number"><xsl:choose><xsl:when test="r:rate"><xsl:value-of select="concat(r:rate, ' %')"/></xsl:when><xsl:otherwise>–</xsl:otherwise></xsl:choose></td></xsl:if>
				</tr></xsl:for-each>
			</table>
		</xsl:with-param></xsl:call-template>
	</xsl:if>
</xsl:template>

<xsl:template match="r:classes">
	<h3 xsl:use-attribute-sets="subheading">By class and cause</h3>
	<xsl:call-template name="scrolling"><xsl:with-param name="table">
		<table xsl:use-attribute-sets="table">
			<tr><th xsl:use-attribute-sets="first-column">Cause</th><th xsl:use-attribute-sets="column">Count</th><th xsl:use-attribute-sets="column">Share</th>
				<th xsl:use-attribute-sets="column"><xsl:value-of select="$report/@before"/></th><th xsl:use-attribute-sets="column">Change</th></tr>
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

<xsl:template name="blocks">
	<xsl:variable name="list" select="r:classes/r:class[@id = 'block']/r:category"/>
	<xsl:if test="$list">
		<h3 xsl:use-attribute-sets="subheading">Blocks: causes and what to check</h3>
		<table xsl:use-attribute-sets="table">
			<tr><th xsl:use-attribute-sets="first-column">Cause</th><th xsl:use-attribute-sets="column">Count</th><th xsl:use-attribute-sets="words-column">Check</th></tr>
			<xsl:for-each select="$list"><tr>
				<th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/><xsl:if test="r:leader"><xsl:call-template name="small"><xsl:with-param name="text" select="concat(' mostly at ', r:leader)"/></xsl:call-template></xsl:if></th>
				<td xsl:use-attribute-sets="number"><xsl:apply-templates select="r:count"/></td>
				<td xsl:use-attribute-sets="words"><xsl:value-of select="r:check"/></td>
			</tr></xsl:for-each>
		</table>
	</xsl:if>
</xsl:template>

<xsl:template name="complaints">
	<xsl:variable name="campaigns" select="r:campaigns/r:row[r:count[@of = 'complaint'] != 0]"/>
	<xsl:variable name="providers" select="r:providers/r:row[r:count[@of = 'complaint'] != 0]"/>
	<xsl:if test="$campaigns or $providers">
		<h3 xsl:use-attribute-sets="subheading">Complaints</h3>
		<xsl:call-template name="complaint-list"><xsl:with-param name="rows" select="$campaigns"/><xsl:with-param name="what">By campaign</xsl:with-param></xsl:call-template>
		<xsl:call-template name="complaint-list"><xsl:with-param name="rows" select="$providers"/><xsl:with-param name="what">By provider</xsl:with-param></xsl:call-template>
	</xsl:if>
</xsl:template>

<xsl:template name="complaint-list">
	<xsl:param name="rows"/><xsl:param name="what"/>
	<p xsl:use-attribute-sets="lead"><b><xsl:value-of select="$what"/></b><xsl:text>: </xsl:text>
		<xsl:for-each select="$rows">
			<xsl:sort select="concat('0', translate(r:count[@of = 'complaint'], '&lt;≥', '')) * (number(r:count[@of = 'complaint']) = number(r:count[@of = 'complaint']))" data-type="number" order="descending"/>
			<xsl:if test="position() &gt; 1">, </xsl:if>
			<xsl:value-of select="@title"/><xsl:text>&#160;</xsl:text><b><xsl:apply-templates select="r:count[@of = 'complaint']"/></b>
		</xsl:for-each>
		<xsl:text>.</xsl:text></p>
</xsl:template>

<xsl:template match="r:origins">
	<h3 xsl:use-attribute-sets="subheading">Origin of the notices</h3>
	<p xsl:use-attribute-sets="lead">Anyone can send a forged notice to a bounce address. Only the attributed ones, the first two lines, are counted above.</p>
	<table xsl:use-attribute-sets="table">
		<tr><th xsl:use-attribute-sets="first-column">The returned mail is</th><th xsl:use-attribute-sets="column">Bounces</th><th xsl:use-attribute-sets="column">Complaints</th></tr>
		<xsl:for-each select="r:origin"><tr>
			<th xsl:use-attribute-sets="row"><xsl:value-of select="@title"/></th>
			<xsl:for-each select="r:count"><td xsl:use-attribute-sets="number"><xsl:apply-templates select="."/></td></xsl:for-each>
		</tr></xsl:for-each>
	</table>
</xsl:template>

<xsl:template name="mailboxes">
	<h3 xsl:use-attribute-sets="subheading">Mail in the mailboxes</h3>
	<p xsl:use-attribute-sets="lead"><xsl:text>Beside bounces and complaints: </xsl:text>
		<xsl:for-each select="r:other-mail/r:kind"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:value-of select="translate(@title, 'ACDU', 'acdu')"/><xsl:text>&#160;</xsl:text><b><xsl:apply-templates select="r:count"/></b></xsl:for-each>
		<xsl:text>.</xsl:text></p>
	<xsl:if test="r:mailboxes/r:mailbox">
		<table xsl:use-attribute-sets="table">
			<tr><th xsl:use-attribute-sets="first-column">Mailbox</th><th xsl:use-attribute-sets="column">Read</th><th xsl:use-attribute-sets="column">Seen before</th>
				<th xsl:use-attribute-sets="column">Not recognised</th><th xsl:use-attribute-sets="column">Quarantined</th></tr>
			<xsl:for-each select="r:mailboxes/r:mailbox"><tr>
				<th xsl:use-attribute-sets="row"><xsl:value-of select="@name"/></th>
				<xsl:for-each select="r:count"><td xsl:use-attribute-sets="number"><xsl:apply-templates select="."/></td></xsl:for-each>
			</tr></xsl:for-each>
		</table>
	</xsl:if>
</xsl:template>

<xsl:template match="r:contacts">
	<h3 xsl:use-attribute-sets="subheading">Recipients by state</h3>
	<p xsl:use-attribute-sets="lead"><xsl:text>As this report is made: </xsl:text>
		<xsl:for-each select="r:state[r:count != 0]"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:value-of select="translate(substring(@title, 1, 1), 'ABHPSUWT', 'abhpsuwt')"/><xsl:value-of select="substring(@title, 2)"/><xsl:text>&#160;</xsl:text><b><xsl:apply-templates select="r:count"/></b></xsl:for-each>
		<xsl:if test="not(r:state[r:count != 0])">none on record</xsl:if><xsl:text>.</xsl:text></p>
</xsl:template>

<xsl:template match="r:retention">
	<h2 xsl:use-attribute-sets="heading">Retention</h2>
	<p xsl:use-attribute-sets="lead"><xsl:value-of select="r:sentence"/>
		<xsl:text> Kept: </xsl:text>
		<xsl:for-each select="r:class"><xsl:if test="position() &gt; 1">, </xsl:if><xsl:value-of select="concat(@name, ' ', @period)"/></xsl:for-each><xsl:text>.</xsl:text>
		<xsl:if test="r:ledger"> Ledger entry <xsl:value-of select="r:ledger/@entry"/> closed the month: <xsl:call-template name="hash"><xsl:with-param name="text" select="r:ledger/@hash"/></xsl:call-template></xsl:if>
		<xsl:if test="$head-entry != ''">. Head of the ledger when this mail was made: entry <xsl:value-of select="$head-entry"/>, <xsl:call-template name="hash"><xsl:with-param name="text" select="$head-hash"/></xsl:call-template></xsl:if>
		<xsl:if test="$signing-key != ''">. The attached XML is signed with the key <xsl:call-template name="hash"><xsl:with-param name="text" select="$signing-key"/></xsl:call-template></xsl:if></p>
</xsl:template>

<xsl:template name="hash"><xsl:param name="text"/>
	<xsl:choose><xsl:when test="$mail"><span style="font-family:monospace;font-size:11px;word-break:break-all"><xsl:value-of select="$text"/></span></xsl:when>
	<xsl:otherwise><code><xsl:value-of select="$text"/></code></xsl:otherwise></xsl:choose></xsl:template>

<xsl:template match="r:method">
	<h2 xsl:use-attribute-sets="heading">How to read this</h2>
	<p xsl:use-attribute-sets="lead"><xsl:text>Time zone of days and months: </xsl:text><xsl:value-of select="$report/@timezone"/>
		<xsl:text>. Counts below </xsl:text><xsl:value-of select="$report/@k"/><xsl:text> are printed as “&lt;</xsl:text><xsl:value-of select="$report/@k"/>
		<xsl:text>”, because they could point at a person; “≥</xsl:text><xsl:value-of select="$report/@k"/><xsl:text>” stands where a larger count would give such a one away by subtraction. No address, no part of one and no message text is in this report.</xsl:text></p>
	<xsl:choose>
		<xsl:when test="$mail"><p xsl:use-attribute-sets="lead"><xsl:for-each select="r:definition"><b><xsl:value-of select="@term"/></b>: <xsl:value-of select="."/><br/></xsl:for-each></p></xsl:when>
		<xsl:otherwise><dl class="method"><xsl:for-each select="r:definition"><dt><xsl:value-of select="@term"/></dt><dd><xsl:value-of select="."/></dd></xsl:for-each></dl></xsl:otherwise>
	</xsl:choose>
</xsl:template>

<!-- === pieces === -->

<xsl:template match="r:count">
	<xsl:choose>
		<xsl:when test="number(.) = number(.)"><xsl:value-of select="format-number(., '#,##0')"/></xsl:when>
		<xsl:otherwise><xsl:value-of select="."/></xsl:otherwise>
	</xsl:choose>
</xsl:template>

<xsl:template name="before">
	<xsl:choose>
		<xsl:when test="number(r:before) = number(r:before)"><xsl:value-of select="format-number(r:before, '#,##0')"/></xsl:when>
		<xsl:when test="r:before"><xsl:value-of select="r:before"/></xsl:when>
		<xsl:otherwise>–</xsl:otherwise>
	</xsl:choose>
</xsl:template>

<xsl:template name="change">
	<xsl:choose>
		<xsl:when test="not(r:change)">–</xsl:when>
		<xsl:when test="r:change &gt; 0"><xsl:value-of select="concat('▲ ', format-number(r:change, '#,##0'), ' %')"/></xsl:when>
		<xsl:when test="r:change &lt; 0"><xsl:value-of select="concat('▼ ', format-number(-r:change, '#,##0'), ' %')"/></xsl:when>
		<xsl:otherwise>= 0 %</xsl:otherwise>
	</xsl:choose>
</xsl:template>

<xsl:template name="rate">
	<xsl:if test="r:rate"><xsl:call-template name="small"><xsl:with-param name="text" select="concat(' ', r:rate, ' % of sent')"/></xsl:call-template></xsl:if>
</xsl:template>

<xsl:template name="share">
	<xsl:choose><xsl:when test="r:share"><xsl:value-of select="concat(r:share, ' %')"/></xsl:when><xsl:otherwise>–</xsl:otherwise></xsl:choose>
</xsl:template>

<xsl:template name="column-title">
	<xsl:choose>
		<xsl:when test="@of = 'all'">All</xsl:when><xsl:when test="@of = 'hard'">Hard</xsl:when><xsl:when test="@of = 'soft'">Soft</xsl:when>
		<xsl:when test="@of = 'block'">Block</xsl:when><xsl:when test="@of = 'undetermined'">Undet.</xsl:when><xsl:otherwise>Compl.</xsl:otherwise>
	</xsl:choose>
</xsl:template>

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
			<xsl:when test="$mail"><span style="color:#ccc">■&#160;</span>too few to show by class</xsl:when>
			<xsl:otherwise><span class="entry"><i class="key rest"/>too few to show by class</span></xsl:otherwise>
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
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { margin: 0 0 1.25rem; font-size: 2.25rem; line-height: 1.15; font-weight: 650; letter-spacing: -.015em; }
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
