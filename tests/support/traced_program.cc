#include "tests/support/traced_program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>

namespace quipu::testing {
namespace {

struct SystemCall {
  const char* name;
  bool of_file;  // its first argument is an open file
};

const std::map<long, SystemCall>& changing_calls() {
  static const std::map<long, SystemCall> calls = {
      {SYS_write, {"write", true}},         {SYS_pwrite64, {"pwrite64", true}},
      {SYS_writev, {"writev", true}},       {SYS_fsync, {"fsync", true}},
      {SYS_fdatasync, {"fdatasync", true}}, {SYS_ftruncate, {"ftruncate", true}},
      {SYS_fallocate, {"fallocate", true}}, {SYS_renameat, {"rename", false}},
      {SYS_renameat2, {"rename", false}},   {SYS_linkat, {"link", false}},
      {SYS_unlinkat, {"unlink", false}},    {SYS_mkdirat, {"mkdir", false}},
#ifdef SYS_rename
      {SYS_rename, {"rename", false}},      {SYS_link, {"link", false}},
      {SYS_unlink, {"unlink", false}},      {SYS_mkdir, {"mkdir", false}},
      {SYS_rmdir, {"unlink", false}},
#endif
  };
  return calls;
}

// ".sst", "MANIFEST", "QUIPU": what a file is for, by its name; empty: no file that lasts.
std::string kind_of(pid_t thread, uint64_t file) {
  std::error_code none;
  const std::filesystem::path path =
      std::filesystem::read_symlink("/proc/" + std::to_string(thread) + "/fd/" + std::to_string(file), none);
  if (!path.is_absolute() || path.string().starts_with("/dev/")) return "";
  if (std::filesystem::is_directory(path, none)) return "directory";
  if (path.has_extension()) return path.extension();
  return path.filename().string().substr(0, path.filename().string().find('-'));
}

// The change that a thread, which is stopped at a system call, is about to make; empty: none.
std::string change_begun(pid_t thread) {
  __ptrace_syscall_info info{};
  if (::ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0) return "";
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return "";
  if (info.entry.nr == SYS_openat) return (info.entry.args[2] & O_CREAT) != 0 ? "create" : "";
  const auto call = changing_calls().find(static_cast<long>(info.entry.nr));
  if (call == changing_calls().end()) return "";
  if (!call->second.of_file) return call->second.name;
  const std::string kind = kind_of(thread, info.entry.args[0]);
  return kind.empty() ? "" : std::string(call->second.name) + " of " + kind;
}

pid_t start(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int file = 0; file < 3; ++file) ::dup2(nothing, file);
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0) ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

TracedRun run_traced(const std::vector<std::string>& command, uint64_t kill_at) {
  TracedRun run;
  const pid_t child = start(command);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFSTOPPED(status)) {
    ADD_FAILURE() << command[0] << " cannot be run and traced";
    return run;
  }
  const auto options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL;
  ::ptrace(PTRACE_SETOPTIONS, child, nullptr, options);
  pid_t thread = child;
  int signal = 0;
  while (true) {
    ::ptrace(PTRACE_SYSCALL, thread, nullptr, signal);
    thread = ::waitpid(-1, &status, __WALL);
    if (thread == child && (WIFEXITED(status) || WIFSIGNALED(status))) break;
    signal = 0;
    if (!WIFSTOPPED(status)) continue;  // another thread has ended
    const int why = WSTOPSIG(status);
    if (why != (SIGTRAP | 0x80)) {
      if (why != SIGTRAP && why != SIGSTOP) signal = why;  // what tracing itself sends is not passed on
      continue;
    }
    const std::string change = run.killed ? "" : change_begun(thread);
    if (change.empty() || ++run.changes != kill_at) continue;
    run.killed = true;
    run.killed_at = change;
    ::kill(child, SIGKILL);
  }
  run.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return run;
}

}  // namespace quipu::testing
