#include "tests/support/faults/traced_program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <map>

namespace quipu::testing {
namespace {

constexpr int kOfFile = -1;  // a call whose first argument is an open file

struct SystemCall {
  const char* name;
  int path;  // which argument is its path, or kOfFile
  bool changes = true;
};

const std::map<long, SystemCall>& file_calls() {
  static const std::map<long, SystemCall> calls = {
      {SYS_write, {"write", kOfFile}},
      {SYS_pwrite64, {"pwrite64", kOfFile}},
      {SYS_writev, {"writev", kOfFile}},
      {SYS_fsync, {"fsync", kOfFile}},
      {SYS_fdatasync, {"fdatasync", kOfFile}},
      {SYS_ftruncate, {"ftruncate", kOfFile}},
      {SYS_fallocate, {"fallocate", kOfFile}},
      {SYS_renameat, {"rename", 1}},
      {SYS_renameat2, {"rename", 1}},
      {SYS_linkat, {"link", 1}},
      {SYS_unlinkat, {"unlink", 1}},
      {SYS_mkdirat, {"mkdir", 1}},
#ifdef SYS_rename
      {SYS_rename, {"rename", 0}},
      {SYS_link, {"link", 0}},
      {SYS_unlink, {"unlink", 0}},
      {SYS_mkdir, {"mkdir", 0}},
      {SYS_rmdir, {"unlink", 0}},
#endif
      {SYS_openat, {"open", 1, false}},  // it changes where it may create
      {SYS_read, {"read", kOfFile, false}},
      {SYS_pread64, {"pread64", kOfFile, false}},
      {SYS_getdents64, {"getdents64", kOfFile, false}},
  };
  return calls;
}

// What an open file of a thread is; empty: none that has a path.
std::string path_of_file(pid_t thread, uint64_t file) {
  std::error_code none;
  const std::filesystem::path path =
      std::filesystem::read_symlink("/proc/" + std::to_string(thread) + "/fd/" + std::to_string(file), none);
  return path.is_absolute() ? path.string() : "";
}

// The text at an address of a thread.
std::string text_at(pid_t thread, uint64_t address) {
  std::string text(PATH_MAX, '\0');
  constexpr uint64_t kPage = 4096;
  const iovec to = {text.data(), text.size()};
  const uint64_t rest = kPage - address % kPage;
  // NOLINTBEGIN(performance-no-int-to-ptr): the addresses are another process's.
  const iovec from[2] = {{reinterpret_cast<void*>(address), rest},
                         {reinterpret_cast<void*>(address + rest), kPage}};
  // NOLINTEND(performance-no-int-to-ptr)
  const ssize_t read = ::process_vm_readv(thread, &to, 1, from, 2, 0);  // up to a page that is not there
  text.resize(read > 0 ? static_cast<size_t>(read) : 0);
  return text.substr(0, text.find('\0'));
}

// ".sst", "MANIFEST", "QUIPU": what a file is for, by its name.
std::string kind_of(const std::filesystem::path& path) {
  std::error_code none;
  if (std::filesystem::is_directory(path, none)) return "directory";
  if (path.has_extension()) return path.extension();
  return path.filename().string().substr(0, path.filename().string().find('-'));
}

// The operation that a thread, which is stopped at a system call, is about to begin; empty: none that counts.
std::string operation_begun(pid_t thread, const OperationFault& fault) {
  __ptrace_syscall_info info{};
  if (::ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0) return "";
  const SystemCall& call = file_calls().at(static_cast<long>(info.seccomp.nr));
  const std::string path = call.path == kOfFile ? path_of_file(thread, info.seccomp.args[0])
                                                : text_at(thread, info.seccomp.args[call.path]);
  const bool counts = path.starts_with(fault.below) || (call.path != kOfFile && !path.starts_with('/'));
  return counts ? std::string(call.name) + " of " + kind_of(path) : "";
}

// The kernel stops this thread, and what it executes and starts, at these operations, and at no other call:
// at every call would be slow.
bool stop_at_operations(bool reads) {
  std::vector<sock_filter> filter = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_CREAT, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
  };
  for (const auto& [number, call] : file_calls()) {
    if (!call.changes && !reads) continue;
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(number), 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program = {static_cast<unsigned short>(filter.size()), filter.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// Executes a command in a new process; `prepare` is done there before. What it says goes to a file, or is
// lost.
template <class Prepare>
pid_t start(const std::vector<std::string>& command, int output, const Prepare& prepare) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  for (const int file : {STDOUT_FILENO, STDERR_FILENO}) ::dup2(output < 0 ? nothing : output, file);
  if (prepare()) ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

// The call at which a thread is stopped is not made; to the thread it looks as if it had failed.
void let_fail([[maybe_unused]] pid_t thread, [[maybe_unused]] int error) {
#ifdef __x86_64__
  user_regs_struct registers{};
  ::ptrace(PTRACE_GETREGS, thread, nullptr, &registers);
  registers.orig_rax = static_cast<unsigned long long>(-1);
  registers.rax = static_cast<unsigned long long>(-static_cast<long long>(error));
  ::ptrace(PTRACE_SETREGS, thread, nullptr, &registers);
#endif
}

// Lets the program run on from stop to stop, to its end.
void follow(pid_t child, const OperationFault& fault, TracedRun& run) {
  pid_t thread = child;
  int status = 0;
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
    const bool over = run.met_fault && !fault.for_ever;
    const std::string operation = over ? "" : operation_begun(thread, fault);
    if (operation.empty() || ++run.operations < fault.nth) continue;
    if (!run.met_fault) run.fault_on = operation;
    run.met_fault = true;
    if (fault.error == 0) {
      ::kill(child, SIGKILL);
    } else {
      let_fail(thread, fault.error);
    }
  }
  run.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

int run_program(const std::vector<std::string>& command) {
  int status = 0;
  ::waitpid(start(command, -1, [] { return true; }), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TracedRun run_traced(const std::vector<std::string>& command, const OperationFault& fault) {
  TracedRun run;
  const int output = ::memfd_create("output", MFD_CLOEXEC);
  const pid_t child = start(command, output, [&] {
    // A program built with it cannot look for leaks while it is traced, and says so with an exit status.
    ::setenv("ASAN_OPTIONS", "detect_leaks=0", /*overwrite=*/1);
    return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 && stop_at_operations(fault.reads);
  });
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSTOPPED(status)) {
    const auto options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL;
    ::ptrace(PTRACE_SETOPTIONS, child, nullptr, options);
    follow(child, fault, run);
  } else {
    ADD_FAILURE() << command[0] << " cannot be run and traced";
  }
  constexpr size_t kMost = 1 << 16;
  run.said.resize(kMost);
  const ssize_t read = ::pread(output, run.said.data(), kMost, 0);
  run.said.resize(read > 0 ? static_cast<size_t>(read) : 0);
  ::close(output);
  return run;
}

}  // namespace quipu::testing
