#include "engine/vectors/stored/code_stream.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <deque>
#include <limits>
#include <vector>

#include "engine/vectors/cascade/code_search.h"
#include "engine/vectors/codes/vector_codes.h"
#include "engine/vectors/stored/block_scan.h"
#include "engine/vectors/stored/row_search.h"

namespace quipu {
namespace {

// So many codes are scanned together: they stay in the processor's cache.
constexpr size_t kCodesAtOnce = 2048;

// What one thread has found tells the others how good the best are.
class Threshold {
 public:
  double get() const { return threshold_; }
  void raise(double threshold) {
    double known = threshold_;
    while (known < threshold && !threshold_.compare_exchange_weak(known, threshold)) {
    }
  }

 private:
  std::atomic<double> threshold_ = -std::numeric_limits<double>::infinity();
};

// The codes of some blocks at a time.
class Stream {
 public:
  Stream(const TopKQuery& wanted, const CodeReader& reader, Threshold& threshold)
      : codes_(wanted.query.size()), rows_(wanted, codes_, reader), threshold_(threshold) {
    codes_.drop_lower_halves();
    grow(kCodesAtOnce);
  }

  // An error ends the reading where codes do not tell any more.
  Status take(const CodeBlock& block) {
    if (used_ + block.rows > codes_.size()) {
      QUIPU_RETURN_IF_ERROR(search());
      grow(std::max(block.rows, kCodesAtOnce));
    }
    std::memcpy(orders_.data() + used_, block.orders, block.rows * sizeof(uint64_t));
    codes_.put_rows(used_, block);
    used_ += block.rows;
    count_ += block.rows;
    return tells() ? Status::ok() : Status::invalid_argument("codes do not tell");
  }

  // What is left of them.
  Status search() {
    codes_.truncate(used_);
    used_ = 0;
    codes_.settle();
    tells_ = tells_ && !codes_.has_irregular();
    if (!tells() || codes_.size() == 0) return Status::ok();
    const CodeQuery query = rows_.query(threshold_.get());
    Status taken = rows_.take(codes_, find_candidates(codes_, nullptr, query, nullptr),
                              [this](uint32_t slot) { return orders_[slot]; });
    threshold_.raise(rows_.threshold());
    return taken;
  }
  bool tells() const { return tells_ && !rows_.fails(); }
  uint64_t count() const { return count_; }
  RowSearch& rows() { return rows_; }

 private:
  void grow(size_t size) {
    codes_.grow(size - codes_.size());
    orders_.resize(size);
  }

  VectorCodes codes_;
  RowSearch rows_;
  Threshold& threshold_;
  std::vector<uint64_t> orders_;
  size_t used_ = 0;
  uint64_t count_ = 0;
  bool tells_ = true;
};

}  // namespace

Result<std::optional<VectorStoreQueryResult>> search_codes(const TopKQuery& wanted, const CodeReader& reader,
                                                           size_t threads) {
  std::optional<VectorStoreQueryResult> found;
  QUIPU_ASSIGN_OR_RETURN(const std::vector<size_t> dimensions, reader.dimensions());
  const size_t size = wanted.query.size();
  if (dimensions != std::vector{size} || !codes_tell(wanted, reader.count())) return found;
  if (VectorCodes(size).has_irregular()) return found;
  Threshold threshold;
  std::deque<Stream> streams;  // of threads
  for (size_t i = 0; i < threads; ++i) streams.emplace_back(wanted, reader, threshold);
  const Status read = scan_on_threads(reader, size, threads, [&](size_t thread, const CodeBlock& block) {
    return streams[thread].take(block);
  });
  if (!std::ranges::all_of(streams, &Stream::tells)) return found;
  QUIPU_RETURN_IF_ERROR(read);
  uint64_t count = 0;
  RowSearch& rows = streams.front().rows();
  for (Stream& stream : streams) {
    QUIPU_RETURN_IF_ERROR(stream.search());
    if (!stream.tells()) return found;
    count += stream.count();
    if (&stream.rows() != &rows) rows.add(stream.rows());
  }
  if (rows.fails() || count != reader.count()) return found;
  QUIPU_ASSIGN_OR_RETURN(found, rows.finish());
  if (rows.fails()) found.reset();
  return found;
}

}  // namespace quipu
