// Vectors that queries fetch are kept where all of them are few, as they are stored.

#include "engine/vectors/kept_vectors.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

namespace quipu::testing {
namespace {

constexpr uint64_t kAmple = uint64_t{1} << 30;

// A store that counts how often it is read.
struct Stored {
  std::map<std::string, std::vector<double>, std::less<>> vectors;
  int reads = 0;

  VectorIndex::Fetch fetch() {
    return [this](std::span<const std::string_view> ids, const auto& use) {
      ++reads;
      for (size_t i = 0; i < ids.size(); ++i) {
        if (const auto found = vectors.find(ids[i]); found != vectors.end()) use(i, found->second);
      }
      return Status::ok();
    };
  }
};

std::vector<std::vector<double>> fetched(KeptVectors& kept, Stored& stored,
                                         const std::vector<std::string_view>& ids) {
  std::vector<std::vector<double>> found(ids.size());
  const auto take = [&](size_t i, std::span<const double> elements) {
    found[i].assign(elements.begin(), elements.end());
  };
  EXPECT_TRUE(kept.fetch(ids, take, stored.fetch()).is_ok());
  return found;
}

using Found = std::vector<std::vector<double>>;

TEST(KeptVectorsTest, WhatHasBeenFetchedIsNotReadAgain) {
  KeptVectors kept;
  Stored stored{{{"a", {1, 2}}, {"b", {3, 4}}, {"c", {5, 6}}}};
  kept.fit(3, 2, kAmple);
  EXPECT_EQ(fetched(kept, stored, {"b", "a"}), (Found{{3, 4}, {1, 2}}));
  EXPECT_EQ(fetched(kept, stored, {"a", "b"}), (Found{{1, 2}, {3, 4}}));
  EXPECT_EQ(stored.reads, 1);
  EXPECT_EQ(fetched(kept, stored, {"a", "c"}), (Found{{1, 2}, {5, 6}}));
  EXPECT_EQ(fetched(kept, stored, {"c", "a", "b"}), (Found{{5, 6}, {1, 2}, {3, 4}}));
  EXPECT_EQ(stored.reads, 2);
}

TEST(KeptVectorsTest, WhatHasChangedIsReadAgain) {
  KeptVectors kept;
  Stored stored{{{"a", {1, 2}}, {"b", {3, 4}}}};
  kept.fit(2, 2, kAmple);
  fetched(kept, stored, {"a", "b"});
  const size_t bytes = kept.memory_bytes();
  stored.vectors["a"] = {7, 8};
  kept.forget("a");
  EXPECT_LT(kept.memory_bytes(), bytes);
  EXPECT_EQ(fetched(kept, stored, {"a", "b"}), (Found{{7, 8}, {3, 4}}));
  EXPECT_EQ(kept.memory_bytes(), bytes);
  kept.forget("nothing");
  stored.vectors.erase("b");
  kept.forget("b");
  EXPECT_EQ(fetched(kept, stored, {"b"}), (Found{{}}));
  EXPECT_EQ(fetched(kept, stored, {"b"}), (Found{{}}));
  EXPECT_EQ(stored.reads, 4);
  kept.clear();
  EXPECT_EQ(kept.memory_bytes(), 0U);
}

TEST(KeptVectorsTest, NoneAreKeptWhereTheyAreMany) {
  KeptVectors kept;
  Stored stored{{{"a", {1, 2}}}};
  fetched(kept, stored, {"a"});
  kept.fit(1, 2, 100);
  fetched(kept, stored, {"a"});
  kept.fit(1 << 20, 2, kAmple);
  fetched(kept, stored, {"a"});
  EXPECT_EQ(kept.memory_bytes(), 0U);
  EXPECT_EQ(stored.reads, 3);
  kept.fit(1, 2, kAmple);
  fetched(kept, stored, {"a"});
  EXPECT_GT(kept.memory_bytes(), 0U);
  kept.fit(1000000, 2, kAmple);  // and given up where they have become so
  EXPECT_EQ(kept.memory_bytes(), 0U);
}

TEST(KeptVectorsTest, AFailureIsTold) {
  KeptVectors kept;
  kept.fit(1, 2, kAmple);
  const std::vector<std::string_view> ids = {"a"};
  const Status failed = kept.fetch(
      ids, [](size_t, std::span<const double>) {},
      [](auto, const auto&) { return Status::io_error("no disk"); });
  EXPECT_EQ(failed.code(), StatusCode::kIoError);
}

TEST(KeptVectorsTest, ThreadsFetchAtOnce) {
  KeptVectors kept;
  Stored stored;
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) {
    names.push_back(std::to_string(i));
    stored.vectors[names.back()] = {static_cast<double>(i)};
  }
  kept.fit(100, 1, kAmple);
  const auto read = [&](std::span<const std::string_view> ids, const auto& use) {
    for (size_t i = 0; i < ids.size(); ++i) use(i, stored.vectors.find(ids[i])->second);
    return Status::ok();
  };
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const int number = (i * (2 * t + 1)) % 100;
        const std::vector<std::string_view> ids = {names[static_cast<size_t>(number)]};
        const auto take = [&](size_t, std::span<const double> elements) { right += elements[0] == number; };
        (void)kept.fetch(ids, take, read).is_ok();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 800);
}

}  // namespace
}  // namespace quipu::testing
