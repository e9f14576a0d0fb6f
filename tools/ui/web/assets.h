// The files of the page, which the build has put into the command (embed.cmake).

#ifndef QUIPU_TOOLS_UI_WEB_ASSETS_H_
#define QUIPU_TOOLS_UI_WEB_ASSETS_H_

#include <span>
#include <string_view>

namespace quipu::ui {

struct Asset {
  std::string_view path;  // "/app.js"; that of index.html is "/"
  std::string_view content_type;
  std::string_view text;
};

std::span<const Asset> assets();

}  // namespace quipu::ui

#endif  // QUIPU_TOOLS_UI_WEB_ASSETS_H_
