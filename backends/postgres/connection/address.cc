#include "backends/postgres/connection/address.h"

#include <libpq-fe.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

namespace quipu::postgres {
namespace {

constexpr int kConnectTimeoutSeconds = 10;

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

// As libpq has it: the part before an '@' that comes before the first '/' holds user and password.
size_t end_of_credentials(std::string_view uri) {
  const size_t start = uri.find("//") + 2;
  const size_t at = uri.find_first_of("@/", start);
  return at != std::string_view::npos && uri[at] == '@' ? at + 1 : start;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned byte = 0;
    const char* const digits = text.data() + i + 1;
    if (i + 2 >= text.size() || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2 ||
        byte == 0) {
      return std::nullopt;
    }
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("-._~,:").find(c) < 6) {
      encoded += c;
    } else {
      constexpr std::string_view kHex = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      ((encoded += '%') += kHex[byte >> 4]) += kHex[byte & 15];
    }
  }
  return encoded;
}

// The first of some parameters that is not empty.
std::string value_of(const PostgresAddress& address, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    for (const auto& [keyword, value] : address.parameters) {
      if (keyword == name && !value.empty()) return value;
    }
  }
  return {};
}

// For messages: without what is secret.
std::string shown(const PostgresAddress& address) {
  std::string text = "postgresql://";
  if (const std::string user = value_of(address, {"user"}); !user.empty())
    text += percent_encoded(user) + "@";
  const std::string host = value_of(address, {"host", "hostaddr"});
  const bool is_folder = host.starts_with('/');  // of a Unix socket
  if (!is_folder) text += percent_encoded(host);
  if (const std::string port = value_of(address, {"port"}); !port.empty()) text += ":" + port;
  text += "/" + percent_encoded(value_of(address, {"dbname"})) + "?";
  if (is_folder) text += "host=" + host + "&";
  return text + "schema=" + percent_encoded(address.schema);
}

Status bad(const std::string& what) { return Status::invalid_argument("PostgreSQL address: " + what); }

Result<size_t> positive_number(std::string_view name, const std::string& value) {
  size_t number = 0;
  const char* const end = value.data() + value.size();
  const auto [at, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc() || at != end || number == 0 || number > 100000) {
    return bad(std::string(name) + " is a positive number, not \"" + value + "\"");
  }
  return number;
}

// True when the parameter of the query is ours, and taken.
Result<bool> take_ours(std::string_view name, const std::string& value, PostgresAddress& address) {
  if (name == "schema") {
    if (value.empty() || value.size() > 63) return bad("schema is a name of 1 to 63 bytes");
    address.schema = value;
  } else if (name == "pool_size") {
    QUIPU_ASSIGN_OR_RETURN(address.pool_size, positive_number(name, value));
  } else if (name == "pool_timeout") {
    QUIPU_ASSIGN_OR_RETURN(const size_t seconds, positive_number(name, value));
    address.pool_timeout = std::chrono::seconds(seconds);
  } else if (name == "prepare") {
    if (value != "true" && value != "false") return bad("prepare is true or false, not \"" + value + "\"");
    address.prepare = value == "true";
  } else {
    return false;
  }
  return true;
}

// Takes what is ours out of the query; the URI that is left for libpq.
Result<std::string> take_ours(std::string_view uri, PostgresAddress& address) {
  const size_t query = uri.find('?', end_of_credentials(uri));
  std::string left(uri.substr(0, query));
  if (query == std::string_view::npos) return left;
  char separator = '?';
  for (std::string_view rest = uri.substr(query + 1); !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const size_t equals = pair.find('=');
    const std::optional<std::string> value =
        percent_decoded(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
    if (value) {
      QUIPU_ASSIGN_OR_RETURN(const bool taken, take_ours(pair.substr(0, equals), *value, address));
      if (taken) continue;
    }
    (left += separator) += pair;
    separator = '&';
  }
  return left;
}

// libpq's own message may quote the URI; it is passed on where there is nothing secret in that.
Status unreadable(std::string_view uri, const char* message) {
  const bool may_be_secret =
      uri.find('@') != std::string_view::npos || uri.find("password") != std::string_view::npos;
  if (may_be_secret || message == nullptr) return bad("it is no valid connection URI");
  std::string_view text = message;
  while (text.ends_with('\n')) text.remove_suffix(1);
  return bad(std::string(text));
}

void set_default(PostgresAddress& address, const std::string& keyword, const std::string& value) {
  const auto given =
      std::ranges::find(address.parameters, keyword, [](const auto& pair) { return pair.first; });
  if (given == address.parameters.end()) address.parameters.emplace_back(keyword, value);
}

}  // namespace

Result<PostgresAddress> PostgresAddress::parse(const std::string& address, bool read_only) {
  PostgresAddress parsed;
  if (address.find("://") == std::string::npos) return bad("it begins with postgresql://");
  QUIPU_ASSIGN_OR_RETURN(const std::string uri, take_ours(address, parsed));
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(PQconninfoParse(uri.c_str(), &message));
  const std::unique_ptr<char, decltype(&PQfreemem)> freed(message, PQfreemem);
  if (!options) return unreadable(uri, message);
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) parsed.parameters.emplace_back(option->keyword, option->val);
  }
  parsed.shown = quipu::postgres::shown(parsed);
  set_default(parsed, "connect_timeout", std::to_string(kConnectTimeoutSeconds));
  set_default(parsed, "fallback_application_name", "quipu");
  if (!read_only) set_default(parsed, "target_session_attrs", "read-write");
  std::erase_if(parsed.parameters, [](const auto& pair) { return pair.first == "client_encoding"; });
  parsed.parameters.emplace_back("client_encoding", "UTF8");
  return parsed;
}

}  // namespace quipu::postgres
