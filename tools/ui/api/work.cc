// Long work as a job: what it is, how far it has come.

#include <memory>
#include <optional>
#include <vector>

#include "quipu/backup.h"
#include "quipu/open_store.h"
#include "quipu/persist_dir.h"
#include "quipu/verify.h"
#include "tools/terminal/option_names.h"
#include "tools/terminal/text.h"
#include "tools/ui/api/json.h"
#include "tools/ui/api/table.h"

namespace quipu::ui {
namespace {

Result<std::string> started(Api& api, const std::string& kind, Jobs::JobWork work) {
  QUIPU_ASSIGN_OR_RETURN(const uint64_t id, api.jobs.start(kind, std::move(work)));
  return JsonText().add("id", id).object();
}

std::string fault_json(const Fault& fault) {
  JsonText row;
  row.add("collection", fault.collection).add_key(fault.key);
  row.add("message", cli::with_command_options(fault.message));
  return row.add("note", fault.severity == Severity::kNote).object();
}

std::string counted(uint64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

Result<std::string> verify(Api& api, Jobs::Run& run) {
  uint64_t faults = 0;
  uint64_t notes = 0;
  const auto report = [&](const Fault& fault) {
    ++(fault.severity == Severity::kNote ? notes : faults);
    run.found(fault_json(fault));
  };
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease lease, api.store.now());
  QUIPU_RETURN_IF_ERROR(lease->verify(report, run.progress()));
  QUIPU_RETURN_IF_ERROR(verify_stores(*lease, report, run.progress()));
  return counted(faults, "fault", "faults") + ", " + counted(notes, "note", "notes");
}

Result<std::string> compact(Api& api, Jobs::Run& run) {
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease store, api.store.now());
  QUIPU_ASSIGN_OR_RETURN(const uint64_t before, store->disk_bytes());
  QUIPU_RETURN_IF_ERROR(store->compact(run.progress()));
  QUIPU_ASSIGN_OR_RETURN(const uint64_t after, store->disk_bytes());
  return cli::human_bytes(before) + " on disk before, " + cli::human_bytes(after) + " now";
}

Result<std::string> repair(Api& api, Jobs::Run& run) {
  QUIPU_ASSIGN_OR_RETURN(const std::string directory, require_directory(api.store.address(), "repair"));
  RepairReport report;
  RepairOptions options;
  options.accept_lost_writes = api.store.rocksdb().accept_lost_writes;
  options.progress = run.progress();
  options.report = [&](const RepairAction& action) {
    JsonText row;
    row.add("collection", action.fault.collection).add_key(action.fault.key);
    run.found(row.add("message", action.fault.message + ": " + action.action).object());
  };
  QUIPU_RETURN_IF_ERROR(api.store.while_closed([&]() -> Status {
    QUIPU_ASSIGN_OR_RETURN(report, repair_database(directory, options));
    return Status::ok();
  }));
  std::string outcome = counted(report.steps, "step", "steps") + " done";
  if (!report.quarantine.empty()) {
    outcome += "; " + counted(report.quarantined, "entry", "entries") + " set aside in " + report.quarantine;
  }
  return outcome;
}

}  // namespace

Result<std::string> get_job(Api& api, const Params&) {
  const JobState state = api.jobs.state();
  JsonText text;
  text.add("id", state.id).add("kind", state.kind).add("running", state.running).add("part", state.part);
  text.add("bytes_done", state.bytes_done).add("bytes_total", state.bytes_total);
  text.add_raw("seconds", Json::from_double(state.seconds).text()).add("findings", state.findings);
  text.add_raw("first", JsonText::array(state.first)).add("outcome", state.outcome).add("error", state.error);
  return text.object();
}

Result<std::string> cancel_job(Api& api, const Params&) {
  api.jobs.cancel();
  return std::string("{}");
}

Result<std::string> start_verify(Api& api, const Params&) {
  return started(api, "verify", [&api](Jobs::Run& run) { return verify(api, run); });
}

Result<std::string> start_backup(Api& api, const Params&) {
  if (api.backups.empty()) {
    return Status::invalid_argument("there is no directory for backups: start the page with --backups DIR");
  }
  QUIPU_ASSIGN_OR_RETURN(const std::string directory, require_directory(api.store.address(), "backups"));
  return started(api, "backup", [&api, directory](Jobs::Run& run) -> Result<std::string> {
    QUIPU_ASSIGN_OR_RETURN(const BackupInfo made, create_backup(directory, api.backups, run.progress()));
    return "backup " + std::to_string(made.id) + " of " + cli::human_bytes(made.bytes) + ", of which " +
           cli::human_bytes(made.new_bytes) + " are new";
  });
}

Result<std::string> start_compact(Api& api, const Params&) {
  return started(api, "compact", [&api](Jobs::Run& run) { return compact(api, run); });
}

Result<std::string> start_repair(Api& api, const Params&) {
  return started(api, "repair", [&api](Jobs::Run& run) { return repair(api, run); });
}

Result<std::string> start_index_text(Api& api, const Params& params) {
  const std::string ns = params.get("document_store", "docstore");
  const std::string analyser = params.get("analyser", DEFAULT_TEXT_ANALYSER);
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease now, api.store.now());
  QUIPU_ASSIGN_OR_RETURN(const uint64_t nodes, now->count(ns + "/data"));
  if (nodes == 0) return Status::not_found("there are no nodes in the document store " + cli::printable(ns));
  return started(api, "text index", [&api, ns, analyser](Jobs::Run& run) -> Result<std::string> {
    QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease store, api.store.now());
    KVDocumentStore documents(unowned(*store), {.ns = ns});
    QUIPU_RETURN_IF_ERROR(documents.index_text(analyser, run.progress()));
    return "the texts of " + ns + " are indexed";
  });
}

Result<std::string> start_ann(Api& api, const Params& params) {
  const std::string ns = params.get("vector_store", DEFAULT_VECTOR_STORE);
  QUIPU_ASSIGN_OR_RETURN(const double recall, params.fraction("recall", 0.95));
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease now, api.store.now());
  QUIPU_ASSIGN_OR_RETURN(const uint64_t vectors, now->count("vector_store/" + ns + "/embeddings"));
  if (vectors == 0)
    return Status::not_found("there are no vectors in the vector store " + cli::printable(ns));
  return started(api, "partitions", [&api, ns, recall](Jobs::Run& run) -> Result<std::string> {
    QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease store, api.store.now());
    KVVectorStore index(unowned(*store), ns);
    QUIPU_RETURN_IF_ERROR(index.use_ann(recall, run.progress()));
    return "queries of " + ns + " are approximate";
  });
}

}  // namespace quipu::ui
