// Names: which keys of Redis a store has. docs/FORMAT.md says the same.
//
// A collection is a hash. Without a namespace its name is the hash's, but for two, which LlamaIndex calls
// otherwise: docstore/data is docstore/doc, and index_store/data is index_store/index. With the namespace NS
// the stores of a storage context are NS/doc, NS/metadata, NS/ref_doc_info and NS/index, as LlamaIndex's
// stores of that namespace have them, and any other collection X is NS:X.
//
// Beside the hashes there are keys of our own, GROUP#quipu:..., which LlamaIndex does not look at.
// Collections of one group can be changed in one step. On one server, and in a namespace with a hash tag,
// there is one group; in a cluster without such a namespace each hash tag is one.

#ifndef QUIPU_BACKENDS_REDIS_LAYOUT_NAMES_H_
#define QUIPU_BACKENDS_REDIS_LAYOUT_NAMES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/status.h"

namespace quipu::redis {

// What a key of our own begins with, behind its group.
inline constexpr std::string_view kOwn = "#quipu:";

struct CollectionKeys {
  std::string hash;
  std::string order;  // a sorted set: the hash's keys, by the numbers of their insertion
  std::string group;
  uint16_t slot;

  std::string own(std::string_view name) const { return group + std::string(kOwn) + std::string(name); }
};

class Names {
 public:
  // Errors: kInvalidArgument for a namespace that cannot be told from keys of our own.
  static Result<Names> make(std::string name_space, bool is_cluster);

  // Errors: kInvalidArgument for a name that could be a key of our own.
  Result<CollectionKeys> keys_of(std::string_view collection) const;
  // Nothing for what is no collection of this store.
  std::optional<std::string> collection_of(std::string_view hash) const;

  // Whether all collections are of one group, and which; where not, of what belongs to no collection.
  bool has_one_group() const { return has_one_group_; }
  std::string own(std::string_view name) const { return group_ + std::string(kOwn) + std::string(name); }
  // Whether the store is all of the database.
  bool is_whole_database() const { return name_space_.empty(); }
  // The persist file of a collection that one of LlamaIndex's stores may have made; empty for others.
  static std::string_view persist_file_of(std::string_view collection);
  // The hashes that LlamaIndex's stores of the namespace have.
  std::vector<std::string> stores_hashes() const;

 private:
  Names() = default;
  std::string hash_of(std::string_view collection) const;

  std::string name_space_;
  bool has_one_group_ = true;
  std::string group_;
};

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_LAYOUT_NAMES_H_
