// FormerTriplets: the triplets that knowledge graph indexes of LlamaIndex 0.6.0 to 0.6.21 kept in their index
// structs, as rel_map, and that are in the graph store today.

#ifndef QUIPU_ENGINE_PERSIST_FORMER_FORMER_TRIPLETS_H_
#define QUIPU_ENGINE_PERSIST_FORMER_FORMER_TRIPLETS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/json_file/persist_file_reader.h"
#include "quipu/json.h"

namespace quipu {

class FormerTriplets {
 public:
  // Takes the triplets of a stored index struct, if it has any. Those versions wrote [object, relation], and
  // the reference, when it upgrades a struct, reads [relation, object]: which of the two it is, a struct's
  // table tells, for it has the objects among its keywords. False: rel_map is nothing of the kind.
  bool take(JsonView stored_struct);

  bool empty() const { return subjects_.empty(); }
  size_t subjects() const { return subjects_.size(); }
  size_t triplets() const { return triplets_; }
  // As graph_store.json holds them. Duplicates stay, as in the reference's upgrade.
  Status give_to(PersistFileHandler& graph_store) const;

 private:
  void add(std::string subject, std::string_view relation, std::string_view object);

  std::vector<std::pair<std::string, std::string>> subjects_;  // with "[relation, object], ..."
  std::unordered_map<std::string, size_t> places_;             // of subjects
  size_t triplets_ = 0;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_FORMER_FORMER_TRIPLETS_H_
