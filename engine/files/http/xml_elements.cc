#include "engine/files/http/xml_elements.h"

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <sstream>

namespace quipu {
namespace {

void collect(const boost::property_tree::ptree& tree, std::string_view name,
             std::vector<std::string>& found) {
  for (const auto& [child, subtree] : tree) {
    if (child == name) found.push_back(subtree.data());
    collect(subtree, name, found);
  }
}

}  // namespace

std::vector<std::string> xml_elements(const std::string& xml, std::string_view name) {
  std::vector<std::string> found;
  try {
    std::istringstream in(xml);
    boost::property_tree::ptree tree;
    boost::property_tree::read_xml(in, tree);
    collect(tree, name, found);
  } catch (const boost::property_tree::xml_parser_error&) {
    found.clear();
  }
  return found;
}

std::string xml_element(const std::string& xml, std::string_view name) {
  std::vector<std::string> found = xml_elements(xml, name);
  return found.empty() ? std::string() : std::move(found.front());
}

}  // namespace quipu
