// CodeMaker: makes codes of vectors that were written before there were any, in a thread of its own, some
// thousand at a time, each step a batch: what is interrupted goes on when it is begun again.
//
// Thread-safety: any. Lifetime: must go before its database. Errors end it, and are logged: who begins it
// again tries again.

#ifndef QUIPU_BACKENDS_ROCKSDB_CODE_MAKER_H_
#define QUIPU_BACKENDS_ROCKSDB_CODE_MAKER_H_

#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "backends/rocksdb/database/database.h"
#include "quipu/backend/thread_annotations.h"

namespace quipu::rocks {

class CodeMaker {
 public:
  explicit CodeMaker(Database& database) : database_(database) {}
  ~CodeMaker() { stop(); }
  CodeMaker(const CodeMaker&) = delete;
  CodeMaker& operator=(const CodeMaker&) = delete;

  // True when all vectors of the collection have codes; else they are being made.
  Result<bool> begin(std::string_view collection);
  // Waits for the step that is under way; all that is done stays.
  void stop();

 private:
  void run();

  Database& database_;
  Mutex mutex_;
  std::vector<std::string> wanted_ QUIPU_GUARDED_BY(mutex_);  // collections, of which the last is at work
  bool stopping_ QUIPU_GUARDED_BY(mutex_) = false;
  bool running_ QUIPU_GUARDED_BY(mutex_) = false;
  std::thread thread_ QUIPU_GUARDED_BY(mutex_);
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_CODE_MAKER_H_
