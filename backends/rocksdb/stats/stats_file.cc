#include "backends/rocksdb/stats/stats_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>

#include "backends/rocksdb/files/file_util.h"
#include "backends/rocksdb/files/layout.h"

namespace quipu {
namespace rocks {
namespace {

constexpr size_t kMaxBytes = 1 << 20;

Status write_file(const std::string& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (file < 0) return disk_error("cannot open", path, errno);
  const ssize_t written = ::write(file, text.data(), text.size());
  const int error = written < 0 ? errno : ENOSPC;
  ::close(file);
  return written == static_cast<ssize_t>(text.size()) ? Status::ok()
                                                      : disk_error("cannot write", path, error);
}

}  // namespace

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Status write_stats_file(const std::string& directory, const StoreStats& stats) {
  const std::string path = in_directory(directory, kStatsFile);
  const std::string temporary = in_directory(directory, kTemporaryFolder) + "/" + std::string(kStatsFile);
  QUIPU_RETURN_IF_ERROR(write_file(temporary, to_prometheus(stats)));
  return std::rename(temporary.c_str(), path.c_str()) == 0 ? Status::ok()
                                                           : disk_error("cannot write", path, errno);
}

void remove_stats_file(const std::string& directory) {
  ::unlink(in_directory(directory, kStatsFile).c_str());  // what stays is out of date soon
}

}  // namespace rocks

Result<std::optional<StoreStats>> published_stats(const std::string& directory) {
  const std::string path = rocks::in_directory(directory, rocks::kStatsFile);
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return std::optional<StoreStats>();
  QUIPU_ASSIGN_OR_RETURN(const std::string text, rocks::read_small_file(path, rocks::kMaxBytes));
  Result<StoreStats> stats = parse_prometheus(text);
  if (!stats) return Status::corruption(path + ": " + stats.error().message());
  const double age = std::abs(rocks::seconds_since_1970() - stats->time);
  const bool counts = age <= std::chrono::duration<double>(3 * rocks::kStatsHeartbeat).count();
  return counts ? std::optional(*std::move(stats)) : std::nullopt;
}

}  // namespace quipu
