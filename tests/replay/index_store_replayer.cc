#include "quipu/index_store.h"
#include "tests/replay/replayer.h"

namespace quipu::testing {
namespace {

class IndexStoreReplayer : public Replayer {
 public:
  explicit IndexStoreReplayer(BackendStores& stores) : stores_(stores) {}

  Result<std::string> apply(std::string_view op, JsonView args) override {
    if (op == "__init__") {
      index_store_.reset();
      kv_.reset();
      return use(stores_.create());
    } else if (op == "reload") {
      index_store_.reset();
      return use(stores_.reopen(std::move(kv_)));
    } else if (op == "to_dict") {
      return store_to_dict(*kv_);
    } else if (op == "add_index_struct") {
      QUIPU_ASSIGN_OR_RETURN(
          const IndexStruct index_struct,
          IndexStruct::from_json(Json::from_canonical(std::string(args.find("index_struct")->text()))));
      QUIPU_RETURN_IF_ERROR(index_store_->add_index_struct(index_struct));
    } else if (op == "delete_index_struct") {
      QUIPU_RETURN_IF_ERROR(index_store_->delete_index_struct(string_arg(args, "key")));
    } else if (op == "get_index_struct") {
      const std::optional<JsonView> id = args.find("struct_id");
      std::optional<std::string> struct_id;
      if (id && id->is_string()) struct_id = id->string();
      QUIPU_ASSIGN_OR_RETURN(const std::optional<IndexStruct> found,
                             index_store_->get_index_struct(struct_id));
      return found ? found->to_json().text() : "null";
    } else if (op == "index_structs") {
      QUIPU_ASSIGN_OR_RETURN(const std::vector<IndexStruct> structs, index_store_->index_structs());
      std::string text = "[";
      for (const IndexStruct& index_struct : structs) {
        text += (text.size() > 1 ? ", " : "") + index_struct.to_json().text();
      }
      return text + "]";
    } else {
      return Status::not_supported("unknown operation " + std::string(op));
    }
    return std::string("null");
  }

 private:
  Result<std::string> use(Result<std::shared_ptr<BaseKVStore>> kv) {
    QUIPU_ASSIGN_OR_RETURN(kv_, std::move(kv));
    index_store_.emplace(kv_);
    return std::string("null");
  }

  BackendStores& stores_;
  std::shared_ptr<BaseKVStore> kv_;
  std::optional<KVIndexStore> index_store_;
};

}  // namespace

std::unique_ptr<Replayer> make_index_store_replayer(BackendStores& stores) {
  return std::make_unique<IndexStoreReplayer>(stores);
}

}  // namespace quipu::testing
