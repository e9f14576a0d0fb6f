// quipu verify: whether a database or a persist directory is consistent.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tools/commands/checks/contents.h"
#include "tools/commands/command.h"
#include "tools/terminal/cancel.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/listing.h"
#include "tools/terminal/option_names.h"
#include "tools/terminal/output.h"
#include "tools/terminal/progress.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

struct VerifyArgs {
  CommonOptions common;
  std::string location;
  std::string encoding;
  bool strict = false;
};

// Prints findings as they come; notes are lines among the faults, and a list of their own in JSON.
class Findings {
 public:
  // `in_files`: each has its position in a file.
  Findings(const VerifyArgs& args, bool in_files)
      : args_(args), in_files_(in_files), faults_(args.common.json, "faults") {}

  void add(const Fault& fault) {
    const bool is_note = fault.severity == Severity::kNote;
    ++(is_note ? note_count_ : fault_count_);
    if (is_note && args_.common.json) {
      notes_.push_back(row(fault).object());
    } else {
      faults_.add(row(fault), columns(fault));
    }
  }

  Result<int> finish() {
    QUIPU_RETURN_IF_ERROR(faults_.finish({{"notes", JsonText::array(notes_)}}));
    const bool sound = fault_count_ == 0 && (note_count_ == 0 || !args_.strict);
    if (!sound || !args_.common.quiet) message(counts());
    return sound ? kExitOk : kExitData;
  }

 private:
  JsonText row(const Fault& fault) const {
    JsonText row;
    if (in_files_) row.add("file", fault.file).add("line", fault.line).add("byte", fault.byte);
    row.add("collection", fault.collection).add_key(fault.key);
    row.add("message", with_command_options(fault.message));
    return row;
  }

  std::vector<std::string> columns(const Fault& fault) const {
    std::vector<std::string> columns;
    if (in_files_) columns = {printable(fault.file), std::to_string(fault.line), std::to_string(fault.byte)};
    columns.push_back(printable(fault.collection));
    columns.push_back(printable(fault.key));
    columns.push_back((fault.severity == Severity::kNote ? "note: " : "") +
                      without_controls(with_command_options(fault.message)));
    return columns;
  }

  // "no faults", "1 fault, 2 notes"
  std::string counts() const {
    const auto counted = [](uint64_t count, const std::string& noun) {
      return (count == 0 ? "no" : std::to_string(count)) + " " + noun + (count == 1 ? "" : "s");
    };
    return counted(fault_count_, "fault") + (note_count_ == 0 ? "" : ", " + counted(note_count_, "note"));
  }

  const VerifyArgs& args_;
  const bool in_files_;
  Listing faults_;
  std::vector<std::string> notes_;
  uint64_t fault_count_ = 0;
  uint64_t note_count_ = 0;
};

Result<int> verify(const VerifyArgs& args) {
  ProgressBar bar(args.common.quiet);
  QUIPU_ASSIGN_OR_RETURN(const Contents contents,
                         find_contents(args.location, args.common, args.encoding, bar.callback()));
  Findings findings(args, contents.in_files);
  const auto report = [&](const Fault& fault) { findings.add(fault); };
  QUIPU_RETURN_IF_ERROR(verify_contents(args.location, report, contents.options));
  bar.erase();
  return findings.finish();
}

int run_verify(const VerifyArgs& args) {
  catch_signals();
  const Result<int> done = verify(args);
  return done ? *done : report_error(done.error());
}

}  // namespace

void add_verify_command(Commands& commands) {
  const auto args = std::make_shared<VerifyArgs>();
  Command command = commands.add("verify", "Read and check everything; list each fault",
                                 "quipu verify ./storage.quipu", args, run_verify);
  command.location("DB", args->location, "The database, or a persist directory; also s3://BUCKET/KEY");
  command.flag("--strict", args->strict, "Take notes for faults in the exit code");
  command.encoding(args->encoding);
}

}  // namespace quipu::cli
