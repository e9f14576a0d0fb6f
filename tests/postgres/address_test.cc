// Addresses: what is taken from them, what is refused, and that no message has a password.

#include "backends/postgres/connection/address.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "quipu/open_store.h"

namespace quipu::postgres {
namespace {

std::string parameter(const PostgresAddress& address, const std::string& keyword) {
  for (const auto& [name, value] : address.parameters) {
    if (name == keyword) return value;
  }
  return "none";
}

TEST(PostgresAddressTest, TakesWhatIsOursAndLeavesTheRestToLibpq) {
  const auto parsed = PostgresAddress::parse(
      "postgresql://me:s%40cret@h1:1,h2:2/"
      "db?pool_size=3&sslmode=require&schema=a%20%22b&prepare=false&pool_timeout=7",
      false);
  ASSERT_TRUE(parsed) << parsed.error().to_string();
  EXPECT_EQ(parsed->schema, "a \"b");
  EXPECT_EQ(parsed->pool_size, 3u);
  EXPECT_EQ(parsed->pool_timeout, std::chrono::seconds(7));
  EXPECT_FALSE(parsed->prepare);
  EXPECT_EQ(parameter(*parsed, "host"), "h1,h2");
  EXPECT_EQ(parameter(*parsed, "password"), "s@cret");
  EXPECT_EQ(parameter(*parsed, "sslmode"), "require");
  EXPECT_EQ(parameter(*parsed, "target_session_attrs"), "read-write");
  EXPECT_EQ(parsed->shown, "postgresql://me@h1,h2:1,2/db?schema=a%20%22b");
  const auto reader = PostgresAddress::parse("postgresql://h/db", true);
  ASSERT_TRUE(reader) << reader.error().to_string();
  EXPECT_EQ(parameter(*reader, "target_session_attrs"), "none") << "libpq's default is any";
  EXPECT_EQ(reader->schema, "public");
  EXPECT_TRUE(reader->prepare);
}

TEST(PostgresAddressTest, RefusesWhatIsNoAddress) {
  for (const char* const bad :
       {"postgresql:", "postgresql:db", "postgresql://h/db?pool_size=0", "postgresql://h/db?pool_size=x",
        "postgresql://h/db?prepare=maybe", "postgresql://h/db?schema=", "postgresql://h/db?nonsense=1",
        "postgresql://h/db?pool_timeout=-1", "postgresql://[h/db"}) {
    const auto parsed = PostgresAddress::parse(bad, false);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code(), StatusCode::kInvalidArgument) << parsed.error().to_string();
  }
}

TEST(PostgresAddressTest, AnAddressIsShownWithoutItsPassword) {
  EXPECT_EQ(shown_address("postgresql://me:s3c:r@t@h:1/db?x=1"), "postgresql://me@h:1/db?x=1");
  EXPECT_EQ(shown_address("postgresql://h:1/db?password=s3cret&sslpassword=x&a=b"),
            "postgresql://h:1/db?password=&sslpassword=&a=b");
  EXPECT_EQ(shown_address("postgresql://h/db?a=password&pass%77ord=s3cret&schema=b"),
            "postgresql://h/db?a=password&pass%77ord=&schema=b");
  for (const char* const plain :
       {"a:b@c", "postgresql://me@h:1/db", "postgresql:///db?host=/tmp", "rocksdb:a"}) {
    EXPECT_EQ(shown_address(plain), plain);
  }
  const auto parsed = PostgresAddress::parse("postgresql:///db?host=/tmp/s&user=me", true);
  ASSERT_TRUE(parsed) << parsed.error().to_string();
  EXPECT_EQ(parsed->shown, "postgresql://me@/db?host=/tmp/s&schema=public");
  EXPECT_EQ(require_directory("postgresql://me:s3cret@h/db", "backups").error().message().find("s3cret"),
            std::string::npos);
}

TEST(PostgresAddressTest, NoMessageHasAPassword) {
  for (const char* const bad :
       {"postgresql://me:s3cret@[h/db", "postgresql://me:s3cret@h/db?nonsense=1",
        "postgresql://h/db?password=s3cret&x", "postgresql://me:s3cret@h/db?pool_size=none",
        "postgresql://me:s3cret@%zz/db"}) {
    const auto store = open_store(bad);
    ASSERT_FALSE(store) << bad;
    EXPECT_EQ(store.error().message().find("s3cret"), std::string::npos) << store.error().message();
  }
  const auto unreachable = open_store("postgresql://me:s3cret@127.0.0.1:1/db?sslpassword=s3cret");
  ASSERT_FALSE(unreachable);
  EXPECT_EQ(unreachable.error().code(), StatusCode::kIoError);
  EXPECT_NE(unreachable.error().message().find("postgresql://me@127.0.0.1:1/db"), std::string::npos)
      << unreachable.error().message();
  EXPECT_EQ(unreachable.error().message().find("s3cret"), std::string::npos) << unreachable.error().message();
}

}  // namespace
}  // namespace quipu::postgres
