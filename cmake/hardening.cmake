# Warnings, hardening and sanitizers, the same for every room.
set(HEDGEROW_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them; empty for none")

add_compile_options(
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Werror
  -fstack-protector-strong -fstack-clash-protection -fcf-protection
  -ftrivial-auto-var-init=zero
  # Members that a designated initialiser leaves out have their defaults; that is the point of it.
  -Wno-missing-field-initializers
  -fPIE)  # For libraries too: all share one precompiled header.
# ccache can only key a precompiled header whose content does not carry its build time.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
else()
  add_compile_options(-fpch-preprocess)
  # Of a unity build g++ believes that every file is a header, where such a member would be wrong.
  add_compile_options(-Wno-subobject-linkage)
endif()
add_compile_definitions(_GLIBCXX_ASSERTIONS)
# simdjson picks its kernel at compile time; the baseline of 2003 would leave it the slow one.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  add_compile_options(-march=x86-64-v2 -mpclmul)
endif()

if(HEDGEROW_SANITIZE)
  add_compile_options(-fsanitize=${HEDGEROW_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all -O1 -gline-tables-only)
  add_link_options(-fsanitize=${HEDGEROW_SANITIZE})
  # So that the fuzz targets see which ways an input took.
  if(HEDGEROW_SANITIZE MATCHES "address")
    add_compile_options(-fsanitize=fuzzer-no-link)
  endif()
else()
  add_link_options(-pie -Wl,-z,relro,-z,now)
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    add_compile_definitions(_FORTIFY_SOURCE=3)
  endif()
endif()
add_link_options(-fuse-ld=mold)
