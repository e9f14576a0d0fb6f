#include "engine/migrate/table_target.h"

#include <algorithm>
#include <memory>
#include <optional>

namespace quipu {
namespace {

// `work` may be null.
Result<TableSummary> summarize(const TableReads& tables, const std::string& name, uint64_t& bytes,
                               Work* work) {
  TableSummary summary{.name = name};
  QUIPU_ASSIGN_OR_RETURN(summary.columns, tables.columns(name));
  QUIPU_ASSIGN_OR_RETURN(const auto rows, tables.scan_rows(name));
  if (work != nullptr) work->begin(name);
  EntryHashes hashes;
  while (rows->next()) {
    hashes.add("", rows->row());
    bytes += rows->row().size();
    if (work == nullptr) continue;
    work->add(rows->row().size());
    QUIPU_RETURN_IF_ERROR(work->check());
  }
  QUIPU_RETURN_IF_ERROR(rows->status());
  summary.count = hashes.count();
  summary.content = hashes.content();
  return summary;
}

bool are_same(const TableSummary& one, const TableSummary& other) {
  return one.columns == other.columns && one.count == other.count && one.content == other.content;
}

}  // namespace

Result<std::vector<TableSummary>> summarize_tables(const TableReads& tables, uint64_t& bytes, Work& work) {
  std::vector<TableSummary> summaries;
  QUIPU_ASSIGN_OR_RETURN(const std::vector<SharedTables::Named> named, tables.tables());
  for (const SharedTables::Named& table : named) {
    QUIPU_ASSIGN_OR_RETURN(summaries.emplace_back(), summarize(tables, table.name, bytes, &work));
  }
  return summaries;
}

Result<std::set<std::string>> TableTarget::look(const std::optional<MigrationMark>& mark, Work* work) const {
  std::set<std::string> whole;
  if (wanted_.empty()) return whole;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVReader> state, target_.snapshot());
  const TableReads& there = *TableReads::of(*state);
  QUIPU_ASSIGN_OR_RETURN(const std::vector<SharedTables::Named> named, there.tables());
  for (const TableSummary& table : wanted_) {
    if (std::ranges::find(named, table.name, &SharedTables::Named::name) == named.end()) {
      QUIPU_RETURN_IF_ERROR(SharedTables::of(target_)->check_copy(*source_, table.name));
      continue;
    }
    uint64_t bytes = 0;
    QUIPU_ASSIGN_OR_RETURN(const TableSummary found, summarize(there, table.name, bytes, work));
    if (are_same(table, found)) {
      whole.insert(table.name);
    } else if (!mark || !mark->files.contains(table.name)) {
      return Status::already_exists("the target is not empty: it holds a table " +
                                    Json::from_string(table.name).text() + ", and not as the source has it");
    }
  }
  return whole;
}

Status TableTarget::copy(const std::set<std::string>& whole, MigrationMark& mark, Work& work) const {
  for (const TableSummary& table : wanted_) {
    if (whole.contains(table.name)) continue;
    work.begin(table.name);
    SharedTables& target = *SharedTables::of(target_);
    if (mark.files.contains(table.name)) {
      QUIPU_RETURN_IF_ERROR(target.drop_table(table.name));
    } else {
      mark.files[table.name] = {.sha256 = table.content, .counts = {{table.name, table.count}}};
      QUIPU_RETURN_IF_ERROR(write_mark(mark, target_));
    }
    QUIPU_RETURN_IF_ERROR(target.copy_table(*source_, table.name, [&](std::string_view row) {
      work.add(row.size());
      return work.check();
    }));
  }
  return Status::ok();
}

Status TableTarget::remove(const MigrationMark& mark) const {
  for (const auto& [name, written] : mark.files) {
    SharedTables* const target = SharedTables::of(target_);
    if (target == nullptr) break;  // it has none
    QUIPU_RETURN_IF_ERROR(target->drop_table(name));
  }
  return Status::ok();
}

Status TableTarget::check(Work& work) const {
  if (wanted_.empty()) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVReader> state, target_.snapshot());
  for (const TableSummary& table : wanted_) {
    uint64_t bytes = 0;
    QUIPU_ASSIGN_OR_RETURN(const TableSummary found,
                           summarize(*TableReads::of(*state), table.name, bytes, &work));
    if (are_same(table, found)) continue;
    return Status::corruption("table " + Json::from_string(table.name).text() +
                              " of the target has other rows than that of the source (" +
                              std::to_string(found.count) + " and " + std::to_string(table.count) + ")");
  }
  return Status::ok();
}

}  // namespace quipu
