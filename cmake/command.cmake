# SPDX-License-Identifier: Apache-2.0
#
# The command. It sees the public headers and src/base, and lands at the top of the build folder.
file(GLOB command_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cli/*.c)
if(command_sources AND NOT BRANT_FUZZ)
  add_executable(brant ${command_sources})
  target_include_directories(brant PRIVATE ${brant_inside})
  target_link_libraries(brant PRIVATE libbrant)
  set_target_properties(brant PROPERTIES C_VISIBILITY_PRESET hidden)
endif()
