/*
 * What make has compiled into the program: its own rules as text and as an image, and what tells
 * one build from another.
 */
#ifndef RETOUR_RULESBUILT_H
#define RETOUR_RULESBUILT_H

#include "poller/config/rulesread.h"

struct rules_text rules_built_in_text(void);
struct rules_text providers_built_in_text(void);
struct span rules_built_in_image(void);

/* The linker's build id; empty where it made none. */
struct span program_build(void);

#endif
