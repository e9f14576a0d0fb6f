#include "tests/support/expect_consistent.h"

#include <gtest/gtest.h>

#include "quipu/persist_dir.h"

namespace quipu::testing {

void expect_consistent(const BaseKVStore& store) {
  const auto fails = [](const Fault& fault) {
    if (fault.severity == Severity::kNote) return;
    ADD_FAILURE() << fault.collection << " " << fault.key << ": " << fault.message;
  };
  const Status verified = store.verify(fails);
  EXPECT_TRUE(verified.is_ok()) << verified.to_string();
  const Status stores = verify_stores(store, fails);
  if (!store.collections()) {
    EXPECT_EQ(stores.code(), StatusCode::kNotSupported) << stores.to_string();
  } else {
    EXPECT_TRUE(stores.is_ok()) << stores.to_string();
  }
}

}  // namespace quipu::testing
