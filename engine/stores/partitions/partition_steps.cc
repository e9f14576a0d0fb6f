// StoredPartitions: the steps by which vectors come into partitions.

#include <algorithm>
#include <random>
#include <unordered_set>
#include <utility>

#include "engine/stores/partitions/stored_partitions.h"
#include "engine/vectors/partitions/division.h"
#include "quipu/backend/features.h"

namespace quipu {
namespace {

// Fewer vectors are compared as fast as partitions are looked for.
constexpr uint64_t kFewestVectors = 4096;
// So many in no partition are waited for; so many are moved at a time.
constexpr size_t kHomeUsually = 4096;
constexpr size_t kMovedAtOnce = 4096;
// At first, when nearly all are in none, as many as take about so much in a batch: of each partition several.
constexpr size_t kBytesMovedAtOnce = 48 << 20;
constexpr size_t kBytesOfAMove = 300;  // beside its code
// Of so many vectors the first means are made; of more where there are many partitions, whose codes take so
// much at most.
constexpr size_t kSample = 131072;
constexpr size_t kSampleOfPartition = 32;
constexpr size_t kSampleBytes = 128 << 20;
// So many partitions are divided at a time: each step writes the note, which tells of all of them.
constexpr size_t kDividedAtOnce = 16;
// Where more partitions than one of so many have few vectors, these are merged, so many at a time.
constexpr size_t kOneSmallOf = 16;
constexpr size_t kMergedAtOnce = 64;
// Partitions near one that is divided, whose vectors may be nearer to the new means.
constexpr size_t kNeighbours = 16;

}  // namespace

Result<std::optional<StoredPartitions::Step>> StoredPartitions::next_step(const CodeReader& reader,
                                                                          bool all) const {
  std::optional<Step> none;
  if (!centroids_ || mixed_) return none;
  if (centroids_->size() == 0) {
    if (in_none() < kFewestVectors) return none;
    return find_partitions(reader);
  }
  if (!knows_home_ || home_.size() >= (all ? 1 : kHomeUsually)) return move_home_rows(reader, all);
  if (std::ranges::any_of(note_.rows, [](const auto& each) { return each.second > kMostRows; })) {
    return divide_large(reader);
  }
  if (has_lost_many(reader)) return calibrate(reader);
  if (has_many_small()) {
    QUIPU_ASSIGN_OR_RETURN(std::optional<Step> merged, merge_small(reader));
    if (merged) return merged;
  }
  const uint64_t least = std::min<uint64_t>(note_.rows.size(), note_.calibrated);
  const uint64_t most = std::max<uint64_t>(note_.rows.size(), note_.calibrated);
  if (note_.recall != recall_ || most > least + least / 2) return calibrate(reader);
  return none;
}

bool StoredPartitions::has_lost_many(const CodeReader& reader) const {
  uint64_t rows = 0;
  for (const auto& [partition, count] : note_.rows) rows += count;
  return rows > reader.count() + reader.count() / 4;
}

bool StoredPartitions::has_many_small() const {
  const auto small =
      std::ranges::count_if(note_.rows, [](const auto& each) { return each.second < kFewestRows; });
  return static_cast<size_t>(small) * kOneSmallOf > note_.rows.size();
}

bool StoredPartitions::wants_step() const {
  if (!centroids_ || mixed_) return false;
  if (!knows_home_ || (centroids_->size() != 0 && note_.recall != recall_)) return true;
  return home_.size() >= (centroids_->size() == 0 ? kFewestVectors : kHomeUsually);
}

bool StoredPartitions::apply(Step step) {
  note_ = std::move(step.note);
  ++arrangement_;
  stale_notes_.clear();
  for (const uint64_t partition : step.gone) centroids_->erase(partition);
  for (const auto& [partition, mean] : step.means) centroids_->fill(partition, mean);
  centroids_->end_filling();
  // Of a vector that has been in a partition before, cached rows may have what it was then.
  if (std::ranges::any_of(step.moved, [this](uint64_t order) { return gone_.contains(order); })) {
    cache_->clear();
    gone_.clear();
  }
  for (const uint64_t partition : step.changed) cache_->erase(partition);
  for (const uint64_t order : step.moved) {
    if (home_rows_.contains(order)) erase(order);
  }
  if (!knows_home_) home_count_ -= std::min<uint64_t>(home_count_, step.moved.size());
  if (knows_home_ || !step.next_home) return false;
  next_home_ = *step.next_home;
  return step.moved.empty();
}

void StoredPartitions::put_mean(uint64_t partition, std::span<const float> mean, Step& step) const {
  const std::string bytes = mean_to_bytes(mean);
  step.batch.add({&VectorValues::kPutCodeNote, collection_, mean_key(partition), bytes});
  step.means.emplace_back(partition, *parse_mean(bytes, dimensions()));
}

void StoredPartitions::put_note(Step& step) const {
  step.batch.add({&VectorValues::kPutCodeNote, collection_, kPartitionsNote, step.note.to_bytes()});
}

Result<StoredPartitions::Step> StoredPartitions::find_partitions(const CodeReader& reader) const {
  CodedRows sample(dimensions());
  std::mt19937_64 random(note_.next);
  const uint64_t count = in_none();
  const uint64_t partitions = count / kUsualRows;
  const uint64_t wanted = std::max<uint64_t>(
      kSample, std::min(partitions * kSampleOfPartition, kSampleBytes / sample.row_bytes()));
  QUIPU_RETURN_IF_ERROR(for_each_home_block(reader, [&](const CodeBlock& block) {
    const CodedRows rows = regular_rows(block);
    for (size_t row = 0; row < rows.size(); ++row) {
      if (random() % count < wanted) sample.add(rows, row);
    }
    return true;
  }));
  Step step;
  step.note = note_;
  if (sample.size() == 0) return step;
  for (const std::string& key : stale_notes_) {
    step.batch.add({&VectorValues::kPutCodeNote, collection_, key});
  }
  const Means means = find_means(sample, partitions, random());
  for (size_t i = 0; i < means.size(); ++i) {
    step.note.rows.emplace(step.note.next, 0);
    put_mean(step.note.next++, means[i], step);
  }
  put_note(step);
  return step;
}

Result<StoredPartitions::Step> StoredPartitions::move_home_rows(const CodeReader& reader, bool all) const {
  CodedRows rows(dimensions());
  const size_t at_once =
      all && !knows_home_ ? kBytesMovedAtOnce / (2 * rows.row_bytes() + kBytesOfAMove) : kMovedAtOnce;
  uint64_t last = next_home_;
  QUIPU_RETURN_IF_ERROR(for_each_home_block(reader, [&](const CodeBlock& block) {
    last = block.number;
    rows.add(regular_rows(block).view());
    return rows.size() < at_once;
  }));
  Step step;
  step.note = note_;
  step.next_home = last;
  const std::vector<uint64_t> nearest = centroids_->nearest(rows);
  Moves moves;
  for (size_t row = 0; row < rows.size(); ++row) {
    moves.emplace_back(rows.number(row), nearest[row]);
    step.moved.push_back(rows.number(row));
    step.changed.insert(nearest[row]);
    step.note.newest = std::max(step.note.newest, rows.number(row));
    ++step.note.rows[nearest[row]];
  }
  QUIPU_RETURN_IF_ERROR(move(reader, std::move(moves), step));
  if (!step.moved.empty()) put_note(step);
  return step;
}

Status StoredPartitions::move(const CodeReader& reader, Moves moves, Step& step) const {
  std::ranges::sort(moves);
  std::vector<uint64_t> orders;
  for (const auto& [order, partition] : moves) orders.push_back(order);
  return reader.get_rows(dimensions(), orders, [&](size_t i, const CodeRow& row) {
    const CodeMove move{row.order, dimensions(), moves[i].second};
    step.batch.add({&VectorValues::kMoveCode, collection_, row.key, move.bytes()});
    return Status::ok();
  });
}

Result<CodedRows> StoredPartitions::rows_of(const CodeReader& reader, uint64_t partition) const {
  CodedRows rows(dimensions());
  QUIPU_RETURN_IF_ERROR(
      reader.get_blocks(dimensions(), {&partition, 1}, [&](size_t /*i*/, const CodeBlock& block) {
        rows.add(view_of(block));
        return Status::ok();
      }));
  return rows;
}

std::vector<uint64_t> StoredPartitions::near_partitions(uint64_t partition, size_t count) const {
  std::vector<uint64_t> near;
  const std::vector<float> mean = centroids_->mean(partition);
  if (std::ranges::all_of(mean, [](float element) { return element == 0; })) return near;
  const Probe probe{std::span<const float>(mean)};
  std::vector<Centroids::Scored> all;
  std::vector<Centroids::Scored> scored;
  for (size_t group = 0; group < centroids_->groups(); ++group) {
    centroids_->score_group(probe, group, scored);
    all.insert(all.end(), scored.begin(), scored.end());
  }
  std::erase_if(all, [&](const Centroids::Scored& each) { return each.number == partition; });
  count = std::min(count, all.size());
  std::ranges::partial_sort(all, all.begin() + static_cast<ptrdiff_t>(count), std::greater(),
                            &Centroids::Scored::similarity);
  for (size_t i = 0; i < count; ++i) near.push_back(all[i].number);
  return near;
}

// What one takes rows from or gives rows to, no other one of the same step does.
Result<StoredPartitions::Step> StoredPartitions::divide_large(const CodeReader& reader) const {
  Step step;
  step.note = note_;
  Moves moves;
  std::unordered_set<uint64_t> taken;
  size_t divided = 0;
  for (const auto& [partition, rows] : note_.rows) {
    if (divided == kDividedAtOnce) break;
    if (rows <= kMostRows) continue;
    const std::vector<uint64_t> neighbours = near_partitions(partition, kNeighbours);
    const auto is_taken = [&](uint64_t each) { return taken.contains(each); };
    if (is_taken(partition) || std::ranges::any_of(neighbours, is_taken)) continue;
    taken.insert(partition);
    taken.insert(neighbours.begin(), neighbours.end());
    QUIPU_RETURN_IF_ERROR(divide_partition(reader, partition, neighbours, step, moves));
    ++divided;
  }
  QUIPU_RETURN_IF_ERROR(move(reader, std::move(moves), step));
  put_note(step);
  return step;
}

// Its vectors go to the parts, or to neighbours that are nearer; vectors of neighbours come to the parts that
// are nearer to them.
Status StoredPartitions::divide_partition(const CodeReader& reader, uint64_t partition,
                                          const std::vector<uint64_t>& neighbours, Step& step,
                                          Moves& moves) const {
  QUIPU_ASSIGN_OR_RETURN(const CodedRows rows, rows_of(reader, partition));
  step.note.rows[partition] = static_cast<uint32_t>(rows.size());
  if (rows.size() <= kMostRows) return Status::ok();  // others have been removed
  step.changed.insert(partition);
  const Division division = divide(rows, (rows.size() + kUsualRows - 1) / kUsualRows, partition);
  Centroids near(dimensions());
  // What is as near to a part as to its own mean stays: of the means that tie, the first is taken.
  Centroids own_first(dimensions());
  for (const uint64_t neighbour : neighbours) own_first.put(neighbour, centroids_->mean(neighbour));
  std::vector<uint64_t> parts;
  for (size_t i = 0; i < division.means.size(); ++i) {
    parts.push_back(i == 0 ? partition : step.note.next++);
    put_mean(parts.back(), division.means[i], step);
    near.put(parts.back(), step.means.back().second);
    own_first.put(parts.back(), step.means.back().second);
    step.note.rows[parts.back()] = 0;
  }
  for (const uint64_t neighbour : neighbours) near.put(neighbour, centroids_->mean(neighbour));
  const std::unordered_set<uint64_t> is_part(parts.begin(), parts.end());
  const std::vector<uint64_t> nearest = near.nearest(rows);
  for (size_t row = 0; row < rows.size(); ++row) {
    const uint64_t to = is_part.contains(nearest[row]) ? parts[division.part_of[row]] : nearest[row];
    step.changed.insert(to);
    if (to != partition) moves.emplace_back(rows.number(row), to);
    ++step.note.rows[to];
  }
  for (const uint64_t neighbour : neighbours) {
    QUIPU_ASSIGN_OR_RETURN(const CodedRows of_neighbour, rows_of(reader, neighbour));
    const std::vector<uint64_t> nearer = own_first.nearest(of_neighbour);
    for (size_t row = 0; row < of_neighbour.size(); ++row) {
      if (!is_part.contains(nearer[row])) continue;
      moves.emplace_back(of_neighbour.number(row), nearer[row]);
      step.changed.insert(neighbour);
      step.changed.insert(nearer[row]);
      ++step.note.rows[nearer[row]];
      if (step.note.rows[neighbour] > 0) --step.note.rows[neighbour];
    }
  }
  return Status::ok();
}

// Vectors of partitions that have few go to those that are the nearest to them and have room.
Result<std::optional<StoredPartitions::Step>> StoredPartitions::merge_small(const CodeReader& reader) const {
  Step step;
  step.note = note_;
  Moves moves;
  std::unordered_set<uint64_t> filled;  // which take part in this step once
  for (const auto& [partition, about] : note_.rows) {
    if (step.gone.size() == kMergedAtOnce) break;
    if (about >= kFewestRows || filled.contains(partition)) continue;
    QUIPU_ASSIGN_OR_RETURN(const CodedRows rows, rows_of(reader, partition));
    step.note.rows[partition] = static_cast<uint32_t>(rows.size());
    if (rows.size() >= kFewestRows) continue;
    Centroids others(dimensions());
    for (const uint64_t each : near_partitions(partition, kNeighbours)) {
      const auto found = step.note.rows.find(each);
      const bool has_room = found != step.note.rows.end() && found->second + rows.size() <= kMostRows;
      if (has_room) others.put(each, centroids_->mean(each));
    }
    if (others.size() == 0) continue;
    const std::vector<uint64_t> nearest = others.nearest(rows);
    for (size_t row = 0; row < rows.size(); ++row) {
      moves.emplace_back(rows.number(row), nearest[row]);
      step.changed.insert(nearest[row]);
      filled.insert(nearest[row]);
      ++step.note.rows[nearest[row]];
    }
    step.batch.add({&VectorValues::kPutCodeNote, collection_, mean_key(partition)});
    step.note.rows.erase(partition);
    step.changed.insert(partition);
    step.gone.push_back(partition);
  }
  if (step.note.rows == note_.rows) return std::optional<Step>();
  QUIPU_RETURN_IF_ERROR(move(reader, std::move(moves), step));
  put_note(step);
  return std::optional(std::move(step));
}

}  // namespace quipu
