#include "backends/rocksdb/format/code_batch.h"

#include <algorithm>
#include <system_error>
#include <thread>
#include <vector>

#include "backends/rocksdb/format/record.h"

namespace quipu::rocks {
namespace {

// A thread takes some 30 us to be had; so many codes, some 1,500.
constexpr size_t kOfAThread = 1024;

// What one thread needs; all of it is there before the thread begins, which allocates nothing.
struct Worker {
  explicit Worker(size_t dimensions) : encoder(dimensions) { elements.reserve(dimensions); }

  VectorEncoder encoder;
  std::vector<double> elements;
};

}  // namespace

void encode_all(std::span<const CodedVector> vectors,
                const std::function<void(size_t i, const VectorCode& code)>& use) {
  if (vectors.empty()) return;
  const size_t processors = std::max(1U, std::thread::hardware_concurrency());
  const size_t parts = std::clamp<size_t>(vectors.size() / kOfAThread, 1, processors);
  std::vector<Worker> workers;
  workers.reserve(parts);
  for (size_t i = 0; i < parts; ++i) workers.emplace_back(vectors.front().dimensions);
  const auto work = [&](size_t part) {
    Worker& worker = workers[part];
    const size_t end = vectors.size() * (part + 1) / parts;
    for (size_t i = vectors.size() * part / parts; i < end; ++i) {
      (void)parse_vector_body(vectors[i].body, worker.elements);
      use(i, worker.encoder.encode(worker.elements));
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(parts);
  size_t next = 1;
  try {
    for (; next < parts; ++next) threads.emplace_back(work, next);
  } catch (const std::system_error&) {  // no further thread is to be had
  }
  work(0);
  for (; next < parts; ++next) work(next);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace quipu::rocks
