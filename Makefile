# weir: see `make help`. Variables that may be set: CC, BUILD (folder), PREFIX, DESTDIR, SANITIZE.
BUILD   ?= build
PREFIX  ?= $(or $(prefix),/usr/local)
DESTDIR ?=
VERSION := 0.1.0
SANITIZE ?=

MAKEFLAGS += --no-builtin-rules
SHELL := /bin/sh
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

# -- flags ------------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla \
            -Wconversion -Werror
HARDEN   := -fstack-protector-strong -D_FORTIFY_SOURCE=2
OPTIMIZE := -O2 -g
ifneq ($(SANITIZE),)
OPTIMIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=$(SANITIZE)
HARDEN   :=
endif
ifneq ($(findstring undefined,$(SANITIZE)),)
OPTIMIZE += -fno-sanitize-recover=undefined
endif

PKG      := pkg-config
BASE_PC  := glib-2.0 yaml-0.1 libcjson sqlite3 libzstd
TUI_PC   := ncursesw
CONN_PC  := libcurl libssh2 libcjson glib-2.0
TEST_PC  := vterm

# Read once and only where something is compiled: `make help` works without any library.
CORE_CFLAGS = $(eval CORE_CFLAGS := $(shell $(PKG) --cflags $(BASE_PC)))$(CORE_CFLAGS)
CORE_LIBS   = $(eval CORE_LIBS := $(shell $(PKG) --libs $(BASE_PC) $(TUI_PC)) -lm)$(CORE_LIBS)
CONN_CFLAGS = $(eval CONN_CFLAGS := $(shell $(PKG) --cflags $(CONN_PC)) \
                $(shell sh deps.sh rdkafka-flags cflags))$(CONN_CFLAGS)
CONN_LIBS   = $(eval CONN_LIBS := $(shell $(PKG) --libs $(CONN_PC)) \
                $(shell sh deps.sh rdkafka-flags libs))$(CONN_LIBS)
TEST_CFLAGS = $(eval TEST_CFLAGS := $(shell $(PKG) --cflags $(BASE_PC) $(TEST_PC)))$(TEST_CFLAGS)
TEST_LIBS   = $(eval TEST_LIBS := $(shell $(PKG) --libs $(BASE_PC) $(TUI_PC) $(TEST_PC)) -lm)$(TEST_LIBS)

CFLAGS_ALL = -std=c11 -D_GNU_SOURCE -DWEIR_VERSION='"$(VERSION)"' $(WARNINGS) $(HARDEN) \
             $(OPTIMIZE) -fPIC -MMD -MP $(CFLAGS)

# What each folder may see: an include that breaks the dependency rule does not compile.
INC_core       := -iquote core -iquote core/derived
INC_views      := -iquote core -iquote views
INC_tui        := -iquote core -iquote core/derived -iquote tui
INC_connectors := -iquote core -iquote connectors -iquote connectors/transport
INC_tests      := -iquote core -iquote core/derived -iquote views -iquote tui -iquote tests/pty -iquote tests/e2e \
                  -iquote tests/sim -iquote tests/faults -iquote tests

# -- what there is ----------------------------------------------------------------------------------

CORE_SRC := $(wildcard core/*.c core/derived/*.c)
VIEW_SRC := $(wildcard views/*.c)
TUI_SRC  := $(wildcard tui/*.c)
CONN_SRC := $(wildcard connectors/*.c connectors/*/*.c)
THEMES   := $(wildcard themes/*.theme)

objects   = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
CORE_OBJ := $(call objects,$(CORE_SRC))
VIEW_OBJ := $(call objects,$(VIEW_SRC))
TUI_OBJ  := $(call objects,$(TUI_SRC)) $(BUILD)/obj/themes.o $(BUILD)/obj/terminfo.o
CONN_OBJ := $(call objects,$(CONN_SRC))
# Everything of the program but its main(): what tests link.
PART_OBJ := $(CORE_OBJ) $(VIEW_OBJ) $(filter-out $(BUILD)/obj/tui/main.o,$(TUI_OBJ))

UNIT_SRC := $(wildcard tests/unit/test_*.c tests/screens/test_*.c)
E2E_SRC  := $(wildcard tests/e2e/test_*.c tests/pty/test_*.c tests/bench/test_*.c)
CONN_TEST_SRC := $(wildcard tests/connectors/test_*.c)
PTY_SRC  := $(filter-out tests/pty/test_%,$(wildcard tests/pty/*.c))
UNIT_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(UNIT_SRC))
E2E_BIN  := $(patsubst tests/%.c,$(BUILD)/tests/%,$(E2E_SRC))
CONN_TEST_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(CONN_TEST_SRC))
# Those in tests/live need the servers of the lab.
SCRIPT_TESTS := $(filter-out tests/live/%,$(wildcard tests/*/*.t))

.PHONY: all deps demo matrix soak run test lint asan tsan bench fuzz lab lab-stop lab-test install help clean \
        tests format always
all: $(BUILD)/weir $(BUILD)/weir-connectors.so ## build weir (the default)

# -- the build --------------------------------------------------------------------------------------

# Program and connectors must come from the same headers and flags: the loader compares this.
ID_INPUT := $(sort $(wildcard core/*.h)) Makefile
$(BUILD)/build_id.h: $(ID_INPUT)
	@mkdir -p $(@D)
	@printf '#define WEIR_BUILD_ID "%s"\n' \
	  "$$(cat $(ID_INPUT) | sha256sum | cut -c1-16)-$(notdir $(CC))-$(SANITIZE)" > $@.new
	@cmp -s $@.new $@ || cp $@.new $@

comma := ,

# One line per step; `make V=1` shows the whole command.
Q := $(if $(V),,@)
say = @printf '  %-5s %s\n' "$(1)" "$@"

define compile
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CFLAGS_ALL) $(1) -c $< -o $@
endef

define link
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(OPTIMIZE) $(LDFLAGS) $(filter %.o,$^) -o $@ $(1)
endef

$(BUILD)/obj/core/%.o: core/%.c
	$(call compile,$(INC_core) $(CORE_CFLAGS))
$(BUILD)/obj/views/%.o: views/%.c
	$(call compile,$(INC_views) $(CORE_CFLAGS))
$(BUILD)/obj/tui/%.o: tui/%.c $(BUILD)/build_id.h
	$(call compile,$(INC_tui) -I$(BUILD) $(CORE_CFLAGS))
$(BUILD)/obj/connectors/%.o: connectors/%.c $(BUILD)/build_id.h
	$(call compile,$(INC_connectors) -I$(BUILD) $(CONN_CFLAGS) -fvisibility=hidden)
$(BUILD)/obj/tests/%.o: tests/%.c
	$(call compile,$(INC_tests) $(TEST_CFLAGS))

# The themes are text inside the program: a table of names and their bytes.
$(BUILD)/themes.c: $(THEMES) Makefile
	@mkdir -p $(@D)
	@{ echo '#include "theme_data.h"'; \
	   for f in $(THEMES); do \
	     printf 'static const char %s_theme[] =\n' "$$(basename $$f .theme)"; \
	     sed 's/\\/\\\\/g; s/"/\\"/g; s/^/    "/; s/$$/\\n"/' $$f; echo '    ;'; done; \
	   echo 'const struct theme_text theme_texts[] = {'; \
	   for f in $(THEMES); do n=$$(basename $$f .theme); \
	     printf '    {"%s", %s_theme},\n' "$$n" "$$n"; done; \
	   echo '    {0},'; echo '};'; } > $@
$(BUILD)/obj/themes.o: $(BUILD)/themes.c tui/theme_data.h
	$(call compile,$(INC_tui) $(CORE_CFLAGS))

# So is the description of xterm-256color, for machines without any: base64 is a form that ncurses reads.
$(BUILD)/terminfo.c: Makefile
	@mkdir -p $(@D)
	@text=$$(infocmp -0 -q -Q2 xterm-256color) && { echo '#include "terminfo_data.h"'; \
	   printf 'const char terminfo_xterm_256color[] = "%s";\n' "$$text"; } > $@
$(BUILD)/obj/terminfo.o: $(BUILD)/terminfo.c tui/terminfo_data.h
	$(call compile,$(INC_tui) $(CORE_CFLAGS))

$(BUILD)/weir: $(CORE_OBJ) $(VIEW_OBJ) $(TUI_OBJ)
	$(call link,-rdynamic -Wl$(comma)--as-needed -Wl$(comma)-z$(comma)relro $(CORE_LIBS))

$(BUILD)/weir-connectors.so: $(CONN_OBJ) connectors/exports.map
	$(call link,-shared -Wl$(comma)--version-script=connectors/exports.map \
	  -Wl$(comma)--as-needed $(CONN_LIBS))

# The same program beside a shared object that holds one made-up system, for tests and benches.
FAKE := $(BUILD)/fake/weir $(BUILD)/fake/weir-connectors.so
$(BUILD)/obj/tests/fake/%.o: tests/fake/%.c $(BUILD)/build_id.h
	$(call compile,$(INC_tests) -I$(BUILD) $(CORE_CFLAGS))
$(BUILD)/fake/weir-connectors.so: $(BUILD)/obj/tests/fake/fake.o connectors/exports.map
	$(call link,-shared -Wl$(comma)--version-script=connectors/exports.map)
$(BUILD)/fake/weir: $(BUILD)/weir
	@mkdir -p $(@D)
	@ln -f $< $@

# The simulated platform. Its plots and the shapes of its answers are inside, as resources.
SIM_SRC  := $(wildcard tests/sim/*.c)
SIM_DATA := $(wildcard tests/sim/plots/*.yaml tests/sim/shapes/*.json)
SIM_PC   := libmicrohttpd gio-2.0
$(BUILD)/sim.gresource.xml: always
	@mkdir -p $(@D)
	@{ echo '<gresources><gresource prefix="/sim">'; \
	   printf '<file>%s</file>\n' $(patsubst tests/sim/%,%,$(SIM_DATA)); \
	   echo '</gresource></gresources>'; } > $@.new
	@cmp -s $@.new $@ || cp $@.new $@
$(BUILD)/sim_resources.c: $(BUILD)/sim.gresource.xml $(SIM_DATA)
	@glib-compile-resources --sourcedir=tests/sim --generate-source --target=$@ $<
$(BUILD)/obj/sim_resources.o: $(BUILD)/sim_resources.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(OPTIMIZE) $(shell $(PKG) --cflags gio-2.0) -c $< -o $@
$(BUILD)/obj/tests/sim/%.o: tests/sim/%.c
	$(call compile,$(INC_tests) $(TEST_CFLAGS) $(shell $(PKG) --cflags $(SIM_PC)))
$(BUILD)/core.a: $(CORE_OBJ)
	@rm -f $@ && ar rcs $@ $^
$(BUILD)/weir-sim: $(call objects,$(SIM_SRC)) $(BUILD)/obj/sim_resources.o $(BUILD)/core.a
	$(call link,$(BUILD)/core.a $(CORE_LIBS) $(shell $(PKG) --libs $(SIM_PC)))

# -- tests ------------------------------------------------------------------------------------------

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(PART_OBJ)
	$(call link,$(TEST_LIBS))
$(BUILD)/tests/screens/%: $(BUILD)/obj/tests/screens/%.o $(PART_OBJ)
	$(call link,$(TEST_LIBS))
$(BUILD)/tests/e2e/%: $(BUILD)/obj/tests/e2e/%.o $(BUILD)/obj/tests/e2e/console.o \
    $(call objects,$(PTY_SRC)) $(CORE_OBJ) | $(FAKE)
	$(call link,$(TEST_LIBS) -lutil)
$(BUILD)/tests/pty/%: $(BUILD)/obj/tests/pty/%.o $(call objects,$(PTY_SRC)) | $(BUILD)/bench-floor
	$(call link,$(TEST_LIBS) -lutil)
# Tests of connectors link them directly, with the core, instead of loading the shared object.
$(BUILD)/obj/tests/connectors/%.o: tests/connectors/%.c
	$(call compile,$(INC_tests) $(INC_connectors) $(CONN_CFLAGS))
$(BUILD)/tests/connectors/%: $(BUILD)/obj/tests/connectors/%.o $(CORE_OBJ) $(CONN_OBJ)
	$(call link,$(CONN_LIBS) $(CORE_LIBS))

BENCH_MAIN := tests/bench/floor.c tests/bench/tty.c tests/bench/scale.c tests/bench/log.c \
              tests/bench/history.c
BENCH_SRC := $(filter-out $(BENCH_MAIN) tests/bench/test_%,$(wildcard tests/bench/*.c))
$(BUILD)/bench-floor: $(BUILD)/obj/tests/bench/floor.o
	$(call link,-lncursesw -ltinfo)
$(BUILD)/bench-tty: $(call objects,tests/bench/tty.c $(BENCH_SRC) $(PTY_SRC)) | $(BUILD)/bench-floor
	$(call link,$(TEST_LIBS) -lutil)
$(BUILD)/bench-log: $(BUILD)/obj/tests/bench/log.o $(PART_OBJ)
	$(call link,$(TEST_LIBS))
$(BUILD)/bench-scale: $(call objects,tests/bench/scale.c $(BENCH_SRC) $(PTY_SRC)) | $(BUILD)/weir-sim
	$(call link,$(TEST_LIBS) -lutil)
$(BUILD)/bench-history: $(call objects,tests/bench/history.c) $(CORE_OBJ)
	$(call link,$(CORE_LIBS))
$(BUILD)/tests/bench/%: $(BUILD)/obj/tests/bench/%.o $(call objects,$(BENCH_SRC) $(PTY_SRC))
	$(call link,$(TEST_LIBS) -lutil)

# The program with a clock that runs faster (tests/faults/clock.c), beside the real connectors.
FAST := $(BUILD)/fast/weir $(BUILD)/fast/weir-connectors.so
# A sanitizer calls what the clock defines before it is ready for it.
$(BUILD)/obj/tests/faults/clock.o: OPTIMIZE := -O2 -g
$(BUILD)/obj/tests/faults/clock.o: HARDEN := -U_FORTIFY_SOURCE
$(BUILD)/fast/weir: $(CORE_OBJ) $(VIEW_OBJ) $(TUI_OBJ) $(BUILD)/obj/tests/faults/clock.o
	$(call link,-rdynamic -Wl$(comma)--as-needed -Wl$(comma)-z$(comma)relro $(CORE_LIBS) -ldl)
$(BUILD)/fast/weir-connectors.so: $(BUILD)/weir-connectors.so
	@mkdir -p $(@D)
	@ln -f $< $@

FAULT_SRC := $(filter-out tests/faults/test_% tests/faults/clock.c,$(wildcard tests/faults/*.c)) tests/sim/fault.c
FAULT_BIN  := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/faults/test_*.c))
FAULT_USES := $(FAST) $(BUILD)/weir $(BUILD)/weir-connectors.so $(BUILD)/weir-sim
FAULT_LIBS = $(TEST_LIBS) $(shell $(PKG) --libs gio-2.0) -lutil
$(BUILD)/tests/faults/%: $(BUILD)/obj/tests/faults/%.o $(call objects,$(FAULT_SRC) $(PTY_SRC)) | $(FAULT_USES)
	$(call link,$(FAULT_LIBS))
$(BUILD)/soak: $(call objects,tests/soak/soak.c tests/faults/platform.c tests/sim/fault.c $(PTY_SRC)) | $(FAULT_USES)
	$(call link,$(FAULT_LIBS))

tests: all $(FAKE) $(BUILD)/weir-sim $(UNIT_BIN) $(E2E_BIN) $(CONN_TEST_BIN) $(FAULT_BIN)

# G_SLICE: GLib 2.74 still has an allocator of its own, which hides errors from the sanitizers.
TEST_ENV = G_SLICE=always-malloc WEIR=$(abspath $(BUILD))/weir BUILD=$(abspath $(BUILD))
test: ## everything that needs no outside server
	@sh deps.sh check >/dev/null || sh deps.sh
	@$(MAKE) --no-print-directory tests
	@$(TEST_ENV) prove --exec "bash tests/tap.sh" --timer -j2 $(PROVE) $(UNIT_BIN) $(CONN_TEST_BIN) $(SCRIPT_TESTS) $(E2E_BIN) \
	  $(FAULT_BIN)

# What a sanitizer finds goes to files, since the terminal is often a test's: they are printed last.
SANITIZED = rm -f $(BUILD)/$@/report.*; MATRIX=$${MATRIX:-30} \
  $(MAKE) --no-print-directory BUILD=$(BUILD)/$@ SANITIZE=$(1) test; code=$$?; \
  ! cat $(BUILD)/$@/report.* 2>/dev/null && exit $$code

asan: ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@export ASAN_OPTIONS=log_path=$(abspath $(BUILD))/$@/report UBSAN_OPTIONS=log_path=$(abspath $(BUILD))/$@/report; \
	  $(call SANITIZED,address$(comma)undefined)

tsan: ## the tests under ThreadSanitizer
	@export TSAN_OPTIONS="suppressions=$(abspath tests/tsan.supp) halt_on_error=1 log_path=$(abspath $(BUILD))/$@/report"; \
	  $(call SANITIZED,thread)

-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/obj/*/*/*.d)

# -- the rest ---------------------------------------------------------------------------------------

deps: ## install what weir is built from (says what, and asks sudo only where needed)
	@sh deps.sh

run: ## open weir on this machine and what it finds here
	@sh deps.sh check >/dev/null || sh deps.sh
	@$(MAKE) --no-print-directory all
	@$(BUILD)/weir $(ARGS)

demo: ## open weir on a simulated platform in the middle of an incident, and on this machine
	@sh deps.sh check >/dev/null || sh deps.sh
	@$(MAKE) --no-print-directory all $(BUILD)/weir-sim
	@BUILD=$(BUILD) ARGS="$(ARGS)" sh tests/sim/demo.sh

FUZZ_SECONDS ?= 30
fuzz: ## run every fuzz target for FUZZ_SECONDS
	@sh tests/fuzz/run.sh $(FUZZ_SECONDS)

matrix: tests ## every fault on every service at every moment (make test: a covering set)
	@MATRIX=all $(TEST_ENV) prove --exec "bash tests/tap.sh" --timer -v $(FAULT_BIN)

MINUTES ?= 30
soak: $(BUILD)/soak ## random keys and faults on the simulated platform for MINUTES (SEED=N: the same again)
	@$(TEST_ENV) $(BUILD)/soak $(MINUTES) $(SEED)

bench: all ## figures of the terminal side and of Kafka, beside a floor and other programs
	@sh tests/bench/run.sh

lab-test: all ## the live tests, against the servers of `make lab`
	@tests/lab/lab up $(LAB)
	@$(TEST_ENV) prove --timer $(PROVE) tests/live

lint: ## layout, dependency rule, banned calls, generated tables
	@sh tests/lint.sh

format: ## let clang-format lay out the sources
	clang-format -i $$(git ls-files '*.c' '*.h')

lab: ## start real servers of all systems on loopback
	@tests/lab/lab up $(LAB)

lab-stop: ## stop them; leaves no process
	@tests/lab/lab down $(LAB)

# What the program prints about itself: the manual, and completion for shells.
PAGES := man/weir.1 man/weir.yaml.5 completion/bash completion/zsh completion/fish
$(BUILD)/man/weir.1:       PRINT := help man
$(BUILD)/man/weir.yaml.5:  PRINT := help man-config
$(BUILD)/completion/bash:  PRINT := completion bash
$(BUILD)/completion/zsh:   PRINT := completion zsh
$(BUILD)/completion/fish:  PRINT := completion fish
$(addprefix $(BUILD)/,$(PAGES)): $(BUILD)/weir $(BUILD)/weir-connectors.so
	@mkdir -p $(@D)
	$(Q)$(BUILD)/weir $(PRINT) > $@

SHARE = $(DESTDIR)$(PREFIX)/share
install: all $(addprefix $(BUILD)/,$(PAGES)) ## install to DESTDIR/PREFIX
	install -D -m 755 $(BUILD)/weir $(DESTDIR)$(PREFIX)/bin/weir
	install -D -m 755 $(BUILD)/weir-connectors.so $(DESTDIR)$(PREFIX)/lib/weir/weir-connectors.so
	install -D -m 644 $(BUILD)/man/weir.1 $(SHARE)/man/man1/weir.1
	install -D -m 644 $(BUILD)/man/weir.yaml.5 $(SHARE)/man/man5/weir.yaml.5
	install -D -m 644 $(BUILD)/completion/bash $(SHARE)/bash-completion/completions/weir
	install -D -m 644 $(BUILD)/completion/zsh $(SHARE)/zsh/site-functions/_weir
	install -D -m 644 $(BUILD)/completion/fish $(SHARE)/fish/vendor_completions.d/weir.fish

clean: ## remove everything built
	rm -rf $(BUILD)

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1	/' | expand -t 18
