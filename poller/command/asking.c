#include "poller/command/asking.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "classify/base/log.h"
#include "classify/base/span.h"

void asking_begin(struct asking *a)
{
	*a = (struct asking){ .terminal = isatty(STDIN_FILENO) && isatty(STDERR_FILENO) };
}

/* One line without its end and the blanks around it; false at the end of the input. */
static bool read_answer(char *answer)
{
	char line[ANSWER_SIZE];

	if (!fgets(line, sizeof line, stdin))
		return false;
	struct span text = span_trim(span_of(line));
	memcpy(answer, text.p, text.n);
	answer[text.n] = '\0';
	explicit_bzero(line, sizeof line);
	return true;
}

/* What stood there before; from now on it is not shown what is typed. */
static bool hide_typing(struct termios *seen)
{
	struct termios unseen;

	if (tcgetattr(STDIN_FILENO, seen))
		return false;
	unseen = *seen;
	unseen.c_lflag &= ~(tcflag_t)ECHO;
	return !tcsetattr(STDIN_FILENO, TCSADRAIN, &unseen);
}

int asking_ask(struct asking *a, const char *question, const char *given, const char *standard,
	bool secret, char *answer)
{
	struct termios seen;

	*answer = '\0';
	a->number++;
	if (given) {
		span_copy_text(answer, ANSWER_SIZE, span_of(given));
		return 0;
	}
	for (;;) {
		bool usual = standard && *standard;
		bool hidden = a->terminal && secret && hide_typing(&seen);
		if (a->terminal)
			fprintf(stderr, "%u. %s%s%s%s: ", a->number, question, usual ? " [" : "",
				usual ? standard : "", usual ? "]" : "");
		bool more = read_answer(answer);
		if (hidden) {
			tcsetattr(STDIN_FILENO, TCSADRAIN, &seen);
			fputc('\n', stderr);
		}
		if (!*answer && standard)
			span_copy_text(answer, ANSWER_SIZE, span_of(standard));
		if (*answer || standard)
			return 0;
		if (!more || !a->terminal) {
			log_error("setup: no answer to: %s", question);
			return -1;
		}
	}
}
