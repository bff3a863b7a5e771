# make          the program, build/retour
# make demo     installs what is missing, builds, runs the main job on servers of its own
# make check    installs what is missing, builds, runs every test
# Everything that is made lies in $(BUILD).

BUILD ?= build
CC ?= cc
PYTHON ?= /usr/bin/python3
prefix ?= /usr/local
sysconfdir ?= /etc
DESTDIR ?=
VERSION := 0.1.0

# libetpan's pkg-config adds a specs file that makes the program non-PIE: linked by hand.
PACKAGES := gnutls libxml-2.0 libxslt sqlite3 libsodium libidn2
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wwrite-strings -Wformat=2
HARDENING := -fPIE -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2
CPPFLAGS += -D_GNU_SOURCE -I. -I$(BUILD) -DRETOUR_VERSION='"$(VERSION)"' $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LDLIBS += -letpan -liniparser -lunistring $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)
ALL_CFLAGS = -std=c11 $(WARNINGS) $(WERROR) $(HARDENING) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)

# The house: a module links against those below it only.
MODULES := classify store reports poller
$(foreach m,$(MODULES),$(eval $m_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out poller/main.c,$(wildcard $m/*.c)))))
LIB_classify := $(BUILD)/libclassify.a
LIB_store := $(BUILD)/libstore.a $(LIB_classify)
LIB_reports := $(BUILD)/libreports.a $(LIB_store)
LIB_poller := $(BUILD)/libpoller.a $(LIB_reports)

.PHONY: all
all: $(BUILD)/retour

$(BUILD)/retour: $(BUILD)/poller/main.o $(LIB_poller)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

define archive
$$(BUILD)/lib$1.a: $$($1_OBJECTS)
	@rm -f $$@
	$$(AR) rcs $$@ $$^
endef
$(foreach m,$(MODULES),$(eval $(call archive,$m)))

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Files under etc/ that the program carries as its defaults, as bytes: etc/rules.ini becomes embedded_rules_ini.
EMBEDDED := rules.ini providers.ini report.xsl
$(BUILD)/embedded/%.inc: etc/%
	@mkdir -p $(@D)
	od -An -v -tu1 $< | sed 's/[0-9][0-9]*/&,/g' > $@
$(BUILD)/poller/rulesfile.o: $(BUILD)/embedded/rules.ini.inc $(BUILD)/embedded/providers.ini.inc
$(BUILD)/reports/html.o: $(BUILD)/embedded/report.xsl.inc

# A unit test tests/unit/MODULE_NAME.c links against MODULE and what is below it: the one-way includes, held by the linker.
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c))
define unit
$$(BUILD)/unit/$1_%: tests/unit/$1_%.c $$(LIB_$1)
	@mkdir -p $$(@D)
	$$(CC) $$(CPPFLAGS) $$(ALL_CFLAGS) -MMD -MP $$(ALL_LDFLAGS) -o $$@ $$< $$(LIB_$1) -lcmocka $$(LDLIBS)
endef
$(foreach m,$(MODULES),$(eval $(call unit,$m)))

.PHONY: unit clean
unit: $(UNIT_TESTS)
	@set -e; for t in $(UNIT_TESTS); do $$t; done

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
