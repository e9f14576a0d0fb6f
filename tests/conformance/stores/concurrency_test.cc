// Sixteen threads that add and remove the nodes of one ref doc: no update is lost, none is done twice, and
// nothing is half done.
//
// QUIPU_STRESS_CHANGES says how many changes; the default is that of an ordinary run.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "quipu/document_store.h"
#include "tests/support/backends.h"
#include "tests/support/expect_consistent.h"
#include "tests/support/random.h"
#include "tests/support/test_scale.h"

namespace quipu::testing {
namespace {

constexpr int kThreads = 16;
constexpr int kChangesOfARound = 50;  // a thread
constexpr size_t kNodesOfAThread = 20;
constexpr const char* kRefDoc = "the document";

struct Stored {
  std::string id;
  int version;
  friend bool operator==(const Stored&, const Stored&) = default;
};
using StoredNodes = std::vector<Stored>;  // in the order in which the ref doc has them

NodePtr make_node(const Stored& stored) {
  TextNodeBuilder builder;
  builder.id(stored.id).text("version " + std::to_string(stored.version) + " of " + stored.id);
  builder.metadata(Json::from_canonical("{\"page\": 1}"));
  builder.relationship(NodeRelationship::SOURCE,
                       RelatedNodeInfo{.node_id = kRefDoc, .node_type = {}, .hash = {}});
  return *builder.build();
}

// Adds nodes, replacing those that are there, or removes one.
struct Change {
  StoredNodes added;
  std::string removed;

  void apply_to(StoredNodes& nodes) const {
    for (const Stored& node : added) {
      const auto there = std::ranges::find(nodes, node.id, &Stored::id);
      if (there != nodes.end()) {
        *there = node;
      } else {
        nodes.push_back(node);
      }
    }
    std::erase_if(nodes, [&](const Stored& node) { return node.id == removed; });
  }
  Status apply_to(KVDocumentStore& documents) const {
    if (added.empty()) return documents.delete_document(removed);
    std::vector<NodePtr> nodes;
    for (const Stored& node : added) nodes.push_back(make_node(node));
    return documents.add_documents(nodes);
  }
};

// What one thread does in a round; nobody else touches its nodes, but for who deletes the whole ref doc.
class Worker {
 public:
  Worker(int number, uint64_t seed)
      : prefix_("t" + std::to_string(number) + "-"), random_(seed + static_cast<uint64_t>(number)) {}

  // `delete_all`: also deletes the ref doc once.
  void work(const std::shared_ptr<BaseKVStore>& kvstore, bool delete_all) {
    KVDocumentStore documents(kvstore);
    changes_.clear();
    for (int i = 0; i < kChangesOfARound && failure_.is_ok(); ++i) {
      if (delete_all && i == kChangesOfARound / 2) failure_ = documents.delete_ref_doc(kRefDoc, false);
      const Change change = next_change();
      const Status done = change.apply_to(documents);
      // Somebody may have deleted the ref doc meanwhile.
      if (!done.is_ok() && done.code() != StatusCode::kNotFound) failure_ = done;
      if (done.code() == StatusCode::kNotFound) ++not_found_;
      change.apply_to(expected_);
      changes_.push_back(change);
    }
  }

  // Makes sure that `found`, of all nodes, has this thread's as they must be: if the ref doc was deleted in
  // this round, the changes from some one on are there and those before it are not.
  void expect(const std::vector<Stored>& found, bool deleted) {
    ASSERT_TRUE(failure_.is_ok()) << failure_.to_string();
    StoredNodes mine;
    std::ranges::copy_if(found, std::back_inserter(mine),
                         [&](const Stored& node) { return node.id.starts_with(prefix_); });
    if (!deleted) {
      EXPECT_EQ(not_found_, 0) << "a node was not there to be removed";
      EXPECT_TRUE(mine == expected_) << prefix_ << "'s nodes: " << mine.size() << ", expected "
                                     << expected_.size();
      return;
    }
    bool is_suffix = false;
    for (size_t from = 0; from <= changes_.size() && !is_suffix; ++from) {
      expected_.clear();
      for (size_t i = from; i < changes_.size(); ++i) changes_[i].apply_to(expected_);
      is_suffix = mine == expected_;
    }
    EXPECT_TRUE(is_suffix) << prefix_ << "'s nodes are not those of any moment of the deletion";
    not_found_ = 0;
  }

 private:
  Change next_change() {
    Change change;
    if (expected_.size() >= kNodesOfAThread || (!expected_.empty() && random_.one_in(3))) {
      change.removed = random_.pick(expected_).id;
      return change;
    }
    for (uint64_t i = 0; i <= random_.below(3); ++i) {
      const bool again = !expected_.empty() && random_.one_in(4);
      const std::string id = again ? random_.pick(expected_).id : prefix_ + std::to_string(next_id_++);
      change.added.push_back({id, ++version_});
    }
    return change;
  }

  const std::string prefix_;
  Random random_;
  StoredNodes expected_;
  std::vector<Change> changes_;
  int next_id_ = 0;
  int version_ = 0;
  int not_found_ = 0;
  Status failure_;
};

class ConcurrencyTest : public BackendFixture {
 protected:
  void run_round(bool delete_all) {
    std::vector<std::thread> threads;
    for (Worker& worker : workers_) {
      const bool deletes = delete_all && &worker == &workers_.front();
      threads.emplace_back([this, &worker, deletes] { worker.work(kv_, deletes); });
    }
    for (std::thread& thread : threads) thread.join();
    const StoredNodes found = read_all();
    for (Worker& worker : workers_) worker.expect(found, delete_all);
  }

  // The ref doc's nodes with their versions, after a look at everything that is stored of each.
  StoredNodes read_all() const {
    const KVDocumentStore documents(kv_);
    StoredNodes found;
    const auto info = documents.get_ref_doc_info(kRefDoc);
    EXPECT_TRUE(info) << info.error().to_string();
    if (!info || !*info) return found;
    EXPECT_EQ((*info)->metadata.text(), "{\"page\": 1}");
    const std::string metadata_end = "\"ref_doc_id\": \"" + std::string(kRefDoc) + "\"}";
    for (const std::string& id : (*info)->node_ids) {
      const auto node = documents.get_document(id);
      EXPECT_TRUE(node) << node.error().to_string();
      if (!node) continue;
      const std::string text = *(*node)->get_content();
      found.push_back({id, std::atoi(text.substr(std::string("version ").size()).c_str())});
      const NodePtr expected = make_node(found.back());
      EXPECT_EQ((*node)->to_json().text(), expected->to_json().text());
      const auto metadata = kv_->get(id, documents.metadata_collection());
      EXPECT_TRUE(metadata && *metadata) << id;
      if (!metadata || !*metadata) continue;
      EXPECT_EQ((*metadata)->text(), "{\"doc_hash\": \"" + *expected->hash() + "\", " + metadata_end);
    }
    EXPECT_EQ(*kv_->count(documents.node_collection()), found.size());
    EXPECT_EQ(*kv_->count(documents.metadata_collection()), found.size());
    return found;
  }

  const uint64_t seed_ = test_seed();
  std::vector<Worker> workers_;
};

TEST_P(ConcurrencyTest, SixteenThreadsOnOneRefDocLoseNothing) {
  const int rounds = std::max(2, test_scale("QUIPU_STRESS_CHANGES", 4'800) / (kThreads * kChangesOfARound));
  for (int i = 0; i < kThreads; ++i) workers_.emplace_back(i, seed_);
  const auto begun = std::chrono::steady_clock::now();
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    run_round(/*delete_all=*/round % 4 == 1 && round + 1 < rounds);
    expect_consistent(*kv_);
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
  std::printf("%d changes by %d threads in %.1f s, %zu nodes left\n", rounds * kThreads * kChangesOfARound,
              kThreads, taken.count(), read_all().size());
}

INSTANTIATE_TEST_SUITE_P(, ConcurrencyTest, ::testing::ValuesIn(backends()), backend_name);

}  // namespace
}  // namespace quipu::testing
