// DiskCalls: what this process asks of the disk that decides about power cuts, in its order, while an object
// lives: "sync PATH" and "rename PATH", which is the new name.
//
//   const DiskCalls calls;
//   ... write a file ...
//   EXPECT_THAT(calls.made(), ElementsAre("sync /tmp/x.tmp", "rename /tmp/x", "sync /tmp"));
//
// Thread-safety: all methods; one object at a time.

#ifndef QUIPU_TESTS_CRASH_DISK_CALLS_H_
#define QUIPU_TESTS_CRASH_DISK_CALLS_H_

#include <string>
#include <vector>

namespace quipu::testing {

class DiskCalls {
 public:
  DiskCalls();
  ~DiskCalls();
  DiskCalls(const DiskCalls&) = delete;
  DiskCalls& operator=(const DiskCalls&) = delete;

  std::vector<std::string> made() const;
};

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_CRASH_DISK_CALLS_H_
