#include "backends/rocksdb/files/external_sorter.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <system_error>

namespace quipu::rocks {
namespace {

constexpr size_t kHeaderBytes = 16;  // sequence, key length, value length
constexpr size_t kWriteBytes = 1 << 20;
constexpr size_t kMinReadBytes = 64 << 10;
constexpr size_t kFewRuns = 64;
constexpr size_t kRowsAhead = 8;
constexpr unsigned kDigitBits = 8;
constexpr size_t kDigits = size_t{1} << kDigitBits;
constexpr unsigned kRankBits = 64;

std::array<char, kHeaderBytes> header_of(const Row& row) {
  const auto key_length = static_cast<uint32_t>(row.key.size());
  const auto value_length = static_cast<uint32_t>(row.value.size());
  std::array<char, kHeaderBytes> header;
  std::memcpy(header.data(), &row.sequence, 8);
  std::memcpy(header.data() + 8, &key_length, 4);
  std::memcpy(header.data() + 12, &value_length, 4);
  return header;
}

void encode(const Row& row, std::string& out) {
  const std::array<char, kHeaderBytes> header = header_of(row);
  out.append(header.data(), header.size());
  out += row.key;
  out += row.value;
}

// The row at `bytes`; its length is header, key and value.
Row decode(const char* bytes) {
  Row row{};
  uint32_t key_length = 0;
  uint32_t value_length = 0;
  std::memcpy(&row.sequence, bytes, 8);
  std::memcpy(&key_length, bytes + 8, 4);
  std::memcpy(&value_length, bytes + 12, 4);
  row.key = {bytes + kHeaderBytes, key_length};
  row.value = {bytes + kHeaderBytes + key_length, value_length};
  return row;
}

// The beginning of a short row, or of a long one's key, that will be read soon.
void prefetch(const char* bytes) {
  constexpr size_t kLineBytes = 64;
  for (size_t line = 0; line < 3; ++line) __builtin_prefetch(bytes + line * kLineBytes);
}

size_t encoded_bytes(const Row& row) { return kHeaderBytes + row.key.size() + row.value.size(); }

Status file_error(const char* what, const std::string& directory) {
  return Status::io_error(std::string(what) + " a temporary file in " + directory + ": " +
                          std::generic_category().message(errno));
}

// The first eight bytes of a key as a number; shorter keys come before those they begin.
uint64_t key_rank(const Row& row) {
  uint64_t rank = 0;
  for (size_t i = 0; i < 8; ++i) {
    rank = rank << 8 | (i < row.key.size() ? static_cast<unsigned char>(row.key[i]) : 0U);
  }
  return rank;
}

}  // namespace

const RowOrder kBySequence = {[](const Row& row) { return row.sequence; },
                              [](const Row& a, const Row& b) { return a.sequence < b.sequence; }};
const RowOrder kByKey = {key_rank, [](const Row& a, const Row& b) {
                           const int order = a.key.compare(b.key);
                           return order != 0 ? order < 0 : a.sequence < b.sequence;
                         }};

// A sorted stretch of the temporary file, read through a buffer.
class ExternalSorter::Run {
 public:
  Run(int file, uint64_t begin, uint64_t end) : file_(file), next_(begin), end_(end) {}

  void set_buffer_bytes(size_t bytes) { buffer_bytes_ = bytes; }
  const Row& row() const { return row_; }

  // Reads the next row's sequence and key; false at the end. Rows wait in their runs without their values, of
  // which each may be as long as all that fits into memory.
  Result<bool> advance(const std::string& directory) {
    const size_t rest_of_row = row_bytes_ - std::min(row_bytes_, buffer_.size() - at_);
    at_ += row_bytes_ - rest_of_row;
    next_ += rest_of_row;
    QUIPU_RETURN_IF_ERROR(ensure(kHeaderBytes, directory));
    if (buffer_.size() == at_) {
      std::string().swap(buffer_);
      at_ = row_bytes_ = 0;
      return false;
    }
    const size_t key_length = decode(buffer_.data() + at_).key.size();
    QUIPU_RETURN_IF_ERROR(ensure(kHeaderBytes + key_length, directory));
    row_ = decode(buffer_.data() + at_);
    row_bytes_ = encoded_bytes(row_);
    return true;
  }
  // Reads the value, too.
  Status load(const std::string& directory) {
    QUIPU_RETURN_IF_ERROR(ensure(row_bytes_, directory));
    row_ = decode(buffer_.data() + at_);
    return Status::ok();
  }

 private:
  // At least `bytes` in the buffer, or none when the run is at its end.
  Status ensure(size_t bytes, const std::string& directory) {
    if (buffer_.size() - at_ >= bytes || next_ == end_) return Status::ok();
    if (buffer_.capacity() > 2 * std::max(buffer_bytes_, bytes)) {
      std::string(buffer_, at_).swap(buffer_);  // gives back what a long row took
    } else {
      buffer_.erase(0, at_);
    }
    at_ = 0;
    const size_t kept = buffer_.size();
    const size_t wanted =
        static_cast<size_t>(std::min<uint64_t>(std::max(buffer_bytes_, bytes) - kept, end_ - next_));
    buffer_.resize(kept + wanted);
    size_t done = 0;
    while (done < wanted) {
      const ssize_t got =
          ::pread(file_, buffer_.data() + kept + done, wanted - done, static_cast<off_t>(next_));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return file_error("cannot read", directory);
      done += static_cast<size_t>(got);
      next_ += static_cast<uint64_t>(got);
    }
    return Status::ok();
  }

  const int file_;
  uint64_t next_;
  const uint64_t end_;
  size_t buffer_bytes_ = kMinReadBytes;
  std::string buffer_;
  size_t at_ = 0;
  size_t row_bytes_ = 0;
  Row row_{};
};

ExternalSorter::ExternalSorter(const RowOrder& order, std::string directory, size_t memory_bytes)
    : order_(order), directory_(std::move(directory)), memory_bytes_(std::max<size_t>(memory_bytes, 4096)) {}

ExternalSorter::~ExternalSorter() {
  if (file_ >= 0) ::close(file_);
}

Status ExternalSorter::add(const Row& row) {
  const size_t bytes = encoded_bytes(row) + sizeof(Place);
  // Little memory is as fast, while the runs are few enough to be merged through large buffers.
  const size_t limit = runs_.size() < kFewRuns ? memory_bytes_ / 4 : memory_bytes_;
  if (bytes > limit) return write_alone(row);
  if (!places_.empty() && rows_.size() + places_.size() * sizeof(Place) + bytes > limit) {
    sort_rows();
    QUIPU_RETURN_IF_ERROR(write_run());
  }
  if (rows_.capacity() < rows_.size() + bytes) {
    // Few steps: memory that is not written to costs nothing.
    rows_.reserve(std::max(rows_.size() + bytes, std::min(rows_.capacity() * 16 + (1 << 16), limit)));
  }
  places_.push_back({order_.rank(row), rows_.size()});
  ++size_;
  encode(row, rows_);
  return Status::ok();
}

void ExternalSorter::sort_rows() {
  sort_by_ranks();
  for (auto begin = places_.begin(); begin != places_.end();) {
    const auto end =
        std::find_if(begin, places_.end(), [&](const Place& p) { return p.rank != begin->rank; });
    std::sort(begin, end, [this](const Place& a, const Place& b) {
      return order_.before(row_at(a.offset), row_at(b.offset));
    });
    begin = end;
  }
}

// Digit by digit from the lowest on: ranks that are near to each other, as sequences are, have few.
void ExternalSorter::sort_by_ranks() {
  if (places_.empty()) return;
  const auto [first, last] = std::ranges::minmax(places_, {}, &Place::rank);
  const uint64_t least = first.rank;
  const uint64_t span = last.rank - least;
  std::vector<Place> sorted(places_.size());
  for (unsigned shift = 0; shift < kRankBits && span >> shift != 0; shift += kDigitBits) {
    const auto digit = [&](const Place& place) { return (place.rank - least) >> shift & (kDigits - 1); };
    std::array<size_t, kDigits + 1> begins{};
    for (const Place& place : places_) ++begins[digit(place) + 1];
    std::partial_sum(begins.begin(), begins.end(), begins.begin());
    for (const Place& place : places_) sorted[begins[digit(place)]++] = place;
    places_.swap(sorted);
  }
}

// The order of the heap: its front is the run whose row comes first.
bool ExternalSorter::later(const Run* a, const Run* b) const { return order_.before(b->row(), a->row()); }

Row ExternalSorter::row_at(size_t offset) const { return decode(rows_.data() + offset); }

Status ExternalSorter::open_file() {
  if (file_ >= 0) return Status::ok();
  std::string name = directory_ + "/sort-XXXXXX";
  file_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (file_ < 0) return file_error("cannot make", directory_);
  ::unlink(name.c_str());
  return Status::ok();
}

Status ExternalSorter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(file_bytes_));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error("cannot write", directory_);
    file_bytes_ += static_cast<uint64_t>(written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return Status::ok();
}

// A row that is a run of its own, and never copied.
Status ExternalSorter::write_alone(const Row& row) {
  ++size_;
  QUIPU_RETURN_IF_ERROR(open_file());
  const uint64_t begin = file_bytes_;
  const std::array<char, kHeaderBytes> header = header_of(row);
  for (const std::string_view part : {std::string_view(header.data(), header.size()), row.key, row.value}) {
    QUIPU_RETURN_IF_ERROR(write(part));
  }
  runs_.push_back(std::make_unique<Run>(file_, begin, file_bytes_));
  return Status::ok();
}

Status ExternalSorter::write_run() {
  QUIPU_RETURN_IF_ERROR(open_file());
  const uint64_t begin = file_bytes_;
  std::string buffer;
  buffer.reserve(kWriteBytes * 2);
  const auto flush = [&]() -> Status {
    QUIPU_RETURN_IF_ERROR(write(buffer));
    buffer.clear();
    return Status::ok();
  };
  for (const Place& place : places_) {
    buffer.append(rows_, place.offset, encoded_bytes(row_at(place.offset)));
    if (buffer.size() >= kWriteBytes) QUIPU_RETURN_IF_ERROR(flush());
  }
  QUIPU_RETURN_IF_ERROR(flush());
  runs_.push_back(std::make_unique<Run>(file_, begin, file_bytes_));
  rows_.clear();
  places_.clear();
  return Status::ok();
}

Status ExternalSorter::finish() {
  sort_rows();
  if (runs_.empty()) return Status::ok();
  if (!places_.empty()) QUIPU_RETURN_IF_ERROR(write_run());
  std::string().swap(rows_);  // assignment would keep the memory
  places_ = std::vector<Place>();
  for (const std::unique_ptr<Run>& run : runs_) {
    run->set_buffer_bytes(std::clamp(memory_bytes_ / 4 / runs_.size(), kMinReadBytes, kWriteBytes));
    QUIPU_ASSIGN_OR_RETURN(const bool has_row, run->advance(directory_));
    if (has_row) heap_.push_back(run.get());
  }
  std::ranges::make_heap(heap_, [this](const Run* a, const Run* b) { return later(a, b); });
  return Status::ok();
}

Result<bool> ExternalSorter::next(Row& row) {
  if (runs_.empty()) {
    if (at_ == places_.size()) return false;
    // Rows lie in the order in which they came: without this each would be waited for.
    if (at_ + kRowsAhead < places_.size()) prefetch(rows_.data() + places_[at_ + kRowsAhead].offset);
    row = row_at(places_[at_++].offset);
    return true;
  }
  const auto by_first_row = [this](const Run* a, const Run* b) { return later(a, b); };
  if (last_ != nullptr) {
    QUIPU_ASSIGN_OR_RETURN(const bool has_row, last_->advance(directory_));
    if (has_row) {
      heap_.push_back(last_);
      std::ranges::push_heap(heap_, by_first_row);
    }
  }
  last_ = nullptr;
  if (heap_.empty()) return false;
  std::ranges::pop_heap(heap_, by_first_row);
  last_ = heap_.back();
  heap_.pop_back();
  QUIPU_RETURN_IF_ERROR(last_->load(directory_));
  row = last_->row();
  return true;
}

}  // namespace quipu::rocks
