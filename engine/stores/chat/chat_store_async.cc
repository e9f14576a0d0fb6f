// The async twins of BaseChatStore.

#include <utility>

#include "quipu/backend/executor.h"
#include "quipu/chat_store.h"

namespace quipu {

using Store = BaseChatStore;

std::future<Status> Store::aset_messages(std::string key, std::vector<Json> messages, MessageStatus status) {
  return run_async(executor(), unowned(), &Store::set_messages, std::move(key), std::move(messages), status);
}

std::future<Result<std::vector<Json>>> Store::aget_messages(std::string key, MessageWindow window) {
  return run_async(executor(), unowned(), &Store::get_messages, std::move(key), window);
}

std::future<Status> Store::async_add_message(std::string key, Json message, MessageStatus status) {
  return run_async(executor(), unowned(), &Store::add_message, std::move(key), std::move(message), status);
}

std::future<Result<std::optional<std::vector<Json>>>> Store::adelete_messages(std::string key) {
  return run_async(executor(), unowned(), &Store::delete_messages, std::move(key));
}

std::future<Result<std::optional<Json>>> Store::adelete_message(std::string key, int64_t idx) {
  return run_async(executor(), unowned(), &Store::delete_message, std::move(key), idx);
}

std::future<Result<std::optional<Json>>> Store::adelete_last_message(std::string key) {
  return run_async(executor(), unowned(), &Store::delete_last_message, std::move(key));
}

std::future<Result<std::vector<std::string>>> Store::aget_keys() {
  return run_async(executor(), unowned(), &Store::get_keys);
}

}  // namespace quipu
