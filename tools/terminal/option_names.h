// The library's messages name its options; the command has others.

#ifndef QUIPU_TOOLS_TERMINAL_OPTION_NAMES_H_
#define QUIPU_TOOLS_TERMINAL_OPTION_NAMES_H_

#include <string>
#include <string_view>

namespace quipu::cli {

// A message of the library with the command's options in place of the library's: "(merge adds to it)" becomes
// "(--merge adds to it)". What the command has no option for is left out.
std::string with_command_options(std::string_view message);

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_TERMINAL_OPTION_NAMES_H_
