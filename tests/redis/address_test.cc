// Addresses, and the slots of keys.

#include "backends/redis/client/address.h"

#include <gtest/gtest.h>

#include "backends/redis/client/slot.h"
#include "quipu/open_store.h"

namespace quipu::redis {
namespace {

TEST(RedisSlotTest, IsThatOfTheSpecification) {
  EXPECT_EQ(slot_of("123456789"), 0x31C3);
  EXPECT_EQ(slot_of("foo"), 12182);
  EXPECT_EQ(slot_of("{user1000}.following"), slot_of("{user1000}.followers"));
  EXPECT_EQ(slot_of("foo{{bar}}zap"), slot_of("{bar"));
  EXPECT_EQ(slot_of("foo{bar}{zap}"), slot_of("bar"));
  EXPECT_NE(slot_of("foo{}{bar}"), slot_of("bar"));
  EXPECT_FALSE(has_hash_tag("foo{}{bar}"));
  EXPECT_TRUE(has_hash_tag("a{docs}"));
}

TEST(RedisSlotTest, ATagLikeAKeyIsInItsSlot) {
  for (const std::string key : {"docstore/doc", "{docs}/doc", "", "a}b", "{}x", "x{}y}"}) {
    EXPECT_EQ(slot_of(hash_tag_like(key) + "#quipu:order:" + key), slot_of(key)) << key;
  }
  EXPECT_EQ(hash_tag_like("x{docs}/doc"), "{docs}");
}

TEST(RedisAddressTest, SaysServersUserAndOptions) {
  const auto address = Address::parse(
      "//me:p%40ss%3Aw@[::1]:7000,other,third:7002/3?namespace=%7Bd%7D&timeout=2&retry=9&connections=4",
      false);
  ASSERT_TRUE(address) << address.error().to_string();
  ASSERT_EQ(address->endpoints.size(), 3u);
  EXPECT_EQ(address->endpoints[0].to_string(), "[::1]:7000");
  EXPECT_EQ(address->endpoints[1].to_string(), "other:6379");
  EXPECT_EQ(address->endpoints[2].to_string(), "third:7002");
  EXPECT_EQ(address->user, "me");
  EXPECT_EQ(address->password, "p@ss:w");
  EXPECT_EQ(address->database, 3);
  EXPECT_EQ(address->name_space, "{d}");
  EXPECT_EQ(address->timeout.count(), 2000);
  EXPECT_EQ(address->retry.count(), 9000);
  EXPECT_EQ(address->connections, 4u);
  EXPECT_EQ(Address::parse("//:only@host", false)->password, "only");
  EXPECT_EQ(Address::parse("//host/?namespace={docs}", false)->name_space, "{docs}");
}

TEST(RedisAddressTest, WhatIsWrongIsSaidWithoutThePassword) {
  for (const std::string rest :
       {"host", "//", "//:secret@", "//u:secret@host:port", "//u:secret@host:0", "//u:secret@host/x",
        "//u:secret@host?nothing=1", "//u:secret@host?timeout=0", "//u:secret@host?retry=soon",
        "//u:secret@host?namespace=", "//u:secret%zz@host", "//secret@host", "//u:secret@host?connections=0",
        "//u:secret@host?ssl_ca_certs=x"}) {
    const auto address = Address::parse(rest, false);
    ASSERT_FALSE(address) << rest;
    EXPECT_EQ(address.error().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(address.error().message().find("secret"), std::string::npos) << address.error().message();
  }
}

TEST(RedisAddressTest, OtherMessagesHideThePasswordToo) {
  for (const Status& wrong : {open_store("redi://user:secret@host").status(),
                              require_directory("redis://user:secret@host/?namespace=x", "backups").status(),
                              open_store("rediss://user:secret@127.0.0.1:1").status()}) {
    EXPECT_FALSE(wrong.is_ok());
    EXPECT_EQ(wrong.message().find("secret"), std::string::npos) << wrong.message();
  }
}

TEST(RedisAddressTest, OpeningWhereNobodyAnswersFailsAtOnce) {
  const auto store = open_store("redis://user:secret@127.0.0.1:1");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code(), StatusCode::kIoError);
  EXPECT_NE(store.error().message().find("127.0.0.1:1: Connection refused"), std::string::npos)
      << store.error().message();
  EXPECT_EQ(store.error().message().find("secret"), std::string::npos);
}

}  // namespace
}  // namespace quipu::redis
