// The entry point that libFuzzer calls.

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);  // NOLINT: libFuzzer's name

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  quipu::testing::fuzz_one({reinterpret_cast<const char*>(data), size});
  return 0;
}
