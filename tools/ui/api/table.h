// All addresses below /api/, each with its handler: HANDLER(kind, "name", function). The kinds: kRead answers
// a GET, kAsk a POST that changes nothing, kWrite a POST that needs --write.

#ifndef QUIPU_TOOLS_UI_API_TABLE_H_
#define QUIPU_TOOLS_UI_API_TABLE_H_

#include <string>

#include "quipu/status.h"
#include "tools/ui/api/api.h"
#include "tools/ui/api/params.h"

// clang-format off
#define QUIPU_UI_HANDLERS(HANDLER)                      \
  HANDLER(kRead,  "overview",       get_overview)       \
  HANDLER(kRead,  "history",        get_history)        \
  HANDLER(kRead,  "entries",        get_entries)        \
  HANDLER(kRead,  "entry",          get_entry)          \
  HANDLER(kRead,  "documents",      get_documents)      \
  HANDLER(kRead,  "document",       get_document)       \
  HANDLER(kRead,  "nodes",          get_nodes)          \
  HANDLER(kRead,  "node",           get_node)           \
  HANDLER(kRead,  "indexes",        get_indexes)        \
  HANDLER(kRead,  "index",          get_index)          \
  HANDLER(kRead,  "chats",          get_chats)          \
  HANDLER(kRead,  "chat",           get_chat)           \
  HANDLER(kRead,  "entities",       get_entities)       \
  HANDLER(kRead,  "neighbours",     get_neighbours)     \
  HANDLER(kRead,  "job",            get_job)            \
  HANDLER(kAsk,   "search",         search)             \
  HANDLER(kAsk,   "verify",         start_verify)       \
  HANDLER(kAsk,   "backup",         start_backup)       \
  HANDLER(kAsk,   "cancel",         cancel_job)         \
  HANDLER(kWrite, "compact",        start_compact)      \
  HANDLER(kWrite, "repair",         start_repair)       \
  HANDLER(kWrite, "index_text",     start_index_text)   \
  HANDLER(kWrite, "ann",            start_ann)          \
  HANDLER(kWrite, "edit_metadata",  edit_metadata)      \
  HANDLER(kWrite, "delete_document", delete_document)
// clang-format on

namespace quipu::ui {

// Each returns the JSON text of its answer. Errors: kInvalidArgument for parameters, and those of the store.
#define QUIPU_DECLARE_HANDLER(kind, name, function) \
  Result<std::string> function(Api& api, const Params& params);
QUIPU_UI_HANDLERS(QUIPU_DECLARE_HANDLER)
#undef QUIPU_DECLARE_HANDLER

}  // namespace quipu::ui

#endif  // QUIPU_TOOLS_UI_API_TABLE_H_
