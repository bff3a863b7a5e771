/* Finding a mailbox by its name, and what follows from its protocol. */
#include "poller/mailbox/mailbox.h"

#include <stddef.h>
#include <string.h>

const struct mailbox *mailbox_find(const struct mailbox *list, unsigned count, const char *name)
{
	for (unsigned i = 0; i < count; i++)
		if (!strcmp(list[i].name, name))
			return &list[i];
	return NULL;
}

bool mailbox_has_server(const struct mailbox *box)
{
#define HAS_SERVER(symbol, name, source, server) [symbol] = server,
	static const bool has[] = { PROTOCOLS(HAS_SERVER) };
#undef HAS_SERVER
	return has[box->protocol];
}
