#include "backends/postgres/vectors/staged_vectors.h"

#include <algorithm>
#include <utility>

#include "backends/postgres/vectors/row_bytes.h"
#include "quipu/backend/limits.h"

namespace quipu::postgres {
namespace {

using Rows = std::vector<StoredVectorRow>;
constexpr int64_t kAtEnd = int64_t{1} << 62;  // the number of a row that is not in the table yet, and more
constexpr size_t kMostBytes = size_t{1} << 30;

size_t bytes_of(const VectorRow& row) {
  return row.node_id.size() + row.text.size() + row.metadata.text().size() + row.embedding.size_bytes();
}

}  // namespace

Status StagedVectors::active() const {
  return session_ ? Status::ok() : Status::invalid_argument("the transaction has ended");
}

void StagedVectors::end() {
  session_.reset();
  changes_.clear();
}

void StagedVectors::note(const VectorRowSelection& which) const {
  if (which.node_ids) {
    reads_.node_ids.insert(which.node_ids->begin(), which.node_ids->end());
  } else if (which.ref_doc_ids) {
    reads_.ref_doc_ids.insert(which.ref_doc_ids->begin(), which.ref_doc_ids->end());
  } else {
    reads_.all = true;
  }
}

// ---- writes ----

Status StagedVectors::put(std::span<const VectorRow> rows) {
  QUIPU_RETURN_IF_ERROR(active());
  QUIPU_RETURN_IF_ERROR(table_->writable());
  if (rows.empty()) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(const TableShape shape, table_->make(rows.front().embedding.size()));
  QUIPU_ASSIGN_OR_RETURN(const RowWriter checked, RowWriter::of(rows, table_->names(), shape));
  size_t bytes = bytes_;
  for (const VectorRow& row : checked.rows()) bytes += bytes_of(row);
  if (bytes > kMostBytes) {
    return Status::invalid_argument("the transaction would hold more than 1 GiB of nodes with vectors");
  }
  bytes_ = bytes;
  for (const VectorRow& row : checked.rows()) {
    Change& change = changes_[std::string(row.node_id)];
    ++next_place_;
    if (!change.row) change.place = next_place_;
    change.row = Row{std::string(row.text),
                     Json::from_canonical(std::string(row.metadata.text())),
                     {row.embedding.begin(), row.embedding.end()}};
  }
  return Status::ok();
}

void StagedVectors::erase(const std::string& node_id) {
  if (!is_text(node_id)) return;  // it cannot be there
  Change& change = changes_[node_id];
  change.row.reset();
  change.erased = true;
}

Status StagedVectors::remove(const VectorRowSelection& which) {
  QUIPU_RETURN_IF_ERROR(active());
  QUIPU_RETURN_IF_ERROR(table_->writable());
  if (!which.node_ids && !which.ref_doc_ids && which.filters == nullptr) {
    is_cleared_ = true;
    changes_.clear();
    return Status::ok();
  }
  if (which.node_ids && !which.ref_doc_ids && which.filters == nullptr) {
    for (const std::string& id : *which.node_ids) erase(id);
    return Status::ok();
  }
  const auto ids_of = [&](const TableShape& /*shape*/, const Source& from) {
    return table_->reads().ids(*session_, from, which);
  };
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> ids, read(std::vector<std::string>(), which, ids_of));
  for (const std::string& id : ids) erase(id);
  return Status::ok();
}

// ---- reads ----

std::vector<const std::pair<const std::string, StagedVectors::Change>*> StagedVectors::written() const {
  std::vector<const std::pair<const std::string, Change>*> written;
  for (const auto& entry : changes_) {
    if (entry.second.row) written.push_back(&entry);
  }
  std::ranges::sort(written, {}, [](const auto* entry) { return entry->second.place; });
  return written;
}

std::string StagedVectors::source(const TableShape& shape, QueryText& query) const {
  const TableNames& names = table_->names();
  if (!has_changes()) return names.table;
  std::vector<std::string> changed;
  for (const auto& [id, change] : changes_) changed.push_back(id);
  std::vector<std::string> ids;
  std::vector<std::string> texts;
  std::vector<std::string> metadata;
  std::vector<std::string> embeddings;
  std::vector<int64_t> kept_places;  // whether the node stands where the table has it
  for (const auto* const entry : written()) {
    const auto& [id, change] = *entry;
    ids.push_back(id);
    texts.push_back(change.row->text);
    metadata.push_back(change.row->metadata.text());
    (void)append_vector(change.row->embedding, shape.is_half,
                        embeddings.emplace_back());  // it has been checked
    kept_places.push_back(change.erased || is_cleared_ ? 0 : 1);
  }
  const std::string words = shape.has_words ? ", text_search_tsv" : "";
  std::string sql =
      "(SELECT id, node_id, text, metadata_, embedding" + words + " FROM " + names.table + " AS d";
  sql += is_cleared_ ? " WHERE false"
                     : " WHERE NOT EXISTS (SELECT 1 FROM unnest(" + query.texts(changed) +
                           ") AS c(k) WHERE c.k = d.node_id)";
  sql += " UNION ALL SELECT coalesce((SELECT min(d.id) FROM " + names.table +
         " AS d WHERE u.p = 1 AND d.node_id = u.k), " + std::to_string(kAtEnd) +
         " + u.n), u.k, u.x, u.m::" + (shape.is_jsonb ? "jsonb" : "json") + ", u.e";
  if (shape.has_words)
    sql += ", to_tsvector(" + query.text(table_->options().text_search_config) + "::regconfig, u.x)";
  sql += " FROM unnest(" + query.texts(ids) + ", " + query.texts(texts) + ", " + query.texts(metadata) +
         ", " + query.bytes(Statement::binary(shape.vector_type, embeddings), shape.type() + "[]") + ", " +
         query.numbers(kept_places) + ") WITH ORDINALITY AS u(k, x, m, e, p, n))";
  return sql;
}

template <class Found, class Read>
Result<Found> StagedVectors::read(Found none, const VectorRowSelection& which, const Read& read) const {
  QUIPU_RETURN_IF_ERROR(active());
  QUIPU_ASSIGN_OR_RETURN(const TableShape shape, table_->shape());
  if (!shape.exists) return none;
  note(which);
  return read(shape, [&](QueryText& query) { return source(shape, query); });
}

Result<Rows> StagedVectors::rows(const VectorRowSelection& which) const {
  return read(Rows(), which, [&](const TableShape& /*shape*/, const Source& from) {
    return table_->reads().rows(*session_, from, which);
  });
}

Result<uint64_t> StagedVectors::count() const {
  return read(uint64_t{0}, {}, [&](const TableShape& /*shape*/, const Source& from) {
    return table_->reads().count(*session_, from);
  });
}

Result<Rows> StagedVectors::nearest(const Search& search, const VectorRowSelection& which) const {
  return read(Rows(), which, [&](const TableShape& shape, const Source& from) {
    return table_->reads().nearest_exactly(*session_, shape, from, search, which);
  });
}

Result<Rows> StagedVectors::with_words(std::string_view text, size_t limit,
                                       const VectorRowSelection& which) const {
  return read(Rows(), which, [&](const TableShape& shape, const Source& from) {
    return table_->reads().with_words(*session_, shape, from, text, limit, which);
  });
}

Status StagedVectors::use_hnsw(const HnswOptions& /*options*/, SimilarityMode /*similarity*/) {
  return Status::not_supported("use_hnsw is not for transactions");
}

Status StagedVectors::drop_hnsw() { return Status::not_supported("drop_hnsw is not for transactions"); }

Result<std::optional<HnswOptions>> StagedVectors::hnsw() const {
  QUIPU_RETURN_IF_ERROR(active());
  return table_->hnsw();
}

// ---- the commit ----

Result<bool> StagedVectors::is_used() const {
  const bool is_read = reads_.all || !reads_.node_ids.empty() || !reads_.ref_doc_ids.empty();
  if (!is_read && !has_changes()) return false;
  QUIPU_ASSIGN_OR_RETURN(const TableShape shape, table_->shape());
  return shape.exists;
}

std::string StagedVectors::lock_sql() const {
  return "LOCK TABLE " + table_->names().table + " IN SHARE ROW EXCLUSIVE MODE";
}

Result<std::string> StagedVectors::fingerprint(Session& session) const {
  QueryText query;
  query << "SELECT count(*) || ' ' || coalesce(sum(hashint8extended(t.id, t.xmin::text::bigint)::numeric), "
           "0) FROM "
        << table_->names().table << " AS t";
  if (!reads_.all) {
    std::vector<std::string> ids(reads_.node_ids.begin(), reads_.node_ids.end());
    for (const auto& [id, change] : changes_) ids.push_back(id);
    std::erase_if(ids, [](const std::string& id) { return !is_text(id); });
    std::vector<std::string> documents(reads_.ref_doc_ids.begin(), reads_.ref_doc_ids.end());
    std::erase_if(documents, [](const std::string& id) { return !is_text(id); });
    query << " WHERE t.node_id = ANY (" << query.texts(ids) << ") OR (t.metadata_ ->> 'ref_doc_id') = ANY ("
          << query.texts(documents) << ")";
  }
  QUIPU_ASSIGN_OR_RETURN(const ResultSet result, session.run(query.statement()));
  return std::string(result.text(0, 0));
}

Status StagedVectors::check(Session& present) const {
  QUIPU_ASSIGN_OR_RETURN(const bool used, is_used());
  if (!used) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(const std::string then, fingerprint(*session_));
  QUIPU_ASSIGN_OR_RETURN(const std::string now, fingerprint(present));
  if (then == now) return Status::ok();
  return Status::busy("the transaction conflicts with another write: nodes of " + table_->names().table +
                      " have been changed since it began; nothing was written, begin again");
}

Status StagedVectors::add_changes(Connection& connection, std::vector<Statement>& statements) {
  QUIPU_ASSIGN_OR_RETURN(const TableShape shape, table_->shape());
  if (!shape.exists) return Status::ok();
  std::vector<std::string> erased;
  for (const auto& [id, change] : changes_) {
    if (change.erased) erased.push_back(id);
  }
  if (is_cleared_ || !erased.empty()) {
    removal_.emplace();
    *removal_ << "DELETE FROM " << table_->names().table << " AS t";
    if (!is_cleared_) *removal_ << " WHERE t.node_id = ANY (" << removal_->texts(erased) << ")";
    statements.push_back(removal_->statement());
  }
  std::vector<VectorRow> rows;
  for (const auto* const entry : written()) {
    const Row& row = *entry->second.row;
    rows.push_back({entry->first, row.text, row.metadata.view(), row.embedding});
  }
  if (rows.empty()) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(RowWriter writer, RowWriter::of(rows, table_->names(), shape));
  writer_.emplace(std::move(writer));
  const auto failure = writer_->write(connection, statements);
  return failure ? failure->status(table_->names().table) : Status::ok();
}

}  // namespace quipu::postgres
