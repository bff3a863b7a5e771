/* A promise of the audit, and its words. */
#include <stdarg.h>

#include "reports/audit.h"

void audit_say(char out[AUDIT_TEXT_SIZE], const char *format, ...)
{
	va_list list;
	va_start(list, format);
	vsnprintf(out, AUDIT_TEXT_SIZE, format, list);
	va_end(list);
}

struct promise *audit_promise(struct audit *a, const char *id)
{
	struct promise *p = &a->promise[a->promises++];
	snprintf(p->id, sizeof p->id, "%s", id);
	return p;
}
