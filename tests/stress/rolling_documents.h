// A fixed number of documents in all stores that are made anew, one after the other, for ever: the data stays
// as much as it is, and whoever reads it can tell whether what he sees is one moment.
//
//   for (int number = 0;; ++number) QUIPU_RETURN_IF_ERROR(write_rolling_document(context, number));

#ifndef QUIPU_TESTS_STRESS_ROLLING_DOCUMENTS_H_
#define QUIPU_TESTS_STRESS_ROLLING_DOCUMENTS_H_

#include <memory>
#include <string>

#include "quipu/persist_dir.h"
#include "quipu/storage_context.h"

namespace quipu::testing {

inline constexpr int kRollingDocuments = 1000;

// Puts document `number` in the place of the one a round before: in one transaction its nodes, vectors and
// edge, and `number` in two collections. Then some single calls that are no transaction.
Status write_rolling_document(StorageContext& context, int number);

// What is wrong with what is there; empty: nothing. Documents up to `written`, without it, have been written.
std::string check_rolling_documents(const std::shared_ptr<BaseKVStore>& kvstore, int written);

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_STRESS_ROLLING_DOCUMENTS_H_
