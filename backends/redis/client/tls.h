// Tls: what rediss:// connections are secured with: the certificates that are trusted, the one that is shown.
// The server must show one that is trusted and is of the host that was asked for.
//
//   QUIPU_ASSIGN_OR_RETURN(const auto tls, Tls::make({.ca_certs = "ca.crt"}));
//   QUIPU_ASSIGN_OR_RETURN(const auto session, tls->connect(socket, "redis.example"));
//   QUIPU_RETURN_IF_ERROR(session->write(command));
//
// Thread-safety: Tls any; a session one thread at a time. Errors: kIoError with what OpenSSL says, without
// the host.

#ifndef QUIPU_BACKENDS_REDIS_CLIENT_TLS_H_
#define QUIPU_BACKENDS_REDIS_CLIENT_TLS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "quipu/status.h"

struct ssl_ctx_st;
struct ssl_st;

namespace quipu::redis {

// Files in PEM form, named as redis-py names them.
struct TlsFiles {
  std::string ca_certs;  // those that are trusted; empty: the system's
  std::string certfile;  // with its key in keyfile: the client's own; empty: none
  std::string keyfile;   // empty: in certfile
};

class TlsSession {
 public:
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  Status write(std::string_view bytes);
  // At least one byte; waits for it as long as the socket's timeout.
  Result<size_t> read(char* to, size_t size);

 private:
  friend class Tls;
  explicit TlsSession(ssl_st* session) : session_(session) {}

  ssl_st* const session_;
};

class Tls {
 public:
  // Errors: kInvalidArgument naming the file that cannot be used.
  static Result<std::shared_ptr<const Tls>> make(const TlsFiles& files);
  ~Tls();
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;

  // Over a socket that is connected, which must outlive the session.
  Result<std::unique_ptr<TlsSession>> connect(int socket, const std::string& host) const;

 private:
  explicit Tls(ssl_ctx_st* context) : context_(context) {}

  ssl_ctx_st* const context_;
};

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_CLIENT_TLS_H_
