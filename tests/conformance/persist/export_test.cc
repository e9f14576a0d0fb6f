// Exports while four writers move amounts between values of three collections, in batches and transactions:
// each export is one moment of the store.
//
// QUIPU_STRESS_EXPORTS says how many exports; the default is that of an ordinary run.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "quipu/document_store.h"
#include "quipu/kv_transaction.h"
#include "quipu/memory_kv_store.h"
#include "quipu/persist_dir.h"
#include "quipu/storage_context.h"
#include "tests/support/backends.h"
#include "tests/support/random.h"
#include "tests/support/test_scale.h"

namespace quipu::testing {
namespace {

namespace fs = std::filesystem;

constexpr int kWriters = 4;
constexpr int kAccounts = 12;  // of each writer, and shared
constexpr int kAmount = 1000;
const std::array<std::string, 3> kCollections = {"a", "b", "c"};
const std::array<std::string, 3> kFiles = {"docstore.json", "index_store.json", "kvstore.json"};

struct Account {
  std::string collection;
  std::string key;
};

Account account(const std::string& owner, uint64_t number) {
  return {kCollections[number % kCollections.size()], owner + "-" + std::to_string(number)};
}

Json value_of(int n) {
  return Json::from_canonical("{\"n\": " + std::to_string(n) + ", \"filler\": \"" + std::string(1000, 'x') +
                              "\"}");
}

Result<int> number_at(const KVReader& store, const Account& at) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> value, store.get(at.key, at.collection));
  if (!value) return Status::not_found(at.collection + " " + at.key);
  return static_cast<int>(*value->view().find("n")->number());
}

// Moves amounts for as long as it may, and counts its moves in every collection, too.
class Writer {
 public:
  Writer(int number, uint64_t seed)
      : name_("w" + std::to_string(number)), random_(seed + static_cast<uint64_t>(number)) {}

  // Odd ones move amounts that are everybody's, in transactions, where there are any.
  void run(BaseKVStore& kvstore, bool in_transactions, const std::stop_token& stop) {
    while (!stop.stop_requested() && failure.is_ok()) {
      const Status moved = in_transactions ? move_in_transaction(kvstore) : move(kvstore);
      if (moved.is_ok()) ++moves;
      if (!moved.is_ok() && moved.code() != StatusCode::kBusy) failure = moved;
      if (moved.code() == StatusCode::kBusy) ++conflicts;
    }
  }

  std::atomic<int> moves = 0;
  std::atomic<int> conflicts = 0;
  Status failure;

 private:
  Status move_in_transaction(BaseKVStore& kvstore) {
    QUIPU_ASSIGN_OR_RETURN(const auto transaction, kvstore.begin());
    WriteBatch batch;
    QUIPU_RETURN_IF_ERROR(move_between(*transaction, "shared", batch));
    QUIPU_RETURN_IF_ERROR(transaction->write(batch));
    return transaction->commit();
  }
  Status move(BaseKVStore& kvstore) {
    WriteBatch batch;
    QUIPU_RETURN_IF_ERROR(move_between(kvstore, name_, batch));
    return kvstore.write(batch);
  }
  Status move_between(const KVReader& store, const std::string& owner, WriteBatch& batch) {
    const uint64_t first = random_.below(kAccounts);
    const Account from = account(owner, first);
    const Account to = account(owner, (first + 1 + random_.below(kAccounts - 1)) % kAccounts);
    const int amount = static_cast<int>(random_.below(50));
    QUIPU_ASSIGN_OR_RETURN(const int before, number_at(store, from));
    QUIPU_ASSIGN_OR_RETURN(const int there, number_at(store, to));
    batch.put(from.collection, from.key, value_of(before - amount));
    batch.put(to.collection, to.key, value_of(there + amount));
    for (const std::string& collection : kCollections) {
      batch.put(collection, "moves of " + name_, value_of(moves + 1));
    }
    return Status::ok();
  }

  const std::string name_;
  Random random_;
};

std::vector<NodePtr> nodes_of(const std::string& source, Random& random) {
  std::vector<NodePtr> nodes;
  for (const char* const node : {"-1", "-2", "-3"}) {
    TextNodeBuilder builder;
    builder.id(source + node).text(std::string(random.below(2000), 'x'));
    builder.relationship(NodeRelationship::SOURCE,
                         RelatedNodeInfo{.node_id = source, .node_type = {}, .hash = {}});
    nodes.push_back(*builder.build());
  }
  return nodes;
}

class ExportTest : public BackendFixture {
 protected:
  void SetUp() override {
    BackendFixture::SetUp();
    for (size_t i = 0; i < kCollections.size(); ++i) {
      ASSERT_TRUE(
          kv_->declare_collection(kCollections[i], {.persist_file = kFiles[i], .indexed_field = ""}).is_ok());
    }
    WriteBatch batch;
    for (int writer = 0; writer < kWriters; ++writer) {
      const std::string name = "w" + std::to_string(writer);
      owners_.push_back(name);
      for (const std::string& collection : kCollections) {
        batch.put(collection, "moves of " + name, value_of(0));
      }
    }
    owners_.emplace_back("shared");
    for (const std::string& owner : owners_) {
      for (uint64_t i = 0; i < kAccounts; ++i) {
        const Account at = account(owner, i);
        batch.put(at.collection, at.key, value_of(kAmount));
      }
    }
    ASSERT_TRUE(kv_->write(batch).is_ok());
  }

  // Every sum is what it was, and each writer's moves are equally many in all collections; at least `least`.
  void expect_consistent_view(const KVReader& store, const std::vector<int>& least) {
    for (const std::string& owner : owners_) {
      int sum = 0;
      for (uint64_t i = 0; i < kAccounts; ++i) {
        const auto amount = number_at(store, account(owner, i));
        ASSERT_TRUE(amount) << amount.error().to_string();
        sum += *amount;
      }
      EXPECT_EQ(sum, kAccounts * kAmount) << owner;
    }
    for (size_t writer = 0; writer < least.size(); ++writer) {
      const std::string key = "moves of " + owners_[writer];
      const int moves = *number_at(store, {kCollections[0], key});
      EXPECT_GE(moves, least[writer]);
      for (const std::string& collection : kCollections) {
        EXPECT_EQ(*number_at(store, {collection, key}), moves) << key << " in " << collection;
      }
    }
  }

  // Where a read of many keys is of one moment, and a batch whole or not there; else none.
  int writers_beside_readers() const {
    const KVCapabilities can = kv_->capabilities();
    return can.snapshots && can.atomic_batches ? kWriters : 0;
  }

  std::vector<std::string> owners_;
};

TEST_P(ExportTest, EachIsOneMomentWhileFourWritersWrite) {
  const int exports = test_scale("QUIPU_STRESS_EXPORTS", 30);
  const uint64_t seed = test_seed();
  const bool transactions = kv_->capabilities().transactions;
  if (!lists_collections()) {
    EXPECT_EQ(export_persist_dir(*kv_, directory_ / "copy").status().code(), StatusCode::kNotSupported);
    return;
  }
  std::vector<std::unique_ptr<Writer>> writers;
  std::vector<std::jthread> threads;
  for (int i = 0; i < writers_beside_readers(); ++i) {
    Writer& writer = *writers.emplace_back(std::make_unique<Writer>(i, seed));
    threads.emplace_back(
        [&, i](const std::stop_token& stop) { writer.run(*kv_, transactions && i % 2 == 1, stop); });
  }
  const auto moves = [&] {
    std::vector<int> done;
    for (const auto& writer : writers) done.push_back(writer->moves);
    return done;
  };
  for (int i = 0; i < exports && !HasFailure(); ++i) {
    SCOPED_TRACE("export " + std::to_string(i));
    const std::vector<int> before = moves();
    const std::string copy = directory_ / "copy";
    const auto exported = export_persist_dir(*kv_, copy, {.force = true});
    ASSERT_TRUE(exported) << exported.error().to_string();
    MemoryKVStore read;
    ImportOptions options;
    options.files.assign(kFiles.begin(), kFiles.end());
    const auto imported = import_persist_dir(copy, read, options);
    ASSERT_TRUE(imported) << imported.error().to_string();
    expect_consistent_view(read, before);
  }
  threads.clear();  // asks them to stop, and waits
  int all = 0;
  int conflicts = 0;
  for (const auto& writer : writers) {
    EXPECT_TRUE(writer->failure.is_ok()) << writer->failure.to_string();
    EXPECT_GT(writer->moves, 0);
    all += writer->moves;
    conflicts += writer->conflicts;
  }
  expect_consistent_view(*kv_, moves());
  std::printf("%d exports during %d moves, %d conflicts\n", exports, all, conflicts);
}

// Each file of StorageContext::persist is of one moment.
TEST_P(ExportTest, EachPersistedFileIsOneMomentWhileFourWritersWrite) {
  const int persists = test_scale("QUIPU_STRESS_EXPORTS", 30);
  const auto context = StorageContext::over(kv_);
  ASSERT_TRUE(context);
  std::vector<std::jthread> threads;
  std::array<Status, kWriters> failures;
  Random first(test_seed());
  ASSERT_TRUE(context->docstore().add_documents(nodes_of("doc0", first)).is_ok());
  for (int writer = 0; writer < writers_beside_readers(); ++writer) {
    threads.emplace_back([&, writer](const std::stop_token& stop) {
      Random random(test_seed() + static_cast<uint64_t>(writer));
      Status& failure = failures[static_cast<size_t>(writer)];
      while (!stop.stop_requested() && failure.is_ok()) {
        const std::string source = "doc" + std::to_string(random.below(6));
        failure = random.one_in(3) ? context->docstore().delete_ref_doc(source, false)
                                   : context->docstore().add_documents(nodes_of(source, random));
      }
    });
  }
  for (int i = 0; i < persists && !HasFailure(); ++i) {
    const std::string copy = directory_ / "persisted";
    ASSERT_TRUE(context->persist(copy).is_ok());
    const auto read = SimpleDocumentStore::from_persist_dir(copy);
    ASSERT_TRUE(read) << read.error().to_string();
    const auto ref_docs = read->get_all_ref_doc_info();
    ASSERT_TRUE(ref_docs);
    for (const auto& [source, info] : *ref_docs) {
      EXPECT_EQ(info.node_ids, (std::vector<std::string>{source + "-1", source + "-2", source + "-3"}));
    }
    EXPECT_EQ(read->docs()->size(), 3 * ref_docs->size());
    const Status verified = verify_stores(read->kvstore(), [](const Fault& fault) {
      if (fault.severity == Severity::kNote) return;
      ADD_FAILURE() << fault.collection << " " << fault.key << ": " << fault.message;
    });
    EXPECT_TRUE(verified.is_ok());
  }
  threads.clear();  // asks them to stop, and waits
  for (const Status& failure : failures) EXPECT_TRUE(failure.is_ok()) << failure.to_string();
}

INSTANTIATE_TEST_SUITE_P(, ExportTest, ::testing::ValuesIn(backends()), backend_name);

}  // namespace
}  // namespace quipu::testing
