// Small things done to files and folders, durably.

#ifndef QUIPU_BACKENDS_ROCKSDB_FILES_FILE_UTIL_H_
#define QUIPU_BACKENDS_ROCKSDB_FILES_FILE_UTIL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/status.h"

namespace quipu::rocks {

// "<what> <path>: <the system's text for `error`>"
Status disk_error(const std::string& what, const std::string& path, int error);

// A small regular file whole; at most `limit` bytes of it. Anything else under that name is an error.
Result<std::string> read_small_file(const std::string& path, size_t limit);

// The file is there with this text, or as it was before; made durable.
Status replace_file(const std::string& path, std::string_view text);

// Takes a file away, if it is there.
Status remove_file(const std::string& path);

Status sync_directory(const std::string& path);

// Makes a directory that nobody but its owner may enter, so that what is in it is nobody else's to read, and
// those above it that are missing. One that is there stays as it is.
Status make_directory(const std::string& path);

// "a/b" of "a/b//", whose last part is a name then.
std::string without_slashes(std::string path);

// The names in a directory, in no order; none where there is no such directory.
Result<std::vector<std::string>> names_in(const std::string& path);

// Whether nothing is there: no such path, or a directory with nothing in it. A link to nowhere is something.
Result<bool> is_empty_directory(const std::string& path);

// Writes the first `bytes` of an open file to `path`, which must not exist, and makes them durable. Their
// CRC32C in hexadecimal.
Result<std::string> copy_file(int from, uint64_t bytes, const std::string& path);

// CRC32C in hexadecimal.
std::string checksum(std::string_view bytes);
// Of a regular file.
Result<std::string> checksum_of_file(const std::string& path);

// kInvalidArgument when one of the two directories, which need not exist, is or holds the other. Links are
// followed.
Status check_apart(const std::string& one, const std::string& other);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_FILES_FILE_UTIL_H_
