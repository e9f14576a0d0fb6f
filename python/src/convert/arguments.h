// Arg: an argument that knows its name, so that a wrong one is refused with what is wrong: "key must be a
// str, not int: 5". nanobind's own casters end in "incompatible function arguments" and a list of signatures.
//
//   [](const Arg<"key", Text>& key, Arg<"limit", uint64_t> limit) { ... key.view ... }   with
//   nb::arg("key").none()
//
// An Arg of a class is one of these; one of a number or bool becomes one. None is given to it like any other
// value, where nb::arg().none() says so. Errors: TypeError for another type, ValueError for a number that is
// out of range.

#ifndef QUIPU_PYTHON_CONVERT_ARGUMENTS_H_
#define QUIPU_PYTHON_CONVERT_ARGUMENTS_H_

#include <nanobind/nanobind.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "python/src/convert/text.h"

namespace quipu::python {

template <size_t N>
struct ArgName {
  constexpr ArgName(const char (&text)[N]) { std::copy_n(text, N, chars); }  // NOLINT: from a literal
  char chars[N];
};

// A path of a file or folder: a str, bytes, or anything with __fspath__.
struct PathText {
  std::string text;
};

template <ArgName kName, class T>
struct Arg : T {};

template <ArgName kName, class T>
requires std::is_arithmetic_v<T>
struct Arg<kName, T> {
  T value;
  operator T() const { return value; }  // NOLINT: it is one
};

using Strings = std::vector<std::string>;
template <ArgName kName>
using Str = Arg<kName, Text>;
template <ArgName kName>
using Flag = Arg<kName, bool>;

// ---- from Python; each raises as above ----

void read_argument(nanobind::handle given, const char* name, Text& value);
void read_argument(nanobind::handle given, const char* name, PathText& value);
void read_argument(nanobind::handle given, const char* name, Strings& value);
void read_argument(nanobind::handle given, const char* name, bool& value);
void read_argument(nanobind::handle given, const char* name, double& value);
void read_argument(nanobind::handle given, const char* name, nanobind::list& value);
void read_argument(nanobind::handle given, const char* name, nanobind::dict& value);
int64_t read_integer(nanobind::handle given, const char* name, int64_t least, uint64_t most);

template <class T>
requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) void read_argument(nanobind::handle given,
                                                                               const char* name, T& value) {
  using Limits = std::numeric_limits<T>;
  const int64_t least = std::is_signed_v<T> ? static_cast<int64_t>(Limits::min()) : 0;
  value = static_cast<T>(read_integer(given, name, least, static_cast<uint64_t>(Limits::max())));
}

template <class T>
void read_argument(nanobind::handle given, const char* name, std::optional<T>& value) {
  if (given.is_none()) return;
  read_argument(given, name, value.emplace());
}

}  // namespace quipu::python

namespace nanobind::detail {

template <quipu::python::ArgName kName, class T>
struct type_caster<quipu::python::Arg<kName, T>> {
  using Value = quipu::python::Arg<kName, T>;
  static constexpr auto Name = const_name("object");
  template <typename>
  using Cast = Value;
  template <typename>
  static constexpr bool can_cast() {
    return true;
  }

  bool from_python(handle source, uint8_t, cleanup_list*) noexcept {
    given_ = source;
    return true;
  }
  explicit operator Value() const {
    Value value{};
    if constexpr (std::is_arithmetic_v<T>) {
      quipu::python::read_argument(given_, kName.chars, value.value);
    } else {
      quipu::python::read_argument(given_, kName.chars, static_cast<T&>(value));
    }
    return value;
  }

 private:
  handle given_;
};

}  // namespace nanobind::detail

#endif  // QUIPU_PYTHON_CONVERT_ARGUMENTS_H_
