# SPDX-License-Identifier: Apache-2.0
#
# Engines that are modules: brant-NAME.so of engines/NAME/*.c and one client library, beside
# libbrant.so. The switch BRANT_NAME says whether it is built: AUTO is yes when the library is there.
#
# The objects are compiled once, with the name brant_NAME_objects; brant_link_engines() puts them into
# a program with libbrant.a, which has no modules.
set(brant_known_modules)
set(brant_modules) # those that are built

# brant_engine(<name> <module of pkg-config> <Debian package>)
function(brant_engine name module package)
  set(brant_known_modules ${brant_known_modules} ${name} PARENT_SCOPE)
  string(TOUPPER ${name} upper)
  set(switch BRANT_${upper})
  set(${switch} AUTO CACHE STRING "Build the engine ${name}: ON, OFF, AUTO (when ${module} is found)")
  set_property(CACHE ${switch} PROPERTY STRINGS AUTO ON OFF)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/engines/${name}/*.c)
  if(NOT sources OR (NOT ${switch} AND NOT ${switch} STREQUAL "AUTO"))
    return()
  endif()
  pkg_check_modules(${upper}_CLIENT QUIET IMPORTED_TARGET ${module})
  if(NOT ${upper}_CLIENT_FOUND)
    if(${switch} STREQUAL "AUTO")
      message(STATUS "the engine ${name} is left out: ${module} is missing (package ${package})")
      return()
    endif()
    message(FATAL_ERROR "${switch}=${${switch}} needs ${module} (package ${package})")
  endif()
  message(STATUS "the engine ${name}: ${module} ${${upper}_CLIENT_VERSION}")

  set(client PkgConfig::${upper}_CLIENT)
  add_library(brant_${name}_objects OBJECT ${sources})
  target_include_directories(brant_${name}_objects PRIVATE ${brant_inside})
  target_link_libraries(brant_${name}_objects PRIVATE ${client} Threads::Threads)
  set_target_properties(brant_${name}_objects PROPERTIES C_VISIBILITY_PRESET hidden)
  if(NOT BRANT_FUZZ)
    set(map ${PROJECT_SOURCE_DIR}/engines/module.map)
    add_library(brant_${name} MODULE
      ${PROJECT_SOURCE_DIR}/engines/module.c $<TARGET_OBJECTS:brant_${name}_objects>)
    target_compile_definitions(brant_${name} PRIVATE BRANT_MODULE=brn_engine_${name})
    target_include_directories(brant_${name} PRIVATE ${brant_inside})
    target_link_libraries(brant_${name} PRIVATE libbrant ${client} Threads::Threads)
    target_link_options(brant_${name} PRIVATE -Wl,--version-script=${map})
    set_target_properties(brant_${name} PROPERTIES
      PREFIX ""
      OUTPUT_NAME brant-${name}
      BUILD_WITH_INSTALL_RPATH ON
      INSTALL_RPATH "$ORIGIN"
      LINK_DEPENDS ${map})
    if(TARGET brant)
      add_dependencies(brant brant_${name})
    endif()
  endif()
  set(brant_modules ${brant_modules} ${name} PARENT_SCOPE)
endfunction()

# brant_link_engines(<target> <name>...): with a registry that knows them. Those that are not built
# are left out; for the others BRANT_LINK_NAME is defined.
function(brant_link_engines target)
  foreach(name IN LISTS ARGN)
    if(NOT TARGET brant_${name}_objects)
      continue()
    endif()
    string(TOUPPER ${name} upper)
    target_compile_definitions(${target} PRIVATE BRANT_LINK_${upper})
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:brant_${name}_objects>)
    target_link_libraries(${target} PRIVATE PkgConfig::${upper}_CLIENT)
    set(linked TRUE)
  endforeach()
  if(linked)
    # Before that of libbrant.a, whose member nobody needs any more.
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/engines/registry.c)
  endif()
endfunction()

brant_engine(postgres libpq libpq-dev)
brant_engine(mysql libmariadb libmariadb-dev)
