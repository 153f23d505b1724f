# A room is one library that links only what it may: `hedgerow_room(kube ROOMS outbound LIBRARIES CURL::libcurl)`.
# Everything in its folder belongs to it; files named *_test.cpp become its unit test, `kube_test`.
function(hedgerow_room name)
  cmake_parse_arguments(arg "" "" "ROOMS;LIBRARIES;TEST_LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")

  if(NOT sources)
    return()
  endif()
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${name} PUBLIC ${arg_ROOMS} PRIVATE ${arg_LIBRARIES})
  if(TARGET hedgerow_headers)
    target_precompile_headers(${name} REUSE_FROM hedgerow_headers)
  endif()

  if(HEDGEROW_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${name} GTest::gmock GTest::gtest_main
      ${arg_TEST_LIBRARIES})
    target_precompile_headers(${name}_test REUSE_FROM hedgerow_headers)
    add_test(NAME unit.${name} COMMAND ${name}_test --gtest_brief=1)
    set_tests_properties(unit.${name} PROPERTIES LABELS unit)
  endif()
endfunction()
