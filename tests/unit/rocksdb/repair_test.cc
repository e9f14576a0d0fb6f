// What is planted behind a database's back is listed by verify, exactly, and mended by a repair, which leaves
// everything else as it was.

#include "quipu/verify.h"

#include <gtest/gtest.h>

#include <boost/filesystem.hpp>
#include <functional>
#include <map>
#include <set>

#include "backends/rocksdb/format/record.h"
#include "quipu/persist_dir.h"
#include "quipu/storage_context.h"
#include "tests/support/random.h"
#include "tests/support/raw_database.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

namespace fs = boost::filesystem;

using Lines = std::multiset<std::string>;
using Values = std::map<std::string, std::string>;  // "collection/key" -> the value's text

// Two documents, D of the nodes d1 to d3, with vectors, and E of e1; a graph; a property graph; a value of no
// store.
class RepairTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fill();
    healthy_ = values();
    ASSERT_EQ(faults(), Lines());
  }
  void fill() const {
    StorageContext context = *StorageContext::open(path_);
    std::vector<std::shared_ptr<const BaseNode>> nodes;
    for (const std::string id : {"d1", "d2", "d3", "e1"}) {
      nodes.push_back(
          *TextNodeBuilder()
               .id(id)
               .text("text of " + id)
               .metadata(Json::from_canonical(R"({"page": 1})"))
               .relationship(NodeRelationship::SOURCE, RelatedNodeInfo{.node_id = id[0] == 'd' ? "D" : "E"})
               .embedding(std::vector<double>{1, 0.1, 2})
               .build());
    }
    ASSERT_TRUE(context.docstore().add_documents(std::span(nodes).first(2)).is_ok());
    ASSERT_TRUE(context.docstore().add_documents(std::span(nodes).subspan(2)).is_ok());  // D becomes a list
    ASSERT_TRUE((*context.vector_store())->add(nodes));
    ASSERT_TRUE(context.graph_store().upsert_triplet("a", "r", "b").is_ok());
    const std::vector<Relation> relations = {Relation("knows", "Ann", "Bob")};
    ASSERT_TRUE(context.property_graph_store()->upsert_relations(relations).is_ok());
    ASSERT_TRUE(context.kvstore()->put("k", JsonView::from_canonical(R"({"a": 1})"), "plain").is_ok());
  }

  Values values() const {
    Values all;
    const auto store = *RocksDBKVStore::open(path_);
    const std::vector<CollectionInfo> infos = *store->collections();
    for (const CollectionInfo& info : infos) {
      const auto it = *store->scan({}, info.name);
      while (it->next()) all[info.name + "/" + std::string(it->key())] = it->val().text();
      EXPECT_TRUE(it->status().is_ok()) << it->status().to_string();
    }
    return all;
  }
  Lines faults() const { return found(Severity::kFault); }
  Lines found(Severity severity) const {
    Lines all;
    const auto store = *RocksDBKVStore::open(path_);
    const auto report = [&](const Fault& fault) {
      if (fault.severity != severity) return;
      all.insert(fault.collection + "/" + fault.key + ": " + fault.message);
    };
    EXPECT_TRUE(store->verify(report).is_ok());
    const Status stores = verify_stores(*store, report);
    EXPECT_TRUE(stores.is_ok() || (stores.code() == StatusCode::kCorruption && !all.empty()));
    return all;
  }
  std::map<std::string, std::map<std::string, std::string>> raw_bytes() const {
    const RawDatabase raw(path_ + "/rocksdb");
    std::map<std::string, std::map<std::string, std::string>> all;
    for (const std::string& name : raw.families()) all[name] = raw.all(name);
    return all;
  }
  Result<RepairReport> repair(bool dry_run, Lines& steps) const {
    RepairOptions options;
    options.dry_run = dry_run;
    options.report = [&](const RepairAction& step) {
      const Fault& fault = step.fault;
      steps.insert(fault.collection + "/" + fault.key + ": " + fault.message + ": " + step.action);
    };
    return repair_database(path_, options);
  }
  void damage(const std::function<void(RawDatabase&)>& change) const {
    RawDatabase raw(path_ + "/rocksdb");
    change(raw);
  }
  // By the stores' own means.
  void change(const std::function<void(BaseKVStore&)>& change) const {
    const auto store = *RocksDBKVStore::open(path_);
    change(*store);
    ASSERT_TRUE(store->close().is_ok());
  }

  // The database as it is has exactly these faults, and is repaired to `expected`, with so much set aside.
  void expect_repaired(const Lines& found, const Values& expected, uint64_t set_aside = 0) const {
    EXPECT_EQ(faults(), found);
    const auto before = raw_bytes();
    Lines would_be;
    const Result<RepairReport> dry = repair(/*dry_run=*/true, would_be);
    ASSERT_TRUE(dry) << dry.error().to_string();
    EXPECT_EQ(raw_bytes(), before);
    EXPECT_EQ(fs::exists(path_ + "/aside"), false);
    Lines steps;
    const Result<RepairReport> done = repair(/*dry_run=*/false, steps);
    ASSERT_TRUE(done) << done.error().to_string();
    EXPECT_EQ(steps, would_be);
    EXPECT_EQ(steps.size(), done->steps);
    EXPECT_EQ(done->quarantined, set_aside);
    EXPECT_EQ(dry->quarantined, set_aside);
    EXPECT_EQ(done->quarantine.empty(), set_aside == 0);
    EXPECT_EQ(faults(), Lines());
    EXPECT_EQ(values(), expected);
    const auto beside = std::distance(fs::directory_iterator(directory_.path()), fs::directory_iterator());
    EXPECT_EQ(beside, 1) << "a copy is left of the dry run";
  }
  // There are these notes and no fault, and a repair does nothing.
  void expect_noted(const Lines& notes) const {
    EXPECT_EQ(faults(), Lines());
    EXPECT_EQ(found(Severity::kNote), notes);
    const Values before = values();
    Lines steps;
    const Result<RepairReport> done = repair(/*dry_run=*/false, steps);
    ASSERT_TRUE(done) << done.error().to_string();
    EXPECT_EQ(done->steps, 0u);
    EXPECT_EQ(values(), before);
  }
  // The same to what was there, without these.
  void expect_repaired_without(const Lines& found, const std::vector<std::string>& lost,
                               uint64_t set_aside) const {
    Values expected = healthy_;
    for (const std::string& key : lost) EXPECT_EQ(expected.erase(key), 1u) << key;
    expect_repaired(found, expected, set_aside);
  }
  std::string aside() const { return read_file(path_ + "/aside/1.jsonl"); }

  TempDir directory_;
  const std::string path_ = directory_ / "db";
  Values healthy_;
};

TEST_F(RepairTest, AHealthyDatabaseIsNotChanged) {
  const auto before = raw_bytes();
  expect_repaired({}, healthy_);
  EXPECT_EQ(raw_bytes(), before);
}

TEST_F(RepairTest, AMissingIndexEntry) {
  damage([](RawDatabase& raw) {
    const uint32_t id = raw.number_of("property_graph_store/triplets");
    raw.erase("index", rocks::index_prefix(id, "Bob") + R"(["Ann", "knows", "Bob"])");
  });
  expect_repaired(
      {R"(property_graph_store/triplets/["Ann", "knows", "Bob"]: is missing in the index of target)"},
      healthy_);
}

TEST_F(RepairTest, AnIndexEntryTooMany) {
  damage([](RawDatabase& raw) {
    raw.put("index", rocks::index_prefix(raw.number_of("docstore/metadata"), "old") + "d1", "");
  });
  expect_repaired({"docstore/metadata/d1: the index has it under \"old\", which is not its doc_hash"},
                  healthy_);
}

TEST_F(RepairTest, AMissingMember) {
  damage([](RawDatabase& raw) {
    raw.erase("lists", rocks::list_prefix(raw.number_of("docstore/ref_doc_info"), "D") + "\"d3\"");
  });
  expect_repaired({"docstore/ref_doc_info/D: the member list counts 3 members but holds 2",
                   "docstore/metadata/d3: belongs to ref doc D, which does not list it"},
                  healthy_);
}

TEST_F(RepairTest, AMemberOfNoNode) {
  damage([](RawDatabase& raw) {
    raw.put("lists", rocks::list_prefix(raw.number_of("docstore/ref_doc_info"), "D") + "\"gone\"", "\1");
  });
  Values expected = healthy_;
  expected["docstore/ref_doc_info/D"] =
      R"({"node_ids": ["gone", "d1", "d2", "d3"], "metadata": {"page": 1}})";
  expect_repaired({"docstore/ref_doc_info/D: the member list counts 3 members but holds 4"}, expected);
  expect_noted({"docstore/ref_doc_info/D: ref docs list 1 node that does not exist, such as \"gone\""});
}

TEST_F(RepairTest, AMemberThatIsNoJson) {
  damage([](RawDatabase& raw) {
    const std::string list = rocks::list_prefix(raw.number_of("docstore/ref_doc_info"), "D");
    raw.put("lists", list + "nonsense", "\1");
    raw.put("lists", list + "\"d2\"", "");
  });
  EXPECT_EQ(faults().count("docstore/ref_doc_info/D: a member of the list is not JSON in json.dumps's form"),
            1u);
  Lines steps;
  ASSERT_TRUE(repair(false, steps));
  EXPECT_EQ(faults(), Lines());
  Values expected = healthy_;  // d2's place could not be known
  expected["docstore/ref_doc_info/D"] = R"({"node_ids": ["d1", "d3", "d2"], "metadata": {"page": 1}})";
  EXPECT_EQ(values(), expected);
  EXPECT_EQ(
      aside(),
      "{\"collection\": \"docstore/ref_doc_info\", \"key\": \"D\", \"value_hex\": \"6e6f6e73656e7365\"}\n");
}

TEST_F(RepairTest, MembersWithoutTheirList) {
  damage([](RawDatabase& raw) { raw.erase(raw.family_of("docstore/ref_doc_info"), "D"); });
  expect_repaired({"docstore/ref_doc_info/: counts 2 keys but holds 1",
                   "docstore/ref_doc_info/D: there are members of a list, but no list",
                   "docstore/metadata/d1: belongs to ref doc D, which does not list it",
                   "docstore/metadata/d2: belongs to ref doc D, which does not list it",
                   "docstore/metadata/d3: belongs to ref doc D, which does not list it"},
                  healthy_, 3);
}

TEST_F(RepairTest, WhatBelongsToNoCollection) {
  damage([](RawDatabase& raw) {
    raw.put("lists", rocks::list_prefix(77, "k") + "\"n\"", "\1");
    raw.put("index", rocks::index_prefix(78, "v") + "k", "");
    raw.put("shared", std::string("\0\0\0\x4f", 4) + "k", "\1{\"a\": 1}");
    raw.put("default", rocks::count_key(80), rocks::make_count(1));
    raw.put("index", "x", "");
  });
  expect_repaired(
      {"/: member lists of collection 77, which does not exist",
       "/: index entries of collection 78, which does not exist",
       "/: index entries without a collection's number", "/: entries of collection 79, which does not exist",
       "/: a count of a collection that does not exist"},
      healthy_, 2);
}

TEST_F(RepairTest, AWrongCount) {
  damage([](RawDatabase& raw) {
    raw.put("default", rocks::count_key(raw.number_of("graph_store/data")), rocks::make_count(40));
  });
  expect_repaired({"graph_store/data/: counts 40 keys but holds 1"}, healthy_);
}

TEST_F(RepairTest, AValueInAnotherSpelling) {
  damage([](RawDatabase& raw) { raw.put(raw.family_of("plain"), "k", "\7{\"a\":  1}"); });
  expect_repaired({"plain/k: the value is not in json.dumps's form"}, healthy_);
}

TEST_F(RepairTest, AValueThatIsNoJson) {
  damage([](RawDatabase& raw) { raw.put(raw.family_of("plain"), "k", "\7{\"a\": "); });
  expect_repaired_without({"plain/k: the value is not JSON: Expecting value at byte 6"}, {"plain/k"}, 1);
  EXPECT_EQ(aside(), "{\"collection\": \"plain\", \"key\": \"k\", \"value_hex\": \"077b2261223a20\"}\n");
}

TEST_F(RepairTest, ARecordOfNoKnownForm) {
  damage([](RawDatabase& raw) { raw.put(raw.family_of("docstore/data"), "d1", "\7\37"); });
  Values expected = healthy_;  // the node's text is gone, and with it the node; its vector stays
  expected.erase("docstore/data/d1");
  expected.erase("docstore/metadata/d1");
  expected["docstore/ref_doc_info/D"] = R"({"node_ids": ["d2", "d3"], "metadata": {"page": 1}})";
  expect_repaired({"docstore/data/d1: the record is malformed"}, expected, 2);
  EXPECT_NE(aside().find(R"({"collection": "docstore/data", "key": "d1", "value_hex": "071f"})"),
            std::string::npos);
}

TEST_F(RepairTest, AMalformedVector) {
  damage([](RawDatabase& raw) {
    raw.put(raw.family_of("vector_store/default/embeddings"), "d1", "\7\2\5abcde");
  });
  expect_repaired_without({"vector_store/default/embeddings/d1: the vector is malformed"},
                          {"vector_store/default/embeddings/d1", "vector_store/default/ref_doc_ids/d1",
                           "vector_store/default/metadata/d1"},
                          3);
}

TEST_F(RepairTest, ASequenceUsedTwice) {
  damage([](RawDatabase& raw) {
    const std::string in = raw.family_of("docstore/data");
    const std::string body = raw.get(in, "d2").substr(raw.get(in, "d2").find('{'));
    raw.put(in, "d2", raw.get(in, "d1").substr(0, raw.get(in, "d1").find('{')) + body);
  });
  expect_repaired({"docstore/data/d2: the insertion sequence is used twice"}, healthy_);
}

TEST_F(RepairTest, SequencesBeyondTheLimit) {
  damage([](RawDatabase& raw) {
    const std::string in = raw.family_of("graph_store/data");
    for (const uint64_t sequence : {1ULL << 40, 1ULL << 60}) {
      std::string record;
      rocks::put_varint(sequence, record);
      raw.put(in, sequence == 1ULL << 40 ? "x" : "y", record + R"({"edges": []})");
    }
    raw.put("default", rocks::count_key(raw.number_of("graph_store/data")), rocks::make_count(3));
  });
  Values expected = healthy_;
  expected["graph_store/data/x"] = expected["graph_store/data/y"] = R"({"edges": []})";
  expect_repaired({"graph_store/data/x: the insertion sequence is beyond the limit",
                   "graph_store/data/y: the insertion sequence is beyond the limit"},
                  expected);
  // What is written next comes behind all of them.
  change([](BaseKVStore& store) {
    ASSERT_TRUE(store.put("z", JsonView::from_canonical(R"({"edges": []})"), "graph_store/data").is_ok());
    std::vector<std::string> keys;
    const std::vector<KVEntry> entries = *store.get_all("graph_store/data");
    for (const KVEntry& entry : entries) keys.push_back(entry.key);
    EXPECT_EQ(keys, (std::vector<std::string>{"a", "x", "y", "z"}));
  });
}

TEST_F(RepairTest, ANodeWithoutMetadata) {
  change([](BaseKVStore& store) { ASSERT_TRUE(*store.delete_("d2", "docstore/metadata")); });
  expect_repaired({"docstore/data/d2: the node has no entry in docstore/metadata"}, healthy_);
}

TEST_F(RepairTest, MetadataWithoutAHash) {
  change([](BaseKVStore& store) {
    for (const char* key : {"d2", "none"}) {
      ASSERT_TRUE(
          store.put(key, JsonView::from_canonical(R"({"ref_doc_id": "D"})"), "docstore/metadata").is_ok());
    }
  });
  expect_repaired({"docstore/metadata/d2: has no doc_hash", "docstore/metadata/none: has no doc_hash"},
                  healthy_, 1);
}

TEST_F(RepairTest, ANodeWithoutText) {
  change([](BaseKVStore& store) { ASSERT_TRUE(*store.delete_("d2", "docstore/data")); });
  Values expected = healthy_;
  expected.erase("docstore/data/d2");
  expected.erase("docstore/metadata/d2");
  expected["docstore/ref_doc_info/D"] = R"({"node_ids": ["d1", "d3"], "metadata": {"page": 1}})";
  expect_repaired(
      {"docstore/ref_doc_info/D: lists node d2, which has no entry in docstore/data, unlike others "
       "that it lists"},
      expected, 1);
}

TEST_F(RepairTest, ADocumentOfWhichNoTextIsKeptIsNoFault) {
  change([](BaseKVStore& store) { ASSERT_TRUE(*store.delete_("e1", "docstore/data")); });
  EXPECT_EQ(faults(), Lines());
}

TEST_F(RepairTest, NodesThatAreListedTwiceOrGone) {
  change([](BaseKVStore& store) {
    const auto value = JsonView::from_canonical(
        R"({"node_ids": ["d1", "x", "d2", "d1", "d3", "y"], "metadata": {"page": 1}})");
    ASSERT_TRUE(store.put("D", value, "docstore/ref_doc_info").is_ok());
  });
  expect_noted({"docstore/ref_doc_info/D: ref docs list 1 node twice, such as \"d1\"",
                "docstore/ref_doc_info/D: ref docs list 2 nodes that do not exist, such as \"x\""});
}

TEST_F(RepairTest, ARefDocOfNoKnownForm) {
  change([](BaseKVStore& store) {
    ASSERT_TRUE(
        store.put("E", JsonView::from_canonical(R"({"node_ids": [1]})"), "docstore/ref_doc_info").is_ok());
  });
  const Lines found = faults();
  EXPECT_EQ(found.size(), 2u);
  EXPECT_EQ(found.count("docstore/metadata/e1: belongs to ref doc E, which does not list it"), 1u);
  expect_repaired(found, healthy_, 1);
}

TEST_F(RepairTest, WhatIsNoNode) {
  change([](BaseKVStore& store) {
    ASSERT_TRUE(store.put("x", JsonView::from_canonical(R"({"a": 1})"), "docstore/data").is_ok());
    const std::optional<Json> node = *store.get("d1", "docstore/data");
    ASSERT_TRUE(store.put("y", *node, "docstore/data").is_ok());
  });
  expect_repaired({"docstore/data/x: not a node: __type__ or __data__ is missing",
                   "docstore/data/y: stored under this key, but the node's id is \"d1\""},
                  healthy_, 2);
}

TEST_F(RepairTest, VectorsWithoutTheirLike) {
  change([](BaseKVStore& store) {
    ASSERT_TRUE(*store.delete_("d1", "vector_store/default/ref_doc_ids"));
    ASSERT_TRUE(*store.delete_("d2", "vector_store/default/metadata"));
  });
  expect_repaired(
      {"vector_store/default/embeddings/d1: the vector has no entry in vector_store/default/ref_doc_ids",
       "vector_store/default/embeddings/d2: the vector has no entry in vector_store/default/metadata"},
      healthy_);
}

TEST_F(RepairTest, WhatThereIsOfNoVector) {
  change([](BaseKVStore& store) { ASSERT_TRUE(*store.delete_("d1", "vector_store/default/embeddings")); });
  expect_repaired_without(
      {"vector_store/default/ref_doc_ids/d1: there is no vector in vector_store/default/embeddings",
       "vector_store/default/metadata/d1: there is no vector in vector_store/default/embeddings"},
      {"vector_store/default/embeddings/d1", "vector_store/default/ref_doc_ids/d1",
       "vector_store/default/metadata/d1"},
      2);
  EXPECT_NE(
      aside().find(
          R"({"collection": "vector_store/default/ref_doc_ids", "key": "d1", "value": {"ref_doc_id": "D"}})"),
      std::string::npos)
      << aside();
}

TEST_F(RepairTest, ARelationWithoutItsTriplet) {
  change([](BaseKVStore& store) {
    ASSERT_TRUE(*store.delete_(R"(["Ann", "knows", "Bob"])", "property_graph_store/triplets"));
  });
  expect_repaired({"property_graph_store/relations/Ann_knows_Bob: the relation is in no triplet"}, healthy_);
}

TEST_F(RepairTest, ATripletWithoutItsTarget) {
  change([](BaseKVStore& store) {
    ASSERT_TRUE(store
                    .put(R"(["Ann", "knows", "Bob"])", JsonView::from_canonical(R"({"target": "Ann"})"),
                         "property_graph_store/triplets")
                    .is_ok());
  });
  const std::string triplet = R"(property_graph_store/triplets/["Ann", "knows", "Bob"])";
  expect_repaired({triplet + ": not a triplet of three ids with its target"}, healthy_);
}

TEST_F(RepairTest, ATripletWithoutANodeGoesWithItsRelation) {
  change([](BaseKVStore& store) { ASSERT_TRUE(*store.delete_("Ann", "property_graph_store/nodes")); });
  expect_repaired_without(
      {R"(property_graph_store/triplets/["Ann", "knows", "Bob"]: there is no node "Ann")"},
      {"property_graph_store/nodes/Ann", "property_graph_store/relations/Ann_knows_Bob",
       R"(property_graph_store/triplets/["Ann", "knows", "Bob"])"},
      2);
}

TEST_F(RepairTest, WhatIsNoGraph) {
  change([](BaseKVStore& store) {
    const auto put = [&](const char* key, const char* value, const char* collection) {
      ASSERT_TRUE(store.put(key, JsonView::from_canonical(value), collection).is_ok());
    };
    put("x", R"({"edges": [["r"]]})", "graph_store/data");
    put("x", R"({"label": "l"})", "property_graph_store/nodes");
    put("x", R"({"label": "l"})", "property_graph_store/relations");
    put("x", R"({"target": "Bob"})", "property_graph_store/triplets");
  });
  const Lines found = faults();
  EXPECT_EQ(found.size(), 4u);
  EXPECT_EQ(found.count("graph_store/data/x: not a list of [relation, object] pairs of strings"), 1u);
  EXPECT_EQ(found.count("property_graph_store/triplets/x: not a triplet of three ids with its target"), 1u);
  expect_repaired(found, healthy_, 4);
}

TEST_F(RepairTest, RefusesWhatItCannotMend) {
  damage([](RawDatabase& raw) { raw.put("default", "m", ""); });
  const auto before = raw_bytes();
  Lines steps;
  const Result<RepairReport> repaired = repair(false, steps);
  ASSERT_FALSE(repaired);
  EXPECT_EQ(repaired.error().code(), StatusCode::kCorruption);
  EXPECT_EQ(
      repaired.error().message(),
      "no repair helps: " + path_ + ": an import with merge was interrupted; run it again to complete it");
  EXPECT_EQ(steps, Lines());
  EXPECT_EQ(raw_bytes(), before);
}

TEST_F(RepairTest, ADryRunIsMadeBesideAWriterAndARepairIsNot) {
  const auto writer = *RocksDBKVStore::open(path_);
  ASSERT_TRUE(*writer->delete_("d2", "docstore/metadata"));
  Lines steps;
  const Result<RepairReport> dry = repair(true, steps);
  ASSERT_TRUE(dry) << dry.error().to_string();
  EXPECT_EQ(dry->steps, 1u);
  EXPECT_EQ(repair(false, steps).error().code(), StatusCode::kBusy);
}

// Many keys at once: flipped, gone, exchanged. What nobody touched stays.
TEST_F(RepairTest, RandomDamage) {
  Random random(test_seed());
  for (int round = 0; round < 4; ++round) {
    const fs::path copy = directory_ / "copy";
    fs::copy(path_, copy, fs::copy_options::recursive);
    std::set<std::string> touched;
    damage([&](RawDatabase& raw) {
      std::vector<std::string> families = raw.families();
      std::erase(families, "default");
      for (int i = 0; i < 12; ++i) {
        const std::string& name = families[random.below(families.size())];
        const auto records = raw.all(name);
        if (records.empty()) continue;
        const auto& [key, value] =
            *std::next(records.begin(), static_cast<long>(random.below(records.size())));
        touched.insert(name + "/" + key);
        const uint64_t kind = random.below(3);
        std::string changed = value;
        if (kind == 0) {
          raw.erase(name, key);
          continue;
        }
        if (kind == 1 && !changed.empty())
          changed[random.below(changed.size())] ^= static_cast<char>(1U << random.below(8));
        if (kind == 2)
          changed = std::next(records.begin(), static_cast<long>(random.below(records.size())))->second;
        raw.put(name, key, changed);
      }
    });
    const auto damaged = raw_bytes();
    Lines steps;
    const Result<RepairReport> repaired = repair(false, steps);
    ASSERT_TRUE(repaired) << repaired.error().to_string();
    EXPECT_EQ(faults(), Lines());
    const auto after = raw_bytes();
    for (const auto& [name, records] : damaged) {
      const bool own_data =
          name.ends_with("docstore/data") || name.ends_with("/embeddings") || name.ends_with("/nodes");
      for (const auto& [key, value] : records) {
        if (!own_data || touched.contains(name + "/" + key)) continue;
        const auto found = after.at(name).find(key);
        ASSERT_NE(found, after.at(name).end()) << name << " " << key;
        const auto body = [](std::string_view record) {
          uint64_t sequence = 0;  // may have been used twice by another
          EXPECT_TRUE(rocks::take_varint(record, sequence));
          return std::string(record);
        };
        EXPECT_EQ(body(found->second), body(value)) << name << " " << key;
      }
    }
    fs::remove_all(path_);
    fs::rename(copy, path_);
  }
}

}  // namespace
}  // namespace quipu::testing
