#include "backends/redis/client/topology.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "backends/redis/client/slot.h"

namespace quipu::redis {
namespace {

struct SlotRange {
  size_t first;
  size_t last;
  Endpoint master;
};

// An element of what CLUSTER SLOTS answers: first slot, last slot, the master's host and port, ....
std::optional<SlotRange> slot_range(const redisReply& reply, const Endpoint& asked) {
  const auto parts = elements_of(reply);
  if (parts.size() < 3 || elements_of(*parts[2]).size() < 2) return {};
  const auto first = parts[0]->integer;
  const auto last = parts[1]->integer;
  if (first < 0 || last < first || last >= static_cast<long long>(kSlots)) return {};
  const auto master = elements_of(*parts[2]);
  const bool named = !is_nil(*master[0]) && !text_of(*master[0]).empty() && text_of(*master[0]) != "?";
  const std::string host(named ? text_of(*master[0]) : std::string_view(asked.host));
  return SlotRange{
      static_cast<size_t>(first), static_cast<size_t>(last), {host, static_cast<int>(master[1]->integer)}};
}

}  // namespace

Topology::Topology(const Address& address) : address_(address), of_slot_(kSlots) {
  const WriterLock lock(mutex_);
  for (const Endpoint& endpoint : address.endpoints) at_locked(endpoint);
}

Server& Topology::at_locked(const Endpoint& endpoint) {
  std::unique_ptr<Server>& server = servers_[endpoint];
  if (!server) server = std::make_unique<Server>(endpoint, address_);
  return *server;
}

Server& Topology::at(const Endpoint& endpoint) {
  const WriterLock lock(mutex_);
  return at_locked(endpoint);
}

void Topology::set_slot(uint16_t slot, const Endpoint& endpoint) {
  const WriterLock lock(mutex_);
  of_slot_[slot] = &at_locked(endpoint);
}

Server* Topology::of_slot(uint16_t slot) const {
  const ReaderLock lock(mutex_);
  return of_slot_[slot];
}

bool Topology::is_cluster() const {
  const ReaderLock lock(mutex_);
  return is_cluster_;
}

uint64_t Topology::version() const {
  const ReaderLock lock(mutex_);
  return version_;
}

std::vector<Server*> Topology::masters() const {
  const ReaderLock lock(mutex_);
  std::vector<Server*> masters;
  for (Server* const server : of_slot_) {
    if (server != nullptr && (masters.empty() || masters.back() != server)) masters.push_back(server);
  }
  std::ranges::sort(masters);
  masters.erase(std::ranges::unique(masters).begin(), masters.end());
  return masters;
}

Status Topology::refresh(uint64_t seen, Deadline deadline) {
  const MutexLock refreshing(refreshing_);
  std::vector<Server*> known;
  {
    const ReaderLock lock(mutex_);
    if (version_ != seen) return Status::ok();
    for (const auto& [endpoint, server] : servers_) known.push_back(server.get());
  }
  Status last = Status::io_error("no server of Redis is known");
  for (Server* const server : known) {
    last = ask(*server, deadline);
    if (last.is_ok()) return last;
  }
  return last;
}

Status Topology::ask(Server& server, Deadline deadline) {
  QUIPU_ASSIGN_OR_RETURN(Server::Lease lease, server.take(deadline));
  Command question("CLUSTER");
  Result<Reply> reply = lease->exchange(question.add("SLOTS"));
  if (!reply) {
    lease.drop();
    server.forget_idle();
    return reply.error();
  }
  std::vector<SlotRange> ranges;
  const bool alone =
      is_error(**reply) && text_of(**reply).find("cluster support disabled") != std::string::npos;
  if (is_error(**reply) && !alone) {
    return Status::io_error(server.endpoint().to_string() + ": " + std::string(text_of(**reply)));
  }
  for (const redisReply* const element : elements_of(**reply)) {
    if (std::optional<SlotRange> range = slot_range(*element, server.endpoint())) ranges.push_back(*range);
  }
  if (!alone && ranges.empty()) {
    return Status::io_error(server.endpoint().to_string() + " knows of no master of the cluster");
  }
  if (alone) ranges.push_back({0, kSlots - 1, server.endpoint()});
  const WriterLock lock(mutex_);
  std::ranges::fill(of_slot_, nullptr);
  for (const SlotRange& range : ranges) {
    std::fill(of_slot_.begin() + static_cast<ptrdiff_t>(range.first),
              of_slot_.begin() + static_cast<ptrdiff_t>(range.last) + 1, &at_locked(range.master));
  }
  is_cluster_ = !alone;
  ++version_;
  return Status::ok();
}

}  // namespace quipu::redis
