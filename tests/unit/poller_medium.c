/* Which file systems keep what is overwritten, from the lines of mountinfo. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "poller/command/medium.h"

static const char mounts[] =
	"25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n"
	"26 25 0:24 /sub /var rw,noatime shared:2 - btrfs /dev/sdb rw,ssd,subvol=/sub\n"
	"27 26 8:3 / /var/lib/retour rw - ext4 /dev/sda3 rw,data=journal\n"
	"28 27 0:30 / /var/lib/retour/keys rw,nosuid master:3 propagate_from:1 - tmpfs tmpfs rw,size=1024k\n"
	"29 25 0:31 / /srv rw - zfs pool/srv rw,xattr\n"
	"a line that is none\n";

static void the_nearest_mount_counts(void **state)
{
	(void)state;
	static const struct {
		const char *path, *type; /* NULL: nothing against it */
	} cases[] = {
		{ "/", NULL },
		{ "/home/retour", NULL },
		{ "/variable", NULL },
		{ "/var", "btrfs" },
		{ "/var/lib/other", "btrfs" },
		{ "/var/lib/retour", "ext4" },
		{ "/var/lib/retour/keys", NULL },
		{ "/var/lib/retour/keysafe", "ext4" },
		{ "/srv/keys", "zfs" },
	};
	char text[256];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *why = medium_keeps(cases[i].path, mounts, text, sizeof text);
		if (!why != !cases[i].type ||
			(why && strncmp(why, cases[i].type, strlen(cases[i].type)) != 0))
			fail_msg("%s: %s", cases[i].path, why ? why : "nothing");
	}
	assert_null(medium_keeps("/x", "", text, sizeof text));
	assert_null(medium_keeps("/x", NULL, text, sizeof text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_mount_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
