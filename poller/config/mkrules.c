/*
 * Run by make: mkrules rules.ini providers.ini IMAGE writes the image that the program carries
 * (rulesbuilt.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include "poller/config/rulesread.h"

enum { TEXT_MAX = 2 << 20 };

static struct rules_text text_of_file(const char *path)
{
	FILE *in = fopen(path, "re");
	char *bytes = malloc(TEXT_MAX);
	size_t n = in && bytes ? fread(bytes, 1, TEXT_MAX, in) : 0;

	if (!n || n == TEXT_MAX || ferror(in)) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(EXIT_FAILURE);
	}
	fclose(in);
	return (struct rules_text){ path, { bytes, n } };
}

int main(int argc, char **argv)
{
	char error[1024] = "usage: mkrules RULES PROVIDERS IMAGE";
	struct rules_text rules_text, providers_text;
	struct rules *r = NULL;
	bool wrote = false;

	if (argc == 4) {
		rules_text = text_of_file(argv[1]);
		providers_text = text_of_file(argv[2]);
		r = rules_read(&rules_text, &providers_text, error, sizeof error);
		free((char *)rules_text.bytes.p);
		free((char *)providers_text.bytes.p);
	}
	if (r) {
		FILE *out = fopen(argv[3], "we");

		wrote = out &&
			fwrite(rules_image(r).p, 1, rules_image(r).n, out) == rules_image(r).n &&
			!fclose(out);
		snprintf(error, sizeof error, "%s: cannot be written", argv[3]);
	}
	rules_free(r);
	if (!wrote)
		fprintf(stderr, "%s\n", error);
	return wrote ? EXIT_SUCCESS : EXIT_FAILURE;
}
