#ifndef QUIPU_ENGINE_BASE_SHA256_H_
#define QUIPU_ENGINE_BASE_SHA256_H_

#include <memory>
#include <string>
#include <string_view>

namespace quipu {

// sha256(bytes).hexdigest()
std::string sha256_hex(std::string_view bytes);

// The same in parts.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void update(std::string_view bytes);
  std::string hex();  // of all since the last one

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_BASE_SHA256_H_
