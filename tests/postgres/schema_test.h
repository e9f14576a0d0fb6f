// A test with a schema of its own on the server, and a way to ask the server itself.

#ifndef QUIPU_TESTS_POSTGRES_SCHEMA_TEST_H_
#define QUIPU_TESTS_POSTGRES_SCHEMA_TEST_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "backends/postgres/connection/connection.h"
#include "tests/postgres/test_address.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {

class SchemaTest : public ::testing::Test {
 protected:
  SchemaTest() : schema_(schema_of(directory_.path())) {}

  // The first column of all rows, each with a space behind it.
  std::string run(const std::string& sql) {
    using postgres::Connection;
    if (!connection_)
      connection_ = *Connection::open(*postgres::PostgresAddress::parse(test_address(schema_), false));
    const postgres::Statement statement(sql, postgres::Statement::Use::kOnce);
    const postgres::Reply reply = connection_->run({&statement, 1});
    EXPECT_FALSE(reply.failure) << sql << ": " << (reply.failure ? reply.failure->message : "");
    std::string text;
    for (size_t row = 0; !reply.failure && row < reply.results[0].rows(); ++row)
      (text += reply.results[0].text(row, 0)) += ' ';
    return text;
  }
  std::string table(const std::string& name) const {
    return postgres::quoted(schema_) + "." + postgres::quoted(name);
  }

  TempDir directory_;
  const std::string schema_;
  std::unique_ptr<postgres::Connection> connection_;
};

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_POSTGRES_SCHEMA_TEST_H_
