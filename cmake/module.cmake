# countersign_module(<name> [PUBLIC libs...] [PRIVATE libs...])
# Makes library countersign_<name> of src/<name>/**.cc, the test program
# <name>_test of its *_test.cc, and one fuzz target per *_fuzz.cc.
function(countersign_module name)
  cmake_parse_arguments(ARG "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB_RECURSE all CONFIGURE_DEPENDS
       ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  set(sources ${all})
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz)\\.cc$")
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(fuzzers ${all})
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")

  set(library countersign_${name})
  if(NOT sources)
    add_library(${library} INTERFACE)
    target_link_libraries(${library} INTERFACE ${ARG_PUBLIC})
    target_include_directories(${library} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    return()
  endif()
  add_library(${library} STATIC ${sources})
  target_include_directories(${library} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${library} PUBLIC ${ARG_PUBLIC}
                        PRIVATE ${ARG_PRIVATE} countersign_flags)

  if(COUNTERSIGN_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${library} countersign_flags
                          GTest::gtest_main)
    # Tests keep their own names to themselves, so they are not merged; the
    # header that costs them most is compiled once.
    set_target_properties(${name}_test PROPERTIES UNITY_BUILD OFF)
    target_precompile_headers(${name}_test PRIVATE <gtest/gtest.h>)
    # Why: what a test asserts runs once; optimising the macros of GoogleTest
    # costs more than all that the tests do (json_test.cc under ASan: 112 s at
    # -O2, 29 s at -O0). What is tested stays as optimised as in the product.
    target_compile_options(${name}_test PRIVATE -O0 -U_FORTIFY_SOURCE)
    if(TARGET countersign_forge)
      target_link_libraries(${name}_test PRIVATE countersign_forge)
    endif()
    gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST
                         WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  endif()

  if(COUNTERSIGN_FUZZ)
    foreach(source ${fuzzers})
      get_filename_component(target ${source} NAME_WE)
      add_executable(${target} ${source})
      target_link_libraries(${target} PRIVATE ${library} countersign_flags
                            -fsanitize=fuzzer)
      set_property(GLOBAL APPEND PROPERTY COUNTERSIGN_FUZZERS ${target})
    endforeach()
  endif()
endfunction()
