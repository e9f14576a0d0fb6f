#include "engine/files/s3/s3_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <cctype>
#include <cstdlib>
#include <ctime>
#include <sstream>
#include <thread>

#include "quipu/backend/thread_annotations.h"

namespace quipu {
namespace {

constexpr long kConnectTimeoutMs = 10'000;
constexpr long kTooManyRequests = 429;

struct EndHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, EndHandle>;

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &parts);
  return text;
}

struct Receiver {
  S3Answer answer;
  size_t max_bytes;
};

size_t receive_body(char* bytes, size_t /*one*/, size_t size, void* to) {
  auto* const receiver = static_cast<Receiver*>(to);
  if (receiver->answer.body.size() + size > receiver->max_bytes) return 0;  // ends the transfer
  receiver->answer.body.append(bytes, size);
  return size;
}

size_t receive_header(char* bytes, size_t /*one*/, size_t size, void* to) {
  const std::string_view line(bytes, size);
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && std::isspace(static_cast<unsigned char>(value.front())) != 0)
    value.remove_prefix(1);
  while (!value.empty() && std::isspace(static_cast<unsigned char>(value.back())) != 0)
    value.remove_suffix(1);
  static_cast<Receiver*>(to)->answer.headers[name] = value;
  return size;
}

// "http://host:1/" -> "host:1"
std::string host_of(const std::string& endpoint) {
  const size_t scheme = endpoint.find("://");
  const size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  return endpoint.substr(begin, endpoint.find('/', begin) - begin);
}

std::string describe(const S3Client::Call& call) {
  return "S3: " + call.method + " " + call.place.bucket +
         (call.place.key.empty() ? "" : "/" + call.place.key);
}

void collect(const boost::property_tree::ptree& tree, std::string_view name,
             std::vector<std::string>& found) {
  for (const auto& [child, subtree] : tree) {
    if (child == name) found.push_back(subtree.data());
    collect(subtree, name, found);
  }
}

}  // namespace

// Handles keep their connections open; each is used by one request at a time.
class S3Client::Connections {
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

S3Client::S3Client(S3Options options)
    : options_(std::move(options)), connections_(std::make_unique<Connections>()) {
  static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)kReady;
}
S3Client::~S3Client() = default;

Result<S3Answer> S3Client::attempt(const Call& call) const {
  S3Request request{
      call.method, host_of(options_.endpoint), "/" + call.place.bucket, call.query, call.headers, call.body};
  if (!call.place.key.empty()) request.path += "/" + call.place.key;
  sign_s3_request(
      {options_.access_key_id, options_.secret_access_key, options_.session_token, options_.region},
      utc_now(), request);
  std::string url = options_.endpoint;
  while (url.ends_with('/')) url.pop_back();
  url += s3_uri_encode(request.path, false);
  if (!request.query.empty()) url += "?" + s3_query_string(request.query);

  curl_slist* list = nullptr;
  std::string line;
  for (const auto& [name, value] : request.headers) {
    line.assign(name).append(": ").append(value);
    list = curl_slist_append(list, line.c_str());
  }
  for (const char* const header : {"content-type: application/octet-stream", "expect:"}) {
    list = curl_slist_append(list, header);
  }
  const std::unique_ptr<curl_slist, FreeList> headers(list);
  Handle handle = connections_->take();
  if (!handle) return Status::io_error("S3: no connection can be made: out of memory");
  CURL* const curl = handle.get();
  Receiver receiver{{}, call.max_answer_bytes};
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);  // the path that was signed
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.request_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, receive_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &receiver);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &receiver);
  if (call.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (call.method != "GET") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call.body.empty() ? "" : call.body.data());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call.method.c_str());
  }
  const CURLcode done = curl_easy_perform(curl);
  if (done != CURLE_OK) return Status::io_error(describe(call) + ": " + curl_easy_strerror(done));
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &receiver.answer.status);
  connections_->give_back(std::move(handle));
  return std::move(receiver.answer);
}

Result<S3Answer> S3Client::answer(const Call& call) const {
  std::chrono::milliseconds pause = options_.first_pause;
  for (int attempts_left = std::max(options_.attempts, 1);; pause *= 2) {
    Result<S3Answer> answer = attempt(call);
    const bool passing = !answer || answer->status >= 500 || answer->status == kTooManyRequests;
    if (!passing || --attempts_left == 0) return answer;
    std::this_thread::sleep_for(pause);
  }
}

Result<S3Answer> S3Client::request(const Call& call) const {
  QUIPU_ASSIGN_OR_RETURN(S3Answer got, answer(call));
  // S3 may answer 200 and tell of an error all the same: it has said so before it knew.
  const bool failed =
      got.status >= 300 || (call.method == "POST" && got.body.find("<Error>") != std::string::npos);
  if (failed) return s3_error(call, got);
  return got;
}

Status s3_error(const S3Client::Call& call, const S3Answer& answer) {
  std::string message = describe(call) + ": status " + std::to_string(answer.status);
  for (const std::string_view part : {"Code", "Message"}) {
    const std::vector<std::string> said = s3_elements(answer.body, part);
    if (!said.empty()) message += ", " + said.front();
  }
  return Status::io_error(message);
}

std::vector<std::string> s3_elements(const std::string& xml, std::string_view name) {
  std::vector<std::string> found;
  try {
    std::istringstream in(xml);
    boost::property_tree::ptree tree;
    boost::property_tree::read_xml(in, tree);
    collect(tree, name, found);
  } catch (const boost::property_tree::xml_parser_error&) {
    found.clear();  // no XML has no elements
  }
  return found;
}

Result<S3Place> parse_s3_path(const std::string& path) {
  std::string_view rest = path;
  if (rest.starts_with("s3://")) rest.remove_prefix(5);
  while (rest.starts_with('/')) rest.remove_prefix(1);
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const size_t slash = rest.find('/');
  S3Place place{std::string(rest.substr(0, slash)), {}};
  if (place.bucket.empty()) return Status::invalid_argument("S3: the path " + path + " names no bucket");
  if (slash != std::string_view::npos) place.key = rest.substr(slash + 1);
  return place;
}

Result<S3Options> S3Options::from_environment() {
  const auto variable = [](std::initializer_list<const char*> names) -> std::string {
    for (const char* const name : names) {
      if (const char* const value = std::getenv(name); value != nullptr && *value != '\0') return value;
    }
    return {};
  };
  S3Options options;
  if (const std::string region = variable({"AWS_REGION", "AWS_DEFAULT_REGION"}); !region.empty()) {
    options.region = region;
  }
  options.endpoint = variable({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
  if (options.endpoint.empty()) options.endpoint = "https://s3." + options.region + ".amazonaws.com";
  options.access_key_id = variable({"AWS_ACCESS_KEY_ID"});
  options.secret_access_key = variable({"AWS_SECRET_ACCESS_KEY"});
  options.session_token = variable({"AWS_SESSION_TOKEN"});
  for (const auto& [name, value] : {std::pair("AWS_ACCESS_KEY_ID", options.access_key_id),
                                    std::pair("AWS_SECRET_ACCESS_KEY", options.secret_access_key)}) {
    if (value.empty()) return Status::invalid_argument(std::string("the environment has no ") + name);
  }
  return options;
}

}  // namespace quipu
