#include "backends/redis/scanner.h"

#include <algorithm>
#include <utility>

namespace quipu::redis {
namespace {

bool is_within(std::string_view key, const ScanOptions& options) {
  return key.starts_with(options.prefix) && (!options.start || key >= *options.start) &&
         (!options.end || key < *options.end);
}

// Where the rows of a scan come from, some at a time.
class Source {
 public:
  virtual ~Source() = default;
  // The next rows; none, and is_done(), at the end.
  virtual Result<std::vector<Row>> more() = 0;
  bool is_done() const { return done_; }

 protected:
  bool done_ = false;
};

// Rows that are there already.
class WholeSource : public Source {
 public:
  WholeSource(std::vector<Row> rows, const ScanOptions& options) : rows_(std::move(rows)) {
    if (options.order == ScanOptions::Order::kKey) std::ranges::sort(rows_, {}, &Row::key);
    if (options.reverse) std::ranges::reverse(rows_);
  }
  Result<std::vector<Row>> more() override {
    done_ = true;
    return std::move(rows_);
  }

 private:
  std::vector<Row> rows_;
};

// By key: all keys that are within the bounds are known first, then their values come.
class KeySource : public Source {
 public:
  KeySource(Pages pages, const ScanOptions& options) : pages_(std::move(pages)), options_(options) {}

  Result<std::vector<Row>> more() override {
    if (!listed_) QUIPU_RETURN_IF_ERROR(list());
    std::vector<Row> rows;
    const std::span<const std::string> left = std::span<const std::string>(keys_).subspan(at_);
    if (options_.keys_only) {
      for (const std::string& key : left) rows.push_back({key, std::nullopt, Json()});
      at_ = keys_.size();
    } else if (!left.empty()) {
      QUIPU_ASSIGN_OR_RETURN(auto some, pages_.of_keys(left));
      rows = std::move(some.first);
      at_ += some.second;
    }
    done_ = at_ == keys_.size();
    return rows;
  }

 private:
  Status list() {
    QUIPU_ASSIGN_OR_RETURN(keys_, pages_.keys());
    std::erase_if(keys_, [&](const std::string& key) { return !is_within(key, options_); });
    if (options_.reverse) std::ranges::reverse(keys_);
    listed_ = true;
    return Status::ok();
  }

  const Pages pages_;
  const ScanOptions options_;
  bool listed_ = false;
  std::vector<std::string> keys_;
  size_t at_ = 0;
};

// In insertion order. Keys without a number, which others have written, come behind all others, by key.
class OrderSource : public Source {
 public:
  OrderSource(const Pages& pages, const ScanOptions& options, bool is_numbered)
      : pages_(pages),
        options_(options),
        others_(pages, with_values(options)),
        has_others_(!is_numbered),
        numbered_first_(!options.reverse || is_numbered),
        in_numbered_(numbered_first_) {}

  Result<std::vector<Row>> more() override { return in_numbered_ ? more_numbered() : more_others(); }

 private:
  // With which the numbers come.
  static ScanOptions with_values(ScanOptions options) {
    options.keys_only = false;
    return options;
  }
  Result<std::vector<Row>> more_numbered() {
    QUIPU_ASSIGN_OR_RETURN(std::vector<Row> rows,
                           pages_.in_order(after_, options_.reverse, options_.keys_only));
    if (!after_.empty()) return rows;
    in_numbered_ = false;
    done_ = !numbered_first_ || !has_others_;
    return rows;
  }
  Result<std::vector<Row>> more_others() {
    QUIPU_ASSIGN_OR_RETURN(std::vector<Row> rows, others_.more());
    std::erase_if(rows, [](const Row& row) { return row.order.has_value(); });
    if (others_.is_done()) {
      done_ = numbered_first_;
      in_numbered_ = true;
    }
    return rows;
  }

  const Pages pages_;
  const ScanOptions options_;
  KeySource others_;
  const bool has_others_;
  const bool numbered_first_;
  bool in_numbered_;
  std::string after_;
};

class ScanIterator : public KVIterator {
 public:
  ScanIterator(std::unique_ptr<Source> source, const ScanOptions& options)
      : source_(std::move(source)), options_(options) {}

  bool next() override {
    if (!status_.is_ok() || ended_) return false;
    while (++at_ >= rows_.size() || !is_within(rows_[at_].key, options_)) {
      if (at_ < rows_.size()) continue;
      if (source_->is_done()) return end();
      Result<std::vector<Row>> more = source_->more();
      if (!more) {
        status_ = more.error();
        return false;
      }
      rows_ = *std::move(more);
      at_ = static_cast<size_t>(-1);
    }
    if (options_.limit != 0 && ++yielded_ > options_.limit) return end();
    return true;
  }
  std::string_view key() const override { return rows_[at_].key; }
  JsonView val() const override { return options_.keys_only ? JsonView() : rows_[at_].val.view(); }
  std::optional<uint64_t> order() const override { return rows_[at_].order; }
  Status status() const override { return status_; }

 private:
  bool end() {
    ended_ = true;
    return false;
  }

  const std::unique_ptr<Source> source_;
  const ScanOptions options_;
  std::vector<Row> rows_;
  size_t at_ = static_cast<size_t>(-1);
  uint64_t yielded_ = 0;
  bool ended_ = false;
  Status status_;
};

}  // namespace

Result<std::unique_ptr<KVIterator>> scan_of(Pages pages, const ScanOptions& options) {
  QUIPU_ASSIGN_OR_RETURN(std::optional<std::vector<Row>> whole, pages.whole(options.keys_only));
  std::unique_ptr<Source> source;
  if (whole) {
    source = std::make_unique<WholeSource>(*std::move(whole), options);
  } else if (options.order == ScanOptions::Order::kKey) {
    source = std::make_unique<KeySource>(std::move(pages), options);
  } else {
    QUIPU_ASSIGN_OR_RETURN(const bool is_numbered, pages.is_numbered());
    source = std::make_unique<OrderSource>(pages, options, is_numbered);
  }
  return std::make_unique<ScanIterator>(std::move(source), options);
}

Result<std::vector<KVEntry>> all_of(const Pages& pages) {
  QUIPU_ASSIGN_OR_RETURN(const auto it, scan_of(pages, {.order = ScanOptions::Order::kInsertion}));
  std::vector<KVEntry> entries;
  while (it->next()) {
    entries.push_back({std::string(it->key()), Json::from_canonical(std::string(it->val().text()))});
  }
  QUIPU_RETURN_IF_ERROR(it->status());
  return entries;
}

}  // namespace quipu::redis
