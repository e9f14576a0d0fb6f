// HnswGraph's file. docs/FORMAT.md describes it.

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <type_traits>

#include "engine/base/sha256.h"
#include "engine/files/atomic_file.h"
#include "engine/vectors/hnsw/hnsw_graph_impl.h"

namespace quipu {
namespace {

constexpr std::string_view kMagic = "QUIPUHN1";
constexpr size_t kHashBytes = 64;  // SHA-256 in hex
constexpr uint32_t kNoName = UINT32_MAX;
constexpr uint32_t kMaxNameBytes = 1 << 24;
constexpr size_t kMaxDimensions = 1 << 20;
constexpr int kMaxLevels = 64;

template <class T>
std::string_view bytes_of(const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return {reinterpret_cast<const char*>(&value), sizeof(T)};
}

struct Header {
  uint32_t dimensions;
  uint32_t M;
  uint32_t ef_construction;
  uint32_t points;
  int32_t max_level;
  uint32_t entry;
};

// Writes, and hashes what it writes.
class HashedWriter {
 public:
  explicit HashedWriter(AtomicFile& file) : file_(file) {}
  Status write(std::string_view bytes) {
    hash_.update(bytes);
    return file_.append(bytes);
  }
  Status finish() { return file_.append(hash_.hex()); }

 private:
  AtomicFile& file_;
  Sha256 hash_;
};

// Reads a file whose last bytes are the hash of what stands before them.
class HashedReader {
 public:
  explicit HashedReader(std::string path) : path_(std::move(path)) {}
  ~HashedReader() {
    if (file_ != nullptr) (void)std::fclose(file_);
  }
  HashedReader(const HashedReader&) = delete;
  HashedReader& operator=(const HashedReader&) = delete;

  Status open() {
    file_ = std::fopen(path_.c_str(), "rbe");
    if (file_ == nullptr) {
      return errno == ENOENT ? Status::not_found(path_ + ": no such file")
                             : Status::io_error(path_ + ": " + std::strerror(errno));
    }
    if (std::fseek(file_, 0, SEEK_END) != 0) return damaged("cannot be read");
    const long size = std::ftell(file_);
    std::rewind(file_);
    if (size < static_cast<long>(kHashBytes)) return damaged("is too short");
    left_ = static_cast<size_t>(size) - kHashBytes;
    return Status::ok();
  }
  size_t left() const { return left_; }
  Status read(void* to, size_t size) {
    if (size > left_ || std::fread(to, 1, size, file_) != size) return damaged("ends too early");
    left_ -= size;
    hash_.update({static_cast<const char*>(to), size});
    return Status::ok();
  }
  template <class T>
  Status read(T& value) {
    return read(&value, sizeof(T));
  }
  Status finish() {
    std::string stored(kHashBytes, '\0');
    if (left_ != 0) return damaged("is too long");
    if (std::fread(stored.data(), 1, kHashBytes, file_) != kHashBytes) return damaged("ends too early");
    return stored == hash_.hex() ? Status::ok() : damaged("does not match its checksum");
  }
  Status damaged(const char* what) const { return Status::corruption(path_ + ": the HNSW file " + what); }

 private:
  const std::string path_;
  std::FILE* file_ = nullptr;
  size_t left_ = 0;
  Sha256 hash_;
};

bool links_are_valid(const Hnsw& hnsw, hnswlib::linklistsizeint* list, size_t most, int level) {
  const size_t count = hnsw.getListCount(list);
  if (count > most) return false;
  return std::all_of(list + 1, list + 1 + count, [&](hnswlib::tableint id) {
    return id < hnsw.cur_element_count && hnsw.element_levels_[id] >= level;
  });
}

// Whether similarities to a vector are numbers, which can be compared: no element of a vector of length 1 is
// larger.
bool is_normalised(const float* elements, size_t dimensions) {
  constexpr float kMost = 1.01F;
  return std::all_of(elements, elements + dimensions,
                     [](float element) { return element >= -kMost && element <= kMost; });
}

// Whether every link of the graph leads to a point of its layer. A checksum says only who wrote the file.
bool links_are_valid(const Hnsw& hnsw) {
  if (hnsw.cur_element_count == 0) return true;
  if (hnsw.enterpoint_node_ >= hnsw.cur_element_count) return false;
  if (hnsw.element_levels_[hnsw.enterpoint_node_] != hnsw.maxlevel_) return false;
  for (hnswlib::tableint id = 0; id < hnsw.cur_element_count; ++id) {
    for (int level = 0; level <= hnsw.element_levels_[id]; ++level) {
      const size_t most = level == 0 ? hnsw.maxM0_ : hnsw.maxM_;
      if (!links_are_valid(hnsw, hnsw.get_linklist_at_level(id, level), most, level)) return false;
    }
  }
  return hnsw.label_lookup_.size() == hnsw.cur_element_count;
}

Status read_links(HashedReader& file, Hnsw& hnsw, hnswlib::tableint id) {
  uint32_t levels = 0;
  QUIPU_RETURN_IF_ERROR(file.read(levels));
  if (levels == 0) return Status::ok();
  if (levels > kMaxLevels || levels * hnsw.size_links_per_element_ > file.left()) {
    return file.damaged("has a point of too many layers");
  }
  const size_t size = levels * hnsw.size_links_per_element_;
  hnsw.linkLists_[id] = static_cast<char*>(std::malloc(size));
  if (hnsw.linkLists_[id] == nullptr) return Status::io_error("hnsw: out of memory");
  hnsw.element_levels_[id] = static_cast<int>(levels);
  return file.read(hnsw.linkLists_[id], size);
}

}  // namespace

Status remove_hnsw_file(const std::string& path) {
  if (std::remove(path.c_str()) == 0 || errno == ENOENT) return Status::ok();
  return Status::io_error(path + ": " + std::strerror(errno));
}

Status HnswGraph::save(const std::string& path, const std::function<std::string_view(Point)>& name_of,
                       Work* work) const {
  const Hnsw& hnsw = *impl_->hnsw;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<AtomicFile> file, AtomicFile::create(path));
  HashedWriter out(*file);
  const auto count = static_cast<uint32_t>(hnsw.cur_element_count);
  const Header header = {static_cast<uint32_t>(dimensions()),
                         static_cast<uint32_t>(impl_->options.M),
                         static_cast<uint32_t>(impl_->options.ef_construction),
                         count,
                         hnsw.maxlevel_,
                         hnsw.enterpoint_node_};
  QUIPU_RETURN_IF_ERROR(out.write(kMagic));
  QUIPU_RETURN_IF_ERROR(out.write(bytes_of(header)));
  for (uint32_t id = 0; id < count; ++id) {
    if (work != nullptr) QUIPU_RETURN_IF_ERROR(work->check());
    QUIPU_RETURN_IF_ERROR(out.write(
        {hnsw.data_level0_memory_ + id * hnsw.size_data_per_element_, hnsw.size_data_per_element_}));
  }
  for (uint32_t id = 0; id < count; ++id) {
    const auto levels = static_cast<uint32_t>(hnsw.element_levels_[id]);
    QUIPU_RETURN_IF_ERROR(out.write(bytes_of(levels)));
    if (levels != 0) {
      QUIPU_RETURN_IF_ERROR(out.write({hnsw.linkLists_[id], levels * hnsw.size_links_per_element_}));
    }
  }
  for (uint32_t id = 0; id < count; ++id) {
    const bool removed = hnsw.isMarkedDeleted(id);
    const std::string_view name =
        removed ? std::string_view() : name_of(static_cast<Point>(hnsw.getExternalLabel(id)));
    QUIPU_RETURN_IF_ERROR(out.write(bytes_of(removed ? kNoName : static_cast<uint32_t>(name.size()))));
    QUIPU_RETURN_IF_ERROR(out.write(name));
  }
  QUIPU_RETURN_IF_ERROR(out.finish());
  if (work != nullptr) QUIPU_RETURN_IF_ERROR(work->finish());
  return file->commit();
}

Result<HnswGraph> HnswGraph::load(const std::string& path,
                                  const std::function<void(Point, std::string_view name)>& point) {
  HashedReader file(path);
  QUIPU_RETURN_IF_ERROR(file.open());
  std::string magic(kMagic.size(), '\0');
  Header header{};
  QUIPU_RETURN_IF_ERROR(file.read(magic.data(), magic.size()));
  if (magic != kMagic) return file.damaged("is of another kind");
  QUIPU_RETURN_IF_ERROR(file.read(header));
  const HnswOptions options = {.M = header.M, .ef_construction = header.ef_construction};
  const bool plausible = header.dimensions <= kMaxDimensions && check_hnsw_options(options).is_ok();
  const size_t point_bytes = header.dimensions * sizeof(float) + size_t{2} * header.M * sizeof(uint32_t);
  if (!plausible || point_bytes == 0 || header.points > file.left() / point_bytes) {
    return file.damaged("has impossible sizes");
  }
  auto impl = std::make_unique<Impl>(header.dimensions, options, std::max<size_t>(header.points, 1));
  Hnsw& hnsw = *impl->hnsw;
  use_large_pages(hnsw);
  QUIPU_RETURN_IF_ERROR(file.read(hnsw.data_level0_memory_, header.points * hnsw.size_data_per_element_));
  hnsw.cur_element_count = header.points;  // from here on the destructor frees the lists of so many
  hnsw.maxlevel_ = header.max_level;
  hnsw.enterpoint_node_ = header.entry;
  for (uint32_t id = 0; id < header.points; ++id) QUIPU_RETURN_IF_ERROR(read_links(file, hnsw, id));
  std::vector<std::string> names(header.points);
  for (uint32_t id = 0; id < header.points; ++id) {
    uint32_t size = 0;
    QUIPU_RETURN_IF_ERROR(file.read(size));
    if ((size == kNoName) != hnsw.isMarkedDeleted(id)) return file.damaged("names a removed point");
    if (size == kNoName) {
      ++hnsw.num_deleted_;
    } else {
      if (size > kMaxNameBytes || size > file.left()) return file.damaged("has a name that is too long");
      names[id].resize(size);
      QUIPU_RETURN_IF_ERROR(file.read(names[id].data(), size));
    }
    hnsw.label_lookup_[hnsw.getExternalLabel(id)] = id;
  }
  QUIPU_RETURN_IF_ERROR(file.finish());
  if (!links_are_valid(hnsw)) return file.damaged("has links that lead nowhere");
  for (uint32_t id = 0; id < header.points; ++id) {
    const auto* const elements = reinterpret_cast<const float*>(hnsw.getDataByInternalId(id));
    if (!is_normalised(elements, header.dimensions))
      return file.damaged("has a vector of another length than 1");
    if (hnsw.isMarkedDeleted(id)) continue;
    if (hnsw.getExternalLabel(id) > UINT32_MAX) return file.damaged("numbers a point too high");
    point(static_cast<Point>(hnsw.getExternalLabel(id)), names[id]);
  }
  return HnswGraph(std::move(impl));
}

}  // namespace quipu
