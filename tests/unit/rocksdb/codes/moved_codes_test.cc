// Codes that are moved from block to block: where they are for every kind of reader after any writes, what
// transactions find of others' moves, and what verify and a repair make of misplaced ones.

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "backends/rocksdb/format/code_block.h"
#include "quipu/backend/features.h"
#include "quipu/kv_transaction.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/verify.h"
#include "quipu/write_batch.h"
#include "tests/support/random.h"
#include "tests/support/raw_database.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

constexpr uint64_t kLast = UINT64_MAX;

// By key: the number of the block that a vector's code is in.
using Places = std::map<std::string, uint64_t>;

std::string code_text(const VectorCode& code) {
  const auto text = [](std::span<const uint8_t> bytes) { return std::string(bytes.begin(), bytes.end()); };
  std::string all = text(code.upper) + text(code.lower);
  for (const double number : {code.norm, double{code.coarse.along}, double{code.coarse.across},
                              double{code.fine.along}, double{code.fine.across}}) {
    all += ' ' + std::to_string(number);
  }
  return all;
}

std::unique_ptr<CodeReader> codes_of(const BaseKVStore& store) {
  Result<std::unique_ptr<CodeReader>> codes = store.vector_values().codes("v");
  EXPECT_TRUE(codes) << codes.error().to_string();
  return codes ? *std::move(codes) : nullptr;
}

// What rows say of one dimension; the blocks and all ways to read either agree.
void read_places(const CodeReader& codes, size_t dimensions, const std::map<std::string, std::string>& wanted,
                 Places& places) {
  struct InBlock {
    uint64_t block;
    double norm;
    VectorCode::Direction coarse;
    std::vector<uint8_t> upper;
  };
  std::map<uint64_t, InBlock> by_order;
  std::vector<uint64_t> numbers;
  const size_t half = VectorEncoder::half_bytes(dimensions);
  ASSERT_TRUE(
      codes
          .scan_blocks(dimensions, 0, kLast,
                       [&](const CodeBlock& block) {
                         EXPECT_EQ(block.dimensions, dimensions);
                         numbers.push_back(block.number);
                         for (size_t row = 0; row < block.rows; ++row) {
                           const uint8_t* const upper = block.upper + row * half;
                           const InBlock found{
                               block.number, block.norm(row), block.coarse(row), {upper, upper + half}};
                           EXPECT_TRUE(by_order.emplace(block.order(row), found).second);
                         }
                         return Status::ok();
                       })
          .is_ok());
  size_t got = 0;
  ASSERT_TRUE(codes
                  .get_blocks(dimensions, numbers,
                              [&](size_t i, const CodeBlock& block) {
                                EXPECT_EQ(block.number, numbers[i]);
                                got += block.rows;
                                return Status::ok();
                              })
                  .is_ok());
  EXPECT_EQ(got, by_order.size());
  std::vector<uint64_t> orders;
  for (const auto& [order, found] : by_order) orders.push_back(order);
  orders.push_back(kLast);
  got = 0;
  ASSERT_TRUE(
      codes
          .get_rows(dimensions, orders,
                    [&](size_t i, const CodeRow& row) {
                      ++got;
                      const InBlock& other = by_order.at(orders[i]);
                      EXPECT_EQ(row.order, orders[i]);
                      EXPECT_EQ(row.block, other.block);
                      const VectorCode code{other.norm, other.coarse, row.fine, other.upper, row.lower};
                      const auto known = wanted.find(std::string(row.key));
                      EXPECT_TRUE(known != wanted.end() && known->second == code_text(code)) << row.key;
                      EXPECT_TRUE(places.emplace(row.key, row.block).second);
                      return Status::ok();
                    })
          .is_ok());
  EXPECT_EQ(got, by_order.size());
}

// Where all codes are, which are those of the vectors.
Places places_of(const BaseKVStore& store) {
  std::map<std::string, std::string> wanted;
  std::set<size_t> dimensions;
  EXPECT_TRUE(store.vector_values()
                  .scan_vectors("v",
                                [&](const VectorEntry& vector) {
                                  VectorEncoder encoder(vector.elements.size());
                                  wanted.emplace(vector.key, code_text(encoder.encode(vector.elements)));
                                  dimensions.insert(vector.elements.size());
                                  return Status::ok();
                                })
                  .is_ok());
  const std::unique_ptr<CodeReader> codes = codes_of(store);
  EXPECT_EQ(codes->count(), wanted.size());
  EXPECT_EQ(*codes->dimensions(), std::vector<size_t>(dimensions.begin(), dimensions.end()));
  Places places;
  for (const size_t each : dimensions) read_places(*codes, each, wanted, places);
  EXPECT_EQ(places.size(), wanted.size());
  Places by_scan;
  EXPECT_TRUE(codes
                  ->scan_rows([&](const CodeRow& row) {
                    by_scan.emplace(row.key, row.block);
                    return Status::ok();
                  })
                  .is_ok());
  EXPECT_EQ(places, by_scan);
  return places;
}

// Of each vector the move that has no block yet.
std::map<std::string, CodeMove> moves_of(const BaseKVStore& store) {
  std::map<std::string, CodeMove> moves;
  EXPECT_TRUE(codes_of(store)
                  ->scan_rows([&](const CodeRow& row) {
                    moves.emplace(row.key, CodeMove{row.order, row.dimensions, 0});
                    return Status::ok();
                  })
                  .is_ok());
  return moves;
}

void move(WriteBatch& batch, std::string_view key, CodeMove move, uint64_t block) {
  move.block = block;
  batch.add({&VectorValues::kMoveCode, "v", key, move.bytes()});
}

class MovedCodesTest : public ::testing::Test {
 protected:
  MovedCodesTest() {
    CollectionOptions options{"file.json", ""};
    options.keeps_codes = true;
    store_ = *RocksDBKVStore::open(path_);
    EXPECT_TRUE(store_->declare_collection("v", options).is_ok());
  }
  void reopen() {
    ASSERT_TRUE(store_->close().is_ok());
    store_ = *RocksDBKVStore::open(path_);
  }
  std::vector<double> some_vector(size_t dimensions) {
    std::vector<double> elements(dimensions);
    for (double& element : elements) element = static_cast<double>(random_.below(2001)) / 1000 - 1;
    return elements;
  }
  void fill(int count) {
    WriteBatch batch;
    for (int i = 0; i < count; ++i) batch.put_vector("v", "k" + std::to_string(i), some_vector(20));
    ASSERT_TRUE(store_->write(batch).is_ok());
  }
  std::string some_key() { return "k" + std::to_string(random_.below(300)); }
  // A few operations; in `moved` what has become of each key: its block from kFirstMoved on, or 0.
  void change(BaseKVStore& store, Places& moved) {
    WriteBatch batch;
    std::map<std::string, CodeMove> moves = moves_of(store);
    std::set<std::string> written;
    Places moved_here;
    for (uint64_t i = 1 + random_.below(30); i-- > 0;) {
      const std::string key = some_key();
      const uint64_t block = random_.one_in(4) ? 0 : CodeBlock::kFirstMoved + random_.below(5);
      switch (random_.below(6)) {
        case 0:
          batch.delete_("v", key);
          moved.erase(key);
          written.insert(key);
          break;
        case 1:
          batch.put_vector("v", key, some_vector(random_.one_in(4) ? 3 : 20));
          moved[key] = 0;
          written.insert(key);
          break;
        default: move(batch, key, moves[key], block); moved_here[key] = block;
      }
    }
    for (const auto& [key, block] : moved_here) {
      if (moved.contains(key) && !written.contains(key)) moved[key] = block;
    }
    ASSERT_TRUE(store.write(batch).is_ok());
  }
  void expect_moved(const BaseKVStore& store, const Places& moved) {
    Places found = places_of(store);
    for (auto& [key, block] : found) block = block < CodeBlock::kFirstMoved ? 0 : block;
    EXPECT_EQ(found, moved);
  }
  std::multiset<std::string> faults() {
    std::multiset<std::string> all;
    EXPECT_TRUE(store_->verify([&](const Fault& fault) { all.insert(fault.message); }).is_ok());
    return all;
  }

  Random random_{test_seed()};
  TempDir directory_;
  const std::string path_ = directory_ / "db";
  std::shared_ptr<RocksDBKVStore> store_;
};

TEST_F(MovedCodesTest, AreWhereTheyWereMovedTo) {
  Places moved;
  for (int round = 0; round < 80; ++round) {
    change(*store_, moved);
    if (random_.one_in(10)) expect_moved(*store_, moved);
    if (random_.one_in(10)) {
      ASSERT_TRUE(store_->flush().is_ok());
    }
    if (random_.one_in(20)) {
      ASSERT_TRUE(store_->compact({}).is_ok());
    }
    if (random_.one_in(15)) reopen();
    if (random_.one_in(5)) {
      const auto transaction = *store_->begin();
      Places in_transaction = moved;
      change(*transaction, in_transaction);
      change(*transaction, in_transaction);
      expect_moved(*transaction, in_transaction);
      expect_moved(*store_, moved);
      if (random_.one_in(2)) {
        ASSERT_TRUE(transaction->commit({}).is_ok());
        moved = in_transaction;
      }
    }
  }
  expect_moved(*store_, moved);
  EXPECT_EQ(faults(), std::multiset<std::string>());
  EXPECT_EQ(read_file(path_ + "/QUIPU"), "quipu format 3\n");
}

// Nobody's transaction conflicts with moves of what it writes: at its commit its rows are taken out of the
// blocks that they are in by then.
TEST_F(MovedCodesTest, TransactionsFindWhatOthersHaveMoved) {
  fill(60);
  for (int round = 0; round < 30; ++round) {
    const auto transaction = *store_->begin();
    WriteBatch changes;
    Places expected;
    std::map<std::string, CodeMove> rows = moves_of(*store_);
    for (auto& [key, block] : places_of(*store_)) {
      const uint64_t own = CodeBlock::kFirstMoved + random_.below(4);
      expected[key] = 0;
      switch (random_.below(5)) {
        case 0: changes.put_vector("v", key, some_vector(20)); break;
        case 1:
          changes.delete_("v", key);
          expected.erase(key);
          break;
        case 2:
          move(changes, key, rows[key], own);
          expected[key] = own;
          break;
        case 3: changes.put_vector("v", key, some_vector(30)); break;
        default: expected[key] = kLast;
      }
    }
    ASSERT_TRUE(transaction->write(changes).is_ok());
    WriteBatch moves;
    for (const auto& [key, block] : places_of(*store_)) {
      const uint64_t other = CodeBlock::kFirstMoved + random_.below(4);
      if (random_.one_in(2)) move(moves, key, rows[key], other);
      if (random_.one_in(2)) move(moves, key, rows[key], 0);
    }
    ASSERT_TRUE(store_->write(moves).is_ok());
    const Places before = places_of(*store_);
    ASSERT_TRUE(transaction->commit({}).is_ok());
    for (auto& [key, block] : expected) {
      if (block == kLast) block = before.at(key) < CodeBlock::kFirstMoved ? 0 : before.at(key);
    }
    expect_moved(*store_, expected);
    WriteBatch back;
    for (int i = 0; i < 60; ++i) back.put_vector("v", "k" + std::to_string(i), some_vector(20));
    ASSERT_TRUE(store_->write(back).is_ok());
  }
  EXPECT_EQ(faults(), std::multiset<std::string>());
}

TEST_F(MovedCodesTest, AReaderKeepsItsMoment) {
  fill(300);
  const std::unique_ptr<CodeReader> then = codes_of(*store_);
  WriteBatch batch;
  for (const auto& [key, row] : moves_of(*store_)) move(batch, key, row, CodeBlock::kFirstMoved + 7);
  batch.delete_("v", "k1");
  batch.add({&VectorValues::kPutCodeNote, "v", "note", "new"});
  ASSERT_TRUE(store_->write(batch).is_ok());
  ASSERT_TRUE(store_->compact({}).is_ok());
  size_t rows = 0;
  const auto count = [&](const CodeBlock& block) {
    rows += block.rows;
    return Status::ok();
  };
  ASSERT_TRUE(then->scan_blocks(20, 0, CodeBlock::kFirstMoved - 1, count).is_ok());
  EXPECT_EQ(rows, 300u);
  ASSERT_TRUE(then->scan_blocks(20, CodeBlock::kFirstMoved, kLast, count).is_ok());
  EXPECT_EQ(rows, 300u);
  const auto no_notes = [](std::string_view, std::string_view) {
    ADD_FAILURE();
    return Status::ok();
  };
  ASSERT_TRUE(then->scan_notes("", no_notes).is_ok());
  int vectors = 0;
  const std::vector<std::string_view> keys = {"k0", "k1"};
  ASSERT_TRUE(then->get_vectors(20, keys, [&](size_t, std::span<const double>) { ++vectors; }).is_ok());
  EXPECT_EQ(vectors, 2);
  const std::unique_ptr<CodeReader> now = codes_of(*store_);
  rows = 0;
  ASSERT_TRUE(now->scan_blocks(20, CodeBlock::kFirstMoved + 7, CodeBlock::kFirstMoved + 7, count).is_ok());
  EXPECT_EQ(rows, 299u);
}

TEST_F(MovedCodesTest, NotesAreKeptBesideThem) {
  using Notes = std::map<std::string, std::string>;
  const auto notes = [&](std::string_view prefix) {
    Notes found;
    EXPECT_TRUE(codes_of(*store_)
                    ->scan_notes(prefix,
                                 [&](std::string_view key, std::string_view value) {
                                   found.emplace(key, value);
                                   return Status::ok();
                                 })
                    .is_ok());
    return found;
  };
  const auto note = [](std::string_view key, std::string_view value) {
    return WriteOp{&VectorValues::kPutCodeNote, "v", key, value};
  };
  fill(3);
  WriteBatch batch;
  for (const WriteOp& op :
       {note("k1", "of a vector's name"), note("a\xff", "1"), note("a", "2"), note("b", "3")}) {
    batch.add(op);
  }
  ASSERT_TRUE(store_->write(batch).is_ok());
  EXPECT_EQ(notes("a"), (Notes{{"a\xff", "1"}, {"a", "2"}}));
  EXPECT_EQ(notes("").size(), 4u);
  EXPECT_EQ(*store_->count("v"), 3u);
  const auto transaction = *store_->begin();
  batch.clear();
  batch.add(note("b", ""));
  batch.add(note("c", "4"));
  batch.put_vector("v", "k2", some_vector(20));
  ASSERT_TRUE(transaction->write(batch).is_ok());
  EXPECT_EQ(notes("").size(), 4u);
  ASSERT_TRUE(transaction->commit({}).is_ok());
  EXPECT_EQ(notes(""), (Notes{{"k1", "of a vector's name"}, {"a\xff", "1"}, {"a", "2"}, {"c", "4"}}));
  EXPECT_EQ(faults(), std::multiset<std::string>());
}

TEST_F(MovedCodesTest, WhatCannotBeMovedIsRefused) {
  fill(3);
  const auto write = [&](const WriteOp& op) {
    WriteBatch batch;
    batch.add(op);
    return store_->write(batch).code();
  };
  std::map<std::string, CodeMove> rows = moves_of(*store_);
  const auto moved = [&](std::string_view key, CodeMove row, uint64_t block) {
    row.block = block;
    return write({&VectorValues::kMoveCode, "v", key, row.bytes()});
  };
  EXPECT_EQ(moved("k1", rows["k1"], 5), StatusCode::kInvalidArgument);
  EXPECT_EQ(moved("k1", rows["k1"], kLast), StatusCode::kInvalidArgument);
  EXPECT_EQ(write({&VectorValues::kMoveCode, "v", "k1", "1234567"}), StatusCode::kInvalidArgument);
  const std::string row(rows["k1"].bytes());
  EXPECT_EQ(write({&VectorValues::kMoveCode, "absent", "k1", row}), StatusCode::kNotFound);
  EXPECT_EQ(write({&WriteOp::kPut, "plain", "k1", "{}"}), StatusCode::kOk);
  EXPECT_EQ(write({&VectorValues::kMoveCode, "plain", "k1", row}), StatusCode::kNotSupported);
  EXPECT_EQ(write({&VectorValues::kPutCodeNote, "plain", "k1", "note"}), StatusCode::kNotSupported);
  // Whose row it is not, moves nothing.
  EXPECT_EQ(moved("absent", rows["k1"], CodeBlock::kFirstMoved), StatusCode::kOk);
  EXPECT_EQ(moved("k2", rows["k1"], CodeBlock::kFirstMoved), StatusCode::kOk);
  EXPECT_EQ(moved("k1", {rows["k1"].order, 3, 0}, CodeBlock::kFirstMoved), StatusCode::kOk);
  EXPECT_EQ(moved("k1", {77, 20, 0}, CodeBlock::kFirstMoved), StatusCode::kOk);
  EXPECT_EQ(places_of(*store_), (Places{{"k0", 0}, {"k1", 0}, {"k2", 0}}));
}

TEST_F(MovedCodesTest, ARowInTheWrongBlockIsFound) {
  fill(3);
  WriteBatch batch;
  move(batch, "k1", moves_of(*store_)["k1"], CodeBlock::kFirstMoved);
  ASSERT_TRUE(store_->write(batch).is_ok());
  ASSERT_TRUE(store_->close().is_ok());
  {
    RawDatabase raw(path_ + "/rocksdb");
    const std::string block = raw.get("codes", rocks::code_block_key(1, 20, CodeBlock::kFirstMoved));
    raw.erase("codes", rocks::code_block_key(1, 20, CodeBlock::kFirstMoved));
    raw.put("codes", rocks::code_block_key(1, 20, CodeBlock::kFirstMoved + 1), block);
  }
  store_ = *RocksDBKVStore::open(path_);
  EXPECT_EQ(faults(),
            std::multiset<std::string>{"codes of its vectors are in other blocks than they should be"});
  ASSERT_TRUE(store_->close().is_ok());
  ASSERT_TRUE(repair_database(path_, {}));
  store_ = *RocksDBKVStore::open(path_);
  EXPECT_EQ(faults(), std::multiset<std::string>());
  EXPECT_EQ(places_of(*store_), (Places{{"k0", 0}, {"k1", 0}, {"k2", 0}}));
}

}  // namespace
}  // namespace quipu::testing
