#include "backends/redis/client/address.h"

#include <charconv>
#include <optional>
#include <utility>

namespace quipu::redis {
namespace {

constexpr int kMaxSeconds = 24 * 60 * 60;
constexpr int kMaxConnections = 1000;
constexpr int kMaxDatabase = 1'000'000;

Status wrong(std::string_view what) {
  return Status::invalid_argument(
      "an address of Redis is redis://[user:password@]host:port[/database]"
      "[?namespace=...]: " +
      std::string(what));
}

std::optional<int> number_of(std::string_view text, int least, int most) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) return {};
  return number;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      bytes += text[i];
      continue;
    }
    unsigned value = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) return {};
    bytes += static_cast<char>(value);
    i += 2;
  }
  return bytes;
}

// What stands before `mark`, which goes from `text` with it; all of it where there is none.
std::string_view take_until(std::string_view& text, char mark) {
  const size_t at = text.find(mark);
  const std::string_view taken = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return taken;
}

Result<Endpoint> endpoint_of(std::string_view text) {
  Endpoint endpoint;
  const size_t bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  const size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string_view host = text.substr(0, colon);
  if (bracket != std::string_view::npos) host = text.substr(1, bracket - 1);
  if (host.empty()) return wrong("the host is missing");
  endpoint.host = host;
  if (colon == std::string_view::npos) return endpoint;
  const std::optional<int> port = number_of(text.substr(colon + 1), 1, 65535);
  if (!port) return wrong("\"" + std::string(text.substr(colon + 1)) + "\" is no port");
  endpoint.port = *port;
  return endpoint;
}

Status take_user(std::string_view text, Address& address) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return wrong("a user needs a password: user:password@");
  const std::optional<std::string> user = decoded(text.substr(0, colon));
  const std::optional<std::string> password = decoded(text.substr(colon + 1));
  if (!user || !password)
    return wrong("a % in the user or password is not followed by two hexadecimal digits");
  address.user = *user;
  address.password = *password;
  return Status::ok();
}

// The option's place among the files of TLS; null where it is none of these.
std::string* file_of(std::string_view name, TlsFiles& files) {
  if (name == "ssl_ca_certs") return &files.ca_certs;
  if (name == "ssl_certfile") return &files.certfile;
  return name == "ssl_keyfile" ? &files.keyfile : nullptr;
}

Status take_option(std::string_view option, Address& address, TlsFiles* files) {
  const std::string name(take_until(option, '='));
  const std::optional<std::string> value = decoded(option);
  if (!value) return wrong(name + ": a % is not followed by two hexadecimal digits");
  const auto seconds = [&](std::chrono::milliseconds& place) {
    const std::optional<int> number = number_of(*value, 1, kMaxSeconds);
    if (!number)
      return wrong(name + "=" + *value + ": from 1 to " + std::to_string(kMaxSeconds) + " seconds");
    place = std::chrono::seconds(*number);
    return Status::ok();
  };
  if (name == "namespace") {
    if (value->empty()) return wrong("the namespace is empty");
    address.name_space = *value;
    return Status::ok();
  }
  if (name == "timeout") return seconds(address.timeout);
  if (name == "retry") return seconds(address.retry);
  if (name == "connections") {
    const std::optional<int> number = number_of(*value, 1, kMaxConnections);
    if (!number) return wrong("connections=" + *value + ": from 1 to " + std::to_string(kMaxConnections));
    address.connections = static_cast<size_t>(*number);
    return Status::ok();
  }
  TlsFiles none;
  std::string* const file = file_of(name, files == nullptr ? none : *files);
  if (file != nullptr && files == nullptr) return wrong(name + " is of rediss://");
  if (file == nullptr) {
    return wrong(
        "there is no option \"" + name +
        "\" (there are namespace, timeout, retry, connections; of rediss:// ssl_ca_certs, ssl_certfile, "
        "ssl_keyfile)");
  }
  *file = *value;
  return Status::ok();
}

}  // namespace

std::string Endpoint::to_string() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Address> Address::parse(std::string_view rest, bool tls) {
  if (!rest.starts_with("//")) return wrong("// is missing");
  rest.remove_prefix(2);
  Address address;
  TlsFiles files;
  std::string_view before_options = take_until(rest, '?');
  std::string_view hosts =
      before_options.substr(0, before_options.rfind('@') == std::string_view::npos
                                   ? before_options.find('/')
                                   : before_options.find('/', before_options.rfind('@')));
  const std::string_view path = before_options.substr(hosts.size());
  if (const size_t at = hosts.rfind('@'); at != std::string_view::npos) {
    QUIPU_RETURN_IF_ERROR(take_user(hosts.substr(0, at), address));
    hosts.remove_prefix(at + 1);
  }
  do {
    QUIPU_ASSIGN_OR_RETURN(Endpoint endpoint, endpoint_of(take_until(hosts, ',')));
    address.endpoints.push_back(std::move(endpoint));
  } while (!hosts.empty());
  if (path.size() > 1) {
    const std::optional<int> database = number_of(path.substr(1), 0, kMaxDatabase);
    if (!database) return wrong("\"" + std::string(path.substr(1)) + "\" is no number of a database");
    address.database = *database;
  }
  while (!rest.empty())
    QUIPU_RETURN_IF_ERROR(take_option(take_until(rest, '&'), address, tls ? &files : nullptr));
  if (tls) {
    QUIPU_ASSIGN_OR_RETURN(address.tls, Tls::make(files));
  }
  return address;
}

}  // namespace quipu::redis
