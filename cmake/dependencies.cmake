# SPDX-License-Identifier: Apache-2.0
#
# Libraries that libbrant links. ./dev knows the Debian packages; cmake/brant.pc.in and
# cmake/brantConfig.cmake.in name the same modules for users of libbrant.a.
find_package(PkgConfig REQUIRED)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

pkg_check_modules(SQLITE REQUIRED QUIET IMPORTED_TARGET sqlite3)
pkg_check_modules(YAML REQUIRED QUIET IMPORTED_TARGET yaml-0.1)
pkg_check_modules(NETTLE REQUIRED QUIET IMPORTED_TARGET nettle)

set(brant_libraries PkgConfig::SQLITE PkgConfig::YAML PkgConfig::NETTLE Threads::Threads ${CMAKE_DL_LIBS})
message(STATUS "${PROJECT_NAME} ${PROJECT_VERSION}: ${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}, "
               "sqlite3 ${SQLITE_VERSION}, yaml ${YAML_VERSION}, nettle ${NETTLE_VERSION}")
