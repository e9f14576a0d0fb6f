// The backends that a store test runs on, as GoogleTest parameters.

#ifndef QUIPU_TESTS_SUPPORT_BACKENDS_H_
#define QUIPU_TESTS_SUPPORT_BACKENDS_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "quipu/kv_store.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {

enum class Backend { kMemory, kRocksDB, kMinimal };

std::string backend_name(const ::testing::TestParamInfo<Backend>& info);

// An empty store, and the same store taken down and up again. kMinimal is a user's backend with the
// reference's four methods only; it and memory are kept through reopen() by saving and loading.
class BackendFixture : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override;
  void reopen();
  bool batches() const { return GetParam() == Backend::kRocksDB; }

  TempDir directory_;
  std::shared_ptr<BaseKVStore> kv_;
};

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_SUPPORT_BACKENDS_H_
