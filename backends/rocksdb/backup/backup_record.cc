#include "backends/rocksdb/backup/backup_record.h"

#include <sstream>

#include "backends/rocksdb/files/file_util.h"

namespace quipu::rocks {
namespace {

constexpr std::string_view kFirstLine = "quipu backup 1";
constexpr size_t kChecksumDigits = 8;

}  // namespace

bool is_index_file_name(std::string_view name) {
  constexpr size_t kDigits = 32;
  return name.size() > kDigits && name.substr(kDigits) == ".hnsw" &&
         name.find_first_not_of("0123456789abcdef") == kDigits;
}

bool BackupRecord::is_stored_name(std::string_view name) {
  const size_t bytes = kChecksumDigits + 1;
  if (name.size() < bytes || name[kChecksumDigits] != '-') return false;
  const size_t end = name.find('-', bytes);
  return end != std::string_view::npos && name.find_first_not_of("0123456789", bytes) == end &&
         name.find_first_not_of("0123456789abcdef") == kChecksumDigits &&
         is_index_file_name(name.substr(end + 1));
}

std::string BackupRecord::text() const {
  std::ostringstream out;
  out << kFirstLine << "\nid " << id << "\ncreated " << created << "\nsequence " << sequence << "\nfiles "
      << files << "\nbytes " << bytes << "\nnew " << new_bytes << "\nmeta " << meta_checksum << "\nindexes "
      << index_files.size() << "\n";
  for (const IndexFile& file : index_files) {
    out << "index " << file.name << " " << file.bytes << " " << file.checksum << "\n";
  }
  const std::string body = std::move(out).str();
  return body + "checksum " + checksum(body) + "\n";
}

std::optional<BackupRecord> BackupRecord::parse(std::string_view text) {
  constexpr std::string_view kLabel = "checksum ";
  const size_t tail = kLabel.size() + kChecksumDigits + 1;
  if (text.size() < tail) return std::nullopt;
  const std::string body(text.substr(0, text.size() - tail));
  if (text.substr(body.size()) != std::string(kLabel) + checksum(body) + "\n") return std::nullopt;
  std::istringstream in(body);
  std::string line;
  if (!std::getline(in, line) || line != kFirstLine) return std::nullopt;
  std::string word;
  BackupRecord record;
  size_t count = 0;
  in >> word >> record.id >> word >> record.created >> word >> record.sequence >> word >> record.files >>
      word >> record.bytes >> word >> record.new_bytes >> word >> record.meta_checksum >> word >> count;
  IndexFile file;
  while (in >> word >> file.name >> file.bytes >> file.checksum) {
    if (is_index_file_name(file.name) && checksum("").size() == file.checksum.size()) {
      record.index_files.push_back(file);
    }
  }
  // Whoever forged the checksum, too, is held to the form: what text() makes of it is the same again.
  return record.text() == text && record.index_files.size() == count ? std::optional(record) : std::nullopt;
}

}  // namespace quipu::rocks
