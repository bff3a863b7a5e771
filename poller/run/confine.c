/* The walls of those who talk to servers, or to who asks. See landlock(7), seccomp_rule_add(3). */
#include "poller/run/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "classify/base/log.h"
#include "poller/run/child.h"
#include "poller/run/sandbox.h"

/* --- paths and ports ------------------------------------------------------ */

/* Newer than some headers. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

static const uint64_t may_read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
		      may_write = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
	LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
	LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
	LANDLOCK_ACCESS_FS_REFER | LANDLOCK_ACCESS_FS_TRUNCATE,
		      /* none of these to anybody */
	nobody_may = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
	LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
	LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

/*
 * Resolver, certificates, the libraries that both load at their first use, and what they ask of the
 * system. Not /etc as a whole: passwords lie there.
 */
static const char *const system_paths[] = { "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf",
	"/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols", "/etc/localtime",
	"/etc/ld.so.cache", "/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/gnutls",
	"/etc/crypto-policies", "/etc/pkcs11", "/usr/lib", "/usr/lib64", "/lib", "/lib64",
	"/usr/share", "/run/systemd/resolve", "/run/nscd", "/var/run/nscd", "/dev/urandom",
	"/dev/null", NULL };

int confine_landlock(bool *refused)
{
	long version = syscall(
		SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
	*refused = version < 0 && (errno == EPERM || errno == EACCES);
	return version > 0 ? (int)version : 0;
}

/* What a kernel of VERSION knows of RIGHTS. */
static uint64_t known_rights(uint64_t rights, int version)
{
	if (version < 2)
		rights &= ~(uint64_t)LANDLOCK_ACCESS_FS_REFER;
	if (version < 3)
		rights &= ~(uint64_t)LANDLOCK_ACCESS_FS_TRUNCATE;
	return rights;
}

static void allow_paths(int rules, const char *const *path, uint64_t rights)
{
	static const uint64_t of_files = LANDLOCK_ACCESS_FS_READ_FILE |
		LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE;
	struct stat st;
	for (; path && *path; path++) {
		struct landlock_path_beneath_attr beneath = { .parent_fd = open(
								      *path, O_PATH | O_CLOEXEC) };
		if (beneath.parent_fd < 0)
			continue;
		bool directory = !fstat(beneath.parent_fd, &st) && S_ISDIR(st.st_mode);
		beneath.allowed_access = directory ? rights : rights & of_files;
		syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
		close(beneath.parent_fd);
	}
}

/* Newer than some headers, too: what a set of rules is about. An older kernel wants zeroes. */
struct handled {
	uint64_t files, network, scoped;
};
enum { NETWORK_SINCE = 4, SCOPED_SINCE = 6, PORT_RULE = 2, RESOLVER_PORT = 53 };
static const uint64_t bind_tcp = 1 << 0, connect_tcp = 1 << 1, abstract_sockets = 1 << 0,
		      signals = 1 << 1;

static void allow_port(int rules, uint16_t port)
{
	const struct {
		uint64_t allowed, port;
	} rule = { connect_tcp, port };
	syscall(SYS_landlock_add_rule, rules, PORT_RULE, &rule, 0);
}

/* A wall that is missing because of a setting is said: the setting can be mended. */
static void say_paths_stay_open(void)
{
	log_warning(
		"a filter of system calls forbids Landlock here, so that paths stay open to this process; right would be to allow " LANDLOCK_CALLS);
}

static void close_paths(const struct confine *c)
{
	bool refused;
	int version = confine_landlock(&refused);
	struct handled handled = { .files = known_rights(may_write | nobody_may, version) };
	bool one_port = version >= NETWORK_SINCE && (c->port || !c->network);
	if (one_port)
		handled.network = bind_tcp | connect_tcp;
	if (version >= SCOPED_SINCE && (c->network || c->serves || c->answers))
		handled.scoped = abstract_sockets | signals;
	int rules = version ? (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0)
			    : -1;
	if (rules < 0) {
		if (refused)
			say_paths_stay_open();
		return;
	}
	allow_paths(rules, c->answers ? NULL : system_paths, may_read);
	allow_paths(rules, c->read, may_read);
	allow_paths(rules, c->write, known_rights(may_write, version));
	if (one_port && c->network) {
		allow_port(rules, c->port);
		allow_port(rules, RESOLVER_PORT);
	}
	if (syscall(SYS_landlock_restrict_self, rules, 0))
		say_paths_stay_open();
	close(rules);
}

/* --- system calls --------------------------------------------------------- */

/* What talking, resolving, reading and writing files takes. */
static const int usual[] = { SCMP_SYS(access), SCMP_SYS(brk), SCMP_SYS(chdir),
	SCMP_SYS(clock_getres), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(close),
	SCMP_SYS(close_range), SCMP_SYS(connect), SCMP_SYS(copy_file_range), SCMP_SYS(dup),
	SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_wait), SCMP_SYS(eventfd2), SCMP_SYS(exit),
	SCMP_SYS(exit_group), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(fadvise64),
	SCMP_SYS(fallocate), SCMP_SYS(fchmod), SCMP_SYS(fchown), SCMP_SYS(fdatasync),
	SCMP_SYS(flock), SCMP_SYS(fstat), SCMP_SYS(fstat64), SCMP_SYS(fstatfs), SCMP_SYS(fsync),
	SCMP_SYS(ftruncate), SCMP_SYS(ftruncate64), SCMP_SYS(futex), SCMP_SYS(getcwd),
	SCMP_SYS(getdents64), SCMP_SYS(getegid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
	SCMP_SYS(getpeername), SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(getrandom),
	SCMP_SYS(getrusage), SCMP_SYS(getsockname), SCMP_SYS(getsockopt), SCMP_SYS(gettid),
	SCMP_SYS(gettimeofday), SCMP_SYS(getuid), SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(lseek),
	SCMP_SYS(_llseek), SCMP_SYS(lstat), SCMP_SYS(lstat64), SCMP_SYS(madvise),
	SCMP_SYS(membarrier), SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(mlock), SCMP_SYS(mlock2),
	SCMP_SYS(mremap), SCMP_SYS(msync), SCMP_SYS(munlock), SCMP_SYS(munmap), SCMP_SYS(nanosleep),
	SCMP_SYS(newfstatat), SCMP_SYS(fstatat64), SCMP_SYS(open), SCMP_SYS(openat),
	SCMP_SYS(openat2), SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(poll), SCMP_SYS(ppoll),
	SCMP_SYS(prctl), SCMP_SYS(pread64), SCMP_SYS(pselect6), SCMP_SYS(pwrite64), SCMP_SYS(read),
	SCMP_SYS(readahead), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(readv),
	SCMP_SYS(recv), SCMP_SYS(recvfrom), SCMP_SYS(recvmmsg), SCMP_SYS(recvmsg), SCMP_SYS(rename),
	SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(restart_syscall), SCMP_SYS(rmdir),
	SCMP_SYS(rseq), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_yield), SCMP_SYS(select), SCMP_SYS(send),
	SCMP_SYS(sendfile), SCMP_SYS(sendmmsg), SCMP_SYS(sendmsg), SCMP_SYS(sendto),
	SCMP_SYS(set_robust_list), SCMP_SYS(setsockopt), SCMP_SYS(shutdown), SCMP_SYS(sigaltstack),
	SCMP_SYS(splice), SCMP_SYS(stat), SCMP_SYS(stat64), SCMP_SYS(statfs), SCMP_SYS(statx),
	SCMP_SYS(sysinfo), SCMP_SYS(time), SCMP_SYS(umask), SCMP_SYS(uname), SCMP_SYS(unlink),
	SCMP_SYS(unlinkat), SCMP_SYS(write), SCMP_SYS(writev) };

/*
 * What answering from an open store takes. No file is opened, made, moved or removed: descriptors
 * come from somebody else (poller/run/opener.h).
 */
static const int answering[] = { SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(access),
	SCMP_SYS(brk), SCMP_SYS(clock_getres), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(close), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_wait), SCMP_SYS(eventfd2), SCMP_SYS(exit), SCMP_SYS(exit_group),
	SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(fstat), SCMP_SYS(fstat64),
	SCMP_SYS(fstatfs), SCMP_SYS(ftruncate), SCMP_SYS(ftruncate64), SCMP_SYS(futex),
	SCMP_SYS(getcwd), SCMP_SYS(getdents64), SCMP_SYS(getegid), SCMP_SYS(geteuid),
	SCMP_SYS(getgid), SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(getrandom),
	SCMP_SYS(getrusage), SCMP_SYS(getsockname), SCMP_SYS(getsockopt), SCMP_SYS(gettid),
	SCMP_SYS(gettimeofday), SCMP_SYS(getuid), SCMP_SYS(lseek), SCMP_SYS(_llseek),
	SCMP_SYS(lstat), SCMP_SYS(lstat64), SCMP_SYS(madvise), SCMP_SYS(membarrier),
	SCMP_SYS(mlock), SCMP_SYS(mlock2), SCMP_SYS(mremap), SCMP_SYS(munlock), SCMP_SYS(munmap),
	SCMP_SYS(nanosleep), SCMP_SYS(newfstatat), SCMP_SYS(fstatat64), SCMP_SYS(poll),
	SCMP_SYS(ppoll), SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(read), SCMP_SYS(readlink),
	SCMP_SYS(readlinkat), SCMP_SYS(readv), SCMP_SYS(recv), SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg), SCMP_SYS(restart_syscall), SCMP_SYS(rseq), SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_yield), SCMP_SYS(send), SCMP_SYS(sendmsg), SCMP_SYS(sendto),
	SCMP_SYS(set_robust_list), SCMP_SYS(setsockopt), SCMP_SYS(shutdown), SCMP_SYS(sigaltstack),
	SCMP_SYS(stat), SCMP_SYS(stat64), SCMP_SYS(statfs), SCMP_SYS(statx), SCMP_SYS(time),
	SCMP_SYS(uname), SCMP_SYS(wait4), SCMP_SYS(write), SCMP_SYS(writev) };

/* What no library does by the way: who does that is somebody else by now. */
static const int ends[] = { SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork),
	SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(listen),
	SCMP_SYS(mount), SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(open_by_handle_at),
	SCMP_SYS(pidfd_open), SCMP_SYS(pidfd_getfd), SCMP_SYS(bpf), SCMP_SYS(io_uring_setup),
	SCMP_SYS(userfaultfd), SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key),
	SCMP_SYS(perf_event_open), SCMP_SYS(setuid), SCMP_SYS(setgid) };

/*
 * A signal ends who sends it. Signal 0 is none: by it the reader of an mbox learns whether the
 * owner of a lock lives; who talks to a server has no use for that.
 */
static int add_kill(scmp_filter_ctx filter, bool network)
{
	if (network)
		return seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(kill), 0);
	int problem = seccomp_rule_add(
		filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1, SCMP_A1(SCMP_CMP_EQ, 0, 0));
	return problem ? problem
		       : seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(kill), 1,
				 SCMP_A1(SCMP_CMP_GT, 0, 0));
}

static int add_all(scmp_filter_ctx filter, uint32_t what, const int *call, size_t n)
{
	int problem = 0;
	for (size_t i = 0; i < n && !problem; i++)
		problem = seccomp_rule_add(filter, what, call[i], 0);
	return problem;
}

/* Connections are taken by who listens already; by no other. */
static int add_accept(scmp_filter_ctx filter, bool serves)
{
	static const int calls[] = { SCMP_SYS(accept), SCMP_SYS(accept4) };
	uint32_t what = serves ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS;
	int problem = add_all(filter, what, calls, sizeof calls / sizeof *calls);
	return problem || !serves ? problem
				  : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
					    SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));
}

/*
 * Calls of which some forms are harmless. Others reach what is not ours: by fcntl(2) and ioctl(2) a
 * signal is sent to another process, by ioctl(2) a command is typed at the operator's terminal, by
 * prlimit(2) the run's time is made to end.
 */
static int add_looked_at(scmp_filter_ctx filter)
{
	enum { CODE = PROT_EXEC, BOTH = PROT_EXEC | PROT_WRITE };
	const struct {
		int call;
		struct scmp_arg_cmp argument;
	} rules[] = {
		/* a library may be loaded, and memory that is written is not run */
		{ SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, CODE, 0) },
		{ SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, BOTH, CODE) },
		{ SCMP_SYS(mmap2), SCMP_A2(SCMP_CMP_MASKED_EQ, CODE, 0) },
		{ SCMP_SYS(mmap2), SCMP_A2(SCMP_CMP_MASKED_EQ, BOTH, CODE) },
		{ SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, CODE, 0) },
		{ SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0) },
		{ SCMP_SYS(prlimit64), SCMP_A0(SCMP_CMP_EQ, 0, 0) },
	};
	static const unsigned descriptor[] = { F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL,
		F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW },
			      device[] = { TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, TIOCOUTQ,
				      SIOCGIFNAME, SIOCGIFINDEX };
	int problem = 0;
	for (size_t i = 0; i < sizeof rules / sizeof *rules && !problem; i++)
		problem = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, rules[i].call, 1, rules[i].argument);
	for (size_t i = 0; i < sizeof descriptor / sizeof *descriptor && !problem; i++)
		if (!(problem = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
			      SCMP_A1(SCMP_CMP_EQ, descriptor[i], 0))))
			problem = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl64), 1,
				SCMP_A1(SCMP_CMP_EQ, descriptor[i], 0));
	for (size_t i = 0; i < sizeof device / sizeof *device && !problem; i++)
		problem = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
			SCMP_A1(SCMP_CMP_EQ, device[i], 0));
	return problem;
}

/*
 * Who listens at a socket of the file system is asked by the resolver alone, where there is one; a
 * process may ask every other one then, as neither filter nor Landlock sees the path.
 */
static bool resolver_listens(void)
{
	static const char *const sockets[] = { "/run/nscd/socket", "/var/run/nscd/socket",
		"/run/systemd/resolve/io.systemd.Resolve", "/run/avahi-daemon/socket" };
	bool found = false;
	for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++)
		found |= !access(sockets[i], F_OK);
	return found;
}

/* TCP and UDP, and what libraries ask the kernel of routes. */
static int add_network(scmp_filter_ctx filter)
{
	enum { TYPE = 0xf };
	static const unsigned family[] = { AF_INET, AF_INET6 },
			      type[] = { SOCK_STREAM, SOCK_DGRAM };
	int problem = 0;
	for (unsigned i = 0; i < 4 && !problem; i++)
		problem = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 3,
			SCMP_A0(SCMP_CMP_EQ, family[i / 2], 0),
			SCMP_A1(SCMP_CMP_MASKED_EQ, TYPE, type[i % 2]),
			SCMP_A2(SCMP_CMP_LE, IPPROTO_UDP, 0));
	if (!problem)
		problem = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
			SCMP_A0(SCMP_CMP_EQ, AF_NETLINK, 0),
			SCMP_A2(SCMP_CMP_EQ, NETLINK_ROUTE, 0));
	if (!problem && resolver_listens())
		problem = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
			SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));
	return problem ? problem
		       : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(bind), 1,
				 SCMP_A2(SCMP_CMP_LE, 128, 0));
}

/*
 * What only the first of two walls lets through: the way to the second, and threads, for libcurl
 * resolves names in one. (clone3 hides its flags in memory; libraries fall back to clone.)
 */
static int add_first(scmp_filter_ctx filter)
{
	static const int calls[] = { SCMP_SYS(seccomp), SCMP_SYS(landlock_create_ruleset),
		SCMP_SYS(landlock_add_rule), SCMP_SYS(landlock_restrict_self),
		SCMP_SYS(set_tid_address) };
	int problem = add_all(filter, SCMP_ACT_ALLOW, calls, sizeof calls / sizeof *calls);
	return problem ? problem
		       : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				 SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
}

/* Other calls are refused as if the kernel did not know them: a newer library finds another way. */
static int close_calls(const struct confine *c, bool first)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int problem = filter ? 0 : -ENOMEM;
	if (!problem && first)
		problem = add_first(filter);
	if (!problem)
		problem = c->answers
			? add_all(filter, SCMP_ACT_ALLOW, answering,
				  sizeof answering / sizeof *answering)
			: add_all(filter, SCMP_ACT_ALLOW, usual, sizeof usual / sizeof *usual);
	if (!problem)
		problem = add_all(filter, SCMP_ACT_KILL_PROCESS, ends, sizeof ends / sizeof *ends);
	if (!problem)
		problem = add_kill(filter, c->network || c->serves || c->answers);
	if (!problem && !c->answers)
		problem = add_accept(filter, c->serves);
	if (!problem)
		problem = add_looked_at(filter);
	if (!problem && c->network)
		problem = add_network(filter);
	if (!problem)
		problem = seccomp_load(filter);
	seccomp_release(filter);
	return problem;
}

#ifdef RETOUR_TEST_CRASH /* what a server might make of a process with a hole: the tests say which \
			  */
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/un.h>

/* To the file system, by its path. */
static bool misbehave_at(const char *deed)
{
	const char *path = strchr(deed, ':');
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	if (!path)
		return false;
	if (!strncmp(deed, "read:", 5))
		open(path + 1, O_RDONLY | O_CLOEXEC);
	else if (!strncmp(deed, "write:", 6))
		open(path + 1, O_RDWR | O_CLOEXEC);
	else if (!strncmp(deed, "make:", 5))
		open(path + 1, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	else if (!strncmp(deed, "mode:", 5))
		chmod(path + 1, 0666);
	else if (!strncmp(deed, "age:", 4))
		utimensat(AT_FDCWD, path + 1, NULL, 0);
	else if (!strncmp(deed, "ask:", 4)) {
		snprintf(to.sun_path, sizeof to.sun_path, "%s", path + 1);
		connect(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), (struct sockaddr *)&to,
			sizeof to);
	} else if (!strncmp(deed, "port:", 5)) {
		struct sockaddr_in at = { .sin_family = AF_INET,
			.sin_port = htons((uint16_t)atoi(path + 1)),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		connect(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), (struct sockaddr *)&at,
			sizeof at);
	}
	return true;
}

/* To other processes, without a signal. */
static bool misbehave_beside(const char *deed)
{
	const struct rlimit none = { 0 };
	if (!strcmp(deed, "limit"))
		prlimit(getppid(), RLIMIT_CPU, &none, NULL);
	else if (!strcmp(deed, "owner"))
		fcntl(CHILD_FD, F_SETOWN, getppid());
	else if (!strcmp(deed, "sign"))
		fcntl(CHILD_FD, F_SETSIG, SIGKILL);
	else if (!strcmp(deed, "group"))
		ioctl(CHILD_FD, FIOSETOWN, &(int){ getppid() });
	else if (!strcmp(deed, "type"))
		ioctl(STDERR_FILENO, TIOCSTI, "x");
	else if (!strcmp(deed, "packets"))
		socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);
	else if (!strcmp(deed, "kernel"))
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	else if (!strcmp(deed, "multipath"))
		socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 262);
	else if (!strcmp(deed, "memfd"))
		syscall(SYS_memfd_create, "x", 0);
	else if (!strcmp(deed, "clone3"))
		syscall(SYS_clone3, NULL, 0);
	else if (!strcmp(deed, "user"))
		syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
	else
		return false;
	return true;
}

static void misbehave_one(const char *deed)
{
	errno = 0;
	if (misbehave_at(deed) || misbehave_beside(deed))
		;
	else if (!strcmp(deed, "exec"))
		execl("/bin/true", "true", (char *)NULL);
	else if (!strcmp(deed, "ring"))
		syscall(SYS_io_uring_setup, 1, NULL);
	else if (!strcmp(deed, "space"))
		unshare(CLONE_NEWUSER);
	else if (!strcmp(deed, "fork"))
		fork();
	else if (!strcmp(deed, "signal"))
		kill(getppid(), SIGCONT);
	else if (!strcmp(deed, "probe"))
		kill(getppid(), 0);
	else if (!strcmp(deed, "ptrace"))
		ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
	else if (!strcmp(deed, "listen"))
		listen(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 1);
	else if (!strcmp(deed, "socket"))
		socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	else if (!strcmp(deed, "code"))
		mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	log_notice("inside: %s, %s", strerror(errno), deed);
}

/* Several are parted by blanks. */
static void misbehave_inside(bool first)
{
	const char *told = getenv(first ? "RETOUR_TEST_INSIDE_FIRST" : "RETOUR_TEST_INSIDE");
	char *deeds = told ? strdup(told) : NULL, *rest = deeds;
	for (char *deed; rest && (deed = strsep(&rest, " "));)
		misbehave_one(deed);
	free(deeds);
}
#else
static void misbehave_inside(bool first)
{
	(void)first;
}
#endif

static int enter(const struct confine *c, bool first, char *error, size_t size)
{
	int problem = 0;
	if (!sandbox_filters())
		return 0;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	close_paths(c);
	problem = close_calls(c, first);
	if (problem)
		snprintf(error, size, "no system-call filter: %s", strerror(-problem));
	misbehave_inside(first);
	return problem ? -1 : 0;
}

int confine_enter(const struct confine *c, char *error, size_t size)
{
	return enter(c, false, error, size);
}

int confine_for_token(const struct oauth_options *o, const char *ca_file, char *error, size_t size)
{
	const char *read[8], *write[2] = { NULL, NULL };
	char directory[4096];
	size_t n = 0;
	if (!o)
		return 0;
	const char *const files[] = { o->client_secret_file, o->certificate_file, o->key_file,
		o->ca_file, ca_file };
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (files[i])
			read[n++] = files[i];
	read[n] = NULL;
	if (o->grant == OAUTH_REFRESH_TOKEN) {
		snprintf(directory, sizeof directory, "%s", o->refresh_token_file);
		*strrchr(directory, '/') = '\0';
		write[0] = directory;
	}
	const struct confine c = { .network = true, .read = read, .write = write };
	return enter(&c, true, error, size);
}
