// Vectors: the record of the key has the numbers. Where the collection keeps codes, each vector has one in
// two places of the family of codes (docs/FORMAT.md), whatever operation wrote it; which block it is in, only
// the second of these tells once it has been moved. A move copies what lies in both, and reads no vector.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "backends/rocksdb/format/code_batch.h"
#include "backends/rocksdb/format/code_block.h"
#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/read/code_reader.h"
#include "backends/rocksdb/read/staged_changes.h"
#include "backends/rocksdb/write/collection_index.h"
#include "quipu/backend/features.h"

namespace quipu::rocks {
namespace {

constexpr const WriteOp::Kind* kKinds[] = {&VectorValues::kPutVector, &VectorValues::kMoveCode,
                                           &VectorValues::kPutCodeNote};
// What a code takes in a batch beside the halves of its bytes and its key.
constexpr size_t kOfACode = 64 + 2 * kBatchBytesPerKey;
constexpr size_t kOfAMove = kOfACode + 64;  // with a removal

using Place = CodePlaces::Place;

// The block that a code is in; nothing where none is stored. Of one that is malformed it is where it should
// be if nothing has moved it.
Result<std::optional<Place>> place_of(const ReadView& view, const CodeKey& row) {
  const std::string key = code_row_key(row.collection, row.dimensions, row.number);
  rocksdb::PinnableSlice stored;
  QUIPU_ASSIGN_OR_RETURN(const bool found, is_found(view.get(view.database().codes(), slice(key), stored),
                                                    "cannot read a code"));
  if (!found) return std::optional<Place>();
  const std::optional<CodeRow> parsed = parse_code_row(rocks::view(stored), row);
  return std::optional(parsed ? parsed->block : block_of(row.number));
}

std::string block_key(const CodeKey& row, Place block) {
  return code_block_key(row.collection, row.dimensions, block);
}

// The vectors of a batch that get codes.
class CodedVectors : public IndexedBatch {
 public:
  explicit CodedVectors(const Collection& collection) : collection_(collection) {}

  void add(const CodedVector& vector) { vectors_.push_back(vector); }
  Status finish(CommitScope& scope) override {
    put_codes(collection_, std::move(vectors_), scope);
    return Status::ok();
  }

 private:
  const Collection& collection_;
  std::vector<CodedVector> vectors_;
};

// Takes a row out of the block that it is in, unless that is where it goes.
void leave_block(const CodeKey& row, Place from, std::optional<Place> to, CommitScope& scope) {
  if (from != to) {
    scope.merge_later(scope.view.database().codes(), scope.keep(block_key(row, from)),
                      scope.keep(make_code_removal(row.number)));
  }
  if (scope.staged != nullptr) scope.code_places.move(row, from, to);
}

// The codes of a batch that go to other blocks as they are.
class MovedCodes : public IndexedBatch {
 public:
  explicit MovedCodes(const Collection& collection) : collection_(collection) {}

  void add(const CodeMove& move, std::string_view key) {
    const CodeKey row{collection_.id(), false, static_cast<uint32_t>(move.dimensions), move.order};
    moves_.push_back({row, key, move.block == 0 ? std::nullopt : std::optional(move.block), {}});
  }

  Status finish(CommitScope& scope) override {
    std::ranges::sort(moves_, {}, &Move::row);
    QUIPU_RETURN_IF_ERROR(find_rows(scope));
    std::erase_if(moves_, [](const Move& move) { return move.stored.dimensions == 0; });
    std::ranges::sort(moves_, {}, [](const Move& move) {
      return std::tuple(move.row.dimensions, move.stored.block, move.row.number);
    });
    return move_rows(scope);
  }

 private:
  struct Move {
    CodeKey row;
    std::string_view key;
    std::optional<Place> to;
    CodeRow stored;  // where it is the key's
  };

  Status find_rows(CommitScope& scope) {
    std::vector<std::string> keys;
    keys.reserve(moves_.size());
    for (const Move& move : moves_) {
      keys.push_back(code_row_key(collection_.id(), move.row.dimensions, move.row.number));
    }
    return get_codes(scope.view, keys, [&](size_t i, std::string_view value) {
      const std::optional<CodeRow> row = parse_code_row(scope.keep(value), moves_[i].row);
      if (!row) return damaged_codes(collection_);
      if (row->key == moves_[i].key) moves_[i].stored = *row;
      return Status::ok();
    });
  }

  Status move_rows(CommitScope& scope) const {
    std::vector<std::string> keys;
    std::vector<std::span<const Move>> moves;  // of each block
    for (auto begin = moves_.begin(); begin != moves_.end();) {
      const auto end = std::find_if(begin, moves_.end(), [&](const Move& move) {
        return std::tie(move.row.dimensions, move.stored.block) !=
               std::tie(begin->row.dimensions, begin->stored.block);
      });
      keys.push_back(block_key(begin->row, begin->stored.block));
      moves.emplace_back(begin, end);
      begin = end;
    }
    size_t moved = 0;
    QUIPU_RETURN_IF_ERROR(get_codes(scope.view, keys, [&](size_t i, std::string_view value) -> Status {
      const std::optional<StoredBlock> block = StoredBlock::parse(value, *parse_code_key(keys[i]));
      if (!block) return damaged_codes(collection_);
      for (const Move& move : moves[i]) QUIPU_RETURN_IF_ERROR(move_row(move, *block, scope));
      moved += moves[i].size();
      return Status::ok();
    }));
    return moved == moves_.size() ? Status::ok() : damaged_codes(collection_);
  }

  Status move_row(const Move& move, const StoredBlock& block, CommitScope& scope) const {
    const uint64_t sequence = move.row.number;
    const std::optional<size_t> at = block.row_of(sequence);
    if (!at) return damaged_codes(collection_);
    const VectorCode code{block.norm(*at), block.coarse(*at), move.stored.fine, block.upper_half(*at),
                          move.stored.lower};
    const Place to = move.to.value_or(block_of(sequence));
    leave_block(move.row, block.number, to, scope);
    const std::string rest =
        move.to ? CodeRest::to_bytes(move.key, code, move.row.dimensions) : std::string();
    rocksdb::ColumnFamilyHandle* const family = scope.view.database().codes();
    scope.merge_later(family, scope.keep(block_key(move.row, to)),
                      scope.keep(make_code_operand(sequence, code, rest)));
    scope.put_later(family, scope.keep(code_row_key(collection_.id(), move.row.dimensions, sequence)),
                    scope.keep(make_code_row(move.key, code, move.to)));
    return Status::ok();
  }

  const Collection& collection_;
  std::vector<Move> moves_;
};

// A key of a collection that keeps codes: the vector that it had, and the one that it will have.
class CodedKey : public IndexedKey {
 public:
  CodedKey(const KeyChange& key, const DataRecord* stored) {
    const std::optional<size_t> dimensions = stored == nullptr ? std::nullopt : dimensions_of(stored->body);
    if (!dimensions) return;
    had_ = CodeKey{key.collection->id(), false, static_cast<uint32_t>(*dimensions), key.sequence};
  }

  void move_to(const CodeMove& move) {
    move_ = move;
    touched = true;
  }
  void put_note(std::string_view value) {
    note_ = value;
    touched = true;
  }

  Status write(KeyChange& key, CommitScope& scope, rocksdb::WriteBatchBase& /*batch*/) override {
    if (note_) write_note(key, scope);
    if (!key.changed) {
      if (move_) scope.batch_of<MovedCodes>(*key.collection).add(*move_, key.user_key);
      return Status::ok();
    }
    const std::optional<size_t> dimensions = key.exists ? dimensions_of(key.body) : std::nullopt;
    if (!dimensions) return had_ ? remove(scope) : Status::ok();
    const uint64_t sequence = key.inserted ? scope.first_sequence + key.sequence : key.sequence;
    const CodeKey row{key.collection->id(), false, static_cast<uint32_t>(*dimensions), sequence};
    const bool stays = had_ && had_->dimensions == row.dimensions && had_->number == sequence;
    if (had_ && !stays) QUIPU_RETURN_IF_ERROR(remove(scope));
    if (stays) QUIPU_RETURN_IF_ERROR(leave(scope, block_of(sequence)));
    scope.batch_of<CodedVectors>(*key.collection)
        .add({row.dimensions, sequence, key.user_key, coded_body(key.body, scope)});
    return Status::ok();
  }

 private:
  void write_note(const KeyChange& key, CommitScope& scope) const {
    rocksdb::ColumnFamilyHandle* const family = scope.view.database().codes();
    const std::string_view note = scope.keep(code_notes_prefix(key.collection->id()), key.user_key);
    if (note_->empty()) return scope.delete_later(family, note);
    scope.put_later(family, note, *note_);
  }

  Status remove(CommitScope& scope) const {
    QUIPU_RETURN_IF_ERROR(leave(scope, std::nullopt));
    scope.delete_later(scope.view.database().codes(),
                       scope.keep(code_row_key(had_->collection, had_->dimensions, had_->number)));
    return Status::ok();
  }

  Status leave(CommitScope& scope, std::optional<Place> to) const {
    QUIPU_ASSIGN_OR_RETURN(const std::optional<Place> from, place_of(scope.view, *had_));
    leave_block(*had_, from.value_or(block_of(had_->number)), to, scope);
    return Status::ok();
  }

  std::optional<CodeKey> had_;  // its row
  std::optional<CodeMove> move_;
  std::optional<std::string_view> note_;
};

class Vectors : public CollectionIndex {
 public:
  std::span<const WriteOp::Kind* const> kinds() const override { return kKinds; }

  bool follows(const Collection& collection) const override {
    return collection.record.codes != CollectionRecord::Codes::kNone;
  }

  Status load(KeyChange& key, const DataRecord* stored, CommitScope& scope) const override {
    scope.add<CodedKey>(key, *this, key, stored);
    return Status::ok();
  }

  Status apply(const WriteOp& op, KeyChange& key, CommitScope& scope) const override {
    auto* const part = static_cast<CodedKey*>(part_of(key));
    if (op.kind == &VectorValues::kPutVector) return put_vector(op, key, scope, part != nullptr);
    if (part == nullptr || key.collection->record.codes != CollectionRecord::Codes::kAll) {
      return Status::not_supported("collection " + Json::from_string(key.collection->name).text() +
                                   " has no codes of all its vectors");
    }
    if (op.kind == &VectorValues::kPutCodeNote) {
      part->put_note(op.value);
      scope.entry_bytes += op.key.size() + op.value.size() + kBatchBytesPerKey;
      return Status::ok();
    }
    CodeMove move;
    if (op.value.size() != sizeof(move)) {
      return Status::invalid_argument("a move of a code is not as CodeMove::bytes() has it");
    }
    std::memcpy(&move, op.value.data(), sizeof(move));
    if (move.block != 0 && !is_moved_block(move.block)) {
      return Status::invalid_argument("no code is moved to block " + std::to_string(move.block));
    }
    part->move_to(move);
    scope.entry_bytes += 2 * VectorEncoder::half_bytes(move.dimensions) + 2 * op.key.size() + kOfAMove;
    return Status::ok();
  }

 private:
  // The bytes of the doubles lie anywhere; where they lie as doubles do, they are not copied.
  static Status put_vector(const WriteOp& op, KeyChange& key, CommitScope& scope, bool has_code) {
    if (op.value.size() % sizeof(double) != 0) {
      return Status::invalid_argument("a vector's bytes are no doubles");
    }
    const size_t size = op.value.size() / sizeof(double);
    std::vector<double> copied;
    std::span elements(reinterpret_cast<const double*>(op.value.data()), size);
    if (reinterpret_cast<uintptr_t>(op.value.data()) % alignof(double) != 0) {
      copied.resize(size);
      std::memcpy(copied.data(), op.value.data(), op.value.size());
      elements = copied;
    }
    put_body(key, scope.keep(make_vector_body(elements)), scope);
    if (has_code) scope.entry_bytes += elements.size() + op.key.size() + kOfACode;
    return Status::ok();
  }
};

const Vectors vectors;

}  // namespace

const CollectionIndex& kVectors = vectors;

std::string_view coded_body(std::string_view body, CommitScope& scope) {
  std::vector<double> elements;
  if (!body.starts_with('{') || !parse_vector(body, elements)) return body;
  return scope.keep(make_vector_body(elements));
}

void put_codes(const Collection& collection, std::vector<CodedVector> vectors, CommitScope& scope) {
  struct Row {
    CodeOperand operand;
    size_t row;
    char* tail;  // of the row's other place
  };
  rocksdb::ColumnFamilyHandle* const family = scope.view.database().codes();
  std::ranges::sort(vectors, {},
                    [](const CodedVector& vector) { return std::tuple(vector.dimensions, vector.sequence); });
  std::vector<Row> rows;
  rows.reserve(vectors.size());
  for (auto begin = vectors.begin(); begin != vectors.end();) {
    const CodedVector& first = *begin;
    const auto end = std::find_if(begin, vectors.end(), [&](const CodedVector& vector) {
      return vector.dimensions != first.dimensions || block_of(vector.sequence) != block_of(first.sequence);
    });
    const auto count = static_cast<size_t>(end - begin);
    const std::span<char> bytes = scope.take(CodeOperand::bytes(count, first.dimensions));
    const CodeOperand operand(bytes.data(), count, first.dimensions);
    const CodeKey in_block{collection.id(), false, first.dimensions, first.sequence};
    scope.merge_later(family, scope.keep(block_key(in_block, block_of(first.sequence))),
                      {bytes.data(), bytes.size()});
    for (size_t row = 0; row < count; ++row, ++begin) {
      const std::string head = make_code_row_head(begin->key, std::nullopt);
      const std::span<char> value = scope.take(head.size() + code_row_tail_bytes(begin->dimensions));
      rows.push_back({operand, row, std::ranges::copy(head, value.data()).out});
      scope.put_later(family, scope.keep(code_row_key(collection.id(), begin->dimensions, begin->sequence)),
                      {value.data(), value.size()});
    }
  }
  for (size_t begin = 0, end = 0; begin < vectors.size(); begin = end) {
    while (end < vectors.size() && vectors[end].dimensions == vectors[begin].dimensions) ++end;
    const std::span of_dimension = std::span<const CodedVector>(vectors).subspan(begin, end - begin);
    encode_all(of_dimension, [&](size_t i, const VectorCode& code) {
      const Row& row = rows[begin + i];
      row.operand.put(row.row, of_dimension[i].sequence, code);
      put_code_row_tail(code, row.tail);
    });
  }
}

Status remove_moved_codes(const Database& database, StagedChanges& changes) {
  const ReadView newest(database);
  for (const auto& [row, places] : changes.code_places().all()) {
    QUIPU_ASSIGN_OR_RETURN(const std::optional<Place> now, place_of(newest, row));
    if (!now || now == places.from || now == places.to) continue;
    const rocksdb::Status removed =
        changes.Merge(database.codes(), block_key(row, *now), make_code_removal(row.number));
    QUIPU_RETURN_IF_ERROR(from_rocksdb(removed, "cannot write"));
  }
  return Status::ok();
}

}  // namespace quipu::rocks
