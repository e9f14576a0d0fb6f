// The conformance suite: what every BaseKVStore has to do, and every store of this library over it. A backend
// runs all of it by naming itself once, in a .cc file of a program that is linked with the suite:
//
//   #include "my_kv_store.h"
//   #include "tests/conformance/conformance.h"
//
//   QUIPU_CONFORMANCE(Mine, [](const std::string& directory) { return MyKVStore::open(directory); });
//
// The first argument is the backend's name in the tests' names (letters and digits). The second makes a
// store: it takes the path of a directory, which is there, empty at first and this store's alone, or nothing
// where the backend keeps nothing on disk, and returns a std::shared_ptr to the store or a Result of one. A
// third, if given, takes a store (std::shared_ptr<BaseKVStore>, the only one) and its directory and brings it
// down and up again; without it, a store that is capabilities().durable is closed and made anew in its
// directory, and one that is not stays as it is. Any number of backends may be named, in any number of files.
//
// To build it with CMake, Quipu's source beside yours:
//
//   set(QUIPU_DEVELOPER ON)          # its tests; needs GoogleTest
//   add_subdirectory(quipu)
//   add_executable(my_conformance my_conformance.cc)
//   target_link_libraries(my_conformance PRIVATE quipu_conformance)
//   gtest_discover_tests(my_conformance)
//
// or in this tree: put the file with the QUIPU_CONFORMANCE line into tests/conformance/backends, and it is a
// part of conformance_tests. quipu_conformance brings include paths (the root of the sources, include/), the
// library, GoogleTest and main().
//
// What a backend need not be able to do (kv_store.h, KVCapabilities) it says by capabilities(); the suite
// then expects the refusal that is documented, and that what is built on it is refused likewise; which stores
// it keeps it says by declare_collection(). A test that is skipped without such a look is a fault of the
// suite. Every test begins with an empty store.
//
// Also required: a store may be used from any number of threads, keys and collection names are any bytes, and
// a derived class calls finish_async_calls() first in its destructor.

#ifndef QUIPU_TESTS_CONFORMANCE_CONFORMANCE_H_
#define QUIPU_TESTS_CONFORMANCE_CONFORMANCE_H_

#include <concepts>
#include <memory>
#include <string>
#include <utility>

#include "tests/support/backends.h"

namespace quipu::testing {

template <class Store>
Result<std::shared_ptr<BaseKVStore>> as_base(std::shared_ptr<Store> store) {
  return std::shared_ptr<BaseKVStore>(std::move(store));
}
template <class Store>
Result<std::shared_ptr<BaseKVStore>> as_base(Result<std::shared_ptr<Store>> store) {
  if (!store) return store.error();
  return std::shared_ptr<BaseKVStore>(*std::move(store));
}

template <class Make>
BackendFactory make_backend_factory(std::string name, Make make) {
  return {std::move(name), [make]([[maybe_unused]] const std::string& directory) {
            if constexpr (std::invocable<const Make&, const std::string&>) {
              return as_base(make(directory));
            } else {
              return as_base(make());
            }
          }};
}
template <class Make, class Reopen>
BackendFactory make_backend_factory(std::string name, Make make, Reopen reopen) {
  BackendFactory factory = make_backend_factory(std::move(name), std::move(make));
  factory.reopen = [reopen](std::shared_ptr<BaseKVStore> store, const std::string& directory) {
    return as_base(reopen(std::move(store), directory));
  };
  return factory;
}

}  // namespace quipu::testing

#define QUIPU_CONFORMANCE(name, ...)              \
  [[maybe_unused]] const bool quipu_adds_##name = \
      ::quipu::testing::add_backend(::quipu::testing::make_backend_factory(#name, __VA_ARGS__))

#endif  // QUIPU_TESTS_CONFORMANCE_CONFORMANCE_H_
