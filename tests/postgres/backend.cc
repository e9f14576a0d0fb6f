// PostgreSQL, a schema a store, on the server whose address QUIPU_TEST_POSTGRES has.

#include <cstdlib>

#include "backends/postgres/postgres_kv_store.h"
#include "tests/conformance/conformance.h"
#include "tests/postgres/test_address.h"

namespace quipu::testing {
namespace {

QUIPU_CONFORMANCE(Postgres, [](const std::string& directory) {
  return PostgresKVStore::open(test_address(schema_of(directory)), false);
});

}  // namespace
}  // namespace quipu::testing
