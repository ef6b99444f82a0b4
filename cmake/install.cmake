# SPDX-License-Identifier: Apache-2.0
#
# cmake --install, with DESTDIR. Users find the library with pkg-config ("brant") or with
# find_package(brant), which gives brant::brant; COMPONENTS static adds brant::brant_static.
if(BRANT_FUZZ)
  return()
endif()
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/brant)

install(TARGETS libbrant EXPORT brantTargets)
install(TARGETS libbrant_static EXPORT brantStaticTargets)
if(TARGET brant)
  install(TARGETS brant)
endif()
# Beside the library, where it looks for them; each needs a client library of its own, so a package
# may take the component alone.
foreach(name IN LISTS brant_modules)
  install(TARGETS brant_${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${name})
endforeach()
if(IS_DIRECTORY ${PROJECT_SOURCE_DIR}/include/brant)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/brant
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
endif()

# Relative to ${prefix} unless someone asked for an absolute folder, so that the file can be moved
# (pkg-config --define-prefix).
cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_LIBDIR BASE_DIRECTORY "\${prefix}" OUTPUT_VARIABLE pc_libdir)
cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_INCLUDEDIR BASE_DIRECTORY "\${prefix}" OUTPUT_VARIABLE pc_includedir)
configure_file(${PROJECT_SOURCE_DIR}/cmake/brant.pc.in brant.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/brant.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/brantConfig.cmake.in brantConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(compatible SameMinorVersion)
else()
  set(compatible SameMajorVersion)
endif()
write_basic_package_version_file(brantConfigVersion.cmake COMPATIBILITY ${compatible})
install(FILES ${PROJECT_BINARY_DIR}/brantConfig.cmake ${PROJECT_BINARY_DIR}/brantConfigVersion.cmake
        DESTINATION ${package_dir})
install(EXPORT brantTargets NAMESPACE brant:: DESTINATION ${package_dir})
install(EXPORT brantStaticTargets NAMESPACE brant:: DESTINATION ${package_dir})
