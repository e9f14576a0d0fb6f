// The entries of a text index, as a backend keeps them: bytes under bytes, beside a collection of nodes and
// changed in the same batch as these. What they say is docs/FORMAT.md's (Text indexes) and the engine's
// business; a backend reads and writes them, gives out row numbers, and adds up totals.
//
// Thread-safety: a TextIndexer may be used from any number of threads; all else from one at a time.

#ifndef QUIPU_BACKEND_TEXT_ENTRIES_H_
#define QUIPU_BACKEND_TEXT_ENTRIES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/status.h"

namespace quipu {

// The entries of one index as they are at one moment.
class EntryReader {
 public:
  // Goes through entries by their keys' bytes. Views live until it moves.
  class Walk {
   public:
    virtual ~Walk() = default;
    virtual void seek(std::string_view key) = 0;  // to the first that is this one or behind it
    virtual void next() = 0;                      // REQUIRES: valid()
    virtual bool valid() const = 0;               // false behind the last, and on an error
    virtual std::string_view key() const = 0;
    virtual std::string_view value() const = 0;
    virtual Status status() const = 0;
  };

  virtual ~EntryReader() = default;
  virtual Result<std::optional<std::string>> get(std::string_view key) const = 0;
  // Must go before this.
  virtual std::unique_ptr<Walk> walk() const = 0;
};

class EntryWriter {
 public:
  virtual ~EntryWriter() = default;
  virtual Status put(std::string_view key, std::string_view value) = 0;
  virtual Status erase(std::string_view key) = 0;
};

// How many documents are in an index, and how many tokens they have together. Changes are added modulo 2^64.
struct TextTotals {
  uint64_t documents = 0;
  uint64_t tokens = 0;
  friend bool operator==(const TextTotals&, const TextTotals&) = default;
};

// What becomes of a text index when values of its collection change: the same whatever the backend.
class TextIndexer {
 public:
  // Errors: kInvalidArgument for an unknown analyser; kNotSupported for one that cannot work here.
  static Result<std::shared_ptr<TextIndexer>> make(std::string_view analyser);
  virtual ~TextIndexer() = default;

  virtual const std::string& analyser() const = 0;
  // What else the entries depend on: those of another version are to be made anew.
  virtual const std::string& version() const = 0;

  // What one batch changes.
  class Batch {
   public:
    virtual ~Batch() = default;
    // The value of a key was `before` and will be `after`, each empty where there is none. `row`: higher than
    // those of all calls before, and never used by anybody else. Each key at most once.
    virtual Status change(std::string_view key, std::string_view before, std::string_view after,
                          uint32_t row) = 0;
    // To be called once, at the end.
    virtual Status finish() = 0;
    // By what it all changes the totals.
    virtual TextTotals added() const = 0;
    // Terms that are to be folded once the batch is written, so that no term ever has many entries.
    virtual std::vector<std::string> terms_to_fold() && = 0;
  };
  // `stored`: the entries before the batch. Both must outlive what is returned.
  virtual std::unique_ptr<Batch> begin(const EntryReader& stored, EntryWriter& out) const = 0;

  // Brings together what batches have written of a term, which changes nothing of what the index says. No row
  // below `settled` will be written any more by a batch that `stored` does not have. One at a time.
  static Status fold(std::string_view term, const EntryReader& stored, uint32_t settled, EntryWriter& out);
  // Terms that have something to be brought together, in order, from `from` on, at most so many.
  static Result<std::vector<std::string>> terms_to_fold(const EntryReader& stored, std::string_view from,
                                                        size_t at_most);
};

// TextCheck: whether an index says of values what it should. Memory: 8 bytes a row.
class TextCheck {
 public:
  // `stored` and `indexer` must outlive what is returned. Reads all postings. Errors: those of reading.
  static Result<std::unique_ptr<TextCheck>> begin(const TextIndexer& indexer, const EntryReader& stored);
  virtual ~TextCheck() = default;
  // A value of the collection; each key once. What is wrong with what the index has of it; empty: nothing.
  virtual Result<std::string> check(std::string_view key, std::string_view value) = 0;
  // After all values: what is wrong besides.
  virtual Result<std::string> finish(const TextTotals& totals) = 0;
};

struct TextIndexState {
  std::string analyser;
  // Whether the index has all values; else it is being made, was interrupted, or its entries are of another
  // version: make_text_index() goes on.
  bool whole = false;
};

// A text index at one moment, with the values that it is over. Thread-safety: one thread at a time. Lifetime:
// must go before its store.
class TextView {
 public:
  virtual ~TextView() = default;
  virtual const TextIndexState& state() const = 0;
  virtual const EntryReader& entries() const = 0;
  virtual Result<TextTotals> totals() const = 0;
  // The value under a key of the collection.
  virtual Result<std::optional<std::string>> value(std::string_view key) const = 0;
};

// TextIndexes: text indexes of collections of nodes, changed by every write to these, in the same atomic
// batch. Default: kNotSupported.
class TextIndexes {
 public:
  virtual ~TextIndexes() = default;

  // Null: the collection has no text index.
  virtual Result<std::unique_ptr<TextView>> open_text(std::string_view collection) const = 0;
  // Makes the text index of a collection, or goes on, over no more than `at_most` values; true when it is
  // whole. Every write from the first call on is part of it. Writers wait; cheap when there is nothing to do.
  // Open transactions that have to do with the collection conflict with it. Errors: kInvalidArgument where
  // there is one by another analyser; kNotSupported where the store is read_only, and in a transaction.
  virtual Result<bool> make_text_index(std::string_view collection, std::string_view analyser,
                                       uint64_t at_most) = 0;
  // False where there is none.
  virtual Result<bool> drop_text_index(std::string_view collection) = 0;
};

}  // namespace quipu

#endif  // QUIPU_BACKEND_TEXT_ENTRIES_H_
