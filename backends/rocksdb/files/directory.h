// The files of a Quipu directory that are not RocksDB's: QUIPU, LOCK, SESSION, tmp. See docs/FORMAT.md.

#ifndef QUIPU_BACKENDS_ROCKSDB_FILES_DIRECTORY_H_
#define QUIPU_BACKENDS_ROCKSDB_FILES_DIRECTORY_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "backends/rocksdb/files/directory_lock.h"
#include "backends/rocksdb/files/layout.h"
#include "quipu/status.h"

namespace quipu::rocks {

class SessionFile;

// The formats (docs/FORMAT.md). A directory begins with the first, and has a later one from the first write
// on that needs it; this build knows those up to the last.
inline constexpr uint32_t kFirstFormat = 1;
inline constexpr uint32_t kComposedFormat = 2;  // knows composed values
inline constexpr uint32_t kCodesFormat = 3;     // knows codes of vectors,
inline constexpr uint32_t kTextFormat = 3;      // and text indexes
inline constexpr uint32_t kDatabaseFormat = kTextFormat;

class Directory {
 public:
  // Checks what is there, makes what is missing and takes the lock. A directory that is not ours is refused
  // before anything in it changes.
  static Result<std::unique_ptr<Directory>> open(const std::string& path, bool create_if_missing);
  // Checks what is there, takes no lock and changes nothing; temporary files go where the system has them.
  static Result<std::unique_ptr<Directory>> open_for_reading(const std::string& path);
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  void unlock() { lock_.reset(); }
  // Makes the names of its files durable.
  Status sync() const;
  // Makes a directory one of ours.
  static Status write_marker(const std::string& path, uint32_t format = kFirstFormat);
  // Durable when it returns. Does nothing where the format is as high. REQUIRES: one thread at a time.
  Status raise_format(uint32_t format);

  const std::string& path() const { return path_; }
  uint32_t format() const { return format_.load(); }
  std::string rocksdb_path() const { return in_directory(path_, kRocksDBFolder); }
  // A reader's is shared with others: what it makes there is unlinked as soon as it is open.
  const std::string& temporary_path() const { return temporary_; }
  std::string index_path() const { return in_directory(path_, kIndexFolder); }
  // The same, made when it is missing.
  Result<std::string> make_index_directory() const;
  std::string session_path() const { return in_directory(path_, kSessionFile); }

 private:
  explicit Directory(std::string path)
      : path_(std::move(path)), temporary_(in_directory(path_, kTemporaryFolder)) {}
  Status check(bool create_if_missing, bool& is_new);
  Status empty_temporary() const;

  const std::string path_;
  std::string temporary_;
  std::atomic<uint32_t> format_ = kFirstFormat;
  std::unique_ptr<DirectoryLock> lock_;
};

// How far acknowledged writes have come, kept in a mapped file that outlives the process.
class SessionFile {
 public:
  enum class State : uint32_t { kMissing = 0, kOpen = 1, kClean = 2 };

  // Maps the file, making it when missing; tells what the last writer left.
  static Result<std::unique_ptr<SessionFile>> open(const std::string& path);
  // The sequence number that the database must have reached by now, whoever has it open. Changes nothing.
  // Error: kNotFound when there is no such file, or a malformed one.
  static Result<uint64_t> read_required_sequence(const std::string& path);
  ~SessionFile();
  SessionFile(const SessionFile&) = delete;
  SessionFile& operator=(const SessionFile&) = delete;

  State state() const;
  // The sequence number that a recovered database must have reached.
  uint64_t required_sequence() const;

  Status begin(uint64_t sequence);  // a writer has it open from now on
  void acknowledged(uint64_t sequence, bool synced);
  Status end(uint64_t sequence);  // closed cleanly

 private:
  struct Layout;
  static State state_of(const Layout& layout);
  static uint64_t required_by(const Layout& layout);
  SessionFile(int file, Layout* layout) : file_(file), layout_(layout) {}
  Status make_durable() const;

  const int file_;
  Layout* const layout_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_FILES_DIRECTORY_H_
