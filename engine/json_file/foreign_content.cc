#include "engine/json_file/foreign_content.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "engine/json/scanner.h"

namespace quipu {
namespace {

using std::literals::operator""sv;

// Faiss writes four letters, I with the kind of index behind it, and the dimension as a little-endian int32.
// Source: faiss/impl/index_write.cpp (IxF2, IxFI, IwFl, IBxF, IHNf, INSf, ...).
bool is_faiss(std::string_view head) {
  constexpr uint32_t kMaxDimension = 1U << 24;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(head[i]); };
  if (head.size() < 8 || head[0] != 'I' || head[1] == 'n') return false;  // Infinity is Python's JSON
  if (!std::all_of(head.begin() + 1, head.begin() + 4, [](unsigned char c) { return std::isalnum(c) != 0; }))
    return false;
  const uint32_t dimension = byte(4) | byte(5) << 8U | byte(6) << 16U | static_cast<uint32_t>(byte(7)) << 24U;
  return dimension > 0 && dimension <= kMaxDimension;
}

bool is_pickle(std::string_view head) {
  return head.size() > 2 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5;
}

bool is_tar(std::string_view head) { return head.size() >= 262 && head.substr(257, 5) == "ustar"; }

bool is_zero(std::string_view head) {
  return head.size() >= 4 && std::ranges::all_of(head, [](char c) { return c == '\0'; });
}

// XML, HTML included, behind white space.
bool is_markup(std::string_view head) {
  const size_t first = head.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || first + 1 >= head.size() || head[first] != '<') return false;
  const auto next = static_cast<unsigned char>(head[first + 1]);
  return next == '!' || next == '?' || std::isalpha(next) != 0;
}

bool is_python_dict(std::string_view head) { return head.starts_with("{'"); }

struct Kind {
  std::string_view beginning;  // of the file, where `matches` is null
  bool (*matches)(std::string_view head);
  std::string_view what;
  std::string_view advice;
};

constexpr std::string_view kUnpack = ": unpack it, and put the JSON file in its place";
constexpr std::string_view kConvert =
    ": let the store that wrote it load it, and persist its content as JSON";

constexpr Kind kKinds[] = {
    {"version https://git-lfs.github.com/spec/"sv, nullptr, "a Git LFS pointer, not the file itself",
     ": run git lfs pull in the repository"},
    {"/annex/objects/"sv, nullptr, "a git-annex pointer, not the file itself",
     ": run git annex get in the repository"},
    {"\0GITCRYPT\0"sv, nullptr, "a file that git-crypt has encrypted",
     ": run git-crypt unlock in the repository"},
    {"<<<<<<< "sv, nullptr, "a file with the conflict of a git merge in it",
     ": resolve it, by git checkout --ours or --theirs"},
    {{},
     is_faiss,
     "a Faiss index, as FaissVectorStore writes it, not JSON",
     ": keep it with FaissVectorStore, and import the other files by their names (files)"},
    {"\x1f\x8b"sv, nullptr, "compressed by gzip", kUnpack},
    {"PK\x03\x04"sv, nullptr, "a zip archive", kUnpack},
    {"PK\x05\x06"sv, nullptr, "an empty zip archive", kUnpack},
    {"\xfd\x37zXZ\0"sv, nullptr, "compressed by xz", kUnpack},
    {"BZh"sv, nullptr, "compressed by bzip2", kUnpack},
    {"\x28\xb5\x2f\xfd"sv, nullptr, "compressed by zstd", kUnpack},
    {"\x04\x22\x4d\x18"sv, nullptr, "compressed by lz4", kUnpack},
    {"7z\xbc\xaf\x27\x1c"sv, nullptr, "a 7-Zip archive", kUnpack},
    {{}, is_tar, "a tar archive", kUnpack},
    {"SQLite format 3\0"sv, nullptr, "a SQLite database, as Chroma and Qdrant keep, not JSON", kConvert},
    {{},
     is_pickle,
     "a Python pickle, not JSON",
     ": load it in Python, if you trust where it comes from, and persist its content as JSON"},
    {"\x93NUMPY"sv, nullptr, "a NumPy array, not JSON", kConvert},
    {"PAR1"sv, nullptr, "a Parquet file, not JSON", kConvert},
    {"ARROW1"sv, nullptr, "an Arrow file, not JSON", kConvert},
    {"\x89HDF\r\n\x1a\n"sv, nullptr, "an HDF5 file, not JSON", kConvert},
    {"%PDF-"sv, nullptr, "a PDF document, not a persist file",
     ": name a directory that LlamaIndex persisted"},
    {{}, is_markup, "HTML or XML, such as a server's error page, not JSON", ": download the file anew"},
    {{}, is_python_dict, "a Python dict as print() shows it, not JSON", ": write it by json.dump()"},
    {{}, is_zero, "full of zero bytes, as after a power cut", ": take it from a copy or backup"},
};

}  // namespace

std::string describe_foreign_content(std::string_view head) {
  const auto found = std::ranges::find_if(kKinds, [&](const Kind& kind) {
    return kind.matches != nullptr ? kind.matches(head) : head.starts_with(kind.beginning);
  });
  return found == std::end(kKinds) ? std::string() : std::string(found->what).append(found->advice);
}

std::string with_advice(std::string_view error) {
  struct Advice {
    std::string_view beginning;
    std::string_view text;
  };
  static constexpr std::string_view kAnotherProgram =
      "; another program wrote this: LlamaIndex writes {collection: {key: {...}}}";
  static constexpr Advice kAdvice[] = {
      {kInvalidUtf8,
       "; LlamaIndex on Windows writes in the system's code page (encoding such as gbk, cp932, cp1252)"},
      {"the text is UTF-16", " (encoding utf-16 converts it)"},
      {"the text is UTF-32", " (encoding utf-32 converts it)"},
      {"the file's root is", kAnotherProgram},
      {"the collection is", kAnotherProgram},
      {"the first value is", kAnotherProgram},
  };
  const auto found = std::ranges::find_if(
      kAdvice, [&](const Advice& advice) { return error.starts_with(advice.beginning); });
  return found == std::end(kAdvice) ? std::string(error) : std::string(error).append(found->text);
}

}  // namespace quipu
