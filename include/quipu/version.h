// The version of the library, as numbers for `#if` and as text. It follows Semantic Versioning; the version
// of the directory format (docs/FORMAT.md) is counted apart.
//
// CMakeLists.txt has the same version, and configuring fails where the two differ (cmake/version.cmake).

#ifndef QUIPU_VERSION_H_
#define QUIPU_VERSION_H_

#define QUIPU_VERSION_MAJOR 0
#define QUIPU_VERSION_MINOR 1
#define QUIPU_VERSION_PATCH 0
#define QUIPU_VERSION "0.1.0"

#endif  // QUIPU_VERSION_H_
