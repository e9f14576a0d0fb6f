// Fault: what a check of a database or a persist directory finds, and where.
//
//   QUIPU_RETURN_IF_ERROR(verify_stores(*store, [](const Fault& fault) {
//     if (fault.severity == Severity::kFault) std::cerr << fault.collection << ": " << fault.message << '\n';
//   }));
//
// RocksDBKVStore::verify(), verify_stores() and verify_persist_dir() hand them out; an import reports those
// that concern more than one store as ImportReport::warnings. A plain value.

#ifndef QUIPU_FAULT_H_
#define QUIPU_FAULT_H_

#include <cstdint>
#include <string>

namespace quipu {

enum class Severity {
  kFault,  // what neither LlamaIndex nor Quipu leaves behind; a repair mends it or takes it out
  kNote,   // what LlamaIndex's own calls can leave, as an index whose vectors are kept elsewhere; never
           // repaired
};

struct Fault {
  std::string collection{};  // of a store, or, where a file cannot be read as one, as in the file
  std::string key{};
  std::string message{};
  Severity severity = Severity::kFault;
  // Of a persist directory: the file, the line from 1, the byte from 0; 0 both where no place has it.
  std::string file{};
  uint64_t line = 0;
  uint64_t byte = 0;
};

}  // namespace quipu

#endif  // QUIPU_FAULT_H_
