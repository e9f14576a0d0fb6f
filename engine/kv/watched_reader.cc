#include "engine/kv/watched_reader.h"

#include <utility>

namespace quipu {
namespace {

class WatchedIterator : public KVIterator {
 public:
  WatchedIterator(std::unique_ptr<KVIterator> it, bool keys_only, Work& work)
      : it_(std::move(it)), keys_only_(keys_only), work_(work) {}
  bool next() override {
    if (!work_.check().is_ok() || !it_->next()) return false;
    work_.add(it_->key().size() + (keys_only_ ? 0 : it_->val().text().size()));
    return true;
  }
  std::string_view key() const override { return it_->key(); }
  JsonView val() const override { return it_->val(); }
  std::optional<uint64_t> order() const override { return it_->order(); }
  Status status() const override {
    QUIPU_RETURN_IF_ERROR(it_->status());
    return work_.check();
  }

 private:
  const std::unique_ptr<KVIterator> it_;
  const bool keys_only_;
  Work& work_;
};

}  // namespace

Result<std::optional<Json>> WatchedReader::get(std::string_view key, std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(work_.check());
  return reader_.get(key, collection);
}

Result<std::vector<KVEntry>> WatchedReader::get_all(std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(work_.check());
  return reader_.get_all(collection);
}

Result<std::vector<std::optional<Json>>> WatchedReader::multi_get(std::span<const std::string_view> keys,
                                                                  std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(work_.check());
  return reader_.multi_get(keys, collection);
}

Result<std::vector<std::optional<uint64_t>>> WatchedReader::insertion_order(
    std::span<const std::string_view> keys, std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(work_.check());
  return reader_.insertion_order(keys, collection);
}

Result<bool> WatchedReader::exists(std::string_view key, std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(work_.check());
  return reader_.exists(key, collection);
}

Result<std::vector<bool>> WatchedReader::keys_exist(std::span<const std::string_view> keys,
                                                    std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(work_.check());
  return reader_.keys_exist(keys, collection);
}

Result<std::unique_ptr<KVIterator>> WatchedReader::scan(const ScanOptions& options,
                                                        std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(work_.check());
  work_.begin(collection);
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<KVIterator> it, reader_.scan(options, collection));
  return std::make_unique<WatchedIterator>(std::move(it), options.keys_only, work_);
}

}  // namespace quipu
