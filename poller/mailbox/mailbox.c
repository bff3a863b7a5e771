/* Finding a mailbox by its name. */
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
