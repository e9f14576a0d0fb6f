#include "tools/ui/page.h"

#include <algorithm>

#include "tools/ui/api/api.h"
#include "tools/ui/http/guard.h"
#include "tools/ui/http/server.h"
#include "tools/ui/live/history.h"
#include "tools/ui/live/jobs.h"
#include "tools/ui/web/assets.h"

namespace quipu::ui {
namespace {

HttpResponse file_of_page(std::string_view path) {
  const auto found = std::ranges::find(assets(), path, &Asset::path);
  if (found == assets().end()) return error_response(404, "there is no such address");
  return {.content_type = std::string(found->content_type), .body = std::string(found->text)};
}

// What Prometheus reads; nothing where nobody writes to the database.
HttpResponse metrics(LiveStore& store) {
  const Result<std::optional<StoreStats>> stats = store.writer_stats();
  if (!stats) return error_response(500, stats.error().message());
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
          .body = *stats ? to_prometheus(**stats) : std::string()};
}

}  // namespace

Status serve_page(LiveStore& store, const PageOptions& options,
                  const std::function<Status(const std::string& url)>& ready,
                  const std::function<bool()>& ended) {
  QUIPU_ASSIGN_OR_RETURN(const std::string token, make_token());
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<HttpServer> server, HttpServer::listen(options.port));
  const Guard guard(server->port(), token);
  Jobs jobs;
  History history(store);
  Api api{.store = store, .jobs = jobs, .history = history, .backups = options.backups};
  // Behind the "#", so that it is sent nowhere: the page reads it there.
  QUIPU_RETURN_IF_ERROR(ready("http://127.0.0.1:" + std::to_string(server->port()) + "/#token=" + token));
  server->run([&](const HttpRequest& request) { return guard.refuse(request); },
              [&](const HttpRequest& request) {
                if (request.path().starts_with("/api/")) return answer(api, request);
                if (request.path() == "/metrics") return metrics(store);
                return file_of_page(request.path());
              },
              ended);
  return Status::ok();
}

}  // namespace quipu::ui
