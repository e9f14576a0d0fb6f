// Index structs, and index stores as files.

#include "quipu/index_store.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

IndexStruct make(std::string_view type, const std::string& data) {
  auto made = IndexStruct::create(type, Json::from_canonical(data));
  EXPECT_TRUE(made) << made.error().to_string();
  return *std::move(made);
}

std::string error_of(const std::string& stored) {
  const auto read = IndexStruct::from_json(Json::from_canonical(stored));
  return read ? std::string("read") : read.error().message();
}

TEST(IndexStructTest, EveryTypeIsWrittenAsTheReferenceDoes) {
  EXPECT_EQ(IndexStruct::types().size(), 11u);
  for (const std::string_view type : IndexStruct::types()) {
    const IndexStruct made = make(type, R"({"index_id": "i", "summary": "s"})");
    EXPECT_EQ(made.to_json().text(), "{\"__type__\": \"" + std::string(type) +
                                         R"(", "__data__": "{\"index_id\": \"i\", \"summary\": \"s\"}"})");
    EXPECT_EQ(made.type(), type);
    EXPECT_EQ(made.summary(), "s");
  }
}

TEST(IndexStructTest, DataMayBeAnObject) {
  const auto read = IndexStruct::from_json(
      Json::from_canonical(R"({"__type__": "list", "__data__": {"index_id": "i", "nodes": ["n1"]}})"));
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->index_id(), "i");
  EXPECT_EQ(read->data().find("nodes")->text(), "[\"n1\"]");
  EXPECT_EQ(read->to_json().text(),
            R"({"__type__": "list", "__data__": "{\"index_id\": \"i\", \"nodes\": [\"n1\"]}"})");
  EXPECT_FALSE(read->summary());
}

TEST(IndexStructTest, NamesTheExceptionOfWhatCannotBeRead) {
  EXPECT_EQ(error_of(R"({"__data__": "{}"})"), "KeyError: '__type__'");
  EXPECT_EQ(error_of(R"({"__type__": "list"})"), "KeyError: '__data__'");
  EXPECT_EQ(error_of(R"({"__type__": "dict", "__data__": "{}"})"), "KeyError: 'dict'");
  EXPECT_TRUE(error_of(R"({"__type__": "list", "__data__": "{"})").starts_with("JSONDecodeError"));
  EXPECT_TRUE(error_of(R"({"__type__": "list", "__data__": "[]"})").starts_with("TypeError"));
  EXPECT_FALSE(IndexStruct::create("list", Json::from_canonical("{}")));
  EXPECT_FALSE(IndexStruct::create("nonsense", Json::from_canonical(R"({"index_id": "i"})")));
}

TEST(SimpleIndexStoreTest, PersistsByteForByte) {
  const std::string golden =
      std::string(QUIPU_SOURCE_DIR) + "/tests/data/goldens/index_structs/index_store.json";
  auto store = SimpleIndexStore::from_persist_path(golden);
  ASSERT_TRUE(store) << store.error().to_string();
  TempDir directory;
  ASSERT_TRUE(store->persist(directory / "sub/index_store.json").is_ok());
  EXPECT_EQ(read_file(directory / "sub/index_store.json"), read_file(golden));
  const auto from_dict = SimpleIndexStore::from_dict(store->to_dict());
  EXPECT_EQ(from_dict->to_dict().text(), read_file(golden));
  EXPECT_FALSE(SimpleIndexStore::from_persist_dir(directory / "nowhere"));
}

}  // namespace
}  // namespace quipu::testing
