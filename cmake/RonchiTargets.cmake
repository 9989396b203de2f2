# ronchi_rooms(<target>): with RONCHI_ROOMS the sources of a room (a folder of a dozen files or more) are compiled as one, and those of
# the smaller rooms of a target together: two thirds of a file's time go into headers that its neighbours read, too. So names in
# anonymous namespaces must be distinct within a room.
function(ronchi_rooms TARGET)
  if(NOT RONCHI_ROOMS)
    return()
  endif()
  get_target_property(SOURCES ${TARGET} SOURCES)
  list(FILTER SOURCES INCLUDE REGEX "\\.cc$")
  foreach(SOURCE ${SOURCES})
    get_filename_component(ROOM ${SOURCE} DIRECTORY)
    string(MAKE_C_IDENTIFIER "room_${ROOM}" ROOM)
    list(APPEND ${ROOM} ${SOURCE})
    list(APPEND ROOMS ${ROOM})
  endforeach()
  list(REMOVE_DUPLICATES ROOMS)
  foreach(ROOM ${ROOMS})
    list(LENGTH ${ROOM} FILES)
    if(FILES LESS 12)
      set(GROUP room_)
    else()
      set(GROUP ${ROOM})
    endif()
    set_source_files_properties(${${ROOM}} PROPERTIES UNITY_GROUP ${GROUP})
  endforeach()
  set_target_properties(${TARGET} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # Of types in anonymous namespaces: the compiler takes the files of a room for headers.
  target_compile_options(${TARGET} PRIVATE -Wno-subobject-linkage)
endfunction()

# ronchi_library(NAME <target> [GLUE] HEADERS … SOURCES … PUBLIC … PRIVATE …)
# GLUE: what reads, checks, writes and tells; compiled with -O1, as nobody waits for it but at the compiler.
# One folder, one library. Its headers form a verified header set: each must compile alone
# (target all_verify_interface_header_sets).
function(ronchi_library)
  cmake_parse_arguments(ARG "GLUE" "NAME" "HEADERS;SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${ARG_NAME} STATIC ${ARG_SOURCES})
  ronchi_rooms(${ARG_NAME})
  if(ARG_GLUE)
    target_compile_options(${ARG_NAME} PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
  target_sources(${ARG_NAME} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}
                 FILES ${ARG_HEADERS})
  target_include_directories(${ARG_NAME} PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
  target_link_libraries(${ARG_NAME} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()

# ronchi_test(<file stem> LABELS … LIBRARIES …): tests/<folder>/<stem>.cc as one ctest entry. SOURCE <stem>: of that file.
# The ctest name is <folder>/<stem>. Labels: unit (default), conformance, golden, statistical, slow, interop.
function(ronchi_test STEM)
  cmake_parse_arguments(ARG "" "TIMEOUT;SOURCE" "LABELS;LIBRARIES" ${ARGN})
  if(NOT ARG_SOURCE)
    set(ARG_SOURCE ${STEM})
  endif()
  file(RELATIVE_PATH FOLDER ${PROJECT_SOURCE_DIR}/tests ${CMAKE_CURRENT_SOURCE_DIR})
  string(REPLACE "/" "_" TARGET "test_${FOLDER}_${STEM}")
  add_executable(${TARGET} ${ARG_SOURCE}.cc)
  target_link_libraries(${TARGET} PRIVATE ${ARG_LIBRARIES} GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(${TARGET} PRIVATE
    RONCHI_SOURCE_DIR="${PROJECT_SOURCE_DIR}" RONCHI_BINARY_DIR="${PROJECT_BINARY_DIR}")
  add_test(NAME ${FOLDER}/${STEM} COMMAND ${TARGET})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 900)
  endif()
  set_tests_properties(${FOLDER}/${STEM} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()

# ronchi_sim_test(<file stem> …): the same file against sim in single precision, as <stem>, and in double precision, as
# <stem>_double.
function(ronchi_sim_test STEM)
  ronchi_test(${STEM} LIBRARIES ronchi_sim ${ARGN})
  ronchi_test(${STEM}_double SOURCE ${STEM} LIBRARIES ronchi_sim_double ${ARGN})
endfunction()

# ronchi_bench(<file stem> LIBRARIES …): bench/<folder>/<stem>.cc, a Google Benchmark program.
function(ronchi_bench STEM)
  cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
  file(RELATIVE_PATH FOLDER ${PROJECT_SOURCE_DIR}/bench ${CMAKE_CURRENT_SOURCE_DIR})
  string(REPLACE "/" "_" TARGET "bench_${FOLDER}_${STEM}")
  add_executable(${TARGET} ${STEM}.cc)
  target_link_libraries(${TARGET} PRIVATE ${ARG_LIBRARIES} benchmark::benchmark)
  target_compile_definitions(${TARGET} PRIVATE RONCHI_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
endfunction()
