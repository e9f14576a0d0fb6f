// The data behind the page, as JSON below /api/. Each handler answers one address; table.h lists them.
// Thread-safety: any thread.

#ifndef QUIPU_TOOLS_UI_API_API_H_
#define QUIPU_TOOLS_UI_API_API_H_

#include <string>

#include "quipu/status.h"
#include "tools/ui/api/params.h"
#include "tools/ui/http/http.h"
#include "tools/ui/live/history.h"
#include "tools/ui/live/jobs.h"
#include "tools/ui/live/live_store.h"

namespace quipu::ui {

// What handlers work on.
struct Api {
  LiveStore& store;
  Jobs& jobs;
  History& history;
  std::string backups;  // the directory for backups; empty: none are made
};

// The answer to a request that has passed the guard: data, or {"error": ...}. What changes the database is
// refused unless it is open for writing.
HttpResponse answer(Api& api, const HttpRequest& request);

}  // namespace quipu::ui

#endif  // QUIPU_TOOLS_UI_API_API_H_
