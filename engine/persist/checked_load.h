// CheckedLoad: a bulk load whose entries are cross-checked as they pass, so that an import can say what does
// not fit together before it commits, without reading anything again. Vectors are checked where nodes have
// passed before them.
//
// Thread-safety: one thread at a time. Memory: index structs, an IdTable, and what names nodes that have not
// passed yet.

#ifndef QUIPU_ENGINE_PERSIST_CHECKED_LOAD_H_
#define QUIPU_ENGINE_PERSIST_CHECKED_LOAD_H_

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/checks/cross_check.h"
#include "engine/layout/chat_record.h"
#include "engine/persist/id_table.h"
#include "quipu/bulk_load.h"

namespace quipu {

class CheckedLoad : public BulkLoad {
 public:
  // `store`: what it will be committed to; what its collections have counts as there.
  static Result<std::unique_ptr<CheckedLoad>> over(std::unique_ptr<BulkLoad> load, const BaseKVStore& store);

  Status begin_file(std::string_view persist_file) override;
  Status begin_collection(std::string_view name, const CollectionOptions& options) override;
  Status put(std::string_view key, JsonView val) override;
  Status put_vector(std::string_view key, std::span<const double> elements) override;
  Status commit() override { return load_->commit(); }

  // What does not fit together. REQUIRES: all has passed.
  Status finish(const TakeNote& take_note);

  // Messages of chats that an import replaces by shorter ones: to be removed once it is committed.
  struct LeftMessages {
    std::string chat;
    ChatRecord::Ids ids;
  };
  const std::vector<LeftMessages>& left_messages() const { return left_messages_; }

 private:
  // What has passed, or is in the store.
  class Places : public IdPlaces {
   public:
    Places(const CheckedLoad& load, StorePlaces store) : load_(load), store_(std::move(store)) {}
    Result<bool> has_node(std::string_view id) const override;
    Result<bool> has_vector(std::string_view id) const override;
    Result<bool> has_subject(std::string_view id) const override;
    Result<bool> has_graph_node(std::string_view id) const override;
    Result<bool> has_property_graph() const override;

   private:
    const CheckedLoad& load_;
    const StorePlaces store_;
  };
  // Ref docs and those of their nodes that have not passed. Ids stand in one text, each behind its length,
  // for there may be as many of them as nodes.
  struct RefDocs {
    struct Unresolved {
      std::string ref_doc;
      size_t ids_begin;  // in `ids`
    };
    void add_missing(std::string_view id);
    // Those that have still not passed.
    Result<MissingIds> missing(const IdPlaces& places) const;

    std::vector<Unresolved> unresolved;
    std::string ids;
  };

  CheckedLoad(std::unique_ptr<BulkLoad> load, const BaseKVStore& store, StorePlaces places)
      : load_(std::move(load)), store_(store), places_(*this, std::move(places)) {}

  Status look_at(std::string_view key, JsonView val);
  Status look_at_ref_doc(std::string_view key, JsonView val);
  Status look_at_chat(std::string_view chat, JsonView val);

  const std::unique_ptr<BulkLoad> load_;
  const BaseKVStore& store_;
  const Places places_;
  IdTable ids_;
  bool property_graph_ = false;
  bool nodes_came_late_ = false;  // behind vectors, which cannot be checked then
  // The collection under way; what is kept of the collections of its role.
  CollectionRole role_ = CollectionRole::kOther;
  std::string collection_;
  std::map<std::string, std::map<std::string, Json>> index_structs_;
  std::map<std::string, RefDocs> ref_docs_;
  std::map<std::string, VectorsCheck> vectors_;
  VectorsCheck* of_vectors_ = nullptr;
  std::vector<LeftMessages> left_messages_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_CHECKED_LOAD_H_
