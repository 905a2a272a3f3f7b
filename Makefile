# The everyday commands; CMake does the work (CMakePresets.json).

JOBS   ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)
PREFIX ?= /usr/local
WERROR ?= OFF
FUZZ_SECONDS ?= 60

.DEFAULT_GOAL := help
.PHONY: help build debug demo test tsan lint format fuzz bench install clean

# $(call compile,PRESET): configure once, then let ninja see what changed.
define compile
cmake --preset $(1) -DOMOST_WERROR=$(WERROR) --log-level=NOTICE >/dev/null
cmake --build --preset $(1) -j $(JOBS)
endef

help: ## this list
	@echo "omost: compose pictures region by region, and draw them"
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | \
	    awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'
	@echo "Variables: JOBS=$(JOBS) PREFIX=$(PREFIX) DESTDIR= WERROR=$(WERROR)"

build: ## fetch what is missing and build build/release/omost
	@tools/setup build
	@$(call compile,release)
	@if [ -e build/release/omost ]; then echo "built build/release/omost"; fi

debug: ## the same, for a debugger: build/debug/omost
	@tools/setup build
	@$(call compile,debug)

demo: build ## a picture from a canvas, step by step
	@tools/demo

test: ## all tests, plain and with sanitizers, and the boundary checks
	@tools/setup test
	@$(call compile,release)
	@$(call compile,asan)
	ctest --preset release -j $(JOBS)
	ctest --preset asan -j $(JOBS)
	tools/check-symbols build/release
	tools/check-layers
	@grep -hE '^(\*\*\* )?SKIPPED' build/*/Testing/Temporary/LastTest.log | \
	    sort -u | grep . || echo "no test was left out"

# The tests with threads; the engine's libraries would be all false alarms, so that
# the server's own draw nothing.
tsan_tests := test_threads test_server_events test_server_guard test_server_jobs \
    test_server_stop test_store test_store_faults test_store_files
empty :=
space := $(empty) $(empty)
tsan: ## the promises about threads, under ThreadSanitizer
	@tools/setup test
	@cmake --preset tsan -DOMOST_WERROR=$(WERROR) --log-level=NOTICE >/dev/null
	@cmake --build --preset tsan -j $(JOBS) --target omost $(tsan_tests)
	OMOST_GOLDEN=/nowhere ctest --preset tsan -j $(JOBS) \
	    -R '/($(subst $(space),|,$(strip $(tsan_tests)))|serve_resume|serve_faults)$$'

lint: ## layout, clang-tidy, cppcheck, shellcheck
	@tools/setup lint
	@cmake --preset release --log-level=NOTICE >/dev/null
	@JOBS=$(JOBS) tools/lint

format: ## lay out all C files anew
	@tools/setup lint
	@tools/lint --format

fuzz: ## run each fuzz target for FUZZ_SECONDS (60)
	@tools/setup test
	@$(call compile,fuzz)
	@JOBS=$(JOBS) tools/fuzz $(FUZZ_SECONDS)

bench: build ## build and run the benchmarks
	@cmake --build --preset release -j $(JOBS) --target bench
	@bench/run

# A tree of its own: an installed omost looks for its libraries where they will
# be, not in the builder's cache.
install: ## install below PREFIX (DESTDIR is honoured)
	@[ -e .deps/config.cmake ] || tools/setup build
	@cmake -S . -B build/install -G Ninja --log-level=NOTICE \
	    -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF \
	    -DOMOST_PRIVATE_RUNTIME=ON -DCMAKE_INSTALL_PREFIX="$(PREFIX)" >/dev/null
	@cmake --build build/install -j $(JOBS)
	@DESTDIR="$(DESTDIR)" cmake --install build/install >/dev/null
	@echo "installed below $(DESTDIR)$(PREFIX)"

clean: ## remove what was built (downloads stay in the user's cache)
	rm -rf build
