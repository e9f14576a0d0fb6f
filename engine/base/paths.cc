#include <boost/filesystem/path.hpp>
#include <string>
#include <string_view>

#include "quipu/file_system.h"

namespace quipu {

namespace fs = boost::filesystem;

std::string path_in(std::string_view directory, std::string_view name) {
  return (fs::path(std::string(directory)) / std::string(name)).string();
}

std::string directory_of(std::string_view path) { return fs::path(std::string(path)).parent_path().string(); }

}  // namespace quipu
