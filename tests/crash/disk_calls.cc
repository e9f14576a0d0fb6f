#include "tests/crash/disk_calls.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <mutex>
#include <string_view>

namespace {

std::mutex mutex;
bool recording = false;
std::vector<std::string> calls;

void record(std::string_view what, const std::string& path) {
  std::lock_guard lock(mutex);
  if (recording) calls.push_back(std::string(what) + " " + path);
}

std::string path_of(int file) {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file), ignored).string();
}

}  // namespace

// This program's take the place of the C library's, for the library too.
extern "C" int fsync(int file) {
  record("sync", path_of(file));
  return static_cast<int>(::syscall(SYS_fsync, file));
}

extern "C" int renameat(int from_directory, const char* from, int to_directory, const char* to) noexcept {
  record("rename", to_directory == AT_FDCWD ? to : path_of(to_directory) + "/" + to);
  return static_cast<int>(::syscall(SYS_renameat2, from_directory, from, to_directory, to, 0));
}

extern "C" int rename(const char* from, const char* to) noexcept {
  return ::renameat(AT_FDCWD, from, AT_FDCWD, to);
}

namespace quipu::testing {

DiskCalls::DiskCalls() {
  std::lock_guard lock(mutex);
  calls.clear();
  recording = true;
}

DiskCalls::~DiskCalls() {
  std::lock_guard lock(mutex);
  recording = false;
}

std::vector<std::string> DiskCalls::made() const {
  std::lock_guard lock(mutex);
  return calls;
}

}  // namespace quipu::testing
