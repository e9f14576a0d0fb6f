// Text indexes in a RocksDB directory: made, kept by every way to write, read from every moment.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "quipu/backend/features.h"
#include "quipu/backend/text_entries.h"
#include "quipu/bulk_load.h"
#include "quipu/document_store.h"
#include "quipu/kv_transaction.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/verify.h"
#include "tests/support/expect_consistent.h"
#include "tests/support/random.h"
#include "tests/support/raw_database.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

NodePtr node(std::string_view id, std::string_view text) {
  return *TextNodeBuilder().id(std::string(id)).text(std::string(text)).build();
}

class TextIndexTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    store_.reset();
    auto opened = RocksDBKVStore::open(directory_ / "db");
    ASSERT_TRUE(opened.has_value()) << opened.error().message();
    store_ = *opened;
  }
  KVDocumentStore documents() { return KVDocumentStore(store_); }
  void add(std::initializer_list<std::pair<std::string_view, std::string_view>> texts) {
    std::vector<NodePtr> nodes;
    for (const auto& [id, text] : texts) nodes.push_back(node(id, text));
    const Status added = documents().add_documents(nodes);
    ASSERT_TRUE(added.is_ok()) << added.message();
  }
  static std::vector<std::string> ids(const KVDocumentStore& documents, std::string_view query) {
    const auto found = documents.search_text({.query = std::string(query), .top_k = 100});
    EXPECT_TRUE(found.has_value()) << found.error().message();
    std::vector<std::string> ids;
    if (!found) return ids;
    for (const TextMatch& match : *found) ids.push_back(match.id);
    return ids;
  }
  std::vector<std::string> ids(std::string_view query) { return ids(documents(), query); }
  // What the database itself finds wrong.
  std::vector<std::string> faults() const {
    std::vector<std::string> faults;
    const Status checked = store_->verify(
        [&](const Fault& fault) { faults.push_back(fault.collection + ": " + fault.message); });
    EXPECT_TRUE(checked.is_ok()) << checked.message();
    return faults;
  }

  TempDir directory_;
  std::shared_ptr<RocksDBKVStore> store_;
};

TEST_F(TextIndexTest, IsMadeOfWhatIsThereAndKept) {
  add({{"a", "a black cat"}, {"b", "a dog"}});
  EXPECT_EQ(1u, *store_->format());
  EXPECT_FALSE((*documents().text_index()).has_value());
  ASSERT_TRUE(documents().index_text().is_ok());
  EXPECT_EQ(3u, *store_->format());
  EXPECT_THAT(ids("cats"), ElementsAre("a"));
  add({{"c", "the cat of a dog"}, {"b", "a cat"}});  // one new, one that is there
  EXPECT_THAT(ids("cat"), ElementsAre("b", "a", "c"));
  EXPECT_THAT(ids("dog"), ElementsAre("c"));
  ASSERT_TRUE(documents().delete_document("c").is_ok());
  EXPECT_THAT(ids("dog"), IsEmpty());
  open();
  EXPECT_THAT(ids("cat"), ElementsAre("b", "a"));
  const auto info = **documents().text_index();
  EXPECT_EQ("english", info.analyser);
  EXPECT_TRUE(info.whole);
  EXPECT_EQ(2u, info.documents);
  EXPECT_EQ(3u, info.tokens);
  expect_consistent(*store_);
}

TEST_F(TextIndexTest, TheFirstSearchMakesIt) {
  add({{"a", "a black cat"}});
  EXPECT_THAT(ids("black"), ElementsAre("a"));
  EXPECT_TRUE((*documents().text_index())->whole);
  KVDocumentStore empty(store_, {.ns = "empty"});
  EXPECT_THAT(ids(empty, "black"), IsEmpty());
  ASSERT_TRUE(empty.add_documents(std::vector<NodePtr>{node("z", "black")}).is_ok());
  EXPECT_THAT(ids(empty, "black"), ElementsAre("z"));
  EXPECT_THAT(ids("black"), ElementsAre("a"));
}

TEST_F(TextIndexTest, TheAnalyserIsChosenOnce) {
  add({{"a", "Der schwarze Hund"}});
  EXPECT_EQ(StatusCode::kInvalidArgument, documents().index_text("klingon").code());
  ASSERT_TRUE(documents().index_text("german").is_ok());
  EXPECT_THAT(ids("hunde"), ElementsAre("a"));
  const Status other = documents().index_text("english");
  EXPECT_EQ(StatusCode::kInvalidArgument, other.code());
  EXPECT_THAT(std::string(other.message()), HasSubstr("by the analyser \"german\", not by \"english\""));
  EXPECT_TRUE(*documents().drop_text_index());
  EXPECT_FALSE(*documents().drop_text_index());
  ASSERT_TRUE(documents().index_text("whitespace").is_ok());
  EXPECT_THAT(ids("hunde"), IsEmpty());
  EXPECT_THAT(ids("Hund"), ElementsAre("a"));
  expect_consistent(*store_);
}

TEST_F(TextIndexTest, EveryWayToWriteIsSeen) {
  ASSERT_TRUE(documents().index_text().is_ok());
  add({{"a", "cat"}, {"b", "dog"}, {"c", "bird"}});
  const Json other = node("x", "fish")->to_json();
  ASSERT_TRUE(store_->put("a", other, "docstore/data").is_ok());
  ASSERT_TRUE(*store_->delete_("b", "docstore/data"));
  const std::vector<KVPair> pairs = {{"d", other}, {"c", other}};
  ASSERT_TRUE(store_->put_all(pairs, "docstore/data", 10).is_ok());
  EXPECT_THAT(ids("fish"), UnorderedElementsAre("a", "c", "d"));
  EXPECT_THAT(ids("cat dog bird"), IsEmpty());
  ASSERT_TRUE(store_->put("a", *Json::parse(R"({"no": "node"})"), "docstore/data").is_ok());
  EXPECT_THAT(ids("fish"), UnorderedElementsAre("c", "d"));
  EXPECT_THAT(faults(), IsEmpty());
  ASSERT_TRUE(*store_->drop_collection("docstore/data"));
  EXPECT_FALSE((*documents().text_index()).has_value());
  EXPECT_THAT(faults(), IsEmpty());
}

TEST_F(TextIndexTest, ImportsThatMergeAreSeen) {
  ASSERT_TRUE(documents().index_text().is_ok());
  add({{"a", "cat"}});
  auto load = *store_->bulk_load();
  ASSERT_TRUE(load->begin_collection("docstore/data", {}).is_ok());
  const Json value = node("b", "a second cat")->to_json();
  ASSERT_TRUE(load->put("b", value).is_ok());
  ASSERT_TRUE(load->commit().is_ok());
  EXPECT_THAT(ids("cat"), ElementsAre("a", "b"));
  EXPECT_THAT(faults(), IsEmpty());
}

TEST_F(TextIndexTest, TransactionsSeeTheirMomentAndTheirChanges) {
  add({{"a", "cat"}, {"b", "cat dog"}});
  ASSERT_TRUE(documents().index_text().is_ok());
  const auto transaction = *store_->begin();
  KVDocumentStore inside(transaction);
  add({{"c", "cat"}});
  EXPECT_THAT(ids(inside, "cat"), ElementsAre("a", "b"));
  ASSERT_TRUE(inside.add_documents(std::vector<NodePtr>{node("d", "dog dog"), node("b", "bird")}).is_ok());
  ASSERT_TRUE(inside.add_documents(std::vector<NodePtr>{node("d", "dog bird")}).is_ok());
  EXPECT_THAT(ids(inside, "cat"), ElementsAre("a"));
  EXPECT_THAT(ids(inside, "dog"), ElementsAre("d"));
  EXPECT_THAT(ids(inside, "bird"), ElementsAre("b", "d"));
  EXPECT_THAT(ids("dog"), ElementsAre("b"));
  EXPECT_EQ(3u, (*inside.text_index())->documents);
  // It has searched all of the collection, which another writer has changed.
  EXPECT_EQ(StatusCode::kBusy, transaction->commit().code());
  EXPECT_THAT(ids("dog bird"), ElementsAre("b"));

  const auto second = *store_->begin();
  KVDocumentStore writer(second);
  ASSERT_TRUE(writer.add_documents(std::vector<NodePtr>{node("d", "dog"), node("b", "bird")}).is_ok());
  ASSERT_TRUE(second->commit().is_ok());
  EXPECT_THAT(ids("dog"), ElementsAre("d"));
  EXPECT_THAT(ids("cat"), ElementsAre("a", "c"));
  const auto third = *store_->begin();
  KVDocumentStore undone(third);
  ASSERT_TRUE(undone.delete_document("d").is_ok());
  EXPECT_THAT(ids(undone, "dog"), IsEmpty());
  third->rollback();
  EXPECT_THAT(ids("dog"), ElementsAre("d"));
  expect_consistent(*store_);
}

TEST_F(TextIndexTest, ATransactionDoesNotMakeOne) {
  add({{"a", "cat"}});
  const auto transaction = *store_->begin();
  KVDocumentStore inside(transaction);
  const auto found = inside.search_text({.query = "cat"});
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(
      "collection \"docstore/data\" has no whole text index, and none is made in a transaction; call "
      "index_text() of the document store first",
      found.error().message());
  // Nor does it see one that was made after its beginning.
  ASSERT_TRUE(documents().index_text().is_ok());
  EXPECT_FALSE(inside.search_text({.query = "cat"}).has_value());
}

TEST_F(TextIndexTest, AReaderSearchesItsMoment) {
  add({{"a", "cat"}});
  {
    const auto reader = *RocksDBKVStore::open_reader(directory_ / "db");
    const auto found = KVDocumentStore(reader).search_text({.query = "cat"});
    ASSERT_FALSE(found.has_value());
    EXPECT_THAT(found.error().message(), HasSubstr("call index_text()"));
  }
  ASSERT_TRUE(documents().index_text().is_ok());
  const std::shared_ptr<BaseKVStore> reader = *RocksDBKVStore::open_reader(directory_ / "db");
  add({{"b", "cat"}});
  EXPECT_THAT(ids(KVDocumentStore(reader), "cat"), ElementsAre("a"));
  EXPECT_THAT(ids(KVDocumentStore(*reader->refresh()), "cat"), ElementsAre("a", "b"));
}

// One that is made part by part, while nodes are written that it has come to, and others.
TEST_F(TextIndexTest, IsMadeInPartsBesideWriters) {
  Random random(test_seed());
  std::vector<NodePtr> nodes;
  for (int i = 0; i < 300; ++i) {
    nodes.push_back(node("n" + std::to_string(i), "word" + std::to_string(i % 7) + " common"));
  }
  ASSERT_TRUE(documents().add_documents(nodes).is_ok());
  bool whole = false;
  for (int part = 0; !whole; ++part) {
    ASSERT_LT(part, 30);
    const auto made = store_->text_indexes().make_text_index("docstore/data", "english", 20);
    ASSERT_TRUE(made.has_value()) << made.error().message();
    whole = *made;
    if (part == 3) {
      EXPECT_FALSE((*documents().text_index())->whole);
      open();
    }
    for (int i = 0; i < 5; ++i) {
      const std::string id = "n" + std::to_string(random.below(320));
      if (random.one_in(3)) {
        (void)documents().delete_document(id, false).is_ok();
      } else {
        add({{id, "written common"}});
      }
    }
    expect_consistent(*store_);
  }
  const uint64_t count = *store_->count("docstore/data");
  EXPECT_EQ(count, (*documents().text_index())->documents);
  EXPECT_EQ(std::min<uint64_t>(count, 100), ids("common").size());
}

TEST_F(TextIndexTest, AnInterruptedOneIsFinishedByTheNextSearch) {
  add({{"a", "cat"}, {"b", "cat"}, {"c", "cat"}});
  ASSERT_FALSE(*store_->text_indexes().make_text_index("docstore/data", "words", 1));
  EXPECT_EQ(1u, (*documents().text_index())->documents);
  EXPECT_THAT(ids("cat"), ElementsAre("a", "b", "c"));
  EXPECT_EQ("words", (*documents().text_index())->analyser);
}

TEST_F(TextIndexTest, OpenTransactionsConflictWithOneThatIsMade) {
  add({{"a", "cat"}});
  const auto transaction = *store_->begin();
  ASSERT_TRUE(KVDocumentStore(transaction).add_documents(std::vector<NodePtr>{node("b", "dog")}).is_ok());
  ASSERT_TRUE(documents().index_text().is_ok());
  EXPECT_EQ(StatusCode::kBusy, transaction->commit().code());
  EXPECT_THAT(ids("dog"), IsEmpty());
  expect_consistent(*store_);
}

TEST_F(TextIndexTest, ATransactionThatBeganBeforeChangesNothingThatItCannotKnow) {
  add({{"a", "cat"}});
  const auto transaction = *store_->begin();
  ASSERT_TRUE(documents().index_text().is_ok());
  const Status changed = KVDocumentStore(transaction).add_documents(std::vector<NodePtr>{node("a", "dog")});
  EXPECT_EQ(StatusCode::kBusy, changed.code()) << changed.message();
  EXPECT_THAT(ids("cat"), ElementsAre("a"));
  expect_consistent(*store_);
}

TEST_F(TextIndexTest, AQueryStandsForSoManyWords) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "word" + std::to_string(i) + " ";
  add({{"a", text}});
  ASSERT_TRUE(documents().index_text("words").is_ok());
  std::string query = "+word1";
  for (int i = 0; i < 20; ++i) query += " word*";
  const auto found = documents().search_text({.query = query});
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(StatusCode::kInvalidArgument, found.error().code());
  EXPECT_THAT(found.error().message(), HasSubstr("shorten it"));
  EXPECT_THAT(ids(text), ElementsAre("a"));
}

TEST_F(TextIndexTest, ManyWritersAndSearches) {
  ASSERT_TRUE(documents().index_text().is_ok());
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      KVDocumentStore mine(store_);
      for (int i = 0; i < 60; ++i) {
        const std::string id = "t" + std::to_string(t % 3) + "-" + std::to_string(i % 9);
        const std::string text = "common word" + std::to_string(i) + " thread" + std::to_string(t);
        if (!mine.add_documents(std::vector<NodePtr>{node(id, text)}).is_ok()) ++failures;
        if (i % 7 == 0 && !mine.delete_document(id, false).is_ok()) ++failures;
        const auto found = mine.search_text({.query = "common"});
        if (!found) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(0, failures);
  EXPECT_EQ(*store_->count("docstore/data"), ids("common").size());
  expect_consistent(*store_);
  ASSERT_TRUE(store_->compact().is_ok());
  expect_consistent(*store_);
  EXPECT_EQ(*store_->count("docstore/data"), ids("common").size());
}

TEST_F(TextIndexTest, QueriesOutOfTheSyntaxAreErrors) {
  add({{"a", "black cat"}, {"b", "cat black"}});
  EXPECT_THAT(ids("\"black cat\""), ElementsAre("a"));
  EXPECT_THAT(ids("bla* -\"black cat\""), ElementsAre("b"));
  const auto bad = documents().search_text({.query = "\"black"});
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(StatusCode::kInvalidArgument, bad.error().code());
  EXPECT_TRUE(documents().search_text({.query = "\"black", .syntax = false}).has_value());
  EXPECT_THAT(*documents().search_text({.query = "black", .top_k = 0}), IsEmpty());
}

TEST_F(TextIndexTest, WhatIsPlantedIsFoundAndMended) {
  add({{"a", "black cat"}, {"b", "dog"}});
  ASSERT_TRUE(documents().index_text().is_ok());
  EXPECT_THAT(faults(), IsEmpty());
  store_.reset();
  {
    RawDatabase raw(directory_ / "db/rocksdb");
    for (const auto& [key, value] : raw.all("text")) {
      if (key.find("dog") != std::string::npos) raw.erase("text", key);
    }
  }
  open();
  EXPECT_THAT(faults(), ElementsAre("docstore/data: the text index is wrong: \"b\" the text index has other "
                                    "terms of it than its text"));
  store_.reset();
  ASSERT_TRUE(repair_database(directory_ / "db").has_value());
  open();
  EXPECT_THAT(faults(), IsEmpty());
  EXPECT_FALSE((*documents().text_index())->whole);
  EXPECT_THAT(ids("dog"), ElementsAre("b"));
  expect_consistent(*store_);
}

}  // namespace
}  // namespace quipu::testing
