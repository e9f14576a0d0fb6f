// Addresses on the server of a test run, which tests/postgres/postgres_server.py starts.

#ifndef QUIPU_TESTS_POSTGRES_TEST_ADDRESS_H_
#define QUIPU_TESTS_POSTGRES_TEST_ADDRESS_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace quipu::testing {

inline std::string test_address(const std::string& schema) {
  const char* const server = std::getenv("QUIPU_TEST_POSTGRES");
  EXPECT_NE(server, nullptr) << "run by tests/postgres/postgres_server.py";
  return std::string(server == nullptr ? "postgresql://" : server) + "&schema=" + schema;
}

// The schema of a store that is told from others by its directory.
inline std::string schema_of(const std::string& directory) {
  std::string name = directory;
  for (char& c : name) c = c == '/' || c == '.' ? '_' : c;
  return name.substr(name.size() > 60 ? name.size() - 60 : 0);
}

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_POSTGRES_TEST_ADDRESS_H_
