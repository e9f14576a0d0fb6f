// quipu import, killed at file operations spread over all that it makes, and run again: what it then exports
// is byte for byte what an import that nobody interrupted gives.
//
// QUIPU_IMPORT_KILLS says how many kills; the default is that of an ordinary run.

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "quipu/memory_kv_store.h"
#include "quipu/persist_dir.h"
#include "quipu/storage_context.h"
#include "tests/support/faults/traced_program.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_scale.h"

namespace quipu::testing {
namespace {

namespace fs = std::filesystem;

constexpr int kOk = 0;
constexpr int kRefused = 1;  // what there is, or was given, does not allow it

class InterruptedImportTest : public ::testing::TestWithParam<bool> {
 protected:
  // Documents, vectors and a graph, of some megabytes; and another directory to be merged over.
  void SetUp() override {
    const auto context = StorageContext::over(std::make_shared<MemoryKVStore>());
    ASSERT_TRUE(context);
    std::vector<NodePtr> nodes;
    for (int i = 0; i < 1500; ++i) {
      TextNodeBuilder builder;
      builder.id("n" + std::to_string(i)).text(std::string(1000, static_cast<char>('a' + i % 26)));
      builder.embedding(std::vector<double>(16, i / 7.0));
      builder.relationship(
          NodeRelationship::SOURCE,
          RelatedNodeInfo{.node_id = "d" + std::to_string(i / 10), .node_type = {}, .hash = {}});
      nodes.push_back(*builder.build());
      const std::string subject = "s" + std::to_string(i % 50);
      ASSERT_TRUE(context->graph_store().upsert_triplet(subject, "names", std::to_string(i)).is_ok());
    }
    ASSERT_TRUE(context->docstore().add_documents(nodes).is_ok());
    ASSERT_TRUE((*context->vector_store())->add(nodes));
    ASSERT_TRUE(export_persist_dir(*context->kvstore(), from_));
    ASSERT_TRUE(context->docstore().delete_ref_doc("d3").is_ok());
    ASSERT_TRUE(context->graph_store().upsert_triplet("s1", "names", "another").is_ok());
    ASSERT_TRUE(export_persist_dir(*context->kvstore(), there_before_));
    ASSERT_EQ(run_program({QUIPU_BIN, "import", "--quiet", there_before_, into_}), kOk);
  }

  std::vector<std::string> import_command() const {
    std::vector<std::string> command = {QUIPU_BIN, "import", "--quiet", from_, path_};
    if (GetParam()) command.insert(command.begin() + 2, "--merge");
    return command;
  }
  void reset() {
    fs::remove_all(path_);
    if (GetParam()) fs::copy(into_, path_, fs::copy_options::recursive);
  }

  std::map<std::string, std::string> exported() {
    fs::remove_all(copy_);
    EXPECT_EQ(run_program({QUIPU_BIN, "export", "--quiet", path_, copy_}), kOk);
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(copy_)) {
      files[entry.path().filename()] = read_file(entry.path());
    }
    return files;
  }

  Random random_{test_seed()};
  TempDir directory_;
  const std::string from_ = directory_ / "from";
  const std::string there_before_ = directory_ / "there-before";
  const std::string into_ = directory_ / "into";  // a database of it
  const std::string path_ = directory_ / "db";
  const std::string copy_ = directory_ / "copy";
};

TEST_P(InterruptedImportTest, RunAgainGivesTheSameBytes) {
  const auto kills = static_cast<uint64_t>(test_scale("QUIPU_IMPORT_KILLS", 10)) / 2;
  reset();
  const TracedRun whole = run_traced(import_command(), {.below = directory_.path()});
  ASSERT_EQ(whole.status, kOk);
  const auto expected = exported();
  ASSERT_EQ(expected.size(), 5u);  // documents, index structs, graph, vectors of texts and of images
  std::map<std::string, int> killed_at;
  uint64_t killed = 0;
  uint64_t complete = 0;
  for (uint64_t i = 0; i < kills && !HasFailure(); ++i) {
    // A random one of each of as many equal parts.
    const uint64_t from = 1 + i * whole.operations / kills;
    const uint64_t to = 1 + (i + 1) * whole.operations / kills;
    const uint64_t at = from + random_.below(std::max<uint64_t>(to - from, 1));
    SCOPED_TRACE("killed at change " + std::to_string(at) + " of " + std::to_string(whole.operations));
    reset();
    const TracedRun interrupted = run_traced(import_command(), {.below = directory_.path(), .nth = at});
    if (interrupted.met_fault) ++killed;
    ++killed_at[interrupted.fault_on];
    const int again = run_program(import_command());
    if (again != kOk) {  // it was complete but for its end, and a second import into it is refused
      ASSERT_EQ(again, kRefused);
      EXPECT_FALSE(GetParam()) << "a merge can always be run again";
      ++complete;
    }
    EXPECT_EQ(run_program({QUIPU_BIN, "verify", "--quiet", path_}), kOk);
    EXPECT_TRUE(exported() == expected) << "the export differs";
  }
  EXPECT_GE(killed * 10, kills * 9) << "too many imports ended before they were to be killed";
  std::printf("%d kills over %d changes of files, %d of them of an import that was complete already:\n",
              static_cast<int>(killed), static_cast<int>(whole.operations), static_cast<int>(complete));
  for (const auto& [change, count] : killed_at) std::printf("%6d before %s\n", count, change.c_str());
}

INSTANTIATE_TEST_SUITE_P(, InterruptedImportTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Merging" : "IntoNothing"; });

}  // namespace
}  // namespace quipu::testing
