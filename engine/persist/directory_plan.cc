#include "engine/persist/directory_plan.h"

#include <algorithm>
#include <utility>

#include "engine/layout/migration_layout.h"
#include "engine/layout/persist_file_name.h"
#include "engine/persist/files/persist_file_kind.h"
#include "engine/persist/foreign_store.h"
#include "quipu/vector_store.h"

namespace quipu {
namespace {

constexpr std::string_view kNoStoreFile = "no file of a store";
constexpr std::string_view kImageFolder = "images";  // of LlamaIndexTS, with a file of its own

class Planning {
 public:
  Planning(const std::string& directory, const FileSystem& fs) : directory_(directory), fs_(fs) {}

  // Plans a file whatever stands beside it.
  void take(const std::string& name) {
    const Conversion* const conversion = conversion_of(name);
    const std::string persist_file = conversion != nullptr ? std::string() : present_name(name);
    if (!is_taken_together(name, conversion)) plan_.files.push_back({name, {}, persist_file, conversion});
  }

  // Plans what is in the directory: files of today's names, in the order in which LlamaIndex writes them,
  // files of former names, and those of other forms. What there is for a persist file already keeps others
  // out.
  Status take_all() {
    QUIPU_ASSIGN_OR_RETURN(std::vector<std::string> names, fs_.list(directory_));
    if (std::ranges::find(names, kMigrationFile) != names.end()) return incomplete_migration(directory_);
    for (NotImportedFile& store : foreign_stores(directory_, names, fs_)) {
      std::erase(names, store.name);
      plan_.left_out.push_back({std::move(store)});
    }
    if (std::ranges::find(names, kImageFolder) != names.end()) {
      names.push_back(path_in(kImageFolder, VECTOR_STORE_PERSIST_FNAME));
    }
    std::vector<PlannedFile> to_convert;
    std::erase_if(names, [&](const std::string& name) {
      const Conversion* const conversion = conversion_of(name);
      if (conversion != nullptr) to_convert.push_back({name, {}, {}, conversion});
      return conversion != nullptr;
    });
    for (const PersistFileKind& kind : PersistFileKind::all()) {
      std::erase_if(names, [&](const std::string& name) {
        const bool taken = kind.matches(name) && is_file(name);
        if (taken) add({name, {}, name});
        return taken;
      });
    }
    for (const std::string& name : names) {
      if (const std::string present = present_name(name); present != name) {
        add({name, {}, present});
      } else if (name.ends_with(".json")) {
        leave_out(name, std::string(kNoStoreFile));
      }
    }
    for (PlannedFile& file : to_convert) add(std::move(file));
    if (plan_.files.empty() && !plan_.left_out.empty()) QUIPU_RETURN_IF_ERROR(check_not_foreign());
    add_missing();
    std::ranges::sort(plan_.left_out, {}, [](const LeftOutFile& left) { return left.file.name; });
    return Status::ok();
  }

  DirectoryPlan finish() && {
    plan_.directory = directory_;
    return std::move(plan_);
  }

 private:
  const Conversion* conversion_of(const std::string& name) const {
    FileHead head(path_in(directory_, name), name, fs_);
    for (const Conversion* const conversion : conversions()) {
      if (conversion->recognises(head)) return conversion;
    }
    return nullptr;
  }

  // A folder may well be called as a cache is; of what is called JSON the reading says what is wrong.
  bool is_file(const std::string& name) const {
    if (name.ends_with(".json")) return true;
    const Result<std::optional<uint64_t>> size = fs_.file_size(path_in(directory_, name));
    return size && *size;
  }

  bool is_fed(std::string_view persist_file) const {
    return std::ranges::find(fed_, persist_file) != fed_.end();
  }

  // Adds a file to those of its conversion that are planned already, if that takes several.
  bool is_taken_together(const std::string& name, const Conversion* conversion) {
    if (conversion == nullptr || conversion->convert_together == nullptr) return false;
    const auto first = std::ranges::find(plan_.files, conversion, &PlannedFile::conversion);
    if (first == plan_.files.end()) return false;
    first->further.push_back(name);
    return true;
  }

  void add(PlannedFile file) {
    if (is_taken_together(file.name, file.conversion)) return;
    std::vector<std::string> feeds = {file.persist_file};
    if (file.conversion != nullptr) {
      feeds.assign(file.conversion->persist_files.begin(), file.conversion->persist_files.end());
    }
    for (const std::string& persist_file : feeds) {
      if (is_fed(persist_file)) return leave_out(file.name, persist_file + " is there already");
    }
    std::ranges::move(feeds, std::back_inserter(fed_));
    plan_.files.push_back(std::move(file));
  }

  // Of a storage context both are there, as the reference demands. A pipeline has no index store, and no more
  // has a document store alone.
  void add_missing() {
    const auto is_of_context = [](const PlannedFile& file) {
      const PersistFileKind* const kind = PersistFileKind::named(file.persist_file);
      return kind != nullptr && kind->of_storage_context && file.persist_file != DOCSTORE_PERSIST_FNAME;
    };
    if (std::ranges::none_of(plan_.files, is_of_context)) return;
    for (const std::string_view name : {DOCSTORE_PERSIST_FNAME, INDEX_STORE_PERSIST_FNAME}) {
      if (!is_fed(name)) plan_.files.push_back({std::string(name), {}, std::string(name)});
    }
  }

  // Where there is nothing of LlamaIndex's, but another's store.
  Status check_not_foreign() const {
    const NotImportedFile& file = plan_.left_out.front().file;
    if (file.reason == kNoStoreFile) return Status::ok();
    return Status::invalid_argument(directory_ + " holds nothing that LlamaIndex has persisted, but " +
                                    file.name + ": " + file.reason);
  }

  void leave_out(const std::string& name, std::string reason) {
    const bool is_store_file = name.ends_with(VECTOR_STORE_PERSIST_FNAME) || name == "image_store.json";
    plan_.left_out.push_back({{name, std::move(reason)}, is_store_file});
  }

  const std::string& directory_;
  const FileSystem& fs_;
  std::vector<std::string> fed_;  // persist files for which there is a file
  DirectoryPlan plan_;
};

}  // namespace

Result<DirectoryPlan> plan_directory(const std::string& path, const std::vector<std::string>& names,
                                     const FileSystem& fs) {
  const Result<std::optional<uint64_t>> size = fs.file_size(path);
  if (names.empty() && size && *size) {
    const std::string directory = directory_of(path);
    Planning planning(directory, fs);
    planning.take(path.substr(path.rfind('/') + 1));
    return std::move(planning).finish();
  }
  Planning planning(path, fs);
  if (names.empty()) QUIPU_RETURN_IF_ERROR(planning.take_all());
  for (const std::string& name : names) {
    QUIPU_RETURN_IF_ERROR(check_file_name(name));
    planning.take(name);
  }
  return std::move(planning).finish();
}

Status nothing_persisted(const std::string& directory) {
  return Status::io_error("cannot open " + path_in(directory, DOCSTORE_PERSIST_FNAME) +
                          ": No such file or directory; nor is anything else there that LlamaIndex persists");
}

std::vector<SourceFile> sources_of(
    const DirectoryPlan& plan, const PlannedFile& file,
    const std::function<PersistFileOptions(const std::string& name)>& options_for) {
  const auto source = [&](const std::string& name) {
    return SourceFile{name, path_in(plan.directory, name), options_for(name)};
  };
  std::vector<SourceFile> sources = {source(file.name)};
  for (const std::string& name : file.further) sources.push_back(source(name));
  return sources;
}

Status read_planned_file(const PlannedFile& file, std::span<const SourceFile> sources,
                         ConversionTarget& target) {
  const SourceFile& source = sources.front();
  if (file.conversion != nullptr) {
    return file.conversion->convert_together != nullptr ? file.conversion->convert_together(sources, target)
                                                        : file.conversion->convert(source, target);
  }
  if (file.persist_file != file.name) target.note(file.name + " is imported as " + file.persist_file);
  QUIPU_ASSIGN_OR_RETURN(PersistFileHandler* const handler, target.file(file.persist_file));
  return read_persist_file(source.path, source.options, *handler);
}

}  // namespace quipu
