#include "engine/persist/files/file_loaders.h"

#include "engine/persist/files/persist_file_kind.h"

namespace quipu {

Result<FileLoader*> FileLoaders::at(std::string_view persist_file) {
  for (const std::unique_ptr<FileLoader>& loader : loaders_) {
    if (loader->report().name == persist_file) return loader.get();
  }
  QUIPU_RETURN_IF_ERROR(load_.begin_file(persist_file));
  const PersistFileKind& kind = PersistFileKind::of(persist_file);
  loaders_.push_back(kind.make_loader(std::string(persist_file), load_, owners_));
  return loaders_.back().get();
}

Status FileLoaders::finish() {
  // By index: a loader may ask for another one.
  for (size_t i = 0; i < loaders_.size(); ++i) QUIPU_RETURN_IF_ERROR(loaders_[i]->finish(*this));
  return Status::ok();
}

std::vector<FileReport> FileLoaders::reports() const {
  std::vector<FileReport> reports;
  for (const std::unique_ptr<FileLoader>& loader : loaders_) reports.push_back(loader->report());
  return reports;
}

}  // namespace quipu
