#include "tools/terminal/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tools/terminal/cancel.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr size_t kBarWidth = 24;

bool environment_has(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool is_plain_terminal() {
  const char* term = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && (term == nullptr || std::string_view(term) != "dumb");
}

size_t terminal_columns() {
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

std::string time_text(double seconds) {
  const auto whole = static_cast<uint64_t>(std::clamp(seconds, 0.0, 359'999.0));
  std::array<char, 16> text{};
  if (whole >= 3600) {
    std::snprintf(text.data(), text.size(), "%u:%02u:%02u", static_cast<unsigned>(whole / 3600),
                  static_cast<unsigned>(whole / 60 % 60), static_cast<unsigned>(whole % 60));
  } else {
    std::snprintf(text.data(), text.size(), "%u:%02u", static_cast<unsigned>(whole / 60),
                  static_cast<unsigned>(whole % 60));
  }
  return text.data();
}

// One line of at most `columns`: bar, percentage, bytes, rate, time to go, file.
std::string progress_line(const Progress& progress, double seconds, size_t columns) {
  const double done = static_cast<double>(progress.bytes_done);
  const double rate = seconds > 0 ? done / seconds : 0;
  std::string line;
  if (progress.bytes_total > 0) {
    const double part = std::min(1.0, done / static_cast<double>(progress.bytes_total));
    const auto filled = static_cast<size_t>(part * kBarWidth);
    std::array<char, 16> percent{};
    std::snprintf(percent.data(), percent.size(), "%3d%%", static_cast<int>(part * 100));
    line += "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '-') + "] " + percent.data();
  }
  line += "  " + human_bytes(progress.bytes_done);
  if (progress.bytes_total > 0) line += " of " + human_bytes(progress.bytes_total);
  line += "  " + human_bytes(static_cast<uint64_t>(rate)) + "/s";
  if (progress.bytes_total > progress.bytes_done && rate > 0) {
    line += "  ETA " + time_text(static_cast<double>(progress.bytes_total - progress.bytes_done) / rate);
  }
  const std::string name = printable(progress.file);
  if (line.size() + 2 + name.size() <= columns) line += "  " + name;
  return line.substr(0, columns);
}

}  // namespace

ProgressBar::ProgressBar(bool quiet)
    : visible_(!quiet && is_plain_terminal()), colour_(!environment_has("NO_COLOR")) {}

ProgressCallback ProgressBar::callback() {
  return [this](const Progress& progress) {
    if (caught_signal() != 0) return interrupted();
    if (visible_ && Clock::now() - drawn_ >= kRedraw) draw(progress);
    return Status::ok();
  };
}

void ProgressBar::draw(const Progress& progress) {
  drawn_ = Clock::now();
  const size_t columns = terminal_columns();
  std::string line = progress_line(progress, seconds(), columns > 1 ? columns - 1 : 1);
  const size_t width = line.size();
  line.resize(std::max(width, width_), ' ');
  width_ = width;
  const size_t bar_end = line.starts_with('[') ? line.find(']') + 1 : 0;
  if (colour_ && bar_end > 0) line = "\033[32m" + line.substr(0, bar_end) + "\033[0m" + line.substr(bar_end);
  std::fprintf(stderr, "\r%s\r", line.c_str());
  std::fflush(stderr);
}

void ProgressBar::erase() {
  if (width_ == 0) return;
  std::fprintf(stderr, "\r%s\r", std::string(width_, ' ').c_str());
  std::fflush(stderr);
  width_ = 0;
}

double ProgressBar::seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

}  // namespace quipu::cli
