#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "engine/files/decoding_file_system.h"
#include "engine/json_file/foreign_content.h"
#include "engine/persist/directory_plan.h"
#include "engine/persist/files/file_loaders.h"
#include "quipu/bulk_load.h"
#include "quipu/persist_dir.h"

namespace quipu {
namespace {

constexpr std::string_view kPlaces = "verify/places";  // of the scratch store: where each entry stands

using ReportFault = std::function<void(const Fault&)>;

std::string place_key(std::string_view collection, std::string_view key) {
  return std::string(collection) + '\0' + std::string(key);
}

// A load that notes where each of its entries stands.
class NotingLoad : public BulkLoad {
 public:
  NotingLoad(std::unique_ptr<BulkLoad> load, std::unique_ptr<BulkLoad> places)
      : load_(std::move(load)), places_(std::move(places)) {}

  void at(uint64_t line, uint64_t byte) {
    place_ = Json::from_canonical("{\"line\": " + std::to_string(line) +
                                  ", \"byte\": " + std::to_string(byte) + "}");
  }
  Status begin() { return places_->begin_collection(kPlaces, {}); }
  Status begin_file(std::string_view file) override { return load_->begin_file(file); }
  Status begin_collection(std::string_view name, const CollectionOptions& options) override {
    collection_ = name;
    return load_->begin_collection(name, options);
  }
  Status put(std::string_view key, JsonView val) override {
    QUIPU_RETURN_IF_ERROR(load_->put(key, val));
    return places_->put(place_key(collection_, key), place_);
  }
  Status put_vector(std::string_view key, std::span<const double> elements) override {
    QUIPU_RETURN_IF_ERROR(load_->put_vector(key, elements));
    return places_->put(place_key(collection_, key), place_);
  }
  Status commit() override {
    QUIPU_RETURN_IF_ERROR(load_->commit());
    return places_->commit();
  }

 private:
  const std::unique_ptr<BulkLoad> load_;
  const std::unique_ptr<BulkLoad> places_;
  std::string collection_;
  Json place_ = Json::from_canonical(R"({"line": 0, "byte": 0})");  // not known
};

// A loader of a file that reports what it refuses and goes on.
class FileCheck : public PersistFileHandler {
 public:
  FileCheck(const std::string& file, FileLoader& loader, NotingLoad& load, const ReportFault& report)
      : file_(file), loader_(loader), load_(load), report_(report) {}

  bool takes_collection(std::string_view, JsonKind) const override { return true; }
  bool skips(std::string_view name) const override { return loader_.skips(name); }
  bool takes_value(JsonKind) const override { return true; }
  bool takes_any_float() const override { return loader_.takes_any_float(); }
  bool enters_elements(std::string_view key) const override {
    return taken_ && loader_.takes_value(JsonKind::kArray) && loader_.enters_elements(key);
  }
  bool takes_string_of_json() const override { return loader_.takes_string_of_json(); }
  void form(bool spaces, bool in_string) override { loader_.form(spaces, in_string); }
  void place(uint64_t line, uint64_t byte) override {
    line_ = line;
    byte_ = byte;
    load_.at(line, byte);
  }
  void failed(uint64_t line, uint64_t byte, std::string_view collection, std::string_view key,
              std::string_view what) override {
    failed_ = true;
    report_(
        {std::string(collection), std::string(key), std::string(what), Severity::kFault, file_, line, byte});
  }
  bool failed() const { return failed_; }

  Status begin_collection(std::string_view name, JsonKind kind) override {
    collection_ = name;
    line_ = byte_ = 0;  // of its name: not known
    taken_ = loader_.takes_collection(name, kind);
    if (!taken_) return fault({}, with_advice("the collection is not of the right kind")), Status::ok();
    const Status begun = loader_.begin_collection(name, kind);
    taken_ = begun.is_ok();
    return judged({}, begun);
  }
  Status entry(std::string_view key, JsonView value) override {
    if (!taken_) return Status::ok();
    if (loader_.takes_value(value.kind())) return judged(key, loader_.entry(key, value));
    return fault(key, value.is_object() ? "the value is an object" : "the value is not an object"),
           Status::ok();
  }
  Status enter(std::string_view key) override { return judged(key, loader_.enter(key)); }
  Status leave() override { return loader_.leave(); }
  Status end_collection() override { return taken_ ? loader_.end_collection() : Status::ok(); }

 private:
  void fault(std::string_view key, std::string_view what) const {
    report_({collection_, std::string(key), std::string(what), Severity::kFault, file_, line_, byte_});
  }
  // What is wrong with the file's contents is reported; other errors end the reading.
  Status judged(std::string_view key, const Status& status) const {
    if (status.code() != StatusCode::kInvalidArgument) return status;
    return fault(key, status.message()), Status::ok();
  }

  const std::string& file_;
  FileLoader& loader_;
  NotingLoad& load_;
  const ReportFault& report_;
  std::string collection_;
  bool taken_ = false;
  bool failed_ = false;
  uint64_t line_ = 0;
  uint64_t byte_ = 0;
};

// The checks of the loaders that one file of the directory feeds.
class CheckedFiles : public ConversionTarget {
 public:
  CheckedFiles(const std::string& file, FileLoaders& loaders, NotingLoad& load, const ReportFault& report)
      : file_(file), loaders_(loaders), load_(load), report_(report) {}

  Result<PersistFileHandler*> file(std::string_view persist_file) override {
    QUIPU_ASSIGN_OR_RETURN(FileLoader* const loader, loaders_.at(persist_file));
    std::unique_ptr<FileCheck>& check = checks_[loader];
    if (!check) check = std::make_unique<FileCheck>(file_, *loader, load_, report_);
    return check.get();
  }
  void note(std::string /*text*/) override {}  // nothing is wrong with what can be converted

  bool failed() const {
    return std::ranges::any_of(checks_, [](const auto& check) { return check.second->failed(); });
  }

 private:
  const std::string& file_;
  FileLoaders& loaders_;
  NotingLoad& load_;
  const ReportFault& report_;
  std::map<FileLoader*, std::unique_ptr<FileCheck>> checks_;
};

class DirectoryCheck {
 public:
  DirectoryCheck(const std::string& path, BaseKVStore& scratch, const ReportFault& report,
                 const ImportOptions& options)
      : path_(path), scratch_(scratch), report_(report), options_(options) {}

  Status run() {
    QUIPU_ASSIGN_OR_RETURN(plan_, plan_directory(path_, {}, *options_.fs));
    if (plan_.files.empty()) return nothing_persisted(path_);
    QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<BulkLoad> load, scratch_.bulk_load());
    QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<BulkLoad> places, scratch_.bulk_load());
    NotingLoad noting(std::move(load), std::move(places));
    QUIPU_RETURN_IF_ERROR(noting.begin());
    CollectionOwners owners;
    FileLoaders loaders(noting, owners);
    for (const PlannedFile& file : plan_.files) QUIPU_RETURN_IF_ERROR(read(file, loaders, noting));
    for (const LeftOutFile& left : plan_.left_out) {
      if (left.is_store_file) QUIPU_RETURN_IF_ERROR(check(left.file.name));
    }
    // Of files that were not read to their end too much would be missing.
    if (!whole_) return Status::ok();
    QUIPU_RETURN_IF_ERROR(loaders.finish());
    QUIPU_RETURN_IF_ERROR(noting.commit());
    return check_stores();
  }

 private:
  PersistFileOptions file_options(const std::string& file) const {
    PersistFileOptions options;
    options.max_value_bytes = options_.max_value_bytes;
    options.max_nesting = options_.max_nesting;
    options.fs = options_.fs;
    if (options_.progress) {
      options.progress = [this, file](uint64_t done, uint64_t total) {
        return options_.progress({file, std::min(done, total), total});
      };
    }
    return options;
  }

  Status read(const PlannedFile& file, FileLoaders& loaders, NotingLoad& load) {
    CheckedFiles target(file.name, loaders, load, report_);
    const std::vector<SourceFile> sources =
        sources_of(plan_, file, [this](const std::string& name) { return file_options(name); });
    const Status read = read_planned_file(file, sources, target);
    return judge(file.name, read, target.failed());
  }

  Status check(const std::string& file) {
    return judge(file, check_json_file(path_in(plan_.directory, file), file_options(file)),
                 /*reported=*/false);
  }

  // A file that cannot be read is a fault of the directory; `reported`: already.
  Status judge(const std::string& file, const Status& read, bool reported) {
    if (read.is_ok()) return read;
    const bool of_file = read.code() == StatusCode::kInvalidArgument || read.code() == StatusCode::kIoError;
    if (!of_file) return read;
    whole_ = false;
    if (!reported) report_({{}, {}, read.message(), Severity::kFault, file});
    return Status::ok();
  }

  Status check_stores() const {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> infos, scratch_.collections());
    const auto report = [&](const Fault& fault) {
      Fault placed = fault;
      for (const CollectionInfo& info : infos) {
        if (info.name == fault.collection) placed.file = info.persist_file;
      }
      const auto place = scratch_.get(place_key(fault.collection, fault.key), kPlaces);
      if (place && *place) {
        placed.line = static_cast<uint64_t>((*place)->view().find("line")->int64().value_or(0));
        placed.byte = static_cast<uint64_t>((*place)->view().find("byte")->int64().value_or(0));
      }
      report_(placed);
    };
    return verify_stores(scratch_, report, options_.progress);
  }

  const std::string& path_;
  BaseKVStore& scratch_;
  const ReportFault& report_;
  const ImportOptions& options_;
  DirectoryPlan plan_;
  bool whole_ = true;
};

}  // namespace

Status verify_persist_dir(const std::string& directory, BaseKVStore& scratch,
                          const std::function<void(const Fault&)>& report, const ImportOptions& options) {
  return with_decoded_files(options, [&](const ImportOptions& decoded) {
    return DirectoryCheck(directory, scratch, report, decoded).run();
  });
}

}  // namespace quipu
