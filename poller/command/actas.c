#include "poller/command/actas.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>
#include "classify/base/log.h"

/* The saved ids are the way back; a program that is executed has none. */
static int act(const struct passwd *user, uid_t back_user, gid_t back_group)
{
	if (!initgroups(user->pw_name, user->pw_gid) &&
		!setresgid(user->pw_gid, user->pw_gid, back_group) &&
		!setresuid(user->pw_uid, user->pw_uid, back_user))
		return 0;
	log_error("user %s: %s", user->pw_name, strerror(errno));
	return -1;
}

int act_as(const struct passwd *user)
{
	return user ? act(user, 0, 0) : 0;
}

void act_as_root(void)
{
	uid_t real, now, back;

	if (getresuid(&real, &now, &back) || back || !now)
		return;
	if (setresuid(0, 0, 0) || setresgid(0, 0, 0) || setgroups(0, NULL))
		_exit(1); /* half of two users is worse than none */
}

int act_as_for_good(const struct passwd *user)
{
	return act(user, user->pw_uid, user->pw_gid);
}
