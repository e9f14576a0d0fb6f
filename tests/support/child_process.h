// Child processes of a test: this program again, doing one registered piece of work. A child that were only
// forked would lack the threads that the parent has started.
//
//   const ChildWork kWrite("write", [](const std::string& path, int number) { ...; return 0; });
//   ... start_child("write", path, 3) ...

#ifndef QUIPU_TESTS_SUPPORT_CHILD_PROCESS_H_
#define QUIPU_TESTS_SUPPORT_CHILD_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <utility>

namespace quipu::testing {

// The child's exit status, unless it exits itself.
using Work = int (*)(const std::string& path, int number);

class ChildWork {
 public:
  ChildWork(const std::string& name, Work work);
};

// `input` becomes its standard input.
pid_t start_child(const std::string& work, const std::string& path, int number, int input = -1);
// Its exit status; -1 when a signal ended it.
int wait_for(pid_t child);
// One that has ended before, other than well, is a test failure.
void kill_child(pid_t child);
// Two ends of a stream: the child's and ours.
std::pair<int, int> socket_pair();

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_SUPPORT_CHILD_PROCESS_H_
