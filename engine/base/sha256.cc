#include "engine/base/sha256.h"

#include <openssl/evp.h>

#include <array>

namespace quipu {
namespace {

// Looking the algorithm up costs more than hashing a node.
const EVP_MD* algorithm() {
  static const EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return found;
}

}  // namespace

struct Sha256::Context {
  Context() : md(EVP_MD_CTX_new()) {}
  ~Context() { EVP_MD_CTX_free(md); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  void begin() const { EVP_DigestInit_ex2(md, algorithm(), nullptr); }

  EVP_MD_CTX* const md;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) { context_->begin(); }
Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) { EVP_DigestUpdate(context_->md, bytes.data(), bytes.size()); }

std::string Sha256::hex() {
  std::array<unsigned char, 32> digest{};
  EVP_DigestFinal_ex(context_->md, digest.data(), nullptr);
  context_->begin();
  constexpr char kHex[] = "0123456789abcdef";
  std::string hex(2 * digest.size(), '0');
  for (size_t i = 0; i < digest.size(); ++i) {
    hex[2 * i] = kHex[digest[i] >> 4];
    hex[2 * i + 1] = kHex[digest[i] & 15];
  }
  return hex;
}

std::string sha256_hex(std::string_view bytes) {
  thread_local Sha256 hash;
  hash.update(bytes);
  return hash.hex();
}

}  // namespace quipu
