# One command for each thing a person wants to do. Every goal does its own
# set-up; the build itself is CMake (CMakePresets.json).

# Where build trees go, one folder for each preset.
COUNTERSIGN_BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
JOBS ?= $(shell nproc)
# Time for each fuzz target.
SECONDS ?= 60

# Why: $(value ...) keeps a path as it was typed, and the environment carries
# it past the shell, so spaces, quotes and dollar signs in FILE are harmless.
COUNTERSIGN_FILE := $(value FILE)
COUNTERSIGN_PREFIX := $(value PREFIX)
export COUNTERSIGN_BUILD COUNTERSIGN_FILE COUNTERSIGN_PREFIX DESTDIR

CCACHE := $(shell command -v ccache)
LAUNCHER := $(if $(CCACHE),-DCMAKE_CXX_COMPILER_LAUNCHER=$(CCACHE))
RELEASE := $(COUNTERSIGN_BUILD)/release

# $(call configure,preset,extra options)
configure = cmake --preset $(1) -B '$(COUNTERSIGN_BUILD)/$(1)' \
	-Wno-dev $(LAUNCHER) $(2) >/dev/null
# $(call build,preset,extra options)
build = cmake --build '$(COUNTERSIGN_BUILD)/$(1)' -j $(JOBS) $(2)
# $(call test,preset)
test = ctest --test-dir '$(COUNTERSIGN_BUILD)/$(1)' --output-on-failure \
	-j $(JOBS)

.DEFAULT_GOAL := help
.PHONY: help build vet test asan tsan fuzz bench check format install deb clean
# Why: goals share build trees; parallelism is inside them.
.NOTPARALLEL:

help:
	@echo 'make build               build the program: $(RELEASE)/countersign'
	@echo 'make vet FILE=setup.exe  vet a file; without FILE, vet a sample signed'
	@echo '                         on the spot by a throw-away certificate'
	@echo 'make test                build and run all tests'
	@echo 'make asan                the tests under Address- and UB-Sanitizer'
	@echo 'make tsan                the tests under ThreadSanitizer'
	@echo 'make fuzz SECONDS=60     run every fuzz target for that long'
	@echo 'make bench               run the benchmarks'
	@echo 'make check               layer rules, tables, clang-tidy, clang-format'
	@echo 'make format              let clang-format rewrite the sources'
	@echo 'make install             to PREFIX=/usr/local, below DESTDIR if given'
	@echo 'make deb                 a Debian package in out/'
	@echo 'make clean               remove the build trees'
	@echo
	@echo 'Each installs the Debian packages it needs (packages.txt) first.'

build:
	@./setup build
	@$(call configure,release,-DCOUNTERSIGN_BENCH=OFF)
	@$(call build,release,--target countersign manual completions)

vet:
	@./setup build
	@$(call configure,release,-DCOUNTERSIGN_BENCH=OFF)
	@$(call build,release,--target countersign $(if \
		$(COUNTERSIGN_FILE),,countersign-forge))
	@./tools/vet.sh "$$COUNTERSIGN_FILE"

test:
	@./setup build test
	@$(call configure,release,-DCOUNTERSIGN_BENCH=OFF)
	@$(call build,release)
	@$(call test,release)

asan:
	@./setup build test ci
	@$(call configure,asan-ubsan)
	@$(call build,asan-ubsan)
	@$(call test,asan-ubsan)

tsan:
	@./setup build test
	@$(call configure,tsan)
	@$(call build,tsan)
	@$(call test,tsan)

fuzz:
	@./setup build ci
	@$(call configure,asan-ubsan)
	@$(call build,asan-ubsan,--target fuzzers)
	@./fuzz/run.sh --seconds '$(SECONDS)'

bench:
	@./setup build test bench
	@$(call configure,release,-DCOUNTERSIGN_BENCH=ON)
	@$(call build,release)
	@./tools/bench.sh

format:
	@./setup build ci
	@./tools/tidy.sh --format

check:
	@./setup build ci
	@python3 tools/check_layers.py
	@python3 tools/check_tables.py
	@./tools/tidy.sh

install: build
	@cmake --install '$(RELEASE)' --prefix "$$COUNTERSIGN_PREFIX" --strip

deb:
	@./setup build package
	@$(call configure,release,-DCOUNTERSIGN_BENCH=OFF)
	@$(call build,release,--target countersign manual completions)
	@cpack --config '$(RELEASE)/CPackConfig.cmake' -G DEB -B out
	@rm -rf out/_CPack_Packages
	@ls out/*.deb

clean:
	rm -rf $(foreach preset,release dev asan-ubsan tsan tidy,\
		'$(COUNTERSIGN_BUILD)/$(preset)')
	rm -f out/*.deb
