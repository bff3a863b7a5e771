/*
 * What the words of the report mean, printed at its end in every format, and which causes belong
 * together.
 */
#include "reports/model.h"

const char *const report_definitions[] = { "bounce", "hard", "soft", "block", "undetermined",
	"complaint", "attributed", "sent", "rate", "target", "month", "share", "placement", NULL };

const enum category infrastructure_categories[] = { CATEGORY_AUTH_FAILURE, CATEGORY_INFRASTRUCTURE,
	CATEGORY_TLS_FAILURE, CATEGORY_REPUTATION, CATEGORY_NON_COMPLIANT, CATEGORY_RATE_LIMITED,
	CATEGORY_NONE };

bool is_infrastructure(unsigned category)
{
	for (const enum category *c = infrastructure_categories; *c != CATEGORY_NONE; c++)
		if (*c == category)
			return true;
	return false;
}
