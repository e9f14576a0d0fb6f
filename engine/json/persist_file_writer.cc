#include "engine/json/persist_file_writer.h"

#include <utility>

namespace quipu {

Result<std::unique_ptr<PersistFileWriter>> PersistFileWriter::create(const std::string& path) {
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<AtomicFile> file, AtomicFile::create(path));
  std::unique_ptr<PersistFileWriter> writer(new PersistFileWriter(std::move(file)));
  QUIPU_RETURN_IF_ERROR(writer->file_->append("{"));
  return writer;
}

Status PersistFileWriter::begin_collection(std::string_view name) {
  text_ = std::exchange(first_collection_, false) ? "" : ", ";
  first_entry_ = true;
  append_json_string(name, text_);
  text_ += ": {";
  return file_->append(text_);
}

Status PersistFileWriter::entry(std::string_view key, JsonView value) {
  text_ = std::exchange(first_entry_, false) ? "" : ", ";
  append_json_string(key, text_);
  text_ += ": ";
  QUIPU_RETURN_IF_ERROR(file_->append(text_));
  return file_->append(value.text());
}

Status PersistFileWriter::end_collection() { return file_->append("}"); }

Status PersistFileWriter::commit() {
  QUIPU_RETURN_IF_ERROR(file_->append("}"));
  return file_->commit();
}

}  // namespace quipu
