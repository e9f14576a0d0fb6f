#include "tools/ui/api/api.h"

#include <array>
#include <string_view>

#include "tools/terminal/option_names.h"
#include "tools/ui/api/table.h"

namespace quipu::ui {
namespace {

enum class Kind { kRead, kAsk, kWrite };

struct Row {
  Kind kind;
  std::string_view name;
  Result<std::string> (*function)(Api& api, const Params& params);
};

#define QUIPU_HANDLER_ROW(kind, name, function) Row{Kind::kind, name, function},
constexpr std::array kRows = {QUIPU_UI_HANDLERS(QUIPU_HANDLER_ROW)};
#undef QUIPU_HANDLER_ROW

unsigned http_status_of(StatusCode code) {
  switch (code) {
    case StatusCode::kNotFound: return 404;
    case StatusCode::kInvalidArgument:
    case StatusCode::kNotSupported: return 400;
    case StatusCode::kAlreadyExists:
    case StatusCode::kBusy: return 409;
    default: return 500;
  }
}

HttpResponse run(Api& api, const Row& row, const HttpRequest& request) {
  const Result<Params> params = Params::of(request);
  Result<std::string> done = params ? row.function(api, *params) : params.error();
  if (done) return {.body = *std::move(done)};
  return error_response(http_status_of(done.error().code()),
                        cli::with_command_options(done.error().message()));
}

}  // namespace

HttpResponse answer(Api& api, const HttpRequest& request) {
  constexpr std::string_view kBeginning = "/api/";
  for (const Row& row : kRows) {
    if (request.path().substr(kBeginning.size()) != row.name) continue;
    const std::string_view method = row.kind == Kind::kRead ? "GET" : "POST";
    if (request.method != method) return error_response(405, "this takes a " + std::string(method));
    if (row.kind == Kind::kWrite && !api.store.writable()) {
      return error_response(403, "the page only reads: start it as quipu ui --write");
    }
    return run(api, row, request);
  }
  return error_response(404, "there is no such address");
}

}  // namespace quipu::ui
