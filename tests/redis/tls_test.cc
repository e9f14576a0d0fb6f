// rediss://: certificates, and what is exchanged over TLS. The certificates are made for the test.

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "quipu/open_store.h"
#include "tests/redis/redis_servers.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

Json number(int n) { return Json::from_canonical("{\"n\": " + std::to_string(n) + "}"); }

class RedisTlsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new TempDir();
    make_certificate("server", "IP:127.0.0.1,DNS:redis.test");
    make_certificate("client", "DNS:somebody");
    port_ = free_port();
    server_ = new RedisServer({"--tls-port", std::to_string(port_), "--tls-cert-file", file("server.crt"),
                               "--tls-key-file", file("server.key"), "--tls-ca-cert-file", file("client.crt"),
                               "--tls-auth-clients", "optional"});
  }
  static void TearDownTestSuite() {
    delete server_;
    delete directory_;
  }

  static std::string file(const std::string& name) { return *directory_ / name; }
  // Signed by itself.
  static void make_certificate(const std::string& name, const std::string& names) {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=" +
        name + " -addext subjectAltName=" + names + " -keyout " + file(name + ".key") + " -out " +
        file(name + ".crt") + " 2>" + file("openssl.log");
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
  static std::string address(const std::string& options, const std::string& host = "127.0.0.1") {
    return "rediss://" + host + ":" + std::to_string(port_) + "/?namespace={tls}&" + options;
  }
  static std::string trusting() { return "ssl_ca_certs=" + file("server.crt"); }

  static TempDir* directory_;
  static RedisServer* server_;
  static int port_;
};

TempDir* RedisTlsTest::directory_ = nullptr;
RedisServer* RedisTlsTest::server_ = nullptr;
int RedisTlsTest::port_ = 0;

TEST_F(RedisTlsTest, WhatIsWrittenIsRead) {
  const auto store = open_store(address(trusting()));
  ASSERT_TRUE(store) << store.error().to_string();
  std::vector<std::pair<std::string, Json>> entries;
  for (int i = 0; i < 5000; ++i) entries.emplace_back("k" + std::to_string(i), number(i));
  std::vector<KVPair> pairs;
  for (const auto& [key, val] : entries) pairs.push_back({key, val});
  ASSERT_TRUE((*store)->put_all(pairs, "c", 1000).is_ok());
  const Json large = Json::from_canonical("{\"x\": \"" + std::string(3 << 20, 'x') + "\"}");
  ASSERT_TRUE((*store)->put("large", large, "c").is_ok());
  EXPECT_EQ(*(*store)->get("large", "c"), large);
  EXPECT_EQ((*store)->get_all("c")->size(), 5001u);
  const auto plain = open_store("redis://" + server_->host_and_port() + "/?namespace={tls}");
  ASSERT_TRUE(plain);
  EXPECT_EQ((*(*plain)->get("k4999", "c"))->text(), number(4999).text());
}

TEST_F(RedisTlsTest, ALostConnectionIsMadeAnew) {
  const auto store = open_store(address(trusting()));
  ASSERT_TRUE(store) << store.error().to_string();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE((*store)->put("k", number(i), "d").is_ok());
    server_->ask({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
    EXPECT_EQ((*(*store)->get("k", "d"))->text(), number(i).text());
  }
}

TEST_F(RedisTlsTest, ACertificateThatIsNotTrustedOrOfAnotherHostIsRefused) {
  const auto expect_refused = [](const std::string& of, const std::string& why) {
    const auto store = open_store(of);
    ASSERT_FALSE(store) << of;
    EXPECT_EQ(store.error().code(), StatusCode::kIoError);
    EXPECT_NE(store.error().message().find("certificate is not accepted: " + why), std::string::npos)
        << store.error().message();
  };
  expect_refused(address(""), "self");
  expect_refused(address("ssl_ca_certs=" + file("client.crt")), "self");
  expect_refused(address(trusting(), "localhost"), "hostname mismatch");
}

TEST_F(RedisTlsTest, AClientShowsItsCertificate) {
  const std::string shown = "&ssl_certfile=" + file("client.crt") + "&ssl_keyfile=" + file("client.key");
  server_->ask({"CONFIG", "SET", "tls-auth-clients", "yes"});
  const auto without = open_store(address(trusting()));
  EXPECT_EQ(without.status().code(), StatusCode::kIoError);
  const auto with = open_store(address(trusting() + shown));
  EXPECT_TRUE(with) << with.status().to_string();
  server_->ask({"CONFIG", "SET", "tls-auth-clients", "optional"});
}

TEST_F(RedisTlsTest, EitherEndWithoutTlsIsAnError) {
  const auto plain_server = open_store("rediss://" + server_->host_and_port() + "/?" + trusting());
  EXPECT_EQ(plain_server.status().code(), StatusCode::kIoError);
  const auto plain_client = open_store("redis://127.0.0.1:" + std::to_string(port_) + "/?timeout=1");
  EXPECT_EQ(plain_client.status().code(), StatusCode::kIoError);
}

TEST_F(RedisTlsTest, FilesThatCannotBeUsedAreNamed) {
  const std::string none = directory_->path() + "/none.crt";
  const std::vector<std::string> options = {
      "ssl_ca_certs=" + none, "ssl_ca_certs=" + file("client.key"), "ssl_certfile=" + none,
      "ssl_certfile=" + file("client.crt"),
      "ssl_certfile=" + file("client.crt") + "&ssl_keyfile=" + file("server.key")};
  for (const std::string& option : options) {
    const auto store = open_store(address(option));
    ASSERT_FALSE(store) << option;
    EXPECT_EQ(store.error().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(store.error().message().find("cannot be used"), std::string::npos) << store.error().message();
  }
}

}  // namespace
}  // namespace quipu::testing
