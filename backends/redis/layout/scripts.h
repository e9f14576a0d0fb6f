// The scripts that a store runs, each over keys of one group. What they take and return stands in scripts.cc,
// above each.

#ifndef QUIPU_BACKENDS_REDIS_LAYOUT_SCRIPTS_H_
#define QUIPU_BACKENDS_REDIS_LAYOUT_SCRIPTS_H_

#include "backends/redis/client/script.h"

namespace quipu::redis::scripts {

const Script& write();
const Script& declare();
const Script& drop();
const Script& number_keys();
const Script& forget_keys();
const Script& lock();
const Script& unlock();
const Script& load();
const Script& commit_load();
const Script& read_whole();
const Script& read_page();
const Script& read_keys();
const Script& list_keys();

}  // namespace quipu::redis::scripts

#endif  // QUIPU_BACKENDS_REDIS_LAYOUT_SCRIPTS_H_
