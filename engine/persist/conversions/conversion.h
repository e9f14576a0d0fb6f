// Conversion: brings a file of another form, one that today's LlamaIndex no longer reads, into the persist
// files of today. Each form is a row of conversions().
//
// A conversion reads its file with read_persist_file, as often as it needs to, and hands what it holds on to
// the loaders of the persist files that it belongs to, in today's form: these check it. A file's collections
// come one after the other, each of them whole, for beginning one again starts it anew.

#ifndef QUIPU_ENGINE_PERSIST_CONVERSIONS_CONVERSION_H_
#define QUIPU_ENGINE_PERSIST_CONVERSIONS_CONVERSION_H_

#include <span>
#include <string>
#include <string_view>

#include "engine/json_file/persist_file_reader.h"
#include "engine/persist/conversions/file_head.h"

namespace quipu {

// Where the contents of files go.
class ConversionTarget {
 public:
  virtual ~ConversionTarget() = default;
  // What takes the contents of a persist file of the store ("docstore.json"), which the store then has, also
  // when nothing follows; the same for the same name. Lives as long as the target.
  virtual Result<PersistFileHandler*> file(std::string_view persist_file) = 0;
  // What was converted, or could not be: one note for each kind of thing, with their number. Told to the
  // user.
  virtual void note(std::string text) = 0;
};

// A handler that reads another form for the handler of a persist file, and passes on to it where things
// stand.
class ConvertingHandler : public PersistFileHandler {
 public:
  void place(uint64_t line, uint64_t byte) override { taker_.place(line, byte); }
  void failed(uint64_t line, uint64_t byte, std::string_view collection, std::string_view key,
              std::string_view what) override {
    taker_.failed(line, byte, collection, key, what);
  }

 protected:
  explicit ConvertingHandler(PersistFileHandler& taker) : taker_(taker) {}
  PersistFileHandler& taker() const { return taker_; }

 private:
  PersistFileHandler& taker_;
};

// A file to be read, and how.
struct SourceFile {
  std::string name;
  std::string path;
  PersistFileOptions options;
};

struct Conversion {
  std::string_view noun;  // what such a file is, in messages: "one-file index of LlamaIndex 0.4"
  std::span<const std::string_view> persist_files;  // that it feeds, or may feed
  bool (*recognises)(FileHead& file);
  Status (*convert)(const SourceFile& file, ConversionTarget& target);
  // Instead of `convert`, for a form of which a directory may hold several files, which come in together.
  Status (*convert_together)(std::span<const SourceFile> files, ConversionTarget& target) = nullptr;
};

// All of them; the first that recognises a file reads it.
std::span<const Conversion* const> conversions();

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_CONVERSIONS_CONVERSION_H_
