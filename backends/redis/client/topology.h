// Topology: which server has which slot. One server that is no cluster has them all.
//
// Thread-safety: any number of threads. Servers live as long as this.

#ifndef QUIPU_BACKENDS_REDIS_CLIENT_TOPOLOGY_H_
#define QUIPU_BACKENDS_REDIS_CLIENT_TOPOLOGY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "backends/redis/client/address.h"
#include "backends/redis/client/server.h"
#include "quipu/backend/thread_annotations.h"
#include "quipu/status.h"

namespace quipu::redis {

class Topology {
 public:
  explicit Topology(const Address& address);

  // Asks the servers that are known, one after the other, until one tells. `seen` is the version() that the
  // caller has found wanting: where there is a newer one already, nothing is asked. Errors: the last
  // server's.
  Status refresh(uint64_t seen, Deadline deadline);
  uint64_t version() const;

  bool is_cluster() const;
  // Null where no server is known to have the slot.
  Server* of_slot(uint16_t slot) const;
  Server& at(const Endpoint& endpoint);
  void set_slot(uint16_t slot, const Endpoint& endpoint);  // as a server has told
  std::vector<Server*> masters() const;

 private:
  Server& at_locked(const Endpoint& endpoint) QUIPU_REQUIRES(mutex_);
  Status ask(Server& server, Deadline deadline);

  const Address& address_;
  Mutex refreshing_;  // held while servers are asked
  mutable SharedMutex mutex_;
  std::map<Endpoint, std::unique_ptr<Server>> servers_ QUIPU_GUARDED_BY(mutex_);
  std::vector<Server*> of_slot_ QUIPU_GUARDED_BY(mutex_);
  bool is_cluster_ QUIPU_GUARDED_BY(mutex_) = false;
  uint64_t version_ QUIPU_GUARDED_BY(mutex_) = 0;
};

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_CLIENT_TOPOLOGY_H_
