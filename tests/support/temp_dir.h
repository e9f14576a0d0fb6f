// TempDir: a new empty directory for one test, removed with all it holds when the object goes.

#ifndef QUIPU_TESTS_SUPPORT_TEMP_DIR_H_
#define QUIPU_TESTS_SUPPORT_TEMP_DIR_H_

#include <string>
#include <string_view>

namespace quipu::testing {

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

// The whole file, or a test failure. / Writes the whole file, or a test failure.
std::string read_file(const std::string& path);
void write_file(const std::string& path, std::string_view bytes);

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_SUPPORT_TEMP_DIR_H_
