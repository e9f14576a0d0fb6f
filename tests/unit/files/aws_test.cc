// AWS's profile files, and where S3's buckets are asked for.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "engine/files/aws/aws_profiles.h"
#include "engine/files/aws/credential_source.h"
#include "engine/files/s3/s3_place.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

class AwsProfilesTest : public ::testing::Test {
 protected:
  Result<AwsProfiles> read(const std::string& config, const std::string& credentials) const {
    std::ofstream(directory_ / "config") << config;
    std::ofstream(directory_ / "credentials") << credentials;
    return AwsProfiles::read(directory_ / "config", directory_ / "credentials");
  }

  TempDir directory_;
};

TEST_F(AwsProfilesTest, SectionsCommentsAndNestedSettings) {
  const auto profiles = read(
      "# settings\n[default]\nregion=eu-west-1\n; more\n[profile  two words ]\nS = a = b\r\ns3 =\n"
      "  addressing_style = path\n\tuse = x\nregion = r\n[services all]\ns3 =\n  endpoint_url = http://h\n"
      "[sso-session x]\nregion = none\n[profile 'quoted']\na=1\n[plain]\na=2\n",
      "[default]\nregion = us-east-2\nkey = k\n[plain]\na = 3\n");
  ASSERT_TRUE(profiles) << profiles.error().to_string();
  EXPECT_THAT(*profiles->profile("default"), ElementsAre(Pair("key", "k"), Pair("region", "us-east-2")));
  EXPECT_THAT(*profiles->profile("two words"),
              ElementsAre(Pair("S", "a = b"), Pair("region", "r"), Pair("s3", ""),
                          Pair("s3.addressing_style", "path"), Pair("s3.use", "x")));
  EXPECT_THAT(*profiles->services("all"), ElementsAre(Pair("s3", ""), Pair("s3.endpoint_url", "http://h")));
  EXPECT_THAT(*profiles->profile("quoted"), ElementsAre(Pair("a", "1")));
  EXPECT_THAT(*profiles->profile("plain"), ElementsAre(Pair("a", "3")));  // a name alone counts in the second
  EXPECT_EQ(profiles->profile("x"), nullptr);
  EXPECT_EQ(profiles->services("default"), nullptr);
}

TEST_F(AwsProfilesTest, SaysWhereAFileIsDamagedAndNotWhatStandsThere) {
  for (const char* const damaged : {"[default]\n\na secret", "[default]\n\n[secret", "\n\nsecret = 1"}) {
    const auto profiles = read("", damaged);
    ASSERT_FALSE(profiles) << damaged;
    EXPECT_EQ(profiles.error().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(profiles.error().message(),
                AllOf(HasSubstr("credentials: line 3"), Not(HasSubstr("secret"))));
  }
  EXPECT_TRUE(AwsProfiles::read(directory_ / "none", directory_ / "config/none"));
  EXPECT_EQ(read("", "").value().profile("default"), nullptr);
}

TEST(AwsExpiryTest, IsReadWithAndWithoutFractions) {
  const auto at = std::chrono::system_clock::from_time_t(1'790'000'000);
  EXPECT_EQ(parse_expiry("2026-09-21T14:13:20Z"), at);
  EXPECT_EQ(parse_expiry("2026-09-21T14:13:20.123Z"), at);
  EXPECT_EQ(parse_expiry("soon"), std::nullopt);
}

TEST(S3PlaceTest, StandsInTheHostOrInThePath) {
  const auto url = [](const S3Options& options, const std::string& bucket, const std::string& region) {
    const S3Address address = s3_address({bucket, "a/b"}, options, region);
    return address.origin + address.path;
  };
  EXPECT_EQ(url({}, "my-bucket", "eu-west-1"), "https://my-bucket.s3.eu-west-1.amazonaws.com/a/b");
  EXPECT_EQ(url({}, "my.bucket", "eu-west-1"), "https://s3.eu-west-1.amazonaws.com/my.bucket/a/b");
  EXPECT_EQ(url({}, "My-Bucket", "cn-north-1"), "https://s3.cn-north-1.amazonaws.com.cn/My-Bucket/a/b");
  EXPECT_EQ(url({.endpoint = "http://127.0.0.1:9000/"}, "bucket", "x"), "http://127.0.0.1:9000/bucket/a/b");
  EXPECT_EQ(url({.endpoint = "http://h:1", .addressing = S3Addressing::kHost}, "bucket", "x"),
            "http://bucket.h:1/a/b");
  EXPECT_EQ(url({.addressing = S3Addressing::kPath}, "bucket", "r1"),
            "https://s3.r1.amazonaws.com/bucket/a/b");
}

TEST(S3PlaceTest, ABucketsNameIsNoOtherPartOfAUrl) {
  EXPECT_EQ(parse_s3_path("s3://b/k/l/")->key, "k/l");
  for (const char* const path : {"", "s3://", "s3://a@b/k", "s3://b:1/k", "s3://b?x/k", "b\n/k"}) {
    EXPECT_EQ(parse_s3_path(path).status().code(), StatusCode::kInvalidArgument) << path;
  }
}

}  // namespace
}  // namespace quipu::testing
