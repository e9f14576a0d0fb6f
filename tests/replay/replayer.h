// Replayer: one store under test that takes the operations of a recorded trace by name.

#ifndef QUIPU_TESTS_REPLAY_REPLAYER_H_
#define QUIPU_TESTS_REPLAY_REPLAYER_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/json.h"
#include "quipu/kv_store.h"
#include "tests/support/backends.h"

namespace quipu::testing {

class Replayer {
 public:
  virtual ~Replayer() = default;
  // Runs one operation; the canonical text of what it returns ("null" for nothing).
  virtual Result<std::string> apply(std::string_view op, JsonView args) = 0;

  // Makes the replayer of a trace ("kvstore", "docstore", ...); null for an unknown one.
  static std::unique_ptr<Replayer> make(std::string_view trace, BackendStores& stores);
};

// Arguments of a trace line, with Python's defaults.
std::string string_arg(JsonView args, std::string_view name, std::string_view otherwise = "");
bool bool_arg(JsonView args, std::string_view name, bool otherwise);
int int_arg(JsonView args, std::string_view name, int otherwise);
// Nothing for null.
std::optional<std::vector<std::string>> strings_arg(JsonView args, std::string_view name);

std::string json_text(std::string_view string);  // a string's JSON
std::string json_text(bool value);
// The whole store as one object of its collections, in order; empty ones are left out.
Result<std::string> store_to_dict(const KVReader& store);

std::unique_ptr<Replayer> make_kv_replayer(BackendStores& stores);
std::unique_ptr<Replayer> make_document_store_replayer(BackendStores& stores);
std::unique_ptr<Replayer> make_index_store_replayer(BackendStores& stores);
std::unique_ptr<Replayer> make_vector_store_replayer(BackendStores& stores);
std::unique_ptr<Replayer> make_storage_context_replayer();  // always in memory, as to_dict wants it
std::unique_ptr<Replayer> make_graph_store_replayer(BackendStores& stores);
std::unique_ptr<Replayer> make_property_graph_store_replayer(BackendStores& stores);

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_REPLAY_REPLAYER_H_
