// What the reference makes of a MediaResource's path: pydantic turns it into a pathlib.Path, and the
// mimetype, when none is given, is guessed from its suffix.

#ifndef QUIPU_ENGINE_NODE_MEDIA_PATH_H_
#define QUIPU_ENGINE_NODE_MEDIA_PATH_H_

#include <string>
#include <string_view>

namespace quipu {

// str(PurePosixPath(path)): "/a//b/./c/" is "/a/b/c", "" is ".".
std::string python_path(std::string_view path);

// The mimetype that belongs to the suffix of python_path(path); empty when it is not known.
std::string_view mimetype_of_path(std::string_view path);

}  // namespace quipu

#endif  // QUIPU_ENGINE_NODE_MEDIA_PATH_H_
