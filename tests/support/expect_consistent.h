// Test failures for all faults that verify() and verify_stores() find; of a store that cannot list its
// collections, only that they say so.

#ifndef QUIPU_TESTS_SUPPORT_EXPECT_CONSISTENT_H_
#define QUIPU_TESTS_SUPPORT_EXPECT_CONSISTENT_H_

#include "quipu/kv_store.h"

namespace quipu::testing {

void expect_consistent(const BaseKVStore& store);

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_SUPPORT_EXPECT_CONSISTENT_H_
