#include "engine/json_file/persist_file_writer.h"

#include <utility>

namespace quipu {

void PersistFileWriter::start_member(std::string_view name) {
  text_ = std::exchange(first_member_, false) ? "{" : ", ";
  append_json_string(name, text_);
  text_ += ": ";
}

Status PersistFileWriter::begin_collection(std::string_view name) {
  start_member(name);
  text_ += '{';
  first_entry_ = true;
  return file_.append(text_);
}

Status PersistFileWriter::entry(std::string_view key, JsonView value) {
  text_ = std::exchange(first_entry_, false) ? "" : ", ";
  append_json_string(key, text_);
  text_ += ": ";
  QUIPU_RETURN_IF_ERROR(file_.append(text_));
  return file_.append(value.text());
}

Status PersistFileWriter::end_collection() { return file_.append("}"); }

Status PersistFileWriter::member(std::string_view name, JsonView value) {
  start_member(name);
  QUIPU_RETURN_IF_ERROR(file_.append(text_));
  return file_.append(value.text());
}

Status PersistFileWriter::finish() { return file_.append(first_member_ ? "{}" : "}"); }

}  // namespace quipu
