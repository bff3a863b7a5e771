#include "poller/command/firstoauth.h"

#include <string.h>
#include <strings.h>
#include "classify/base/log.h"

/* What retour-oauth(7) says of each, and which hosts are theirs. */
static const struct service {
	const char *name;
	const char *hosts[4];  /* ends with NULL */
	const char *token_url; /* %s: the tenant */
	const char *scope, *smtp;
	enum oauth_grant grant;
	const char *client; /* the question */
} services[] = {
	{ "microsoft", { "outlook.office365.com", "outlook.office.com", NULL },
		"https://login.microsoftonline.com/%s/oauth2/v2.0/token",
		"https://outlook.office365.com/.default", "smtp.office365.com:587",
		OAUTH_CLIENT_CREDENTIALS, "Its application (client) ID" },
	{ "google", { "imap.gmail.com", "pop.gmail.com", NULL },
		"https://oauth2.googleapis.com/token", "https://mail.google.com/",
		"smtp.gmail.com:587", OAUTH_JWT_BEARER,
		"The service account (NAME@PROJECT.iam.gserviceaccount.com)" },
	{ "other", { NULL }, NULL, NULL, NULL, OAUTH_CLIENT_CREDENTIALS, "The client ID" },
};
enum { SERVICES = sizeof services / sizeof *services };

static const struct service *service_of_host(const char *host)
{
	for (size_t i = 0; i < SERVICES; i++)
		for (const char *const *h = services[i].hosts; *h; h++)
			if (!strcasecmp(*h, host))
				return &services[i];
	return NULL;
}

const char *firstoauth_smtp(const char *host)
{
	const struct service *s = service_of_host(host);
	return s ? s->smtp : NULL;
}

static const struct service *service_named(const char *name)
{
	for (size_t i = 0; i < SERVICES; i++)
		if (!strcmp(services[i].name, name))
			return &services[i];
	return NULL;
}

static bool is_there(const struct config *c, const char *name)
{
	for (unsigned i = 0; i < c->oauths; i++)
		if (!strcmp(c->oauth[i].name, name))
			return true;
	return false;
}

/* Where tokens are had: asked for as the tenant, or as a whole. */
static int ask_token_url(
	struct first *f, struct asking *a, const struct service *s, const struct setup_oauth *given)
{
	char tenant[ANSWER_SIZE];

	if (given->token_url || !s->token_url)
		return asking_ask(a, "Where tokens are had (https://...)", given->token_url, NULL,
			false, f->oauth.token_url);
	if (!strstr(s->token_url, "%s")) {
		snprintf(f->oauth.token_url, ANSWER_SIZE, "%s", s->token_url);
		return 0;
	}
	if (asking_ask(a, "The directory (tenant) ID", given->tenant, NULL, false, tenant))
		return -1;
	if (strcspn(tenant, "/?#% ") != strlen(tenant)) {
		log_error(
			"setup: right would be a tenant ID such as 6f2d0a3e-... or example.onmicrosoft.com");
		return -1;
	}
	const char *gap = strstr(s->token_url, "%s");
	int n = snprintf(f->oauth.token_url, ANSWER_SIZE, "%.*s%s%s", (int)(gap - s->token_url),
		s->token_url, tenant, gap + 2);
	return n >= 0 && n < ANSWER_SIZE ? 0 : -1;
}

/* By what right: a secret, or files that are there. */
static int ask_right(struct first *f, struct asking *a, const struct setup_oauth *given)
{
	char secret[ANSWER_SIZE];
	int result;

	if (given->client_secret_file) {
		snprintf(f->oauth.secret_file, sizeof f->oauth.secret_file, "%s",
			given->client_secret_file);
		return 0;
	}
	if (f->oauth.certificate_file && !f->oauth.key_file) {
		log_error("setup: --certificate-file wants its --key-file beside it");
		return -1;
	}
	if (f->oauth.grant == OAUTH_JWT_BEARER)
		return asking_ask(a, "The file with its key (PEM, mode 0600)", given->key_file,
			NULL, false, f->oauth.key_path);
	if (f->oauth.certificate_file)
		return 0;
	if (asking_ask(a, "Its secret (it goes into a file of its own)", NULL,
		    f->oauth.grant == OAUTH_REFRESH_TOKEN ? "" : NULL, true, secret))
		return -1;
	result = *secret ? firstfile_secret(f, secret) : 0;
	explicit_bzero(secret, sizeof secret);
	return result;
}

static enum oauth_grant grant_of(const struct service *s, const struct setup_oauth *given)
{
	if (given->refresh_token_file)
		return OAUTH_REFRESH_TOKEN;
	if (given->key_file && !given->certificate_file)
		return OAUTH_JWT_BEARER;
	return given->client_secret_file || given->certificate_file ? OAUTH_CLIENT_CREDENTIALS
								    : s->grant;
}

int firstoauth_ask(struct first *f, struct asking *a, const struct setup_oauth *given,
	const struct config *config)
{
	const char *name = given->service;
	const struct service *s = name ? service_named(name) : service_of_host(f->host);

	f->oauth = (struct first_oauth){ 0 };
	if (!name && !s)
		return 0;
	if (!name)
		fprintf(stderr, "   %s takes no passwords: by OAuth, see retour-oauth(7)\n",
			f->host);
	snprintf(f->oauth.name, sizeof f->oauth.name, "%s", name ? name : s->name);
	f->oauth.is_there = is_there(config, f->oauth.name);
	if (f->oauth.is_there)
		return 1;
	if (!s) {
		log_error(
			"setup: --oauth %s: there is no section [oauth %s]; right would be microsoft, google or other",
			name, name);
		return -1;
	}
	f->oauth.own_ca = !s->token_url; /* the great ones have public certificates */
	f->oauth.grant = grant_of(s, given);
	f->oauth.certificate_file = given->certificate_file;
	f->oauth.key_file = given->key_file;
	f->oauth.refresh_token_file = given->refresh_token_file;
	if (ask_token_url(f, a, s, given) ||
		asking_ask(a, f->oauth.grant == (int)s->grant ? s->client : "The client ID",
			given->client_id, NULL, false, f->oauth.client_id) ||
		asking_ask(a, "The scope (nothing: none)", given->scope ? given->scope : s->scope,
			"", false, f->oauth.scope) ||
		ask_right(f, a, given))
		return -1;
	if (*f->oauth.key_path)
		f->oauth.key_file = f->oauth.key_path;
	return 1;
}
