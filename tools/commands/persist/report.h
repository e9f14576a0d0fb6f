// How the reports of import and export are shown.

#ifndef QUIPU_TOOLS_COMMANDS_PERSIST_REPORT_H_
#define QUIPU_TOOLS_COMMANDS_PERSIST_REPORT_H_

#include <string>
#include <string_view>
#include <vector>

#include "quipu/open_store.h"
#include "quipu/persist_dir.h"

namespace quipu::cli {

// One row a collection: file, collection, entries.
std::string files_table(const std::vector<FileReport>& files);

// [{"file": ..., "bytes": ..., "collections": [{"collection": ..., "entries": ...}, ...]}, ...]
std::string files_json(const std::vector<FileReport>& files);

// [{"collection": ..., "key": ..., "message": ...}, ...]
std::string warnings_json(const std::vector<Fault>& warnings);

// Warnings, notes and files that were left alone, as messages.
void tell_import(const ImportReport& report);

// The same of tables that an export or a migration left out.
void tell_left_out(const std::vector<std::string>& tables);

// "imported 3 collections, 40 entries, 1.2 MB in 0.02 s (60.0 MB/s)"
std::string summary(std::string_view verb, const std::vector<FileReport>& files, double seconds);

std::string summary_of(std::string_view verb, const MigrateReport& report, double seconds);

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_COMMANDS_PERSIST_REPORT_H_
