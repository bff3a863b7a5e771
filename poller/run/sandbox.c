/* The parser's walls. See seccomp(2), setrlimit(2), seccomp_rule_add(3). */
#include "poller/run/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "poller/run/child.h"

#if defined WITH_ADDRESS_SANITIZER || defined RETOUR_NO_SANDBOX
enum { FILTERS = false };
#else
enum { FILTERS = true };
#endif

#ifdef RETOUR_TEST_CPU_SECONDS /* so that the test of a parser that spins does not take long */
enum { CPU_SECONDS = RETOUR_TEST_CPU_SECONDS };
#else
enum { CPU_SECONDS = SANDBOX_CPU_SECONDS };
#endif

bool sandbox_filters(void)
{
	return FILTERS;
}

/*
 * Calls that need no look at their arguments: memory that is given back, time, the end, and what
 * abort() and the allocator do.
 */
static const int harmless[] = {
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(getrandom),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
};

static int allow(scmp_filter_ctx filter, int fd)
{
	int problem = 0;
	for (size_t i = 0; i < sizeof harmless / sizeof *harmless && !problem; i++)
		problem = seccomp_rule_add(filter, SCMP_ACT_ALLOW, harmless[i], 0);
	/*
	 * the socket, the log, memory that is not code, one's own limit of time, a signal to
	 * oneself
	 */
	const struct {
		int call;
		struct scmp_arg_cmp argument;
	} looked_at[] = {
		{ SCMP_SYS(recvfrom), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd, 0) },
		{ SCMP_SYS(recv), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd, 0) },
		{ SCMP_SYS(sendmsg), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd, 0) },
		{ SCMP_SYS(write), SCMP_A0(SCMP_CMP_EQ, STDERR_FILENO, 0) },
		{ SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		{ SCMP_SYS(mmap2), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		{ SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		{ SCMP_SYS(setrlimit), SCMP_A0(SCMP_CMP_EQ, RLIMIT_CPU, 0) },
		{ SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0) },
	};
	for (size_t i = 0; i < sizeof looked_at / sizeof *looked_at && !problem; i++)
		problem = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, looked_at[i].call, 1, looked_at[i].argument);
	/* its own: the same call ends another process of the same user */
	return problem ? problem
		       : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2,
				 SCMP_A0(SCMP_CMP_EQ, 0, 0), SCMP_A1(SCMP_CMP_EQ, RLIMIT_CPU, 0));
}

static int load_filter(int fd, char *error, size_t size)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int problem = filter ? allow(filter, fd) : -ENOMEM;
	if (!problem)
		problem = seccomp_load(filter);
	seccomp_release(filter);
	if (problem)
		snprintf(error, size, "no system-call filter: %s", strerror(-problem));
	return problem ? -1 : 0;
}

void sandbox_new_budget(void)
{
	struct timespec used;
	struct rlimit limit = { .rlim_max = RLIM_INFINITY };
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	limit.rlim_cur = (rlim_t)used.tv_sec + 1 + CPU_SECONDS;
	setrlimit(RLIMIT_CPU, &limit);
}

int sandbox_enter(int fd, char *error, size_t size)
{
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	if (FILTERS) /* the leak sanitizer opens files when a parser ends, and where it cannot it
			tries for ever */
		setrlimit(RLIMIT_NOFILE, &(struct rlimit){ (rlim_t)fd + 1, (rlim_t)fd + 1 });
	setrlimit(RLIMIT_NPROC, &(struct rlimit){ 0, 0 });
	sandbox_new_budget();
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return FILTERS ? load_filter(fd, error, size) : 0;
}
