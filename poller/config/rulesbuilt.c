/*
 * The image is made by mkrules.c of the same two files. It lies among the constants: no process has
 * a copy of its own.
 */
#include "poller/config/rulesbuilt.h"

#include <elf.h>
#include <link.h>

static const unsigned char embedded_rules[] = {
#include "embedded/rules.ini.inc"
};
static const unsigned char embedded_providers[] = {
#include "embedded/providers.ini.inc"
};

__asm__(".pushsection .rodata\n"
	".balign 64\n"
	".globl retour_rules_image\n.hidden retour_rules_image\nretour_rules_image:\n"
	".incbin \"" RETOUR_RULES_IMAGE "\"\n"
	".globl retour_rules_image_end\n.hidden retour_rules_image_end\nretour_rules_image_end:\n"
	".byte 0\n"
	".popsection\n");
extern const char retour_rules_image[] __attribute__((visibility("hidden")));
extern const char retour_rules_image_end[] __attribute__((visibility("hidden")));

struct rules_text rules_built_in_text(void)
{
	return (struct rules_text){ "built-in rules.ini",
		{ (const char *)embedded_rules, sizeof embedded_rules } };
}

struct rules_text providers_built_in_text(void)
{
	return (struct rules_text){ "built-in providers.ini",
		{ (const char *)embedded_providers, sizeof embedded_providers } };
}

struct span rules_built_in_image(void)
{
	return (struct span){ retour_rules_image,
		(size_t)(retour_rules_image_end - retour_rules_image) };
}

/* The first object is the program itself. */
static int find_build(struct dl_phdr_info *object, size_t size, void *context)
{
	struct span *build = context;

	(void)size;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		const char *p = (const char *)(object->dlpi_addr + part->p_vaddr),
			   *end = p + part->p_memsz;

		while (part->p_type == PT_NOTE && end - p > (ptrdiff_t)sizeof(ElfW(Nhdr))) {
			const ElfW(Nhdr) *note = (const void *)p;
			const char *name = p + sizeof *note,
				   *value = name + (note->n_namesz + 3) / 4 * 4;

			if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
				!memcmp(name, "GNU", 4)) {
				*build = (struct span){ value, note->n_descsz };
				return 1;
			}
			p = value + (note->n_descsz + 3) / 4 * 4;
		}
	}
	return 1;
}

struct span program_build(void)
{
	struct span build = { "", 0 };

	dl_iterate_phdr(find_build, &build);
	return build;
}
