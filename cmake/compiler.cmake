# Warnings are errors, for our code only (headers of libraries are SYSTEM).
add_library(countersign_flags INTERFACE)
target_compile_options(countersign_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor
  -Wold-style-cast -Wcast-align -Woverloaded-virtual -Wnull-dereference
  -Wimplicit-fallthrough -Werror
  -fstack-protector-strong -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Why: g++ 12 reports these two inside its own library when it inlines
  # std::expected and std::string at -O2 (GCC bugs 105651 and 108860).
  target_compile_options(countersign_flags INTERFACE
    -Wno-null-dereference -Wno-restrict -Wno-maybe-uninitialized)
  if(COUNTERSIGN_SANITIZE OR COUNTERSIGN_THREAD_SANITIZE)
    # Why: instrumentation keeps g++ 12 from seeing that a size it computes on
    # a path never taken cannot occur.
    target_compile_options(countersign_flags INTERFACE
      -Wno-stringop-overflow -Wno-array-bounds)
  endif()
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # Why: std::stable_sort of libstdc++ 12 uses std::get_temporary_buffer, which
  # C++17 deprecated, and clang reports that in code that only calls the former.
  target_compile_options(countersign_flags INTERFACE
    -Wno-deprecated-declarations)
endif()
if(CMAKE_BUILD_TYPE MATCHES "Rel" AND NOT COUNTERSIGN_SANITIZE)
  target_compile_definitions(countersign_flags INTERFACE _FORTIFY_SOURCE=2)
endif()
target_link_options(countersign_flags INTERFACE
  -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)

# Sanitizers must reach every library, so they are set for the whole tree.
if(COUNTERSIGN_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(COUNTERSIGN_THREAD_SANITIZE)
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
endif()
if(COUNTERSIGN_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
