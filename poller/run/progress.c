#include "poller/run/progress.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "classify/base/units.h"

enum { PROGRESS_SIZE = 100, FIRST_MS = 1000, AGAIN_MS = 250 };

static struct {
	const char *what, *unit;
	bool on;
	int64_t began, shown; /* monotonic milliseconds */
	uint64_t bytes, whole;
	int width; /* of what stands there now */
} line;

static void wipe_progress(void)
{
	if (line.width)
		fprintf(stderr, "\r%*s\r", line.width, "");
	fflush(stderr);
	line.width = 0;
}

int progress_is_seen(void)
{
	return isatty(STDERR_FILENO) && log_level() >= LOG_LEVEL_NOTICE;
}

void progress_begin(const char *what, const char *unit)
{
	line.on = progress_is_seen();
	line.what = what;
	line.unit = unit;
	line.began = line.shown = clock_monotonic_ms();
	line.bytes = line.whole = 0;
	if (line.on)
		log_set_aside(wipe_progress);
}

void progress_bytes(uint64_t done, uint64_t whole)
{
	line.bytes = done;
	line.whole = whole;
}

/* "about 3 min left" */
static void say_left(char *text, size_t size, int64_t seconds)
{
	if (seconds >= 2 * HOUR)
		snprintf(text, size, ", about %" PRId64 " h left", (seconds + HOUR / 2) / HOUR);
	else if (seconds >= 2 * MINUTE)
		snprintf(text, size, ", about %" PRId64 " min left",
			(seconds + MINUTE / 2) / MINUTE);
	else
		snprintf(text, size, ", about %" PRId64 " s left", seconds);
}

void progress_show(uint64_t done)
{
	char text[PROGRESS_SIZE], share[16] = "", left[40] = "";
	int64_t now, past;

	if (!line.on)
		return;
	now = clock_monotonic_ms();
	past = now - line.began;
	if (past < FIRST_MS || now - line.shown < AGAIN_MS)
		return;
	line.shown = now;
	if (line.whole && line.bytes && line.bytes <= line.whole) {
		double part = (double)line.bytes / (double)line.whole;
		snprintf(share, sizeof share, ", %.0f %%", 100 * part);
		say_left(left, sizeof left, (int64_t)((double)past / part * (1 - part) / 1000));
	}
	if (line.unit)
		snprintf(text, sizeof text, "%s: %" PRIu64 " %s, %" PRIu64 " a second%s%s",
			line.what, done, line.unit, done * 1000 / (uint64_t)past, share, left);
	else
		snprintf(text, sizeof text, "%s: %" PRId64 " s", line.what, past / 1000);
	wipe_progress();
	line.width = fprintf(stderr, "%s", text);
	fflush(stderr);
}

void progress_end(void)
{
	if (line.on)
		wipe_progress();
	log_set_aside(NULL);
	line.on = false;
}
