/* The words of the ledger's kinds. */
#include "store/ledgerkind.h"

#define LEDGER_NAME(symbol, name) name,
static const char *const ledger_names[] = { LEDGER_KINDS(LEDGER_NAME) };

const char *ledger_kind_name(enum ledger_kind kind)
{
	return ledger_names[kind];
}
