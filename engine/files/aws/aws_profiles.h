// AwsProfiles: the files ~/.aws/config and ~/.aws/credentials.
//
// Thread-safety: immutable. Errors: kInvalidArgument with file and line, without what stands there, which may
// be a key.

#ifndef QUIPU_ENGINE_FILES_AWS_AWS_PROFILES_H_
#define QUIPU_ENGINE_FILES_AWS_AWS_PROFILES_H_

#include <map>
#include <string>
#include <string_view>

#include "quipu/status.h"

namespace quipu {

// Settings by name; those that stand indented below another one as "s3.addressing_style".
using AwsSettings = std::map<std::string, std::string>;

class AwsProfiles {
 public:
  // A file that does not exist says nothing. Where both have a setting of a profile, the credentials file's
  // counts.
  static Result<AwsProfiles> read(const std::string& config_file, const std::string& credentials_file);

  // Null where neither file has the profile.
  const AwsSettings* profile(const std::string& name) const { return find(profiles_, name); }
  // A section "services", which a profile names.
  const AwsSettings* services(const std::string& name) const { return find(services_, name); }

 private:
  using Sections = std::map<std::string, AwsSettings>;
  static const AwsSettings* find(const Sections& sections, const std::string& name);
  Status add_file(const std::string& path, bool is_config);
  AwsSettings* section(std::string_view header, bool is_config);

  Sections profiles_;
  Sections services_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_FILES_AWS_AWS_PROFILES_H_
