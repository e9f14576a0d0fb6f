#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "backends/rocksdb/files/directory.h"
#include "backends/rocksdb/files/file_util.h"

namespace quipu::rocks {
namespace {

constexpr size_t kFileBytes = 4096;
constexpr std::array<char, 8> kMagic = {'Q', 'U', 'I', 'P', 'U', 'S', 'E', 'S'};
constexpr uint32_t kVersion = 1;

using BootId = std::array<char, 40>;

// Differs from that of yesterday when the machine went down in between.
BootId boot_id() {
  BootId id{};
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  in.read(id.data(), id.size() - 1);
  return id;
}

void raise(std::atomic<uint64_t>& number, uint64_t to) {
  uint64_t now = number.load(std::memory_order_relaxed);
  while (now < to && !number.compare_exchange_weak(now, to, std::memory_order_release)) {
  }
}

}  // namespace

struct SessionFile::Layout {
  std::array<char, 8> magic;
  uint32_t version;
  State state;
  BootId boot;
  std::atomic<uint64_t> acknowledged;
  std::atomic<uint64_t> synced;
};

Result<std::unique_ptr<SessionFile>> SessionFile::open(const std::string& path) {
  const auto fail = [&](const char* what, int file) -> Status {
    Status status =
        Status::io_error(std::string(what) + " " + path + ": " + std::generic_category().message(errno));
    if (file >= 0) ::close(file);
    return status;
  };
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) return fail("cannot open", file);
  struct stat info {};
  if (::fstat(file, &info) != 0) return fail("cannot read", file);
  if (info.st_size < static_cast<off_t>(kFileBytes)) {
    // Written, not only sized: a store to a hole could find the disk full.
    const std::array<char, kFileBytes> zeros{};
    if (::pwrite(file, zeros.data(), zeros.size(), 0) != static_cast<ssize_t>(zeros.size())) {
      return fail("cannot write", file);
    }
  }
  void* const mapped = ::mmap(nullptr, kFileBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) return fail("cannot map", file);
  return std::unique_ptr<SessionFile>(new SessionFile(file, static_cast<Layout*>(mapped)));
}

SessionFile::~SessionFile() {
  ::munmap(layout_, kFileBytes);
  ::close(file_);
}

SessionFile::State SessionFile::state() const { return state_of(*layout_); }

uint64_t SessionFile::required_sequence() const { return required_by(*layout_); }

SessionFile::State SessionFile::state_of(const Layout& layout) {
  const bool known = layout.magic == kMagic && layout.version == kVersion &&
                     (layout.state == State::kOpen || layout.state == State::kClean);
  return known ? layout.state : State::kMissing;
}

uint64_t SessionFile::required_by(const Layout& layout) {
  const bool machine_stayed_up = layout.state == State::kClean || layout.boot == boot_id();
  return machine_stayed_up ? layout.acknowledged.load() : layout.synced.load();
}

Result<uint64_t> SessionFile::read_required_sequence(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0 && errno == ENOENT) return Status::not_found(path + " is missing");
  if (file < 0) return disk_error("cannot open", path, errno);
  struct stat info {};
  const bool whole =
      ::fstat(file, &info) == 0 && S_ISREG(info.st_mode) && info.st_size >= static_cast<off_t>(kFileBytes);
  void* const mapped = whole ? ::mmap(nullptr, kFileBytes, PROT_READ, MAP_SHARED, file, 0) : nullptr;
  const int error = errno;
  ::close(file);
  if (!whole) return Status::not_found(path + " is malformed");
  if (mapped == MAP_FAILED) return disk_error("cannot map", path, error);
  const Layout& layout = *static_cast<const Layout*>(mapped);
  const bool known = state_of(layout) != State::kMissing;
  const uint64_t required = required_by(layout);
  ::munmap(mapped, kFileBytes);
  return known ? Result<uint64_t>(required) : Status::not_found(path + " is malformed");
}

Status SessionFile::begin(uint64_t sequence) {
  layout_->magic = kMagic;
  layout_->version = kVersion;
  layout_->boot = boot_id();
  layout_->acknowledged.store(sequence);
  layout_->synced.store(sequence);
  layout_->state = State::kOpen;
  return make_durable();
}

void SessionFile::acknowledged(uint64_t sequence, bool synced) {
  raise(layout_->acknowledged, sequence);
  if (synced) raise(layout_->synced, sequence);
}

Status SessionFile::end(uint64_t sequence) {
  acknowledged(sequence, true);
  layout_->state = State::kClean;
  return make_durable();
}

Status SessionFile::make_durable() const {
  if (::msync(layout_, kFileBytes, MS_SYNC) == 0 && ::fsync(file_) == 0) return Status::ok();
  return Status::io_error("cannot sync the SESSION file: " + std::generic_category().message(errno));
}

}  // namespace quipu::rocks
