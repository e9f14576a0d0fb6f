#include "engine/node/media_path.h"

#include <algorithm>
#include <iterator>

namespace quipu {
namespace {

struct FileType {
  std::string_view extension;
  std::string_view mimetype;
};

// The table of the Python package filetype 1.2, sorted: extensions count as they are written, case included.
constexpr FileType kFileTypes[] = {
    {"3gp", "video/3gpp"},
    {"7z", "application/x-7z-compressed"},
    {"Z", "application/x-compress"},
    {"aac", "audio/aac"},
    {"aiff", "audio/x-aiff"},
    {"amr", "audio/amr"},
    {"apng", "image/apng"},
    {"ar", "application/x-unix-archive"},
    {"avi", "video/x-msvideo"},
    {"avif", "image/avif"},
    {"bmp", "image/bmp"},
    {"br", "application/x-brotli"},
    {"bz2", "application/x-bzip2"},
    {"cab", "application/vnd.ms-cab-compressed"},
    {"cr2", "image/x-canon-cr2"},
    {"crx", "application/x-google-chrome-extension"},
    {"dcm", "application/dicom"},
    {"deb", "application/x-deb"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"dwg", "image/vnd.dwg"},
    {"elf", "application/x-executable"},
    {"eot", "application/octet-stream"},
    {"epub", "application/epub+zip"},
    {"exe", "application/x-msdownload"},
    {"flac", "audio/x-flac"},
    {"flv", "video/x-flv"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"heic", "image/heic"},
    {"ico", "image/x-icon"},
    {"jpg", "image/jpeg"},
    {"jpx", "image/jpx"},
    {"jxr", "image/vnd.ms-photo"},
    {"lz", "application/x-lzip"},
    {"lz4", "application/x-lz4"},
    {"lzo", "application/x-lzop"},
    {"m4a", "audio/mp4"},
    {"m4v", "video/x-m4v"},
    {"midi", "audio/midi"},
    {"mkv", "video/x-matroska"},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"mpg", "video/mpeg"},
    {"nes", "application/x-nintendo-nes-rom"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"ogg", "audio/ogg"},
    {"otf", "application/font-sfnt"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"ps", "application/postscript"},
    {"psd", "image/vnd.adobe.photoshop"},
    {"rar", "application/x-rar-compressed"},
    {"rpm", "application/x-rpm"},
    {"rtf", "application/rtf"},
    {"sqlite", "application/x-sqlite3"},
    {"swf", "application/x-shockwave-flash"},
    {"tar", "application/x-tar"},
    {"tif", "image/tiff"},
    {"ttf", "application/font-sfnt"},
    {"wasm", "application/wasm"},
    {"wav", "audio/x-wav"},
    {"webm", "video/webm"},
    {"webp", "image/webp"},
    {"wmv", "video/x-ms-wmv"},
    {"woff", "application/font-woff"},
    {"woff2", "application/font-woff"},
    {"xcf", "image/x-xcf"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xz", "application/x-xz"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
};

std::string_view extension_of(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == name.size()) return {};
  return name.substr(dot + 1);
}

}  // namespace

std::string python_path(std::string_view path) {
  std::string text;
  if (path.starts_with('/')) text = path.starts_with("//") && !path.starts_with("///") ? "//" : "/";
  bool first = true;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (!first) text += '/';
    first = false;
    text += part;
  }
  return text.empty() ? "." : text;
}

std::string_view mimetype_of_path(std::string_view path) {
  const std::string text = python_path(path);
  const std::string_view name = std::string_view(text).substr(text.rfind('/') + 1);
  const std::string_view extension = extension_of(name);
  const auto* const found = std::ranges::lower_bound(kFileTypes, extension, {}, &FileType::extension);
  return found != std::end(kFileTypes) && found->extension == extension ? found->mimetype
                                                                        : std::string_view();
}

}  // namespace quipu
