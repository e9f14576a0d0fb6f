// The reference's four methods, and the library's defaults for all else.

#include "tests/conformance/conformance.h"
#include "tests/support/minimal_kv_store.h"

namespace quipu::testing {
namespace {

QUIPU_CONFORMANCE(Minimal, [] { return std::make_shared<MinimalKVStore>(); });

}  // namespace
}  // namespace quipu::testing
