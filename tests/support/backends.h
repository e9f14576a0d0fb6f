// The backends that the conformance suite (tests/conformance) and trace_replay run on, by name.
//
// Thread-safety: the list is filled before main() and only read after.

#ifndef QUIPU_TESTS_SUPPORT_BACKENDS_H_
#define QUIPU_TESTS_SUPPORT_BACKENDS_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/kv_store.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {

// How a store of some backend is made, taken down and up again.
struct BackendFactory {
  std::string name;  // letters and digits

  // The store in `directory`, which belongs to it alone: empty at first, and what reopen() left there later.
  std::function<Result<std::shared_ptr<BaseKVStore>>(const std::string& directory)> make;

  // Takes `store`, of which this is the only pointer, down and brings what it held up again, from
  // `directory`. None: a store that is capabilities().durable goes away and is made anew; another one is kept
  // as it is.
  std::function<Result<std::shared_ptr<BaseKVStore>>(std::shared_ptr<BaseKVStore> store,
                                                     const std::string& directory)>
      reopen = {};
};

inline void PrintTo(const BackendFactory& factory, std::ostream* out) { *out << factory.name; }

// In the order in which they were added.
const std::vector<BackendFactory>& backends();
// Null for an unknown name; upper and lower case are alike.
const BackendFactory* find_backend(std::string_view name);
// Before main(); see QUIPU_CONFORMANCE in tests/conformance/conformance.h. Always true.
bool add_backend(BackendFactory factory);

// Stores of one backend, each in a directory of its own, which go when this goes.
class BackendStores {
 public:
  explicit BackendStores(const BackendFactory& factory) : factory_(factory) {}

  // A new empty store.
  Result<std::shared_ptr<BaseKVStore>> create();
  // The store that was made last, taken down and up again.
  Result<std::shared_ptr<BaseKVStore>> reopen(std::shared_ptr<BaseKVStore> store);
  // What is in the directory of the store that was made last, whose object is closed or gone.
  Result<std::shared_ptr<BaseKVStore>> make_again();

 private:
  const BackendFactory& factory_;
  TempDir directory_;
  int created_ = 0;
};

// For INSTANTIATE_TEST_SUITE_P(Backends, MyTest, ::testing::ValuesIn(backends()), backend_name).
std::string backend_name(const ::testing::TestParamInfo<BackendFactory>& info);

// An empty store of a backend, and the same store taken down and up again.
class BackendTest : public ::testing::Test {
 protected:
  explicit BackendTest(const BackendFactory& factory) : stores_(factory) {}
  void SetUp() override;
  void reopen();

  bool batches() const { return kv_->capabilities().batched_put_all; }
  // Whether collections() works; where it does not, the refusal is checked.
  bool lists_collections() const;
  // Whether stores with this persist file are kept; where they are not, the refusal is checked.
  bool keeps(const std::string& persist_file) const;
  // A collection's entries in insertion order, as "key=value;" each.
  static std::string content(const KVReader& store, const std::string& collection);
  std::string content(const std::string& collection) const { return content(*kv_, collection); }

  TempDir directory_;
  BackendStores stores_;
  std::shared_ptr<BaseKVStore> kv_;
};

// The same, of the backend that is the test's parameter.
class BackendFixture : public BackendTest, public ::testing::WithParamInterface<BackendFactory> {
 protected:
  BackendFixture() : BackendTest(GetParam()) {}
};

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_SUPPORT_BACKENDS_H_
