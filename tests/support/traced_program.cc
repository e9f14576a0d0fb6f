#include "tests/support/traced_program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
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
  if (info.seccomp.nr == SYS_openat) return "create";
  const SystemCall& call = changing_calls().at(static_cast<long>(info.seccomp.nr));
  if (!call.of_file) return call.name;
  const std::string kind = kind_of(thread, info.seccomp.args[0]);
  return kind.empty() ? "" : std::string(call.name) + " of " + kind;
}

// The kernel stops this thread, and what it executes and starts, at the calls that change something, and at
// no other: at every call would be slow.
bool stop_at_changes() {
  std::vector<sock_filter> filter = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_CREAT, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
  };
  for (const auto& [number, call] : changing_calls()) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(number), 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program = {static_cast<unsigned short>(filter.size()), filter.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

pid_t start(const std::vector<std::string>& command, bool traced) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int file = 0; file < 3; ++file) ::dup2(nothing, file);
  const bool ready = !traced || (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 && stop_at_changes());
  if (ready) ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

int run_program(const std::vector<std::string>& command) {
  int status = 0;
  ::waitpid(start(command, /*traced=*/false), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TracedRun run_traced(const std::vector<std::string>& command, uint64_t kill_at) {
  TracedRun run;
  const pid_t child = start(command, /*traced=*/true);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFSTOPPED(status)) {
    ADD_FAILURE() << command[0] << " cannot be run and traced";
    return run;
  }
  const auto options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL;
  ::ptrace(PTRACE_SETOPTIONS, child, nullptr, options);
  pid_t thread = child;
  int signal = 0;
  while (true) {
    ::ptrace(PTRACE_CONT, thread, nullptr, signal);
    thread = ::waitpid(-1, &status, __WALL);
    if (thread == child && (WIFEXITED(status) || WIFSIGNALED(status))) break;
    signal = 0;
    if (!WIFSTOPPED(status)) continue;  // another thread has ended
    if (status >> 8 != (SIGTRAP | (PTRACE_EVENT_SECCOMP << 8))) {
      const int why = WSTOPSIG(status);
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
