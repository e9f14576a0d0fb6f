#include "tests/support/backends.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

namespace quipu::testing {
namespace {

std::vector<BackendFactory>& registered() {
  static std::vector<BackendFactory> factories;
  return factories;
}

}  // namespace

const std::vector<BackendFactory>& backends() { return registered(); }

const BackendFactory* find_backend(std::string_view name) {
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  for (const BackendFactory& factory : backends()) {
    if (std::ranges::equal(factory.name, name, {}, lower, lower)) return &factory;
  }
  return nullptr;
}

bool add_backend(BackendFactory factory) {
  registered().push_back(std::move(factory));
  return true;
}

Result<std::shared_ptr<BaseKVStore>> BackendStores::create() {
  const std::string directory = directory_ / std::to_string(++created_);
  std::filesystem::create_directory(directory);
  return factory_.make(directory);
}

Result<std::shared_ptr<BaseKVStore>> BackendStores::reopen(std::shared_ptr<BaseKVStore> store) {
  if (factory_.reopen) return factory_.reopen(std::move(store), directory_ / std::to_string(created_));
  if (!store->capabilities().durable) return store;
  QUIPU_RETURN_IF_ERROR(store->close());
  store.reset();
  return make_again();
}

Result<std::shared_ptr<BaseKVStore>> BackendStores::make_again() {
  return factory_.make(directory_ / std::to_string(created_));
}

std::string backend_name(const ::testing::TestParamInfo<BackendFactory>& info) { return info.param.name; }

void BackendTest::SetUp() {
  auto made = stores_.create();
  ASSERT_TRUE(made) << made.error().to_string();
  kv_ = *std::move(made);
}

void BackendTest::reopen() {
  auto again = stores_.reopen(std::move(kv_));
  ASSERT_TRUE(again) << again.error().to_string();
  kv_ = *std::move(again);
}

bool BackendTest::lists_collections() const {
  const auto listed = kv_->collections();
  if (listed) return true;
  EXPECT_EQ(listed.error().code(), StatusCode::kNotSupported) << listed.error().to_string();
  return false;
}

bool BackendTest::keeps(const std::string& persist_file) const {
  const Status declared = kv_->declare_collection("is it kept", {persist_file, ""});
  if (declared.is_ok()) {
    EXPECT_TRUE(kv_->drop_collection("is it kept"));
    return true;
  }
  EXPECT_EQ(declared.code(), StatusCode::kNotSupported) << declared.to_string();
  EXPECT_NE(declared.message().find(persist_file), std::string::npos) << declared.message();
  return false;
}

std::string BackendTest::content(const KVReader& store, const std::string& collection) {
  std::string text;
  const auto entries = store.get_all(collection);
  EXPECT_TRUE(entries) << entries.error().to_string();
  if (!entries) return text;
  for (const KVEntry& entry : *entries) text += entry.key + "=" + entry.val.text() + ";";
  return text;
}

}  // namespace quipu::testing
