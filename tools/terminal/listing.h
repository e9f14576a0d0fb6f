// A list of findings, printed as they come: lines, or the elements of a JSON array.

#ifndef QUIPU_TOOLS_TERMINAL_LISTING_H_
#define QUIPU_TOOLS_TERMINAL_LISTING_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/terminal/output.h"

namespace quipu::cli {

class Listing {
 public:
  // In JSON: {"<name>": [...], "count": 2, ...}.
  Listing(bool json, std::string_view name);
  // A finding: as JSON, and as the columns of a line.
  void add(const JsonText& row, const std::vector<std::string>& columns);
  // `rest`: what JSON is to say beside.
  Status finish(const std::vector<std::pair<std::string, std::string>>& rest = {});
  uint64_t count() const { return count_; }

 private:
  const bool json_;
  Output out_;
  uint64_t count_ = 0;
};

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_TERMINAL_LISTING_H_
