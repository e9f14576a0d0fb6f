// The n-th file operation of a command fails, once or for ever, with an error of the disk or because it is
// full: it ends with a clear error, or as if nothing had been; what was there before is whole; and the same
// command, run again, does its work.
//
// QUIPU_FAULT_STRIDE says which operations fail, every one with 1; the default is that of an ordinary run.

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>

#include "quipu/backup.h"
#include "quipu/persist_dir.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/vector_store.h"
#include "tests/cli/damaged_store.h"
#include "tests/support/expect_consistent.h"
#include "tests/support/faults/traced_program.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_scale.h"

namespace quipu::testing {
namespace {

namespace fs = std::filesystem;

// What all entries say; -1: they do not agree.
int said_by(const KVReader& store) {
  int said = -1;
  const std::vector<KVEntry> entries = *store.get_all();
  for (const KVEntry& entry : entries) {
    const int n = static_cast<int>(*entry.val.view().find("n")->number());
    if (said != -1 && n != said) return -1;
    said = n;
  }
  return said;
}

// What the entries of a sound database say; -1: there is none.
int said_by(const std::string& path) {
  if (!fs::exists(path) || fs::is_empty(path)) return -1;
  const auto store = RocksDBKVStore::open_reader(path);
  EXPECT_TRUE(store) << store.error().to_string();
  if (!store) return -1;
  expect_consistent(**store);
  return said_by(**store);
}

// Backup 1 of the database has the first state of its entries, backup 2 the second, the database the third, a
// part of it in its log.
struct Places {
  explicit Places(const std::string& folder)
      : database(folder + "/db"),
        backups(folder + "/backups"),
        damaged(folder + "/damaged"),
        target(folder + "/target") {}
  const std::string database;
  const std::string backups;
  const std::string damaged;
  const std::string target;  // there is nothing yet
};

void write(const std::string& path, int what) {
  const auto store = RocksDBKVStore::open(path);
  ASSERT_TRUE(store) << store.error().to_string();
  const Json value = Json::from_canonical("{\"n\": " + std::to_string(what) + "}");
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE((*store)->put("k" + std::to_string(i), value).is_ok());
    const Status flushed = i == 10 ? (*store)->flush() : Status::ok();
    ASSERT_TRUE(flushed.is_ok()) << flushed.to_string();
  }
  if (what != 1) return;
  KVVectorStore vectors(*store);
  std::vector<std::shared_ptr<const BaseNode>> nodes;
  for (int i = 0; i < 30; ++i) {
    const std::vector<double> embedding = {1.0, i * 1.0};
    nodes.push_back(*TextNodeBuilder().id("v" + std::to_string(i)).text("t").embedding(embedding).build());
  }
  ASSERT_TRUE(vectors.add(nodes));
  ASSERT_TRUE(vectors.use_hnsw().is_ok());  // a file beside those of RocksDB
}

void expect_sound_backups(const std::string& path, std::initializer_list<uint32_t> ids) {
  for (const uint32_t id : ids) {
    const Status verified = verify_backup(path, id);
    EXPECT_TRUE(verified.is_ok()) << verified.to_string();
  }
}

// Backups `first` to `last`, or one more where the command had failed after its work was done.
void expect_backups_up_to(const std::string& path, uint32_t first, uint32_t last) {
  const auto backups = list_backups(path);
  ASSERT_TRUE(backups) << backups.error().to_string();
  EXPECT_GE(backups->size(), last - first + 1);
  EXPECT_LE(backups->size(), last - first + 2);
  for (const BackupInfo& each : *backups) {
    EXPECT_EQ(each.id, first++);
    expect_sound_backups(path, {each.id});
  }
}

std::map<std::string, std::string> files_in(const std::string& path) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(path)) {
    files[entry.path().filename()] = read_file(entry.path());
  }
  return files;
}

void expect_nothing_or(const std::string& path, int said) {
  const int found = said_by(path);
  EXPECT_TRUE(found == -1 || found == said) << found;
}

// The files that an export of a database makes, and what is in them.
std::map<std::string, std::string> files_of(const std::string& path) {
  const TempDir to;
  const auto store = RocksDBKVStore::open_reader(path);
  EXPECT_TRUE(store) << store.error().to_string();
  if (!store) return {};
  expect_consistent(**store);
  EXPECT_TRUE(export_persist_dir(**store, to / "files"));
  return files_in(to / "files");
}

// What else is there is what a command could not take away.
void expect_files(const std::string& path, const std::map<std::string, std::string>& expected) {
  const std::map<std::string, std::string> found = files_in(path);
  for (const auto& [name, text] : expected)
    EXPECT_TRUE(found.contains(name) && found.at(name) == text) << name;
}

const std::string kGolden = std::string(QUIPU_SOURCE_DIR) + "/tests/data/goldens/basic";

void expect_golden(const std::string& path) {
  const std::map<std::string, std::string> files = files_of(path);
  for (const char* name : {"docstore.json", "index_store.json", "graph_store.json"}) {
    EXPECT_TRUE(files.contains(name) && files.at(name) == read_file(kGolden + "/" + name)) << name;
  }
}

// A command, and what holds however it ended, and once it is done.
struct Work {
  const char* name;
  std::vector<std::string> (*command)(const Places& at);
  void (*expect_always)(const Places& at);
  void (*expect_done)(const Places& at);
};

using Words = std::vector<std::string>;
std::ostream& operator<<(std::ostream& out, const Work& work) { return out << work.name; }

const Work kWorks[] = {
    {"Backup",
     [](const Places& at) {
       return Words{"backup", at.database, at.backups};
     },
     [](const Places& at) {
       expect_sound_backups(at.backups, {1, 2});
       EXPECT_EQ(said_by(at.database), 3);
     },
     [](const Places& at) { expect_backups_up_to(at.backups, 1, 3); }},
    {"FirstBackup",
     [](const Places& at) {
       return Words{"backup", at.database, at.target};
     },
     [](const Places& at) { EXPECT_EQ(said_by(at.database), 3); },
     [](const Places& at) { expect_backups_up_to(at.target, 1, 1); }},
    {"Prune",
     [](const Places& at) {
       return Words{"prune-backups", at.backups, "--keep", "1"};
     },
     [](const Places& at) { expect_sound_backups(at.backups, {2}); },
     [](const Places& at) { expect_backups_up_to(at.backups, 2, 2); }},
    {"Restore",
     [](const Places& at) {
       return Words{"restore", at.backups, at.target};
     },
     [](const Places& at) {
       expect_sound_backups(at.backups, {1, 2});
       expect_nothing_or(at.target, 2);
     },
     [](const Places& at) { EXPECT_EQ(said_by(at.target), 2); }},
    {"RestoreReplacing",
     [](const Places& at) { return Words{"restore", at.backups, at.database, "--replace", "--backup", "1"}; },
     [](const Places& at) {
       expect_sound_backups(at.backups, {1, 2});
       const int said = said_by(at.database);
       EXPECT_TRUE(said == 3 || said == 1) << said;
     },
     [](const Places& at) { EXPECT_EQ(said_by(at.database), 1); }},
    {"Checkpoint",
     [](const Places& at) {
       return Words{"checkpoint", at.database, at.target};
     },
     [](const Places& at) {
       EXPECT_EQ(said_by(at.database), 3);
       expect_nothing_or(at.target, 3);
     },
     [](const Places& at) { EXPECT_EQ(said_by(at.target), 3); }},
    {"Import",
     [](const Places& at) {
       return Words{"import", kGolden, at.target};
     },
     [](const Places&) {}, [](const Places& at) { expect_golden(at.target); }},
    {"ImportMerging",
     [](const Places& at) {
       return Words{"import", kGolden, at.database, "--merge"};
     },
     [](const Places& at) {
       const auto store = RocksDBKVStore::open_reader(at.database);
       ASSERT_TRUE(store) << store.error().to_string();
       EXPECT_EQ(said_by(**store), 3);  // verify may say that a merge was interrupted
     },
     [](const Places& at) { expect_golden(at.database); }},
    {"Export",
     [](const Places& at) {
       return Words{"export", at.database, at.target, "--force"};
     },
     [](const Places& at) { EXPECT_EQ(said_by(at.database), 3); },
     [](const Places& at) { expect_files(at.target, files_of(at.database)); }},
    {"Ann",
     [](const Places& at) {
       return Words{"ann", at.database, "--recall", "0.9"};
     },
     [](const Places& at) { EXPECT_EQ(said_by(at.database), 3); },
     [](const Places& at) {
       const auto store = RocksDBKVStore::open(at.database);
       ASSERT_TRUE(store) << store.error().to_string();
       EXPECT_EQ(KVVectorStore(*store).ann()->value_or(0), 0.9);
     }},
    {"Hnsw",
     [](const Places& at) {
       return Words{"hnsw", at.database, "--M", "8"};
     },
     [](const Places& at) { EXPECT_EQ(said_by(at.database), 3); },
     [](const Places& at) {
       const auto store = RocksDBKVStore::open(at.database);
       ASSERT_TRUE(store) << store.error().to_string();
       EXPECT_EQ(KVVectorStore(*store).hnsw()->value_or(HnswOptions()).M, 8);
     }},
    {"Put",
     [](const Places& at) {
       return Words{"put", at.database, "data", "another", "{\"n\": 3}"};
     },
     [](const Places& at) { EXPECT_EQ(said_by(at.database), 3); },
     [](const Places& at) { EXPECT_TRUE(*(*RocksDBKVStore::open_reader(at.database))->exists("another")); }},
    {"Compact",
     [](const Places& at) {
       return Words{"compact", at.database};
     },
     [](const Places& at) { EXPECT_EQ(said_by(at.database), 3); }, [](const Places&) {}},
    {"Repair",
     [](const Places& at) {
       return Words{"repair", at.damaged, "--yes"};
     },
     [](const Places& at) { expect_nothing_lost(at.damaged); },
     [](const Places& at) { expect_mended(at.damaged); }},
};
const Work kReadingWork = {"Verify",
                           [](const Places& at) {
                             return Words{"verify", at.database};
                           },
                           [](const Places& at) { EXPECT_EQ(said_by(at.database), 3); },
                           [](const Places&) {}};

struct Kind {
  const char* name;
  int error;
  bool for_ever;
};
std::ostream& operator<<(std::ostream& out, const Kind& kind) { return out << kind.name; }
const Kind kKinds[] = {{"ErrorOnce", EIO, false},
                       {"ErrorForEver", EIO, true},
                       {"FullOnce", ENOSPC, false},
                       {"FullForEver", ENOSPC, true}};

class FailingOperationTest : public ::testing::TestWithParam<std::tuple<Work, Kind>> {
 protected:
  void SetUp() override {
    if (!kOperationsCanFail) GTEST_SKIP() << "not on this kind of machine";
    const Places made(model_);
    fs::create_directory(model_);
    for (int what = 1; what <= 3; ++what) {
      write(made.database, what);
      if (what == 3) break;
      const auto backup = create_backup(made.database, made.backups);
      ASSERT_TRUE(backup) << backup.error().to_string();
    }
    make_damaged_store(made.damaged);
    write_file(made.database + "/mine.txt", "mine");
  }
  Words command() const {
    Words words = work_.command(places_);
    words.insert(words.begin(), QUIPU_BIN);
    return words;
  }
  void reset() const {
    fs::remove_all(folder_);
    fs::copy(model_, folder_, fs::copy_options::recursive);
  }
  OperationFault fault(uint64_t nth) const {
    return {.below = folder_,
            .nth = nth,
            .error = kind_.error,
            .for_ever = kind_.for_ever,
            .reads = kind_.error == EIO};
  }
  void fail(uint64_t nth) {
    reset();
    const TracedRun run = run_traced(command(), fault(nth));
    SCOPED_TRACE("operation " + std::to_string(nth) + ", " + run.fault_on + ", status " +
                 std::to_string(run.status) + ": " + run.said);
    EXPECT_NE(run.status, -1) << "a signal ended it";
    work_.expect_always(places_);
    if (run.status == 0) {
      work_.expect_done(places_);
    } else {
      ++errors_;
      // RocksDB tells of some of what it cannot read only that it is missing.
      const bool told = run.said.find(std::strerror(kind_.error)) != std::string::npos ||
                        run.said.find("could not be read") != std::string::npos;
      EXPECT_TRUE(told) << "the cause is not told";
      const int again = run_program(command());
      EXPECT_TRUE(again == 0 || again == kRefused) << again;  // refused: it was done, and the place is taken
      work_.expect_done(places_);
    }
    expect_mine_is_kept();
  }
  // A file that is not ours: in its place, or in a folder beside that the command has told of.
  void expect_mine_is_kept() const {
    int kept = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
      kept += entry.path().filename() == "mine.txt" ? 1 : 0;
    }
    EXPECT_EQ(kept, 1) << "of another's file";
  }

  static constexpr int kRefused = 1;
  const Work work_ = std::get<0>(GetParam());
  const Kind kind_ = std::get<1>(GetParam());
  const TempDir directory_;
  const std::string model_ = directory_ / "model";
  const std::string folder_ = directory_ / "folder";
  const Places places_{folder_};
  int errors_ = 0;
};

TEST_P(FailingOperationTest, LeavesWhatWasThereAndIsDoneWhenRunAgain) {
  const auto stride = static_cast<uint64_t>(test_scale("QUIPU_FAULT_STRIDE", 149));
  constexpr uint64_t kLast = 4;  // of the operations, which are always tried: what is done shows there
  reset();
  const uint64_t all = run_traced(command(), fault(UINT64_MAX)).operations;
  ASSERT_GT(all, kLast);
  std::vector<uint64_t> tried;
  for (uint64_t nth = 1 + Random(test_seed()).below(stride); nth + kLast <= all; nth += stride)
    tried.push_back(nth);
  for (uint64_t nth = all - kLast + 1; nth <= all; ++nth) tried.push_back(nth);
  int failed = 0;
  for (; failed < static_cast<int>(tried.size()) && !HasFailure(); ++failed)
    fail(tried[static_cast<size_t>(failed)]);
  std::printf("%d of %d operations failed, and the command with %d of them\n", failed, static_cast<int>(all),
              errors_);
}

std::string name_of(const ::testing::TestParamInfo<std::tuple<Work, Kind>>& test) {
  return std::string(std::get<0>(test.param).name) + std::get<1>(test.param).name;
}
INSTANTIATE_TEST_SUITE_P(, FailingOperationTest,
                         ::testing::Combine(::testing::ValuesIn(kWorks), ::testing::ValuesIn(kKinds)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Reading, FailingOperationTest,
                         ::testing::Combine(::testing::Values(kReadingWork),
                                            ::testing::Values(kKinds[0], kKinds[1])),
                         name_of);

}  // namespace
}  // namespace quipu::testing
