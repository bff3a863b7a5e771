/*
 * The configuration once it was read (configread.c): what owns its strings, and what rooms below
 * need of it.
 */
#include "poller/config/config.h"

#include <stdlib.h>
#include <string.h>

/* One allocation that the configuration owns; they hang in a list behind config->memory. */
struct piece {
	struct piece *next;
	char text[];
};

char *config_keep(struct config *c, const char *text)
{
	size_t n = strlen(text) + 1;
	struct piece *piece = malloc(sizeof *piece + n);
	if (!piece)
		abort();
	memcpy(piece->text, text, n);
	piece->next = c->memory;
	c->memory = piece;
	return piece->text;
}

void config_free(struct config *c)
{
	for (struct piece *piece = c->memory, *next; piece; piece = next) {
		next = piece->next;
		free(piece);
	}
	memset(c, 0, sizeof *c);
}

const struct mailbox *config_mailbox(const struct config *c, const char *name)
{
	return mailbox_find(c->mailbox, c->mailboxes, name);
}

void config_store_options(const struct config *c, struct store_options *o)
{
	static const enum origin act_on[] = { [ACT_ON_VERIFIED] = ORIGIN_VERIFIED,
		[ACT_ON_MATCHED] = ORIGIN_MATCHED,
		[ACT_ON_ANY] = ORIGIN_BACKSCATTER };
	*o = (struct store_options){ .path = c->store_path,
		.keys_dir = c->keys_dir,
		.act_on = act_on[c->act_on],
		.tell = c->post.hook_command != NULL,
		.tell_addresses = c->post.hook_addresses,
		.fold_local_part = c->fold_local_part,
		.fold_gmail = c->fold_gmail,
		.keep_diagnostics = c->diagnostics == DIAGNOSTICS_REDACTED,
		.all_domains = c->domains_kept == DOMAINS_ALL,
		.k = (unsigned)c->k,
		.ladders = c->ladders,
		.quiet = c->soft_quiet,
		.mailings = c->soft_mailings,
		.pause = c->soft_pause,
		.brake_minimum = c->brake_minimum,
		.brake_factor = c->brake_factor,
		.brake_hold = c->brake_hold,
		.remember = c->soft_remember,
		.block_hold = c->block_hold,
		.block_patience = c->block_patience,
		.block_gate = c->block_gate,
		.block_quiet = c->block_quiet };
	memcpy(o->ladder, c->ladder, sizeof o->ladder);
	o->streams = c->streams;
	o->site = c->site;
	for (unsigned i = 0; i < c->others; i++) {
		struct site_peer *peer = &o->peer[o->peers];
		struct minisign_public key;
		const char *text = c->other[i].public_key;
		if (!minisign_key_parse(text, strlen(text), &key))
			continue;
		snprintf(peer->name, sizeof peer->name, "%s", c->other[i].name);
		memcpy(peer->key, key.key, sizeof peer->key);
		o->peers++;
	}
	for (int i = 0; i < RETAIN_COUNT; i++)
		o->retention[i] = (struct retention){ retention_class_name((unsigned)i),
			c->period[i], c->reason[i] };
}
