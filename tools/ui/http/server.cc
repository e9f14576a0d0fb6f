#include "tools/ui/http/server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <exception>
#include <string>
#include <utility>

namespace quipu::ui {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using net::ip::tcp;

constexpr size_t kHandlerThreads = 4;
constexpr int kDrainSeconds = 2;
constexpr size_t kMaxDrainedBytes = 4 << 20;
constexpr auto kTick = std::chrono::milliseconds(100);

// Nothing but the page's own files, no frames, no forms, no HTML made of text; nothing is kept by the
// browser.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

HttpRequest plain_request(const http::request<http::string_body>& from) {
  HttpRequest request;
  request.method = std::string(from.method_string());
  request.target = std::string(from.target());
  for (const auto& field : from) request.headers.emplace_back(field.name_string(), field.value());
  request.body = from.body();
  return request;
}

// What all connections share. The network is one thread's, that of run().
struct Shared {
  net::io_context* io = nullptr;
  const HttpServer::Check* check = nullptr;
  const HttpServer::Handler* handler = nullptr;
  net::thread_pool handlers{kHandlerThreads};
  size_t connections = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Shared& shared) : shared_(shared), stream_(std::move(socket)) {
    ++shared_.connections;
  }
  ~Connection() { --shared_.connections; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void read() {
    parser_.emplace();
    parser_->header_limit(kMaxHeadBytes);
    parser_->body_limit(kMaxBodyBytes);
    // One time for all of it: who sends a byte now and then does not get more.
    stream_.expires_after(std::chrono::seconds(kRequestSeconds));
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, size_t) { self->on_read(error); });
  }

 private:
  void on_read(error_code error) {
    if (error) {
      if (error == http::error::header_limit) {
        last(error_response(431, "the head of the request is too long"));
      } else if (error == http::error::body_limit) {
        last(error_response(413, "the body of the request is too long"));
      } else if (error.category() == make_error_code(http::error::bad_method).category() &&
                 error != http::error::end_of_stream && error != http::error::partial_message) {
        last(error_response(400, "this is no HTTP request"));
      }
      return;  // a client that has gone, or was too slow
    }
    request_ = plain_request(parser_->get());
    keep_alive_ = parser_->get().keep_alive();
    if (std::optional<HttpResponse> refused = (*shared_.check)(request_)) return write(std::move(*refused));
    net::post(shared_.handlers, [self = shared_from_this()]() mutable {
      HttpResponse response = self->handle();
      // Back to the network's thread, and this reference with it.
      net::io_context& io = *self->shared_.io;
      net::post(io, [self = std::move(self), response = std::move(response)]() mutable {
        self->write(std::move(response));
      });
    });
  }

  HttpResponse handle() {
    try {
      return (*shared_.handler)(request_);
    } catch (const std::exception& error) {
      return error_response(500, error.what());
    }
  }

  // An answer to what has not been read to its end.
  void last(HttpResponse response) {
    keep_alive_ = false;
    write(std::move(response));
  }

  void write(HttpResponse from) {
    response_ = http::response<http::string_body>(static_cast<http::status>(from.status), 11);
    response_.set(http::field::content_type, from.content_type);
    response_.set("Content-Security-Policy", kPolicy);
    response_.set("Cross-Origin-Opener-Policy", "same-origin");
    response_.set("Cross-Origin-Resource-Policy", "same-origin");
    response_.set("Referrer-Policy", "no-referrer");
    response_.set("X-Content-Type-Options", "nosniff");
    response_.set("X-Frame-Options", "DENY");
    response_.set(http::field::cache_control, "no-store");
    if (from.status == 405) response_.set(http::field::allow, "GET, POST");
    response_.body() = std::move(from.body);
    response_.keep_alive(keep_alive_);
    response_.prepare_payload();
    stream_.expires_after(std::chrono::seconds(kResponseSeconds));
    http::async_write(stream_, response_, [self = shared_from_this()](error_code error, size_t) {
      if (!error && self->keep_alive_) return self->read();
      error_code ignored;
      self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
      self->stream_.expires_after(std::chrono::seconds(kDrainSeconds));
      self->drain(kMaxDrainedBytes);
    });
  }

  // Closing a socket of which something is unread would take the answer from a client that is still sending.
  void drain(size_t at_most) {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(kMaxHeadBytes),
                            [self = shared_from_this(), at_most](error_code error, size_t bytes) {
                              if (!error && bytes < at_most) self->drain(at_most - bytes);
                            });
  }

  Shared& shared_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{2 * kMaxHeadBytes};
  std::optional<http::request_parser<http::string_body>> parser_;
  HttpRequest request_;
  http::response<http::string_body> response_;
  bool keep_alive_ = false;
};

}  // namespace

struct HttpServer::Impl {
  Shared shared;  // goes after the connections, which io holds
  net::io_context io{1};
  tcp::acceptor acceptor{io};
  net::steady_timer tick{io};

  void accept() {
    acceptor.async_accept([this](error_code error, tcp::socket socket) {
      if (error == net::error::operation_aborted) return;
      if (!error && shared.connections < kMaxConnections) {
        std::make_shared<Connection>(std::move(socket), shared)->read();
      }
      accept();
    });
  }

  void watch(const std::function<bool()>& ended) {
    tick.expires_after(kTick);
    tick.async_wait([this, &ended](error_code) { ended() ? io.stop() : watch(ended); });
  }
};

Result<std::unique_ptr<HttpServer>> HttpServer::listen(uint16_t port) {
  auto impl = std::make_unique<Impl>();
  const tcp::endpoint place(net::ip::address_v4::loopback(), port);
  error_code error;
  impl->acceptor.open(place.protocol(), error);
  if (!error) impl->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) impl->acceptor.bind(place, error);
  if (!error) impl->acceptor.listen(static_cast<int>(kMaxConnections), error);
  if (error) {
    return Status::io_error("cannot listen on 127.0.0.1:" + std::to_string(port) + ": " + error.message());
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

uint16_t HttpServer::port() const {
  error_code ignored;
  return impl_->acceptor.local_endpoint(ignored).port();
}

void HttpServer::run(const Check& check, const Handler& handler, const std::function<bool()>& ended) {
  impl_->shared.io = &impl_->io;
  impl_->shared.check = &check;
  impl_->shared.handler = &handler;
  impl_->accept();
  impl_->watch(ended);
  impl_->io.run();
  impl_->shared.handlers.join();
}

}  // namespace quipu::ui
