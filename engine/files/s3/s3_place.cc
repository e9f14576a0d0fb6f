#include "engine/files/s3/s3_place.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "engine/files/aws/aws_configuration.h"

namespace quipu {
namespace {

// Whether a bucket's name may be the first label of a host. One with dots would be several labels, which
// Amazon's certificate does not cover.
bool is_host_label(const std::string& bucket) {
  return bucket.size() >= 3 && bucket.size() <= 63 && bucket.front() != '-' && bucket.back() != '-' &&
         std::ranges::all_of(
             bucket, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

bool stands_in_host(const S3Place& place, const S3Options& options) {
  switch (options.addressing) {
    case S3Addressing::kPath: return false;
    case S3Addressing::kHost: return true;
    case S3Addressing::kAuto: break;
  }
  return options.endpoint.empty() && is_host_label(place.bucket);
}

}  // namespace

Result<S3Place> parse_s3_path(const std::string& path) {
  std::string_view rest = path;
  if (rest.starts_with("s3://")) rest.remove_prefix(5);
  while (rest.starts_with('/')) rest.remove_prefix(1);
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const size_t slash = rest.find('/');
  S3Place place{std::string(rest.substr(0, slash)), {}};
  if (place.bucket.empty()) return Status::invalid_argument("S3: the path " + path + " names no bucket");
  const bool plain = std::ranges::all_of(
      place.bucket, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_'; });
  if (!plain) {
    return Status::invalid_argument("S3: the path " + path +
                                    ": a bucket's name has letters, digits, -, . and _");
  }
  if (slash != std::string_view::npos) place.key = rest.substr(slash + 1);
  return place;
}

S3Address s3_address(const S3Place& place, const S3Options& options, const std::string& region) {
  std::string origin = options.endpoint;
  if (origin.empty()) origin = "https://s3." + region + std::string(aws_domain(region));
  while (origin.ends_with('/')) origin.pop_back();
  if (!stands_in_host(place, options)) {
    return {origin, "/" + place.bucket + (place.key.empty() ? "" : "/" + place.key)};
  }
  const size_t scheme = origin.find("://");
  origin.insert(scheme == std::string::npos ? 0 : scheme + 3, place.bucket + ".");
  return {origin, "/" + place.key};
}

}  // namespace quipu
