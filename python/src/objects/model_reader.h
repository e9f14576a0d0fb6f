// Pydantic's objects straight from the JSON text of what they were written as, to the object as the class
// itself makes it of the parsed text, without its validation: what a store wrote is of the types that
// validation leaves alone.
//
// A ModelReader knows a class by its fields, of which Python tells (quipu/convert/models.py). It reads
// nothing that it does not know: another member, one that is missing, a value of another type. Its caller
// then asks the class.

#ifndef QUIPU_PYTHON_OBJECTS_MODEL_READER_H_
#define QUIPU_PYTHON_OBJECTS_MODEL_READER_H_

#include <nanobind/nanobind.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "python/src/objects/json_decoder.h"

namespace quipu::python {

class ModelReader {
 public:
  // `fields`: of each field of the class, in order, (name, kind, more). The kinds:
  //   "str", "str?", "int?", "str[]", "float[]?", "{}"  what it is in JSON; "?" is "or null"
  //   "null"    null, the only value that needs no look at it
  //   "unset"   not written; None
  //   "model?"  null, or an object for `more`, a ModelReader
  //   "models"  an object whose values are objects, or arrays of objects, for `more`[1]; its keys become
  //             `more`[0][key]
  // `beside`: members that are no fields, (name, value, field): with a value it is that str, and must be
  // there; with a field it is the member "text" of that field's object; else any str.
  ModelReader(nanobind::type_object made, const nanobind::list& fields, const nanobind::list& beside);

  // The object, or null where the text is not what this class is surely read from; no Python error is set
  // then. An object with half a surrogate pair, which pydantic refuses, is null as well.
  nanobind::object read(std::string_view text, JsonDecoder& decoder) const;
  // The same at a cursor, but for the surrogates and an error.
  nanobind::object read(JsonCursor& cursor) const;

 private:
  enum class Kind { kString, kInteger, kStrings, kFloats, kObject, kNull, kUnset, kModel, kModels };
  struct Field {
    nanobind::object name;
    std::string key;
    Kind kind;
    bool optional;
    std::shared_ptr<ModelReader> model;
    nanobind::dict keys;
  };
  struct Beside {
    std::string key;
    std::optional<std::string> value;
    std::optional<size_t> same_as;
  };
  struct Reading;

  static std::pair<Kind, bool> kind_of(const std::string& name);
  bool read_member(Reading& reading, JsonCursor& cursor) const;
  bool read_beside(Reading& reading, std::string_view key, JsonCursor& cursor) const;
  nanobind::object read_value(const Field& field, JsonCursor& cursor) const;
  static nanobind::object read_models(const Field& field, JsonCursor& cursor);
  nanobind::object make(nanobind::object values) const;

  nanobind::type_object made_;
  std::vector<Field> fields_;
  std::vector<Beside> beside_;
  size_t wanted_ = 0;        // members that must be there
  nanobind::object values_;  // a dict with every field
  nanobind::object set_;     // a set of those that are written
};

// Objects of several classes from what a store has of them, each read by the first ModelReader that can, or
// else by a Python function of the parsed text.
class ObjectReader {
 public:
  // `readers`: (prefix, suffix, ModelReader), where the object's text stands between the two.
  ObjectReader(const nanobind::list& readers, nanobind::object parsed_to_object);

  // Errors: those of json.loads and of the function, as Python exceptions.
  nanobind::object read(std::string_view text, JsonDecoder& decoder) const;

 private:
  struct Reader {
    std::string prefix;
    std::string suffix;
    std::shared_ptr<ModelReader> model;
  };
  std::vector<Reader> readers_;
  nanobind::object parsed_to_object_;
};

// What a store has as Python objects: by `reader`, or for null as json.loads makes them. Used as JsonDecoder
// is.
class StoredObjects {
 public:
  explicit StoredObjects(const ObjectReader* reader) : reader_(reader) {}
  nanobind::object operator()(std::string_view text) {
    return reader_ == nullptr ? decoder_.value(text) : reader_->read(text, decoder_);
  }

 private:
  const ObjectReader* reader_;
  JsonDecoder decoder_;
};

void register_model_reader(nanobind::module_& module);

}  // namespace quipu::python

#endif  // QUIPU_PYTHON_OBJECTS_MODEL_READER_H_
