# Compiler settings common to every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Relative paths in the cache's keys: a second clone is built from the first one's results.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
endif()

add_compile_options(-Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms from GCC 12's own AVX-512 headers under Eigen (GCC bug 105593).
  add_compile_options(-Wno-maybe-uninitialized -Wno-uninitialized)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # The compiler's own garbage collection, a tenth of its time, begins at 1 GB.
  add_compile_options("SHELL:--param ggc-min-heapsize=1000000")
endif()
# Complex products as plain arithmetic: the C99 NaN recovery (__mulsc3) keeps loops from vectorising.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fcx-limited-range)  # clang 14 has no such option
endif()
add_compile_options(-fno-math-errno -fno-trapping-math)

include(CheckCXXCompilerFlag)
if(RONCHI_NATIVE)
  check_cxx_compiler_flag(-march=native RONCHI_HAVE_MARCH_NATIVE)
  if(RONCHI_HAVE_MARCH_NATIVE)
    set(RONCHI_MARCH -march=native)
  endif()
endif()
if(NOT RONCHI_MARCH AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(RONCHI_MARCH -march=x86-64-v2)
endif()
add_compile_options(${RONCHI_MARCH})

# Some 240 programs are linked, mostly of tests: gold, which comes with binutils, takes a third of the time.
include(CheckLinkerFlag)
check_linker_flag(CXX -fuse-ld=gold RONCHI_HAVE_GOLD)
if(RONCHI_HAVE_GOLD AND NOT RONCHI_LIBFUZZER)  # of clang's sanitizers it says a hundred lines a program
  add_link_options(-fuse-ld=gold)
endif()

if(RONCHI_OPTIMISE_DEBUG)
  add_compile_options(-O1)
endif()
if(RONCHI_SANITIZE)
  # A finding ends the program: a line on stderr alone would pass for a green test.
  add_compile_options(-fsanitize=${RONCHI_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${RONCHI_SANITIZE})
endif()
if(RONCHI_LIBFUZZER)
  # Counters for libFuzzer in every function; its loop is linked to the programs of tests/fuzz alone.
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "RONCHI_LIBFUZZER needs clang: configure with --preset libfuzzer")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(RONCHI_COVERAGE)
  add_compile_options(--coverage -O0)
  add_link_options(--coverage)
endif()
