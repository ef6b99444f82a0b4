# SPDX-License-Identifier: Apache-2.0
#
# The command. It sees the public headers and src/base, and lands at the top of the build folder.
file(GLOB command_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cli/*.c)
list(FILTER command_sources EXCLUDE REGEX "/main\\.c$")
if(command_sources AND NOT BRANT_FUZZ)
  # Everything but main() apart: its unit tests link it too.
  add_library(command_objects OBJECT ${command_sources})
  target_include_directories(command_objects PRIVATE ${brant_inside})
  set_target_properties(command_objects PROPERTIES POSITION_INDEPENDENT_CODE ON)
  add_executable(brant ${PROJECT_SOURCE_DIR}/cli/main.c $<TARGET_OBJECTS:command_objects>)
  target_include_directories(brant PRIVATE ${brant_inside})
  target_link_libraries(brant PRIVATE libbrant)
  # The library is found beside the command in the build folder and by this path once installed,
  # under any prefix and without ldconfig. The two are one path because CMake would pad the shorter
  # of two with empty entries, and the loader reads those as the working directory.
  file(RELATIVE_PATH bin_to_lib ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
  set_target_properties(brant PROPERTIES
    C_VISIBILITY_PRESET hidden
    BUILD_WITH_INSTALL_RPATH ON
    INSTALL_RPATH "$ORIGIN:$ORIGIN/${bin_to_lib}")
endif()

# Completion scripts, made by the command itself.
if(TARGET brant AND NOT CMAKE_CROSSCOMPILING)
  function(brant_completion shell name folder)
    set(script ${PROJECT_BINARY_DIR}/completions/${shell}/${name})
    file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/completions/${shell})
    add_custom_command(OUTPUT ${script}
      COMMAND $<TARGET_FILE:brant> completion ${shell} > ${script}
      DEPENDS brant
      VERBATIM)
    add_custom_target(completion_${shell} ALL DEPENDS ${script})
    install(FILES ${script} DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder})
  endfunction()
  brant_completion(bash brant bash-completion/completions)
  brant_completion(zsh _brant zsh/site-functions)
  brant_completion(fish brant.fish fish/vendor_completions.d)
endif()
