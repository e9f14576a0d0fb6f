// Keeps a note in a database and reads it back. Usage: consumer DIRECTORY

#include <cstdio>
#include <memory>
#include <optional>

#include "quipu/json.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/status.h"

namespace {

quipu::Status run(const char* directory) {
  QUIPU_ASSIGN_OR_RETURN(const auto store, quipu::RocksDBKVStore::open(directory));
  QUIPU_ASSIGN_OR_RETURN(const quipu::Json note, quipu::Json::parse(R"({"text": "knots on a cord"})"));
  QUIPU_RETURN_IF_ERROR(store->put("note-1", note, "notes"));
  QUIPU_ASSIGN_OR_RETURN(const std::optional<quipu::Json> found, store->get("note-1", "notes"));
  if (!found) return quipu::Status::not_found("note-1 is gone");
  std::printf("%s\n", found->text().c_str());
  return store->close();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: consumer DIRECTORY\n");
    return 2;
  }
  const quipu::Status status = run(argv[1]);
  if (!status.is_ok()) std::fprintf(stderr, "%s\n", status.to_string().c_str());
  return status.is_ok() ? 0 : 1;
}
