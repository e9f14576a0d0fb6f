// Runs a fuzz target without libFuzzer: every file of a corpus, then inputs made of these by random changes.
//
// usage: NAME_fuzz CORPUS_DIRECTORY [CHANGED_INPUTS]
// The seed is printed, and, where something fails, the input that was at work.

#include <algorithm>
#include <boost/filesystem.hpp>
#include <boost/filesystem/fstream.hpp>
#include <csignal>
#include <iterator>
#include <vector>

#include "tests/fuzz/fuzz.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

namespace fs = boost::filesystem;

std::string current;  // the input at work, for the handler

// Writes the input as hex: whoever looks at the log of a failed run needs no file of that machine.
void tell_input(int signal) {
  std::fputs("input at work, as hex: ", stderr);
  for (const char byte : current)
    std::fprintf(stderr, "%02x", static_cast<unsigned>(static_cast<uint8_t>(byte)));
  std::fputs("\n", stderr);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

std::vector<std::string> read_corpus(const fs::path& directory) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(directory)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> inputs;
  for (const fs::path& path : paths) {
    fs::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

void change_once(std::string& input, const std::vector<std::string>& corpus, Random& random) {
  const size_t at = random.below(input.size() + 1);
  const size_t length = std::min<size_t>(random.below(16) + 1, input.size() - at);
  switch (random.below(6)) {
    case 0: input.insert(at, 1, static_cast<char>(random.below(256))); break;
    case 1: input.erase(at, length); break;
    case 2:
      if (at < input.size()) input[at] = static_cast<char>(random.below(256));
      break;
    case 3:
      if (at < input.size()) input[at] ^= static_cast<char>(1 << random.below(8));
      break;
    case 4: input.insert(at, input.substr(at, length)); break;
    default: {
      const std::string& other = random.pick(corpus);
      const size_t from = random.below(other.size() + 1);
      input.insert(at, other.substr(from, random.below(64)));
    }
  }
}

int run(const fs::path& directory, size_t changed_inputs) {
  const std::vector<std::string> corpus = read_corpus(directory);
  if (corpus.empty()) {
    std::fprintf(stderr, "no corpus in %s\n", directory.c_str());
    return 2;
  }
  Random random(test_seed());
  std::signal(SIGABRT, tell_input);
  std::signal(SIGSEGV, tell_input);
  for (const std::string& input : corpus) {
    current = input;
    fuzz_one(current);
  }
  for (size_t i = 0; i < changed_inputs; ++i) {
    current = random.pick(corpus);
    for (size_t changes = random.below(8) + 1; changes > 0; --changes) change_once(current, corpus, random);
    fuzz_one(current);
  }
  std::printf("%zu inputs of the corpus, %zu changed ones\n", corpus.size(), changed_inputs);
  return 0;
}

}  // namespace
}  // namespace quipu::testing

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CORPUS_DIRECTORY [CHANGED_INPUTS]\n", argv[0]);
    return 2;
  }
  return quipu::testing::run(argv[1], argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 5000);
}
