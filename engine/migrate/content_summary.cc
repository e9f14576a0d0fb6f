#include "engine/migrate/content_summary.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/sha256.h"
#include "engine/migrate/migration_mark.h"

namespace quipu {
namespace {

constexpr size_t kDigestBytes = 32;
using Digest = std::array<unsigned char, kDigestBytes>;

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

Context new_context() {
  Context context(EVP_MD_CTX_new());
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  return context;
}

// A text behind its length, so that no two lists of texts are the same bytes.
void update(EVP_MD_CTX* context, std::string_view text) {
  const uint64_t size = text.size();
  EVP_DigestUpdate(context, &size, sizeof(size));
  EVP_DigestUpdate(context, text.data(), text.size());
}

std::string hex(const Digest& digest) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : digest) {
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

void add(const Digest& digest, Digest& sum) {
  unsigned carry = 0;
  for (size_t i = 0; i < kDigestBytes; ++i) {
    carry += static_cast<unsigned>(sum[i]) + digest[i];
    sum[i] = static_cast<unsigned char>(carry);
    carry >>= 8;
  }
}

}  // namespace

struct EntryHashes::Digests {
  Context entry = new_context();  // started anew for each
  Context order = new_context();
  Digest sum{};
};

EntryHashes::EntryHashes() : digests_(std::make_unique<Digests>()) {}
EntryHashes::~EntryHashes() = default;
EntryHashes::EntryHashes(EntryHashes&&) noexcept = default;
EntryHashes& EntryHashes::operator=(EntryHashes&&) noexcept = default;

void EntryHashes::add(std::string_view key, std::string_view value) {
  update(digests_->entry.get(), key);
  update(digests_->entry.get(), value);
  Digest digest{};
  EVP_DigestFinal_ex(digests_->entry.get(), digest.data(), nullptr);
  EVP_DigestInit_ex(digests_->entry.get(), nullptr, nullptr);
  quipu::add(digest, digests_->sum);
  update(digests_->order.get(), key);
  ++count_;
}

std::string EntryHashes::content() const { return hex(digests_->sum); }

std::string EntryHashes::order() const {
  const Context copy(EVP_MD_CTX_new());
  EVP_MD_CTX_copy_ex(copy.get(), digests_->order.get());
  Digest digest{};
  EVP_DigestFinal_ex(copy.get(), digest.data(), nullptr);
  return hex(digest);
}

Result<CollectionSummary> summarize(const KVReader& store, const CollectionInfo& collection, uint64_t& bytes,
                                    UnfitEntries* unfit) {
  CollectionSummary summary{collection, {}, {}};
  ScanOptions in_order;
  in_order.order = ScanOptions::Order::kInsertion;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store.scan(in_order, collection.name));
  EntryHashes hashes;
  while (it->next()) {
    const std::string_view value = it->val().text();
    hashes.add(it->key(), value);
    if (unfit != nullptr) unfit->look(collection.name, it->key(), it->val());
    bytes += it->key().size() + value.size();
  }
  QUIPU_RETURN_IF_ERROR(it->status());
  if (collection.count != 0 && hashes.count() == 0) {
    return Status::corruption("collection \"" + collection.name + "\" is listed with " +
                              std::to_string(collection.count) + " entries, and none can be read");
  }
  summary.info.count = hashes.count();
  summary.content = hashes.content();
  summary.order = hashes.order();
  return summary;
}

Result<ContentSummary> summarize(const KVReader& store, UnfitEntries& unfit) {
  ContentSummary summary;
  QUIPU_ASSIGN_OR_RETURN(summary.declared_files, store.declared_files());
  QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> collections, store.collections());
  for (const CollectionInfo& collection : collections) {
    if (collection.name == kMigrationCollection) continue;
    QUIPU_ASSIGN_OR_RETURN(CollectionSummary each, summarize(store, collection, summary.bytes, &unfit));
    summary.collections.push_back(std::move(each));
  }
  return summary;
}

std::string ContentSummary::fingerprint() const {
  std::string text;
  const auto add = [&](std::string_view part) {
    text.append(std::to_string(part.size())) += ':';
    text += part;
  };
  for (const std::string& file : declared_files) add(file);
  for (const CollectionSummary& each : collections) {
    for (const std::string* const part :
         {&each.info.name, &each.info.persist_file, &each.info.indexed_field, &each.content, &each.order}) {
      add(*part);
    }
    add(std::to_string(each.info.count));
  }
  for (const TableSummary& table : tables) {
    add(table.name);
    add(table.content);
    add(std::to_string(table.count));
  }
  return sha256_hex(text);
}

const CollectionSummary* ContentSummary::find(std::string_view collection) const {
  const auto found =
      std::ranges::find_if(collections, [&](const auto& each) { return each.info.name == collection; });
  return found == collections.end() ? nullptr : &*found;
}

Status check_same(const CollectionSummary& wanted, const CollectionSummary& found, bool with_order) {
  const std::string name = "collection \"" + wanted.info.name + "\" of the target ";
  if (wanted.info.count != found.info.count) {
    return Status::corruption(name + "has " + std::to_string(found.info.count) + " entries, the source " +
                              std::to_string(wanted.info.count));
  }
  if (wanted.content != found.content) return Status::corruption(name + "has other values than the source");
  if (with_order && wanted.order != found.order) {
    return Status::corruption(name + "has its entries in another order than the source");
  }
  return Status::ok();
}

}  // namespace quipu
