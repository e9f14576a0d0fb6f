#ifndef QUIPU_ENGINE_FILES_HTTP_XML_ELEMENTS_H_
#define QUIPU_ENGINE_FILES_HTTP_XML_ELEMENTS_H_

#include <string>
#include <string_view>
#include <vector>

namespace quipu {

// The text of every element of this name, in order; of what is no XML, nothing.
std::vector<std::string> xml_elements(const std::string& xml, std::string_view name);
// The first, or an empty text.
std::string xml_element(const std::string& xml, std::string_view name);

}  // namespace quipu

#endif  // QUIPU_ENGINE_FILES_HTTP_XML_ELEMENTS_H_
