// Status: the one error type of Quipu. Result<T>: a value or the Status that says why there is none.
//
//   Result<std::optional<Json>> found = store.get("n1");
//   if (!found) return found.error();          // a Status
//   if (*found) use((*found)->text());         // absent is not an error
//
// No exception crosses include/quipu. A Status names the collection, key, file or byte offset that
// it is about; text that came from RocksDB or the operating system is kept in it.

#ifndef QUIPU_STATUS_H_
#define QUIPU_STATUS_H_

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace quipu {

// What a caller can do about an error. The values are part of the API; they are never renumbered.
enum class StatusCode {
  kOk = 0,
  // The caller asked for an error when something is absent, and it is absent.
  kNotFound = 1,
  // The caller forbade an overwrite, and there is something to overwrite.
  kAlreadyExists = 2,
  // The arguments can never work: bad JSON, a wrong type, a name that is not allowed.
  kInvalidArgument = 3,
  // Stored bytes are damaged, or not of a format that this build knows. Nothing was changed.
  kCorruption = 4,
  // The operating system refused: missing file, permission, disk full. May work later.
  kIoError = 5,
  // Somebody else holds what is needed (a lock, a directory). Retrying later is right.
  kBusy = 6,
  // The operation does not exist here, whatever the arguments.
  kNotSupported = 7,
};

// The name of a code, "InvalidArgument" for kInvalidArgument.
std::string_view status_code_name(StatusCode code);

// Success, or a code and a message for a person. Cheap to move; a success owns no memory.
// Thread-safety: as std::string.
class [[nodiscard]] Status {
 public:
  Status() = default;  // success
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  static Status ok() { return {}; }
  static Status not_found(std::string message) { return {StatusCode::kNotFound, std::move(message)}; }
  static Status already_exists(std::string message) {
    return {StatusCode::kAlreadyExists, std::move(message)};
  }
  static Status invalid_argument(std::string message) {
    return {StatusCode::kInvalidArgument, std::move(message)};
  }
  static Status corruption(std::string message) { return {StatusCode::kCorruption, std::move(message)}; }
  static Status io_error(std::string message) { return {StatusCode::kIoError, std::move(message)}; }
  static Status busy(std::string message) { return {StatusCode::kBusy, std::move(message)}; }
  static Status not_supported(std::string message) { return {StatusCode::kNotSupported, std::move(message)}; }

  bool is_ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same error with "context: " before its message; success stays success.
  Status prefixed(std::string_view context) const;

  // "OK", or "Corruption: <message>".
  std::string to_string() const;

  friend bool operator==(const Status&, const Status&) = default;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

// A value or a Status that is not OK. Has the interface of std::expected (C++23): has_value(),
// operator*, operator->, value_or(), error(). Reading the value of an error is undefined.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Status> {
 public:
  using Base = tl::expected<T, Status>;
  using Base::Base;
  Result(Status error) : Base(tl::unexpect, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  // OK when there is a value, else the error.
  Status status() const { return this->has_value() ? Status() : this->error(); }
};

}  // namespace quipu

// Leaves the function with the Status of `expression` unless it is OK.
#define QUIPU_RETURN_IF_ERROR(expression)                                                           \
  do {                                                                                              \
    if (::quipu::Status quipu_status_ = (expression); !quipu_status_.is_ok()) return quipu_status_; \
  } while (false)

// Declares or assigns `target` from a Result, or leaves the function with its Status.
#define QUIPU_ASSIGN_OR_RETURN(target, expression) \
  QUIPU_ASSIGN_OR_RETURN_IMPL_(QUIPU_CONCAT_(quipu_result_, __LINE__), target, expression)
#define QUIPU_ASSIGN_OR_RETURN_IMPL_(result, target, expression) \
  auto result = (expression);                                    \
  if (!result) return std::move(result).error();                 \
  target = *std::move(result)
#define QUIPU_CONCAT_(a, b) QUIPU_CONCAT_INNER_(a, b)
#define QUIPU_CONCAT_INNER_(a, b) a##b

#endif  // QUIPU_STATUS_H_
