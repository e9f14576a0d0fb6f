#include "tests/replay/replayer.h"

namespace quipu::testing {
namespace {

class KVReplayer : public Replayer {
 public:
  explicit KVReplayer(BackendStores& stores) : stores_(stores) {}

  Result<std::string> apply(std::string_view op, JsonView args) override {
    const std::string key = string_arg(args, "key");
    const std::string collection = string_arg(args, "collection", DEFAULT_COLLECTION);
    if (op == "__init__") {
      store_.reset();
      QUIPU_ASSIGN_OR_RETURN(store_, stores_.create());
    } else if (op == "reload") {
      QUIPU_ASSIGN_OR_RETURN(store_, stores_.reopen(std::move(store_)));
    } else if (op == "to_dict") {
      return store_to_dict(*store_);
    } else if (op == "put") {
      QUIPU_RETURN_IF_ERROR(store_->put(key, *args.find("val"), collection));
    } else if (op == "put_all") {
      QUIPU_RETURN_IF_ERROR(put_all(args, collection));
    } else if (op == "get") {
      QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> val, store_->get(key, collection));
      return val ? val->text() : "null";
    } else if (op == "get_all") {
      return get_all(collection);
    } else if (op == "delete") {
      QUIPU_ASSIGN_OR_RETURN(const bool existed, store_->delete_(key, collection));
      return json_text(existed);
    } else {
      return Status::not_supported("unknown operation " + std::string(op));
    }
    return std::string("null");
  }

 private:
  Status put_all(JsonView args, const std::string& collection) {
    std::vector<KVEntry> entries;
    for (JsonView pair : args.find("kv_pairs")->elements()) {
      auto part = pair.elements().begin();
      std::string key = part->string();
      ++part;
      entries.push_back({std::move(key), Json::from_canonical(std::string(part->text()))});
    }
    std::vector<KVPair> pairs;
    for (const KVEntry& entry : entries) pairs.push_back({entry.key, entry.val});
    const std::optional<JsonView> batch_size = args.find("batch_size");
    return store_->put_all(pairs, collection,
                           batch_size ? static_cast<int>(batch_size->int64().value_or(0)) : 1);
  }

  Result<std::string> get_all(const std::string& collection) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<KVEntry> entries, store_->get_all(collection));
    std::string text = "{";
    for (const KVEntry& entry : entries) {
      text += (text.size() > 1 ? ", " : "") + json_text(entry.key) + ": " + entry.val.text();
    }
    return text + "}";
  }

  BackendStores& stores_;
  std::shared_ptr<BaseKVStore> store_;
};

}  // namespace

std::unique_ptr<Replayer> make_kv_replayer(BackendStores& stores) {
  return std::make_unique<KVReplayer>(stores);
}

}  // namespace quipu::testing
