// ScannedFeatures: the features of backend/features.h over a store that has nothing but get() and scan(), and
// adjacency over its FieldIndex, whatever that is.

#ifndef QUIPU_ENGINE_KV_SCANNED_FEATURES_H_
#define QUIPU_ENGINE_KV_SCANNED_FEATURES_H_

#include "quipu/backend/features.h"
#include "quipu/backend/text_entries.h"
#include "quipu/kv_store.h"

namespace quipu {

class ScannedFeatures : public MemberLists,
                        public ComposedValues,
                        public FieldIndex,
                        public Adjacency,
                        public VectorValues,
                        public TextIndexes {
 public:
  // `store` must outlive this.
  explicit ScannedFeatures(BaseKVStore& store) : store_(store) {}

  Result<std::optional<MemberLists::Info>> list_info(std::string_view collection,
                                                     std::string_view key) const override;
  Result<bool> has_member(std::string_view collection, std::string_view key,
                          std::string_view member) const override;
  Result<std::vector<std::string>> members(std::string_view collection, std::string_view key) const override;

  Result<std::optional<ComposedValues::Info>> composed_info(std::string_view collection,
                                                            std::string_view key) const override;
  Result<std::vector<Part>> parts(std::string_view collection, std::string_view key) const override;

  Status ensure_index(std::string_view collection, std::string_view field) override;
  Result<std::vector<std::string>> keys_with_value(std::string_view collection, std::string_view field,
                                                   std::string_view value) const override;
  Result<std::vector<bool>> values_exist(std::string_view collection, std::string_view field,
                                         std::span<const std::string_view> values) const override;

  Status for_each_node(std::string_view collection, std::span<const std::string_view> ids, uint64_t at_most,
                       const Use& use) const override;

  Status scan_vectors(std::string_view collection,
                      const std::function<Status(const VectorEntry&)>& use) const override;
  Status get_vectors(std::string_view collection, std::span<const std::string_view> keys,
                     const std::function<void(size_t i, std::span<const double>)>& use) const override;

  Result<std::unique_ptr<TextView>> open_text(std::string_view collection) const override;
  Result<bool> make_text_index(std::string_view collection, std::string_view analyser,
                               uint64_t at_most) override;
  Result<bool> drop_text_index(std::string_view collection) override;

 private:
  BaseKVStore& store_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_KV_SCANNED_FEATURES_H_
