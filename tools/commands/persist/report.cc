#include "tools/commands/persist/report.h"

#include <array>
#include <cstdint>
#include <cstdio>

#include "tools/terminal/output.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

std::string count_of(uint64_t number, const std::string& one, const std::string& many) {
  return std::to_string(number) + " " + (number == 1 ? one : many);
}

std::string summary_text(std::string_view verb, uint64_t collections, uint64_t entries, uint64_t bytes,
                         double seconds) {
  std::array<char, 32> time{};
  std::snprintf(time.data(), time.size(), " in %.2f s", seconds);
  std::string text = std::string(verb) + " " + count_of(collections, "collection", "collections") + ", " +
                     count_of(entries, "entry", "entries") + ", " + human_bytes(bytes) + time.data();
  if (seconds > 0)
    text += " (" + human_bytes(static_cast<uint64_t>(static_cast<double>(bytes) / seconds)) + "/s)";
  return text;
}

}  // namespace

std::string files_table(const std::vector<FileReport>& files) {
  Table table({"FILE", "COLLECTION", "ENTRIES"}, {2});
  for (const FileReport& file : files) {
    for (const CollectionReport& collection : file.collections) {
      table.add({printable(file.name), printable(collection.name), std::to_string(collection.count)});
    }
    if (file.collections.empty()) table.add({printable(file.name), "(none)", "0"});
  }
  return table.text();
}

std::string files_json(const std::vector<FileReport>& files) {
  std::vector<std::string> file_texts;
  for (const FileReport& file : files) {
    std::vector<std::string> collections;
    for (const CollectionReport& collection : file.collections) {
      collections.push_back(
          JsonText().add("collection", collection.name).add("entries", collection.count).object());
    }
    file_texts.push_back(JsonText()
                             .add("file", file.name)
                             .add("bytes", file.bytes)
                             .add_raw("collections", JsonText::array(collections))
                             .object());
  }
  return JsonText::array(file_texts);
}

std::string warnings_json(const std::vector<Fault>& warnings) {
  std::vector<std::string> rows;
  for (const Fault& warning : warnings) {
    JsonText row;
    row.add("collection", warning.collection).add_key(warning.key).add("message", warning.message);
    rows.push_back(row.object());
  }
  return JsonText::array(rows);
}

void tell_import(const ImportReport& report) {
  for (const Fault& warning : report.warnings) message("warning: " + without_controls(warning.message));
  for (const std::string& note : report.notes) message(without_controls(note));
  for (const NotImportedFile& file : report.not_imported) {
    message("not imported: " + printable(file.name) + " (" + without_controls(file.reason) + ")");
  }
}

void tell_left_out(const std::vector<std::string>& tables) {
  for (const std::string& table : tables)
    message("left out: " + printable(table) + ", which has no place there");
}

std::string summary(std::string_view verb, const std::vector<FileReport>& files, double seconds) {
  uint64_t bytes = 0;
  uint64_t collections = 0;
  uint64_t entries = 0;
  for (const FileReport& file : files) {
    bytes += file.bytes;
    collections += file.collections.size();
    for (const CollectionReport& collection : file.collections) entries += collection.count;
  }
  return summary_text(verb, collections, entries, bytes, seconds);
}

std::string summary_of(std::string_view verb, const MigrateReport& report, double seconds) {
  uint64_t entries = 0;
  for (const MigratedCollection& collection : report.collections) entries += collection.count;
  return summary_text(verb, report.collections.size(), entries, report.bytes, seconds);
}

}  // namespace quipu::cli
