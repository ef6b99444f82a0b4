# SPDX-License-Identifier: Apache-2.0
#
# libbrant: every room under src/ and the engines that are linked in, compiled once, packed twice.
file(GLOB library_sources CONFIGURE_DEPENDS
     ${PROJECT_SOURCE_DIR}/src/*/*.c
     ${PROJECT_SOURCE_DIR}/engines/registry.c
     ${PROJECT_SOURCE_DIR}/engines/sqlite/*.c)
if(NOT library_sources)
  # An empty house still configures.
  file(WRITE ${PROJECT_BINARY_DIR}/empty.c "typedef int brn_empty;\n")
  set(library_sources ${PROJECT_BINARY_DIR}/empty.c)
endif()

# <brant/...> is the public interface, "room/file.h" and "engines/..." the inside.
include_directories(${PROJECT_SOURCE_DIR}/include)
set(brant_inside ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})

add_library(brant_objects OBJECT ${library_sources})
target_include_directories(brant_objects PRIVATE ${brant_inside})
target_link_libraries(brant_objects PRIVATE ${brant_libraries})

add_library(libbrant_static STATIC $<TARGET_OBJECTS:brant_objects>)
target_link_libraries(libbrant_static PRIVATE ${brant_libraries})
set_target_properties(libbrant_static PROPERTIES OUTPUT_NAME brant EXPORT_NAME brant_static)
target_include_directories(libbrant_static INTERFACE
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

if(NOT BRANT_FUZZ)
  # Visibility is the default one; the map alone decides what leaves the library.
  set(map ${PROJECT_BINARY_DIR}/libbrant.map)
  configure_file(${PROJECT_SOURCE_DIR}/src/libbrant.map ${map} @ONLY)
  add_library(libbrant SHARED $<TARGET_OBJECTS:brant_objects>)
  target_link_libraries(libbrant PRIVATE ${brant_libraries})
  # Internal names leave it for the engines, but its own calls go nowhere else: no detour by a table.
  target_link_options(libbrant PRIVATE -Wl,--version-script=${map} -Wl,-Bsymbolic-functions)
  target_include_directories(libbrant INTERFACE
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  set_target_properties(libbrant PROPERTIES
    OUTPUT_NAME brant
    EXPORT_NAME brant
    VERSION ${PROJECT_VERSION}
    SOVERSION ${BRANT_ABI}
    LINK_DEPENDS ${map})
endif()
