#include "tests/support/child_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>

namespace quipu::testing {
namespace {

std::map<std::string, Work>& works() {
  static std::map<std::string, Work> all;
  return all;
}

}  // namespace

TEST(ChildProcess, Works) {
  const char* const work = std::getenv("QUIPU_TEST_CHILD_WORK");
  if (work == nullptr) GTEST_SKIP() << "runs in the children of other tests";
  const int status = works().at(work)(std::getenv("QUIPU_TEST_CHILD_PATH"),
                                      std::atoi(std::getenv("QUIPU_TEST_CHILD_NUMBER")));
  EXPECT_EQ(status, 0);
  ::_exit(status);
}

ChildWork::ChildWork(const std::string& name, Work work) { works()[name] = work; }

pid_t start_child(const std::string& work, const std::string& path, int number, int input) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::setenv("QUIPU_TEST_CHILD_WORK", work.c_str(), 1);
  ::setenv("QUIPU_TEST_CHILD_PATH", path.c_str(), 1);
  ::setenv("QUIPU_TEST_CHILD_NUMBER", std::to_string(number).c_str(), 1);
  if (input >= 0) ::dup2(input, STDIN_FILENO);
  ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
  ::execl("/proc/self/exe", "child", "--gtest_filter=ChildProcess.Works", nullptr);
  ::_exit(127);
}

int wait_for(pid_t child) {
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void kill_child(pid_t child) {
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  const bool by_us = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  EXPECT_TRUE(by_us || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
      << "the child ended before it was killed, with status " << status;
}

std::pair<int, int> socket_pair() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  return {ends[0], ends[1]};
}

}  // namespace quipu::testing
