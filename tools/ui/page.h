// The page over a database, until it is told to end.

#ifndef QUIPU_TOOLS_UI_PAGE_H_
#define QUIPU_TOOLS_UI_PAGE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "quipu/status.h"
#include "tools/ui/live/live_store.h"

namespace quipu::ui {

struct PageOptions {
  uint16_t port = 0;    // 0: one that is free
  std::string backups;  // the directory for backups; empty: none are made
};

// Serves the page over the store. `ready` is told its address, with the token in it, once it can be opened.
// Errors: kIoError where the port cannot be had; those of `ready`.
Status serve_page(LiveStore& store, const PageOptions& options,
                  const std::function<Status(const std::string& url)>& ready,
                  const std::function<bool()>& ended);

}  // namespace quipu::ui

#endif  // QUIPU_TOOLS_UI_PAGE_H_
