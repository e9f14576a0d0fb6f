#include "engine/migrate/table_target.h"

#include <memory>
#include <optional>

namespace quipu {
namespace {

// `work` may be null.
Result<TableSummary> summarize(const TableReads& tables, const std::string& name, uint64_t& bytes,
                               Work* work) {
  TableSummary summary{.name = name};
  QUIPU_ASSIGN_OR_RETURN(const std::string columns, tables.columns(name));
  QUIPU_ASSIGN_OR_RETURN(const auto rows, tables.scan_rows(name));
  if (work != nullptr) work->begin(name);
  EntryHashes hashes;
  hashes.add(columns, "");
  while (rows->next()) {
    hashes.add("", rows->row());
    bytes += rows->row().size();
    if (work == nullptr) continue;
    work->add(rows->row().size());
    QUIPU_RETURN_IF_ERROR(work->check());
  }
  QUIPU_RETURN_IF_ERROR(rows->status());
  summary.count = hashes.count() - 1;
  summary.content = hashes.content();
  return summary;
}

// Whether a former run has made it: a table is there whole or not at all.
bool is_of(const MigrationMark& mark, const TableSummary& table) {
  const auto made = mark.files.find(table.name);
  return made != mark.files.end() && made->second.sha256 == table.content;
}

Result<std::set<std::string>> names_of(const TableReads& tables) {
  std::set<std::string> names;
  QUIPU_ASSIGN_OR_RETURN(const std::vector<SharedTables::Named> named, tables.tables());
  for (const SharedTables::Named& table : named) names.insert(table.name);
  return names;
}

}  // namespace

Result<std::vector<TableSummary>> summarize_tables(const TableReads& tables, uint64_t& bytes,
                                                   std::vector<std::string>& left_out, Work& work) {
  std::vector<TableSummary> summaries;
  QUIPU_ASSIGN_OR_RETURN(const std::vector<SharedTables::Named> named, tables.tables());
  for (SharedTables::Named table : named) {
    if (table.obstacle.empty() && table.is_partitioned) table.obstacle = "partitioned";
    if (!table.obstacle.empty()) {
      left_out.push_back(table.shown());
      continue;
    }
    QUIPU_ASSIGN_OR_RETURN(summaries.emplace_back(), summarize(tables, table.name, bytes, &work));
  }
  return summaries;
}

Result<std::set<std::string>> TableTarget::look(const std::optional<MigrationMark>& mark, Work* work) const {
  std::set<std::string> whole;
  if (wanted_.empty()) return whole;
  std::vector<std::string> missing;
  {
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVReader> state, target_.snapshot());
    const TableReads& there = *TableReads::of(*state);
    QUIPU_ASSIGN_OR_RETURN(const std::set<std::string> names, names_of(there));
    for (const TableSummary& table : wanted_) {
      if (!names.contains(table.name)) {
        missing.push_back(table.name);
        continue;
      }
      uint64_t bytes = 0;
      QUIPU_ASSIGN_OR_RETURN(const TableSummary found, summarize(there, table.name, bytes, work));
      if (found.content == table.content) {
        whole.insert(table.name);
      } else if (!mark || !is_of(*mark, found)) {
        return Status::already_exists("the target is not empty: it holds a table " +
                                      Json::from_string(table.name).text() +
                                      ", and not as the source has it");
      }
    }
  }
  for (const std::string& name : missing) {
    QUIPU_RETURN_IF_ERROR(SharedTables::of(target_)->check_copy(*source_, name));
  }
  return whole;
}

Status TableTarget::copy(const std::set<std::string>& whole, MigrationMark& mark, Work& work) const {
  for (const TableSummary& table : wanted_) {
    if (whole.contains(table.name)) continue;
    work.begin(table.name);
    mark.files[table.name] = {.sha256 = table.content, .counts = {{table.name, table.count}}};
    QUIPU_RETURN_IF_ERROR(write_mark(mark, target_));
    QUIPU_RETURN_IF_ERROR(
        SharedTables::of(target_)->copy_table(*source_, table.name, [&](std::string_view row) {
          work.add(row.size());
          return work.check();
        }));
  }
  return Status::ok();
}

Status TableTarget::remove(const MigrationMark& mark) const {
  SharedTables* const target = SharedTables::of(target_);
  if (target == nullptr) return Status::ok();  // it has none
  std::vector<std::string> made;
  {
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVReader> state, target_.snapshot());
    const TableReads& there = *TableReads::of(*state);
    QUIPU_ASSIGN_OR_RETURN(const std::set<std::string> names, names_of(there));
    for (const auto& [name, written] : mark.files) {
      if (!names.contains(name)) continue;
      uint64_t bytes = 0;
      QUIPU_ASSIGN_OR_RETURN(const TableSummary found, summarize(there, name, bytes, nullptr));
      if (is_of(mark, found)) made.push_back(name);
    }
  }
  for (const std::string& name : made) QUIPU_RETURN_IF_ERROR(target->drop_table(name));
  return Status::ok();
}

Status TableTarget::check(Work& work) const {
  if (wanted_.empty()) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVReader> state, target_.snapshot());
  for (const TableSummary& table : wanted_) {
    uint64_t bytes = 0;
    QUIPU_ASSIGN_OR_RETURN(const TableSummary found,
                           summarize(*TableReads::of(*state), table.name, bytes, &work));
    if (found.content == table.content) continue;
    return Status::corruption("table " + Json::from_string(table.name).text() +
                              " of the target has other rows than that of the source (" +
                              std::to_string(found.count) + " and " + std::to_string(table.count) + ")");
  }
  return Status::ok();
}

}  // namespace quipu
