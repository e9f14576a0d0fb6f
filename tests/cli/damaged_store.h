// A database with faults of every layer that a repair mends: an index entry that is missing and one too many,
// a member list without one of its members, an entry that is no node.

#ifndef QUIPU_TESTS_CLI_DAMAGED_STORE_H_
#define QUIPU_TESTS_CLI_DAMAGED_STORE_H_

#include <string>

namespace quipu::testing {

void make_damaged_store(const std::string& path);

// Its nodes are as they were, and the entry that is none is in its place or in a file of what was set aside.
void expect_nothing_lost(const std::string& path);

// And all faults are mended.
void expect_mended(const std::string& path);

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_CLI_DAMAGED_STORE_H_
