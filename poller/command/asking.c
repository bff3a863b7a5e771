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

/*
 * One line without its end and, unless it is a SECRET, the blanks around it; "" where it is too
 * long, said; false at the end of the input.
 */
static bool read_answer(char *answer, bool secret)
{
	char line[ANSWER_SIZE];
	int c = 0;

	if (!fgets(line, sizeof line, stdin))
		return false;
	if (strlen(line) == sizeof line - 1 && line[sizeof line - 2] != '\n') {
		while ((c = fgetc(stdin)) != '\n' && c != EOF)
			;
		explicit_bzero(line, sizeof line);
		log_error("setup: an answer has %d characters at most", ANSWER_SIZE - 2);
		return c != EOF;
	}
	struct span text = span_of(line);
	text.n = secret ? strcspn(line, "\r\n") : text.n; /* a password may end in a blank */
	text = secret ? text : span_trim(text);
	memcpy(answer, text.p, text.n);
	answer[text.n] = '\0';
	explicit_bzero(line, sizeof line);
	return true;
}

static struct termios before_hiding;
static volatile bool is_hidden;

void asking_restore(void)
{
	if (is_hidden)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before_hiding);
	is_hidden = false;
}

/* From now on it is not shown what is typed. */
static bool hide_typing(void)
{
	struct termios unseen, *seen = &before_hiding;

	if (tcgetattr(STDIN_FILENO, seen))
		return false;
	unseen = *seen;
	unseen.c_lflag &= ~(tcflag_t)ECHO;
	is_hidden = true;
	return !tcsetattr(STDIN_FILENO, TCSADRAIN, &unseen);
}

int asking_ask(struct asking *a, const char *question, const char *given, const char *standard,
	bool secret, char *answer)
{
	*answer = '\0';
	a->number++;
	if (given) {
		span_copy_text(answer, ANSWER_SIZE, span_of(given));
		return 0;
	}
	for (;;) {
		bool usual = standard && *standard;
		bool hidden = a->terminal && secret && hide_typing();
		if (a->terminal)
			fprintf(stderr, "%u. %s%s%s%s: ", a->number, question, usual ? " [" : "",
				usual ? standard : "", usual ? "]" : "");
		bool more = read_answer(answer, secret);
		if (hidden) {
			asking_restore();
			fputc('\n', stderr);
		}
		/* Ctrl-D is no answer: taken for one, it would answer for ever what does not work
		 */
		if (!*answer && !more && a->terminal) {
			fputc('\n', stderr);
			log_error("setup: no answer to: %s; nothing was written", question);
			return -1;
		}
		if (!*answer && standard)
			span_copy_text(answer, ANSWER_SIZE, span_of(standard));
		if (*answer || standard)
			return 0;
		if (!a->terminal) {
			log_error("setup: no answer to: %s", question);
			return -1;
		}
	}
}
