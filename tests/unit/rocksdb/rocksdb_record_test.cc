#include "backends/rocksdb/format/record.h"

#include <gtest/gtest.h>

#include <vector>

namespace quipu::rocks {
namespace {

// Keys may hold any byte, and the numbers of collections every one.
TEST(RecordTest, ThePrefixEndsBeforeWhatComesAfterIt) {
  EXPECT_EQ(after_prefix("a"), "b");
  EXPECT_EQ(after_prefix("a\xff\xff"), "b");
  EXPECT_EQ(after_prefix("\xff"), "") << "nothing comes after it";
  EXPECT_EQ(after_prefix(""), "");
  for (const uint32_t id : {1U, 255U, 65535U, 16777215U}) {
    std::string prefix;
    std::string next;
    put_u32(id, prefix);
    put_u32(id + 1, next);
    EXPECT_GT(after_prefix(prefix), prefix + "\xff\xff") << id;
    EXPECT_LE(after_prefix(prefix), next) << id;
  }
}

TEST(RecordTest, VectorsOfDamagedLengthAreRefused) {
  std::vector<double> elements = {0.5, 0.1};
  const std::string body = make_vector_body(elements);
  ASSERT_TRUE(parse_vector_body(body, elements));
  EXPECT_EQ(elements, (std::vector<double>{0.5, 0.1}));
  EXPECT_FALSE(parse_vector_body(body.substr(0, body.size() - 1), elements));
  EXPECT_FALSE(parse_vector_body(body.substr(0, 1), elements));
  std::string other_width = body;
  other_width[1] = 2;
  EXPECT_FALSE(parse_vector_body(other_width, elements));
}

}  // namespace
}  // namespace quipu::rocks
