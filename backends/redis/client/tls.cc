#include "backends/redis/client/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace quipu::redis {
namespace {

// Of the error that came first, the others follow from it.
std::string reason() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  const char* const text = error == 0 ? nullptr : ERR_reason_error_string(error);
  return text == nullptr ? "no reason is given" : text;
}

Status failed(ssl_st* session, int result) {
  const int system_error = errno;
  const int kind = SSL_get_error(session, result);
  if (kind == SSL_ERROR_ZERO_RETURN) return Status::io_error("Server closed the connection");
  const long verified = SSL_get_verify_result(session);
  if (verified != X509_V_OK) {
    ERR_clear_error();
    return Status::io_error("TLS: the server's certificate is not accepted: " +
                            std::string(X509_verify_cert_error_string(verified)));
  }
  if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
    return Status::io_error("no answer in time");
  if (kind != SSL_ERROR_SYSCALL) return Status::io_error("TLS: " + reason());
  ERR_clear_error();
  if (system_error == EAGAIN || system_error == EWOULDBLOCK) return Status::io_error("no answer in time");
  return Status::io_error(system_error == 0 ? "Server closed the connection" : std::strerror(system_error));
}

Status unusable(std::string_view option, const std::string& file) {
  return Status::invalid_argument(std::string(option) + "=" + file + " cannot be used: " + reason());
}

Status use_files(ssl_ctx_st* context, const TlsFiles& files) {
  if (files.ca_certs.empty()) {
    SSL_CTX_set_default_verify_paths(context);
  } else if (SSL_CTX_load_verify_file(context, files.ca_certs.c_str()) != 1) {
    return unusable("ssl_ca_certs", files.ca_certs);
  }
  if (files.certfile.empty()) return Status::ok();
  if (SSL_CTX_use_certificate_chain_file(context, files.certfile.c_str()) != 1) {
    return unusable("ssl_certfile", files.certfile);
  }
  const std::string& key = files.keyfile.empty() ? files.certfile : files.keyfile;
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return unusable("ssl_keyfile", key);
  }
  return Status::ok();
}

}  // namespace

Result<std::shared_ptr<const Tls>> Tls::make(const TlsFiles& files) {
  ERR_clear_error();
  const std::shared_ptr<const Tls> tls(new Tls(SSL_CTX_new(TLS_client_method())));
  if (tls->context_ == nullptr) return Status::io_error("TLS: " + reason());
  SSL_CTX_set_verify(tls->context_, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(tls->context_, SSL_MODE_AUTO_RETRY);
  QUIPU_RETURN_IF_ERROR(use_files(tls->context_, files));
  return tls;
}

Tls::~Tls() { SSL_CTX_free(context_); }

Result<std::unique_ptr<TlsSession>> Tls::connect(int socket, const std::string& host) const {
  ERR_clear_error();
  SSL* const ssl = SSL_new(context_);
  std::unique_ptr<TlsSession> session(new TlsSession(ssl));
  if (ssl == nullptr || SSL_set_fd(ssl, socket) != 1) return Status::io_error("TLS: " + reason());
  // A host that is no address of IP is also what a server of many names is told.
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) != 1) {
    ERR_clear_error();
    if (SSL_set1_host(ssl, host.c_str()) != 1 || SSL_set_tlsext_host_name(ssl, host.c_str()) != 1) {
      return Status::io_error("TLS: " + reason());
    }
  }
  errno = 0;
  const int result = SSL_connect(ssl);
  if (result != 1) return failed(ssl, result);
  return session;
}

TlsSession::~TlsSession() { SSL_free(session_); }

Status TlsSession::write(std::string_view bytes) {
  while (!bytes.empty()) {
    ERR_clear_error();
    errno = 0;
    const int written =
        SSL_write(session_, bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), INT_MAX)));
    if (written <= 0) return failed(session_, written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return Status::ok();
}

Result<size_t> TlsSession::read(char* to, size_t size) {
  ERR_clear_error();
  errno = 0;
  const int got = SSL_read(session_, to, static_cast<int>(std::min<size_t>(size, INT_MAX)));
  if (got <= 0) return failed(session_, got);
  return static_cast<size_t>(got);
}

}  // namespace quipu::redis
