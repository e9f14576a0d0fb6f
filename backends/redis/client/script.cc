#include "backends/redis/client/script.h"

#include <openssl/evp.h>

#include <array>

namespace quipu::redis {

Script::Script(std::string_view text) : text_(text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  static constexpr char kDigits[] = "0123456789abcdef";
  for (unsigned i = 0; i < size; ++i) {
    sha1_ += kDigits[digest[i] >> 4];
    sha1_ += kDigits[digest[i] & 15];
  }
}

Command Script::call(size_t keys) const {
  Command command("EVALSHA");
  command.add(sha1_).add(static_cast<uint64_t>(keys));
  return command;
}

}  // namespace quipu::redis
