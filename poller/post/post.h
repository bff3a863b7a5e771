/*
 * What leaves the house, where it goes and when: the INI file's [report], [alert], [witness] and
 * [metrics], read and checked.
 */
#ifndef RETOUR_POST_H
#define RETOUR_POST_H

#include <stdint.h>
#include "classify/base/list.h"
#include "poller/mailbox/mailbox.h"
#include "store/watch/alert.h"

/* Whose figures are in a report; by the words of the INI file. */
#define REPORT_SITES(X) \
	X(REPORT_OWN, "own") \
	X(REPORT_ALL, "all")
#define POST_ENUM(symbol, word) symbol,
enum report_sites { REPORT_SITES(POST_ENUM) };
#undef POST_ENUM

struct post_options {
	const char *organisation, *from, *smtp_host, *ca_file, *user, *sendmail, *timezone, *dir,
		*stylesheet, *helo, *language, *logo, *colour, *measures;
	int64_t smtp_port, timeout, day,
		target[3]; /* parts per million of what was sent: hard, all bounces, complaints */
	int tls, auth;
	int sites; /* enum report_sites: whose figures a report has */
	struct secret_source secret;
	const char *oauth_name; /* as in struct mailbox */
	const struct oauth_options *oauth;
	struct list to;
	struct list alert_to;
	struct alert_options alerts;
	const char *alert_command, *metrics_file;
	const char *hook_command; /* hook.h; NULL: nobody is told */
	bool hook_addresses;
	int64_t hook_timeout; /* seconds, for one batch */
	const char *witness_syslog, *witness_command, *witness_timestamp, *witness_tsa,
		*witness_dir;    /* of the ledger's head (outside.h) */
	const char *config_file; /* a carrier process reads it anew; NULL: built-in defaults */
};

#endif
