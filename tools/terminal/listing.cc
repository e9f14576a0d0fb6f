#include "tools/terminal/listing.h"

namespace quipu::cli {

Listing::Listing(bool json, std::string_view name) : json_(json) {
  if (json_) out_.write("{\"" + std::string(name) + "\": [");
}

void Listing::add(const JsonText& row, const std::vector<std::string>& columns) {
  std::string text;
  if (json_) {
    text = (count_ == 0 ? "" : ", ") + row.object();
  } else {
    for (const std::string& column : columns) text += (&column == &columns.front() ? "" : "\t") + column;
    text += "\n";
  }
  out_.write(text);
  ++count_;
}

Status Listing::finish(const std::vector<std::pair<std::string, std::string>>& rest) {
  if (json_) {
    std::string text = "], \"count\": " + std::to_string(count_);
    for (const auto& [name, value] : rest) text += ", \"" + name + "\": " + value;
    out_.write(text + "}\n");
  }
  return out_.finish();
}

}  // namespace quipu::cli
