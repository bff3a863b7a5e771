# make          the program, build/retour
# make demo     installs what is missing, builds, runs the main job on servers of its own
# make check    installs what is missing, builds, runs every test
# make deb      a package for Debian and Ubuntu; make rpm: for Fedora and its kin
# make install, make uninstall    below $(prefix); the configuration's directory is $(sysconfdir)/retour
# Everything that is made lies in $(BUILD).

BUILD ?= build
CC ?= cc
PYTHON ?= /usr/bin/python3
prefix ?= /usr/local
sysconfdir ?= /etc
DESTDIR ?=
VERSION := 0.1.0

# libetpan's pkg-config adds a specs file that makes the program non-PIE: linked by hand.
PACKAGES := gnutls libxml-2.0 libxslt sqlite3 libsodium libidn2 libseccomp zlib libzstd json-c libcurl libmicrohttpd
# Functions and lines, which a backtrace needs, and no variables: they are a sixth of the time.
CFLAGS ?= -O2 -g1
WARNINGS := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wwrite-strings -Wformat=2
HARDENING := -fPIE -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
# What the caller gives in CFLAGS, CPPFLAGS, LDFLAGS and LDLIBS comes behind our own.
PACKAGE_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PACKAGE_LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)
ALL_CPPFLAGS = -D_GNU_SOURCE -I. -I$(BUILD) -DRETOUR_VERSION='"$(VERSION)"' $(PACKAGE_CFLAGS) $(CPPFLAGS)
ALL_LDLIBS = -letpan -liniparser -lunistring -lm $(PACKAGE_LIBS) $(LDLIBS)
ALL_CFLAGS = -std=c11 $(WARNINGS) $(WERROR) $(HARDENING) $(CFLAGS)
ALL_LDFLAGS = -pie -pthread -Wl,-z,relro,-z,now -Wl,--as-needed -Wl,--build-id=sha1 $(LDFLAGS)

# The house: a module links against those below it only.
MODULES := classify store reports poller
ALONE := poller/command/main.c poller/config/mkrules.c
$(foreach m,$(MODULES),$(eval $m_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(ALONE),$(wildcard $m/*.c $m/*/*.c)))))

# ROOMS=1: each room is compiled as one file, its headers once: in two thirds of the time. No name is there twice in a room.
ROOMS ?=
ALONE += poller/config/rulesbuilt.c
ROOM_DIRS := $(patsubst %/,%,$(sort $(dir $(wildcard $(MODULES:%=%/*.c) $(MODULES:%=%/*/*.c)))))
room_files = $(filter-out $(ALONE),$(wildcard $1/*.c))
ifneq ($(ROOMS),)
$(foreach m,$(MODULES),$(eval $m_OBJECTS := $(patsubst %,$(BUILD)/room/%.o,$(filter $m $m/%,$(ROOM_DIRS)))))
poller_OBJECTS += $(BUILD)/poller/config/rulesbuilt.o
endif
LIB_classify := $(BUILD)/libclassify.a
LIB_store := $(BUILD)/libstore.a $(LIB_classify)
LIB_reports := $(BUILD)/libreports.a $(LIB_store)
LIB_poller := $(BUILD)/libpoller.a $(LIB_reports)

.PHONY: all
all: $(BUILD)/retour

# On a machine without the libraries the first file says what to install, instead of the compiler's "no such file".
$(BUILD)/libraries:
	@CC="$(CC)" CPPFLAGS="$(PACKAGE_CFLAGS) $(CPPFLAGS)" tests/deps.sh --say compile
	@mkdir -p $(@D) && touch $@

# Libraries that are opened at the first call of one of their functions (poller/command/lazy.h).
LAZY := xml2 xslt gnutls etpan json-c curl microhttpd
$(BUILD)/embedded/lazy.S: poller/command/lazystubs.sh $(BUILD)/poller/command/main.o $(LIB_poller)
	@mkdir -p $(@D)
	CC="$(CC)" $< $@ "$(LAZY)" $(filter %.o %.a,$^)
$(BUILD)/embedded/lazy.o: $(BUILD)/embedded/lazy.S
	$(CC) -fPIE -c -o $@ $<

$(BUILD)/retour: $(BUILD)/poller/command/main.o $(BUILD)/embedded/lazy.o $(LIB_poller)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LDLIBS)

# The same, linked with all its libraries: who packages it asks this one what it depends on.
$(BUILD)/retour-linked: $(BUILD)/poller/command/main.o $(LIB_poller)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LDLIBS)

define archive
$$(BUILD)/lib$1.a: $$($1_OBJECTS)
	@rm -f $$@
	$$(AR) rcs $$@ $$^
endef
$(foreach m,$(MODULES),$(eval $(call archive,$m)))

$(BUILD)/%.o: %.c | $(BUILD)/libraries
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

EMBEDDED := rules.ini providers.ini report.xsl report.en.xml report.de.xml measures.xml audit.xsl
define room
$$(BUILD)/room/$1.o: $(call room_files,$1) | $$(BUILD)/libraries $$(EMBEDDED:%=$$(BUILD)/embedded/%.inc)
	@mkdir -p $$(@D)
	printf '#include "%s"\n' $(call room_files,$1) | $$(CC) $$(ALL_CPPFLAGS) $$(ALL_CFLAGS) -MMD -MP -MF $$(@:.o=.d) -MT $$@ -c -o $$@ -x c -
endef
$(foreach r,$(ROOM_DIRS),$(eval $(call room,$r)))

# Files under etc/ that the program carries as its defaults, as bytes: etc/rules.ini becomes embedded_rules_ini.
$(BUILD)/embedded/%.inc: etc/%
	@mkdir -p $(@D)
	od -An -v -tu1 $< | sed 's/[0-9][0-9]*/&,/g' > $@
$(BUILD)/poller/config/rulesbuilt.o: $(BUILD)/embedded/rules.ini.inc $(BUILD)/embedded/providers.ini.inc $(BUILD)/embedded/rules.image
$(BUILD)/reports/html.o: $(BUILD)/embedded/report.xsl.inc
$(BUILD)/reports/auditformat.o: $(BUILD)/embedded/audit.xsl.inc
$(BUILD)/reports/texts.o: $(BUILD)/embedded/report.en.xml.inc $(BUILD)/embedded/report.de.xml.inc
$(BUILD)/reports/measures.o: $(BUILD)/embedded/measures.xml.inc

# The same rules ready for use, made by a program of this very build.
$(BUILD)/mkrules: $(BUILD)/poller/config/mkrules.o $(BUILD)/poller/config/rulesread.o $(BUILD)/poller/config/ini.o $(LIB_classify)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LDLIBS)
$(BUILD)/embedded/rules.image: $(BUILD)/mkrules etc/rules.ini etc/providers.ini
	@mkdir -p $(@D)
	$< etc/rules.ini etc/providers.ini $@
$(BUILD)/poller/config/rulesbuilt.o: private CPPFLAGS += -DRETOUR_RULES_IMAGE='"$(BUILD)/embedded/rules.image"'

# The program for tests that kill: what these words are read in is compiled anew, the rest is the program's (of the libraries only what nobody has defined is taken).
CRASH_OBJECTS := $(patsubst %.c,$(BUILD)/crash/%.o,$(shell grep -lE 'RETOUR_TEST_|run/lane\.h' poller/*/*.c))
$(BUILD)/crash/%.o: %.c | $(BUILD)/libraries
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(CRASH) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/crash/retour: $(BUILD)/poller/command/main.o $(BUILD)/embedded/lazy.o $(CRASH_OBJECTS) $(LIB_poller)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LDLIBS)

# The program without what it costs that rows are sealed and counted, for make bench alone.
PLAIN := seal_row sealed_head sealed_rest agenda_move held_note held_flush
$(BUILD)/plain/retour: tests/lib/plain.c $(BUILD)/poller/command/main.o $(BUILD)/embedded/lazy.o $(LIB_poller)
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(PLAIN:%=-Wl,--wrap=%) -o $@ $^ $(ALL_LDLIBS)

# Its own file is compiled without optimising, which takes a quarter of the time: what it tests is the libraries'.
# A unit test tests/unit/MODULE_NAME.c links against MODULE and what is below it: the one-way includes, held by the linker. What it defines itself counts before a room's.
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c))
define unit
$$(BUILD)/unit/$1_%: tests/unit/$1_%.c $$(LIB_$1)
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CPPFLAGS) $$(ALL_CFLAGS) -O0 -U_FORTIFY_SOURCE -MMD -MP $$(ALL_LDFLAGS) $(if $(ROOMS),-z muldefs) -o $$@ $$< $$(LIB_$1) -lcmocka $$(ALL_LDLIBS)
endef
$(foreach m,$(MODULES),$(eval $(call unit,$m)))

.PHONY: unit units clean
units: $(UNIT_TESTS)
unit: units
	@set -e; for t in $(UNIT_TESTS); do $$t; done

# What follows installs what is missing first, then builds through a make of its own that sees what was installed.
.PHONY: deps demo check points kills migrate promises bench sizes fuzz fuzzers replays metamorphic lab coverage install uninstall
NEEDS = @CC="$(CC)" PYTHON="$(PYTHON)" tests/deps.sh
MAKE_ALL = $(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 2))
# Quietly: what the demo and the tests say is to be read.
BUILDING = $(MAKE_ALL) -s
# Without the hardening (the checking twins of libc's functions are not seen through) and the warnings that the other build gave; -Og compiles in two thirds of the time.
SANITIZERS := -Og -g1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
# Each start of a sanitized program costs: at a fixed place and with one runtime less to load and look through for leaks, 12 ms instead of 20.
STATIC_UBSAN = $(shell echo 'int main(void) { return 0; }' | $(CC) -fsanitize=undefined -static-libubsan -x c -o /dev/null - 2>/dev/null && echo -static-libubsan)
SANITIZED_BUILD = $(BUILDING) BUILD=$(BUILD)/asan ROOMS=1 HARDENING=-fno-pie WARNINGS= CFLAGS="$(SANITIZERS)" LDFLAGS="-no-pie $(STATIC_UBSAN) $(LDFLAGS)"

deps:
	$(NEEDS) check

demo:
	$(NEEDS) demo
	@[ -e $(BUILD)/retour ] || echo "+ make, which takes a minute or two"
	@$(BUILDING) all
	@$(PYTHON) tests/demo.py --build $(BUILD)

# Three builds: the program, the same with sanitizers, and one for tests that kill: a certain message crashes its parser or has it redact nothing, and it has
# small batches and slow commits (tests/e2e/quarantine.py, canary_thousand.py, kill_random.py).
CRASH := -DRETOUR_TEST_CRASH -DRETOUR_TEST_CPU_SECONDS=1 -DRETOUR_TEST_BATCH=10 -DRETOUR_TEST_COMMIT_US=20000 -DRETOUR_TEST_STOP_SECONDS=3
CRASH_BUILD = $(BUILDING) $(BUILD)/crash/retour
check:
	$(NEEDS) check
	@$(BUILDING) all units $(BUILD)/crash/retour
	@$(SANITIZED_BUILD) all units replays
	@$(PYTHON) tests/run --build $(BUILD) $(TESTS)

# SIGKILL before every system call that changes something, one at a time, of every command that does (tests/e2e/kill_points.py; half an hour or more), and of the emptying of an mbox;
# POINTS names some of the commands.
points:
	$(NEEDS) check
	@$(BUILDING) all $(BUILD)/unit/poller_mbox
	@RETOUR=$(abspath $(BUILD))/retour POINTS=all $(PYTHON) tests/e2e/kill_points.py $(POINTS)
	@RETOUR_BUILD=$(abspath $(BUILD)) POINTS=all $(PYTHON) tests/e2e/mbox_points.py

# kill -9 of the run, of a fetcher, of a parser, at random moments of reading from each kind of mailbox (tests/e2e/kill_random.py): KILLS of each.
KILLS ?= 100
kills:
	$(NEEDS) check
	@$(CRASH_BUILD)
	@RETOUR=$(abspath $(BUILD))/crash/retour SOURCES="imap pop3 maildir mbox" KILLS=$(KILLS) SEED=$(SEED) $(PYTHON) tests/e2e/kill_random.py

# A store of an older schema, five gigabytes of it, brought to the present one and killed at random moments (tests/e2e/migrate.py): half an hour, and 20 GB of disk.
migrate: KILLS := 20
migrate:
	$(NEEDS) check
	@$(BUILDING) all
	@RETOUR=$(abspath $(BUILD))/retour MESSAGES=$(or $(MESSAGES),400000) TIMES=$(or $(TIMES),40) KILLS=$(KILLS) SEED=$(SEED) TMPDIR=$(or $(TMPDIR),/var/tmp) $(PYTHON) tests/e2e/migrate.py

# What is promised about data and evidence, line by line.
promises:
	$(NEEDS) check
	@$(BUILDING) all
	@$(CRASH_BUILD)
	@$(PYTHON) tests/run --build $(BUILD) --promises

# BENCH=--large: with a store of 10 million messages, too.
bench:
	$(NEEDS) demo
	@$(BUILDING) all $(BUILD)/plain/retour
	@$(PYTHON) tests/bench.py --build $(BUILD) $(BENCH)

# What each command costs at growing sizes of the store, and with which exponent: of `make bench` that table alone. 10 million messages take ten minutes on a machine that is quiet.
SIZES ?= 100000 1000000 10000000
sizes:
	$(NEEDS) demo
	@$(BUILDING) all
	@$(PYTHON) tests/growth.py --build $(BUILD) $(SIZES)

# Lines of classify/ that unit tests, golden samples, hostile mails and fuzz seeds reach; needs gcovr. Less than COVERAGE percent is an error.
COVERAGE := 90
coverage:
	@command -v gcovr >/dev/null || { echo "make coverage needs gcovr" >&2; exit 1; }
	@CPPFLAGS=-DRETOUR_NO_SANDBOX $(BUILDING) BUILD=$(BUILD)/coverage CFLAGS="-O0 -g --coverage" LDFLAGS=--coverage all units replays
	@find $(BUILD)/coverage -name '*.gcda' -delete
	@$(PYTHON) tests/run --build $(BUILD)/coverage --one-build unit/classify unit/poller_rulesfile golden e2e/hostile e2e/fuzz_replay
	@gcovr -r . --object-directory $(BUILD)/coverage -f classify/ --fail-under-line $(COVERAGE)

# clang's libFuzzer, a target for each reader (tests/fuzz), each for FUZZ_SECONDS from seeds made of the golden samples; FUZZ names some of them. What is
# found lies in $(BUILD)/fuzz.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,%,$(filter-out tests/fuzz/replay.c,$(wildcard tests/fuzz/*.c)))
FUZZ ?= $(FUZZ_TARGETS)
FUZZERS := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
fuzzers:
	@$(BUILDING) CC=clang BUILD=$(BUILD)/fuzz CFLAGS="$(FUZZERS)" $(FUZZ:%=$(BUILD)/fuzz/target/%)
fuzz: fuzzers
	@$(PYTHON) tests/fuzz/run --build $(BUILD)/fuzz --seconds $(FUZZ_SECONDS) $(FUZZ)

$(BUILD)/target/%: $(BUILD)/tests/fuzz/%.o $(LIB_poller)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(ALL_LDLIBS)

# Harmless changes, several one upon another, of every golden sample (tests/e2e/metamorphic.py): CAMPAIGN stacks of each, drawn with SEED.
CAMPAIGN ?= 300
SEED ?= 1
metamorphic: all
	@RETOUR=$(abspath $(BUILD))/retour CAMPAIGN=$(CAMPAIGN) SEED=$(SEED) $(PYTHON) tests/e2e/metamorphic.py

# A quarter of a sender, mail by mail, with eight incidents: what is said of it is what was planted. Four minutes.
.PHONY: quarter
quarter: all
	@RETOUR=$(abspath $(BUILD))/retour $(PYTHON) tests/quarter.py

# Real mail systems send to receivers whose answers are known, and `retour run` reads the bounces that they make (tests/lab/run). As root: it makes a network and
# mounts of its own. Those that are no installed Postfix are fetched as Debian packages, unpacked, not installed. LAB: which. Before that Exim and sendmail ask
# `retour serve` as the manual says (tests/lab/ask).
LAB ?=
lab:
	$(NEEDS) lab
	@$(BUILDING) all
	@$(if $(LAB),,RETOUR=$(abspath $(BUILD))/retour LAB_CACHE=$(abspath $(BUILD))/lab $(PYTHON) tests/lab/ask)
	@RETOUR=$(abspath $(BUILD))/retour LAB_CACHE=$(abspath $(BUILD))/lab $(PYTHON) tests/lab/run $(LAB)

# The same targets with a driver of our own (tests/fuzz/replay.c): seeds and some damage, for `make check`.
replays: $(FUZZ_TARGETS:%=$(BUILD)/replay/%)
$(BUILD)/replay/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/replay.o $(LIB_poller)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LDLIBS)

# Twenty times as many random histories over several sites as in make check, from another seed each time.
.PHONY: sites-long
sites-long: $(BUILD)/unit/store_sites $(BUILD)/unit/store_siteacts
	RETOUR_HISTORIES=20000 RETOUR_SEED=$$(date +%s) $<
	RETOUR_HISTORIES=40 RETOUR_SEED=$$(date +%s) $(BUILD)/unit/store_siteacts

# Ten times as many random rounds as in make check, in those unit tests that draw them (tests/unit/rounds.h).
.PHONY: rounds
rounds: $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(shell grep -l 'unit/rounds.h' tests/unit/*.c))
	@set -e; for t in $^; do RETOUR_ROUNDS=10 $$t; done

# What the program says of its configuration, put where people read it; a test compares.
.PHONY: texts
texts: all
	$(BUILD)/retour config > $(BUILD)/retour.ini && mv $(BUILD)/retour.ini etc/retour.ini
	$(BUILD)/retour config --manual > $(BUILD)/keys.mdoc
	sed -e '/keys: begin$$/r $(BUILD)/keys.mdoc' -e '/keys: begin$$/,/keys: end$$/{/keys: /!d;}' etc/retour.ini.5 > $(BUILD)/retour.ini.5
	mv $(BUILD)/retour.ini.5 etc/retour.ini.5
	for shell in bash zsh fish; do $(BUILD)/retour completion $$shell > $(BUILD)/retour.$$shell && mv $(BUILD)/retour.$$shell etc/ || exit 1; done
	$(BUILD)/retour contact states > $(BUILD)/states.txt
	sed -e '/states: begin$$/r $(BUILD)/states.txt' -e '/states: begin$$/,/states: end$$/{/states: /!d;}' etc/retour-contacts.7 > $(BUILD)/retour-contacts.7
	mv $(BUILD)/retour-contacts.7 etc/retour-contacts.7

bindir = $(DESTDIR)$(prefix)/bin
mandir = $(DESTDIR)$(prefix)/share/man
datadir = $(DESTDIR)$(prefix)/share
unitdir = $(DESTDIR)$(prefix)/lib/systemd/system
UNITS := retour.service retour.timer retour-serve.service retour-serve.socket retour-http.service retour-http.socket retour-tls.service
MANUALS := retour.1 retour.ini.5 retour-contacts.7 retour-categories.7 retour-audit.7 retour-privacy.7 retour-recovery.7 retour-sites.7 retour-events.7 retour-oauth.7
install: all
	install -d $(bindir) $(mandir)/man1 $(mandir)/man5 $(mandir)/man7 $(datadir)/retour $(datadir)/doc/retour \
		$(datadir)/bash-completion/completions $(datadir)/zsh/site-functions $(datadir)/fish/vendor_completions.d $(unitdir) $(DESTDIR)$(sysconfdir)/retour
	install -m 755 $(BUILD)/retour $(bindir)/retour
	install -m 644 $(patsubst %,etc/%,$(filter %.1,$(MANUALS))) $(mandir)/man1/
	install -m 644 $(patsubst %,etc/%,$(filter %.5,$(MANUALS))) $(mandir)/man5/
	install -m 644 $(patsubst %,etc/%,$(filter %.7,$(MANUALS))) $(mandir)/man7/
	install -m 644 etc/rules.ini etc/providers.ini etc/*.xsl etc/*.xsd etc/*.xml etc/grafana-dashboard.json etc/prometheus-rules.yml etc/retour-http.yaml $(datadir)/retour/
	install -m 755 etc/timestamp $(datadir)/retour/
	install -d $(datadir)/doc/retour/examples && install -m 755 etc/clients/check.* $(datadir)/doc/retour/examples/
	install -m 644 etc/clients/sendmail.m4 $(datadir)/doc/retour/examples/
	install -m 644 etc/retour.bash $(datadir)/bash-completion/completions/retour
	install -m 644 etc/retour.zsh $(datadir)/zsh/site-functions/_retour
	install -m 644 etc/retour.fish $(datadir)/fish/vendor_completions.d/retour.fish
	install -m 644 README.md LICENSE etc/CHANGELOG.md etc/SECURITY.md etc/CONTRIBUTING.md etc/retour.ini $(datadir)/doc/retour/
	for unit in $(UNITS); do \
		sed 's|/usr/local/|$(prefix)/|g; s|/etc/retour|$(sysconfdir)/retour|g' etc/$$unit > $(unitdir)/$$unit && chmod 644 $(unitdir)/$$unit || exit 1; \
	done

# What install put there; configuration, store and keys stay.
uninstall:
	rm -f $(bindir)/retour $(UNITS:%=$(unitdir)/%) $(datadir)/bash-completion/completions/retour $(datadir)/zsh/site-functions/_retour \
		$(datadir)/fish/vendor_completions.d/retour.fish
	rm -f $(foreach manual,$(MANUALS),$(mandir)/man$(lastword $(subst ., ,$(manual)))/$(manual))
	rm -rf $(datadir)/retour $(datadir)/doc/retour

# A package for Debian and Ubuntu, in $(BUILD)/deb; needs debhelper and dpkg-dev. The tree is copied: nothing appears beside the house.
.PHONY: deb
DEB_TREE = $(BUILD)/deb/retour-$(VERSION)
deb:
	@command -v dh >/dev/null || { echo "make deb needs more: sudo apt-get install debhelper dpkg-dev" >&2; exit 1; }
	@CC="$(CC)" tests/deps.sh --say compile
	@rm -rf $(BUILD)/deb && mkdir -p $(DEB_TREE)
	@cp -a classify store reports poller etc tests Makefile README.md LICENSE $(DEB_TREE)/
	@mv $(DEB_TREE)/etc/debian $(DEB_TREE)/debian
	@echo "+ dpkg-buildpackage, which takes a minute or two; it writes $(BUILD)/deb/build.log"
	@cd $(DEB_TREE) && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u BUILD dpkg-buildpackage -b -us -uc >../build.log 2>&1 || { tail -20 ../build.log >&2; exit 1; }
	@ls $(BUILD)/deb/*.deb

# A package for Fedora and its kin, in $(BUILD)/rpm, with its source package; needs rpm-build. RPM_OPTIONS=--nodeps where rpm does not know what is installed.
.PHONY: rpm
RPM_TREE = $(BUILD)/rpm/retour-$(VERSION)
rpm:
	@command -v rpmbuild >/dev/null || { echo "make rpm needs more: sudo dnf install rpm-build" >&2; exit 1; }
	@rm -rf $(BUILD)/rpm && mkdir -p $(RPM_TREE)
	@cp -a classify store reports poller etc tests Makefile README.md LICENSE $(RPM_TREE)/
	@find $(RPM_TREE) -name __pycache__ -prune -exec rm -rf {} +
	@tar -C $(BUILD)/rpm --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - retour-$(VERSION) | gzip -n > $(RPM_TREE).tar.gz
	@SOURCE_DATE_EPOCH=$$(date -u -d 2026-11-21 +%s) rpmbuild -ba $(RPM_OPTIONS) --define "_topdir $(abspath $(BUILD)/rpm)" --define "_sourcedir $(abspath $(BUILD)/rpm)" \
		--define "version_of_retour $(VERSION)" --define "_buildhost localhost" --define "use_source_date_epoch_as_buildtime 1" --define "clamp_mtime_to_source_date_epoch 1" \
		etc/retour.spec >$(BUILD)/rpm/build.log 2>&1 || { tail -20 $(BUILD)/rpm/build.log >&2; exit 1; }
	@ls $(BUILD)/rpm/RPMS/*/*.rpm $(BUILD)/rpm/SRPMS/*.rpm

# The same in clean systems of each SUITE, installed, used, upgraded, removed (tests/packages.sh); as root, with debootstrap and the network.
.PHONY: packages
packages:
	@BUILD=$(abspath $(BUILD)) tests/packages.sh $(SUITES)

# That package in a system that systemd boots in namespaces, with a real Postfix and Dovecot: README's first hour (tests/booted.sh); as root, after make packages.
.PHONY: booted
booted:
	@BUILD=$(abspath $(BUILD)) tests/booted.sh

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -path $(BUILD)/packages -prune -o -name '*.d' -type f -print 2>/dev/null)
