/* Figures for Prometheus, in a file for node_exporter's textfile collector. */
#ifndef RETOUR_METRICS_H
#define RETOUR_METRICS_H

#include "poller/run/session.h"

/* What the run itself knows. */
struct metrics_run {
	int64_t now;
	double seconds; /* that it took */
	int result;     /* exit code so far */
};

/*
 * Writes [metrics] file, whole or not at all; nothing where none is configured. Exit code; failures
 * are said.
 */
int metrics_write(struct session *s, const struct metrics_run *run);

/*
 * The same without the figures of a run, as text; buffer_free(). 0, or -1 with the store's error
 * text, or without memory.
 */
int metrics_text(struct session *s, struct buffer *out);

#endif
