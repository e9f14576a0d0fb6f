// "whitespace": the pieces between white space, as they stand. White space is what str.split() splits at.

#include "engine/base/utf8.h"
#include "engine/text/analysis/analysers.h"

namespace quipu {
namespace {

bool is_white_space(uint32_t c) {
  return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

class WhitespaceAnalyser : public Analyser {
 public:
  void analyse(std::string_view text, const Use& use) override {
    const char* const end = text.data() + text.size();
    const char* start = nullptr;
    uint32_t position = 0;
    const auto finish = [&](const char* at) {
      if (start != nullptr) use({term_of({start, static_cast<size_t>(at - start)}, buffer_), position++});
      start = nullptr;
    };
    for (const char* at = text.data(); at < end;) {
      uint32_t code_point = 0;
      const int length = decode_utf8(at, end, code_point);
      if (length == 0 || is_white_space(code_point)) {
        finish(at);
      } else if (start == nullptr) {
        start = at;
      }
      at += length == 0 ? 1 : length;
    }
    finish(end);
  }

  std::string prefix(std::string_view beginning) const override { return std::string(beginning); }
  std::string version() const override { return {}; }

 private:
  std::string buffer_;
};

}  // namespace

std::unique_ptr<Analyser> make_whitespace_analyser() { return std::make_unique<WhitespaceAnalyser>(); }

}  // namespace quipu
