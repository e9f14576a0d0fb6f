#include "engine/files/http/http_connections.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <vector>

#include "quipu/backend/thread_annotations.h"

namespace quipu {
namespace {

constexpr long kReceiveBytes = 256 << 10;  // at once, at most

struct EndHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, EndHandle>;

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

struct Receiver {
  HttpAnswer answer;
  size_t max_bytes;
};

size_t receive_body(char* bytes, size_t /*one*/, size_t size, void* to) {
  auto* const receiver = static_cast<Receiver*>(to);
  if (receiver->answer.body.size() + size > receiver->max_bytes) return 0;  // ends the transfer
  receiver->answer.body.append(bytes, size);
  return size;
}

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

size_t receive_header(char* bytes, size_t /*one*/, size_t size, void* to) {
  const std::string_view line(bytes, size);
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  static_cast<Receiver*>(to)->answer.headers[name] = trimmed(line.substr(colon + 1));
  return size;
}

int is_cancelled(void* flag, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0;
}

HeaderList header_list(const HttpRequest& request) {
  curl_slist* list = nullptr;
  std::string line;
  for (const auto& [name, value] : request.headers) {
    line.assign(name).append(": ").append(value);
    list = curl_slist_append(list, line.c_str());
  }
  if (!request.headers.contains("content-type")) {
    list = curl_slist_append(list, "content-type: application/octet-stream");
  }
  return HeaderList(curl_slist_append(list, "expect:"));
}

void set_method(CURL* curl, const HttpRequest& request) {
  if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

void set_connection(CURL* curl, const HttpRequest& request) {
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);  // the path that was signed
  curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, kReceiveBytes);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  if (!request.through_proxy) curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  if (const char* const authorities = std::getenv("AWS_CA_BUNDLE");
      authorities != nullptr && *authorities != '\0') {
    curl_easy_setopt(curl, CURLOPT_CAINFO, authorities);
  }
  if (request.cancelled != nullptr) {
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, is_cancelled);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, request.cancelled);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  }
}

}  // namespace

// Handles keep their connections open; each is used by one request at a time.
class HttpConnections::Handles {
 public:
  Handle take() {
    const MutexLock lock(mutex_);
    if (free_.empty()) return Handle(curl_easy_init());
    Handle handle = std::move(free_.back());
    free_.pop_back();
    return handle;
  }
  void give_back(Handle handle) {
    curl_easy_reset(handle.get());
    const MutexLock lock(mutex_);
    free_.push_back(std::move(handle));
  }

 private:
  Mutex mutex_;
  std::vector<Handle> free_ QUIPU_GUARDED_BY(mutex_);
};

HttpConnections::HttpConnections() : handles_(std::make_unique<Handles>()) {
  static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)kReady;
}
HttpConnections::~HttpConnections() = default;

Result<HttpAnswer> HttpConnections::send(const HttpRequest& request) const {
  Handle handle = handles_->take();
  if (!handle) return Status::io_error("no connection can be made: out of memory");
  CURL* const curl = handle.get();
  const HeaderList headers = header_list(request);
  Receiver receiver{{}, request.max_answer_bytes};
  set_connection(curl, request);
  set_method(curl, request);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, receive_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &receiver);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &receiver);
  const CURLcode done = curl_easy_perform(curl);
  if (done != CURLE_OK) return Status::io_error(curl_easy_strerror(done));
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &receiver.answer.status);
  handles_->give_back(std::move(handle));
  return std::move(receiver.answer);
}

std::string_view HttpAnswer::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view() : found->second;
}

std::string host_of(std::string_view url) {
  const size_t scheme = url.find("://");
  const size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  return std::string(url.substr(begin, url.find_first_of("/?", begin) - begin));
}

}  // namespace quipu
