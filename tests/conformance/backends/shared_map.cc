// A store of which others may change the data: what the stores over it keep in memory looks at its version.

#include "tests/conformance/conformance.h"
#include "tests/support/shared_map_kv_store.h"

namespace quipu::testing {
namespace {

QUIPU_CONFORMANCE(SharedMap, [] { return std::make_shared<SharedMapKVStore>(); });

}  // namespace
}  // namespace quipu::testing
