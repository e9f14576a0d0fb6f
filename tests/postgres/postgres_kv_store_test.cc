// What PostgreSQL brings beside what every backend does: LlamaIndex's tables, other processes, lost
// connections.

#include "backends/postgres/postgres_kv_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <thread>

#include "backends/postgres/connection/connection.h"
#include "quipu/backend/key_locks.h"
#include "quipu/bulk_load.h"
#include "quipu/document_store.h"
#include "quipu/kv_transaction.h"
#include "quipu/open_store.h"
#include "quipu/vector_store.h"
#include "tests/postgres/test_address.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_scale.h"

namespace quipu::testing {
namespace {

using postgres::Connection;
using postgres::PostgresAddress;
using postgres::Statement;

Json value(int n) { return Json::from_canonical("{\"n\": " + std::to_string(n) + "}"); }

class PostgresTest : public ::testing::Test {
 protected:
  PostgresTest() : schema_(schema_of(directory_.path())) {}

  std::shared_ptr<BaseKVStore> open(const std::string& options = "") const {
    auto store = open_store(test_address(schema_) + options);
    EXPECT_TRUE(store) << store.error().to_string();
    return *store;
  }
  // Of SQL that is run beside the store: the first column of all rows, each with a space behind it.
  std::string run(const std::string& sql) {
    if (!connection_) connection_ = *Connection::open(*PostgresAddress::parse(test_address(schema_), false));
    const Statement statement(sql, Statement::Use::kOnce);
    const postgres::Reply reply = connection_->run({&statement, 1});
    EXPECT_FALSE(reply.failure) << (reply.failure ? reply.failure->message : "");
    std::string text;
    for (size_t row = 0; !reply.failure && row < reply.results[0].rows(); ++row) {
      (text += reply.results[0].text(row, 0)) += ' ';
    }
    return text;
  }
  std::string table(const std::string& name) const {
    return postgres::quoted(schema_) + "." + postgres::quoted(name);
  }
  // Ends all sessions of the stores, as a failing server does.
  void end_sessions() {
    run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'quipu' AND "
        "pid <> pg_backend_pid()");
  }

  TempDir directory_;
  const std::string schema_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(PostgresTest, OpeningMakesNothing) {
  const auto store = open();
  EXPECT_FALSE(*store->get("k", "docstore/data"));
  EXPECT_TRUE(store->collections()->empty());
  EXPECT_FALSE(*store->delete_("k", "docstore/data"));
  EXPECT_EQ(run("SELECT count(*) FROM pg_namespace WHERE nspname = '" + schema_ + "'"), "0 ");
  const auto reader = open_store(test_address(schema_), {.read_only = true});
  EXPECT_EQ(reader.status().code(), StatusCode::kIoError) << reader.status().to_string();
}

TEST_F(PostgresTest, TheTablesAreThoseOfLlamaIndex) {
  const auto store = open();
  ASSERT_TRUE(store->put("n", value(1), "docstore/data").is_ok());
  ASSERT_TRUE(store->put("i", value(2), "index_store/data").is_ok());
  ASSERT_TRUE(store->put("k", value(3)).is_ok());
  for (const std::string name : {"data_docstore", "data_indexstore", "data_kvstore"}) {
    EXPECT_EQ(
        run("SELECT column_name || ':' || data_type || ':' || is_nullable FROM information_schema.columns "
            "WHERE table_schema = '" +
            schema_ + "' AND table_name = '" + name + "' ORDER BY ordinal_position"),
        "id:integer:NO key:character varying:NO namespace:character varying:NO value:json:YES ");
    EXPECT_EQ(run("SELECT conname || ':' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '" +
                  table(name) + "'::regclass AND contype IN ('p', 'u') ORDER BY contype"),
              name + "_pkey:PRIMARY KEY (id) " + name + ":unique_key_namespace:UNIQUE (key, namespace) ");
    EXPECT_EQ(run("SELECT count(*) FROM pg_indexes WHERE schemaname = '" + schema_ + "' AND indexname = '" +
                  name + ":idx_key_namespace'"),
              "1 ");
  }
  EXPECT_EQ(run("SELECT key || namespace || value FROM " + table("data_docstore")),
            "ndocstore/data{\"n\": 1} ");
}

TEST_F(PostgresTest, SearchTakesNoMoreMemoryThanItMay) {
  OpenOptions options;
  options.rocksdb.search_memory_bytes = 4000;
  const auto bounded = *open_store(test_address(schema_), options);
  const auto store = open();
  KVVectorStore vectors(store);
  const KVVectorStore of_few(bounded);
  std::vector<std::vector<double>> rows;
  for (int i = 0; i < 200; ++i) rows.push_back({static_cast<double>(i), 1, 0.5});
  std::vector<std::string> ids;
  for (size_t i = 0; i < rows.size(); ++i) ids.push_back("v" + std::to_string(i));
  std::vector<VectorStoreEntry> entries;
  for (size_t i = 0; i < rows.size(); ++i) entries.push_back({ids[i], rows[i]});
  ASSERT_TRUE(vectors.add_entries(entries).is_ok());
  const VectorStoreQuery query{.query_embedding = {3, 1, 2}, .similarity_top_k = 5};
  EXPECT_EQ(of_few.query(query)->ids, vectors.query(query)->ids);
  EXPECT_EQ(search_indexes(*bounded).at(0).memory_bytes, 0U);
  EXPECT_GT(search_indexes(*store).at(0).memory_bytes, 4000U);
  EXPECT_EQ((*bounded->begin())->search_memory_bytes(), 4000U);
}

// In each way in which keys are written; QUIPU_POSTGRES_REWRITES=100000 writes more.
TEST_F(PostgresTest, RewritesUseUpNoNumbers) {
  constexpr int kKeys = 100;
  const int rounds = test_scale("QUIPU_POSTGRES_REWRITES", 1200) / (4 * kKeys);
  const std::vector<std::string> names = {"docstore/data", "index_store/data", "mine",
                                          "property_graph_store/triplets"};
  std::vector<std::string> keys;
  for (int key = 0; key < kKeys; ++key) keys.push_back("k" + std::to_string(key));
  for (int round = 0; round <= rounds; ++round) {
    const auto store = open();
    const Json val = value(round);
    std::vector<KVPair> pairs;
    WriteBatch batch;
    for (const std::string& key : keys) pairs.push_back({key, val});
    for (const std::string& name : names) {
      ASSERT_TRUE(store->declare_collection(name, {"docstore.json", ""}).is_ok());
      ASSERT_TRUE(store->put_all(pairs, name, 10).is_ok());
      for (const KVPair& pair : pairs) batch.put(name, pair.key, pair.val);
    }
    ASSERT_TRUE(store->declare_file("docstore.json").is_ok());
    ASSERT_TRUE(store->write(batch).is_ok());
    const auto load = store->bulk_load();
    ASSERT_TRUE(load) << load.error().to_string();
    ASSERT_TRUE((*load)->begin_file("docstore.json").is_ok());
    for (const std::string& name : names) {
      ASSERT_TRUE((*load)->begin_collection(name, {"docstore.json", ""}).is_ok());
      for (const KVPair& pair : pairs) ASSERT_TRUE((*load)->put(pair.key, pair.val).is_ok());
    }
    ASSERT_TRUE((*load)->commit().is_ok());
    for (const KVPair& pair : pairs) ASSERT_TRUE(store->put(pair.key, pair.val, names[0]).is_ok());
  }
  for (const auto* const name :
       {"data_docstore", "data_indexstore", "data_kvstore", "quipu_graph_triplets"}) {
    EXPECT_EQ(run("SELECT last_value FROM " + table(std::string(name) + "_id_seq")), "100 ") << name;
  }
  EXPECT_EQ(run("SELECT last_value FROM " + table("quipu_collections_id_seq")), "4 ");
  EXPECT_EQ(run("SELECT last_value FROM " + table("quipu_files_id_seq")), "1 ");
}

// Many at once go another way than few: what comes of them is the same.
TEST_F(PostgresTest, ManyEntriesAreWhatFewAre) {
  constexpr int kKeys = 300;
  const auto key = [](int n) { return "k" + std::to_string(n); };
  for (const bool jsonb : {false, true}) {
    const auto many = open();
    const std::string few = jsonb ? "docstore/few b" : "docstore/few";
    const std::string all = jsonb ? "docstore/all b" : "docstore/all";
    const auto write = [&](const std::vector<WriteOp>& ops) {
      WriteBatch batch;
      for (WriteOp op : ops) {
        op.collection = all;
        batch.add_view(op);
        WriteBatch one;
        op.collection = few;
        one.add_view(op);
        ASSERT_TRUE(many->write(one).is_ok());
      }
      const Status written = many->write(batch);
      ASSERT_TRUE(written.is_ok()) << written.to_string();
    };
    std::deque<std::string> texts;
    const auto put = [&](int n, int val) {
      const std::string& name = texts.emplace_back(key(n));
      return WriteOp{&WriteOp::kPut, "", name, texts.emplace_back(value(val).text())};
    };
    const auto erase = [&](int n) { return WriteOp{&WriteOp::kDelete, "", texts.emplace_back(key(n))}; };
    std::vector<WriteOp> ops;
    for (int n = 0; n < 100; ++n) ops.push_back(put(n * 7 % kKeys, n));
    write(ops);
    ops.clear();
    for (int n = 0; n < 250; ++n) ops.push_back(put(n, n + 1000));      // some are there
    for (int n = 0; n < 30; ++n) ops.push_back(erase(n * 3));           // some go
    for (int n = 0; n < 10; ++n) ops.push_back(put(n * 6, n + 2000));   // and come again, at the end
    for (int n = 240; n < kKeys; ++n) ops.push_back(put(n, n + 3000));  // some come twice
    write(ops);
    const auto one_by_one = many->get_all(few);
    const auto at_once = many->get_all(all);
    ASSERT_TRUE(one_by_one && at_once);
    ASSERT_EQ(at_once->size(), 280u);
    ASSERT_EQ(at_once->size(), one_by_one->size());
    for (size_t i = 0; i < at_once->size(); ++i) {
      EXPECT_EQ((*at_once)[i].key, (*one_by_one)[i].key) << i;
      EXPECT_EQ((*at_once)[i].val.text(), (*one_by_one)[i].val.text()) << (*at_once)[i].key;
    }
    run("ALTER TABLE " + table("data_docstore") + " ALTER COLUMN value TYPE jsonb");
  }
}

// As LlamaIndex's stores do, without locks: their transaction has inserted a key when ours comes to it.
TEST_F(PostgresTest, WhatOthersInsertMeanwhileIsReplaced) {
  const auto store = open();
  ASSERT_TRUE(store->put("first", value(0)).is_ok());
  for (const int count : {1, 200}) {
    std::vector<std::string> keys;
    for (int i = 0; i < count; ++i) keys.push_back(std::to_string(count) + "-" + std::to_string(i));
    const Json ours = value(2);
    std::vector<KVPair> pairs;
    for (const std::string& key : keys) pairs.push_back({key, ours});
    run("BEGIN");
    run("INSERT INTO " + table("data_kvstore") + " (key, namespace, value) VALUES ('" + keys.back() +
        "', 'data', '{\"n\": 1}')");
    Status written;
    std::thread writer([&] { written = store->put_all(pairs); });
    const std::string waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'transactionid' AND "
        "query LIKE '%" +
        schema_ + "%'";
    while (run(waiting) == "0 ") run("SELECT pg_stat_clear_snapshot()");
    run("COMMIT");
    writer.join();
    ASSERT_TRUE(written.is_ok()) << written.to_string();
    for (const std::string& key : keys) EXPECT_EQ((*store->get(key))->text(), ours.text()) << key;
  }
  EXPECT_EQ(*store->count(), 202u);
}

// Where COPY is not to be had; also on a table that gets its policies when the store is open.
TEST_F(PostgresTest, TablesWithRowSecurityAreWritten) {
  ASSERT_TRUE(open()->put("k", value(1)).is_ok());
  const std::string role = postgres::quoted(schema_ + "_role");
  run("CREATE ROLE " + role);
  run("GRANT ALL ON SCHEMA " + postgres::quoted(schema_) + " TO " + role);
  run("GRANT ALL ON ALL TABLES IN SCHEMA " + postgres::quoted(schema_) + " TO " + role);
  run("GRANT ALL ON ALL SEQUENCES IN SCHEMA " + postgres::quoted(schema_) + " TO " + role);
  const auto store = open("&options=-c%20role%3D" + schema_ + "_role");
  std::vector<std::string> keys;
  for (int i = 0; i < 200; ++i) keys.push_back(std::to_string(i));
  for (int round = 0; round < 3; ++round) {
    const Json val = value(round);
    std::vector<KVPair> pairs;
    for (const std::string& key : keys) pairs.push_back({key, val});
    const Status written = store->put_all(pairs);
    ASSERT_TRUE(written.is_ok()) << written.to_string();
    EXPECT_EQ(*store->count(), 201u);
    EXPECT_EQ((*store->get("199"))->text(), val.text());
    if (round > 0) continue;
    for (std::string& key : keys) key += "x";
    run("DELETE FROM " + table("data_kvstore") + " WHERE key <> 'k'");
    run("ALTER TABLE " + table("data_kvstore") + " ENABLE ROW LEVEL SECURITY");
    run("CREATE POLICY p ON " + table("data_kvstore") + " USING (true)");
    keys[199] = "199";
  }
  run("DROP OWNED BY " + role);
  run("DROP ROLE " + role);
}

TEST_F(PostgresTest, ValuesInBinaryJsonAreReadAsOurs) {
  ASSERT_TRUE(open()->put("k", value(1), "docstore/data").is_ok());
  run("ALTER TABLE " + table("data_docstore") + " ALTER COLUMN value TYPE jsonb");
  const auto store = open();
  const auto put = store->put("l", Json::from_canonical(R"({"bb": "\u00e9", "a": [1, 2]})"), "docstore/data");
  ASSERT_TRUE(put.is_ok()) << put.to_string();
  EXPECT_EQ((*store->get("l", "docstore/data"))->text(), R"({"a": [1, 2], "bb": "\u00e9"})");
  for (const char* const odd : {R"({"a": "\u0000"})", R"({"a": "\ud800 alone"})"}) {
    const Status refused = store->put("m", Json::from_canonical(odd), "docstore/data");
    EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument) << refused.to_string();
    EXPECT_NE(refused.message().find("key \"m\" of collection \"docstore/data\""), std::string::npos)
        << refused.message();
  }
  EXPECT_EQ(*store->count("docstore/data"), 2u);
}

TEST_F(PostgresTest, TextIsKeptByteForByte) {
  const std::string text =
      R"({"z": "a\u0000b \ud800 \u00e9", "a": 1.0, "b": -0.0, "c": 1e+22, "d": 100000000000000000000})";
  const auto store = open();
  const Status put = store->put("k", Json::from_canonical(text));
  ASSERT_TRUE(put.is_ok()) << put.to_string();
  EXPECT_EQ((*store->get("k"))->text(), text);
  run("UPDATE " + table("data_kvstore") + " SET value = '{ \"b\" :1,\"a\":\"é\"}'");
  EXPECT_EQ((*store->get("k"))->text(), R"({"b": 1, "a": "\u00e9"})") << "of another writer";
}

TEST_F(PostgresTest, WhatCannotBeHeldIsRefusedAndNothingChanged) {
  const auto store = open();
  ASSERT_TRUE(store->put("k", value(1)).is_ok());
  std::string long_key;
  for (int i = 0; long_key.size() < 20000; ++i)
    long_key += std::to_string(std::hash<int>()(i * 7919) * 2654435761U);
  const std::vector<std::pair<std::string, std::string>> bad = {
      {long_key, "{}"}, {"nan", R"({"x": NaN})"}, {"infinite", R"({"x": -Infinity})"}};
  for (const auto& [key, text] : bad) {
    const auto expect_refused = [&, key = key](const Status& refused) {
      EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument) << refused.to_string();
      EXPECT_NE(refused.message().find("key \"" + key.substr(0, 100)), std::string::npos)
          << refused.message();
    };
    WriteBatch batch;
    batch.put("data", "k", value(2));
    batch.put("data", key, JsonView::from_canonical(text));
    expect_refused(store->write(batch));
    const auto load = store->bulk_load();
    ASSERT_TRUE(load) << load.error().to_string();
    ASSERT_TRUE((*load)->begin_collection("data", {}).is_ok());
    for (const std::string_view each : {std::string_view("k"), std::string_view(key)}) {
      ASSERT_TRUE((*load)->put(each, each == "k" ? value(2) : JsonView::from_canonical(text)).is_ok());
    }
    expect_refused((*load)->commit());
    const auto txn = store->begin();
    ASSERT_TRUE(txn) << txn.error().to_string();
    ASSERT_TRUE((*txn)->put("k", value(2)).is_ok());
    ASSERT_TRUE((*txn)->put(key, JsonView::from_canonical(text)).is_ok());
    expect_refused((*txn)->commit());
  }
  EXPECT_EQ((*store->get("k"))->text(), value(1).text());
  EXPECT_EQ(*store->count(), 1u);
}

TEST_F(PostgresTest, NamesAreDataAndNeverSql) {
  const std::string odd = "'; DROP TABLE data_kvstore; --\"\\$1";
  const auto store = open_store(test_address("a%22%3B%20DROP%20SCHEMA%20public%3B%20--%27"));
  ASSERT_TRUE(store) << store.error().to_string();
  ASSERT_TRUE((*store)->put(odd, value(1), odd).is_ok());
  EXPECT_EQ((*(*store)->get(odd, odd))->text(), value(1).text());
  const auto found = (*store)->field_index().keys_with_value(odd, odd, odd);
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_TRUE(found->empty());
  const auto scanned = (*store)->scan({.prefix = odd, .start = odd}, odd);
  ASSERT_TRUE(scanned) << scanned.error().to_string();
  EXPECT_TRUE((*scanned)->next());
  EXPECT_TRUE(*(*store)->drop_collection(odd));
  EXPECT_EQ(run("SELECT count(*) FROM pg_namespace WHERE nspname = 'public'"), "1 ");
  run("DROP SCHEMA " + postgres::quoted("a\"; DROP SCHEMA public; --'") + " CASCADE");
}

TEST_F(PostgresTest, WritersOfOneRefDocLoseNothing) {
  constexpr int kWriters = 8;
  constexpr int kNodes = 10;
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      KVDocumentStore documents(open());
      for (int i = 0; i < kNodes; ++i) {
        const std::string id = "w" + std::to_string(w) + "-" + std::to_string(i);
        const auto node = BaseNode::from_json(Json::from_canonical(
            R"({"__data__": {"id_": ")" + id + R"(", "embedding": null, "metadata": {}, "relationships": )" +
            R"({"1": {"node_id": "hot", "node_type": "4", "metadata": {}, "hash": null, )" +
            R"("class_name": "RelatedNodeInfo"}},)" +
            R"( "text": "x", "class_name": "TextNode"}, "__type__": "1"})"));
        ASSERT_TRUE(node) << node.error().to_string();
        const std::vector<NodePtr> nodes = {*node};
        const Status added = documents.add_documents(nodes);
        ASSERT_TRUE(added.is_ok()) << added.to_string();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(run("SELECT json_array_length(value->'node_ids') FROM " + table("data_docstore") +
                " WHERE key = 'hot'"),
            std::to_string(kWriters * kNodes) + " ");
}

TEST_F(PostgresTest, OtherObjectsSeeWritesAndVersions) {
  const auto one = open();
  const auto two = open("&prepare=false");
  const std::vector<std::string_view> names = {"c"};
  EXPECT_EQ(*two->change_version(names), 0u);
  ASSERT_TRUE(one->put("k", value(1), "c").is_ok());
  EXPECT_EQ((*two->get("k", "c"))->text(), value(1).text());
  ASSERT_TRUE(two->put("k", value(2), "c").is_ok());
  EXPECT_EQ((*one->get("k", "c"))->text(), value(2).text());
  EXPECT_EQ(*one->change_version(names), 2u);
  ASSERT_TRUE(two->compact().is_ok());
  EXPECT_EQ(*one->change_version(names), 2u);
}

TEST_F(PostgresTest, ALostConnectionIsMadeAnew) {
  const auto store = open();
  ASSERT_TRUE(store->put("k", value(1)).is_ok());
  for (int i = 0; i < 5; ++i) {
    end_sessions();
    EXPECT_EQ((*store->get("k"))->text(), value(i + 1).text());
    end_sessions();
    const Status put = store->put("k", value(i + 2));
    EXPECT_TRUE(put.is_ok()) << put.to_string();
  }
}

TEST_F(PostgresTest, LocksThatAreLostDoNotWrite) {
  const auto store = open();
  ASSERT_TRUE(store->put("k", value(1)).is_ok());
  LockSet set;
  set.add("data", "k");
  const auto locks = store->lock(set);
  ASSERT_TRUE(locks) << locks.error().to_string();
  end_sessions();
  WriteBatch batch;
  batch.put("data", "k", value(2));
  const Status refused = store->write(batch, {.held = &*locks});
  EXPECT_EQ(refused.code(), StatusCode::kBusy) << refused.to_string();
  EXPECT_EQ((*store->get("k"))->text(), value(1).text());
}

// Writers whose sessions are ended under them again and again: what was acknowledged is there, and nothing
// twice.
TEST_F(PostgresTest, ACommitWhoseAnswerIsLostIsMadeOnce) {
  constexpr int kThreads = 3;
  constexpr int kRounds = 60;
  std::atomic<int> acknowledged = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t, store = open()] {
      for (int i = 0; i < kRounds; ++i) {
        const Status written = store->put(std::to_string(t) + "-" + std::to_string(i), value(i));
        ASSERT_TRUE(written.is_ok()) << written.to_string();
        ++acknowledged;
      }
    });
  }
  for (int seen = 0; seen < kThreads * kRounds - kThreads;) {
    end_sessions();
    const int before = seen;
    while ((seen = acknowledged) < before + 2) std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  const auto store = open();
  EXPECT_EQ(*store->count(), static_cast<uint64_t>(kThreads * kRounds));
  const std::vector<std::string_view> names = {"data"};
  EXPECT_EQ(*store->change_version(names), static_cast<uint64_t>(kThreads * kRounds)) << "committed twice";
}

// As of a server that another one has replaced, behind an address that leads to it still.
TEST_F(PostgresTest, ASessionThatTakesNoWritesIsNotKept) {
  ASSERT_TRUE(open()->put("k", value(1)).is_ok());
  const auto store = open("&target_session_attrs=any&options=-c%20default_transaction_read_only%3Don");
  EXPECT_EQ((*store->get("k"))->text(), value(1).text());
  const std::string count =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'quipu' AND pid = " +
      run("SELECT pid FROM pg_stat_activity WHERE application_name = 'quipu' AND pid <> pg_backend_pid() AND "
          "query LIKE '%" +
          schema_ + "%' ORDER BY backend_start DESC LIMIT 1");
  EXPECT_EQ(run(count), "1 ");
  const Status refused = store->put("k", value(2));
  EXPECT_EQ(refused.code(), StatusCode::kIoError);
  EXPECT_NE(refused.message().find("read-only transaction"), std::string::npos) << refused.message();
  EXPECT_EQ(refused.message().find("cannot be asked"), std::string::npos) << refused.message();
  EXPECT_EQ(run(count), "0 ");
  EXPECT_EQ((*store->get("k"))->text(), value(1).text());
}

TEST_F(PostgresTest, APoolThatIsUsedUpSaysSo) {
  const auto store = open("&pool_size=1&pool_timeout=1");
  ASSERT_TRUE(store->put("k", value(1)).is_ok());
  const auto snapshot = store->snapshot();
  ASSERT_TRUE(snapshot) << snapshot.error().to_string();
  const auto refused = store->get("k");
  EXPECT_EQ(refused.status().code(), StatusCode::kBusy);
  EXPECT_NE(refused.status().message().find("pool_size"), std::string::npos) << refused.status().message();
}

TEST_F(PostgresTest, AReaderRefusesWrites) {
  ASSERT_TRUE(open()->put("k", value(1)).is_ok());
  const auto reader = open_store(test_address(schema_), {.read_only = true});
  ASSERT_TRUE(reader) << reader.error().to_string();
  EXPECT_TRUE((*reader)->capabilities().read_only);
  EXPECT_TRUE(*(*reader)->exists("k"));
  EXPECT_EQ((*reader)->put("k", value(2)).code(), StatusCode::kNotSupported);
  EXPECT_EQ((*reader)->begin().status().code(), StatusCode::kNotSupported);
}

}  // namespace
}  // namespace quipu::testing
