/* Functions of SQL for the figures of the report. */
#ifndef RETOUR_STORE_KPI_H
#define RETOUR_STORE_KPI_H

#include "store/internal.h"

/*
 * domain_group() is known to SQL from now on; before the first statement that uses it is prepared.
 */
int kpi_functions(struct store *s);

#endif
