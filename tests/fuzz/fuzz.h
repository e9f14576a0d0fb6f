// What fuzz targets share. A target is a file NAME_fuzz.cc that defines fuzz_one(); it is linked with
// libFuzzer (tools/dev fuzz NAME), or with random_driver.cc, which needs no clang and runs the corpus and
// some thousand changed inputs in every test run.

#ifndef QUIPU_TESTS_FUZZ_FUZZ_H_
#define QUIPU_TESTS_FUZZ_FUZZ_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace quipu::testing {

// Takes any bytes. Aborts where something that must hold does not.
void fuzz_one(std::string_view input);

inline void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

// An input as a sequence of choices; when it is used up, every choice is the first.
class Choices {
 public:
  explicit Choices(std::string_view input) : rest_(input) {}

  bool empty() const { return rest_.empty(); }
  size_t below(size_t limit) { return limit == 0 ? 0 : next() % limit; }
  std::string_view bytes(size_t most) {
    const std::string_view taken = rest_.substr(0, most);
    rest_.remove_prefix(taken.size());
    return taken;
  }

 private:
  uint8_t next() {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  std::string_view rest_;
};

// Up to the first newline, and behind it.
inline std::pair<std::string_view, std::string_view> lines_of(std::string_view input) {
  const size_t end = input.find('\n');
  if (end == std::string_view::npos) return {input, {}};
  return {input.substr(0, end), input.substr(end + 1)};
}

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_FUZZ_FUZZ_H_
