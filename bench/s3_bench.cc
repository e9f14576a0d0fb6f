// A file from S3 and back over a line that takes 30 ms for each answer, against one request at a time. The
// store is played by threads of this process: what is measured is waiting, not a store.

#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "quipu/s3_file_system.h"

namespace quipu::bench {
namespace {

constexpr uint64_t kFileBytes = 256 << 20;
constexpr std::chrono::milliseconds kLatency{30};
constexpr uint64_t kBytesPerMillisecond = 40'000;  // of a connection

void require(const Status& status) {
  if (status.is_ok()) return;
  std::fprintf(stderr, "%s\n", status.to_string().c_str());
  std::abort();
}

uint64_t number_behind(const std::string& head, const std::string& name) {
  const size_t at = head.find(name);
  uint64_t number = 0;
  if (at != std::string::npos)
    std::from_chars(head.data() + at + name.size(), head.data() + head.size(), number);
  return number;
}

// Answers as S3 does to who reads and writes one object; what is written is thrown away.
class SlowS3 {
 public:
  SlowS3() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(socket_, 64) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::perror("loopback");
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    std::thread([this] {
      while (true) {
        const int connection = ::accept(socket_, nullptr, nullptr);
        if (connection < 0) return;
        std::thread([this, connection] { serve(connection); }).detach();
      }
    }).detach();  // as long as the process
  }

  S3Options options(size_t parallel_requests) const {
    return {.endpoint = "http://127.0.0.1:" + std::to_string(port_), .parallel_requests = parallel_requests};
  }

 private:
  void serve(int connection) const {
    std::string received;
    std::string buffer(1 << 20, '\0');
    while (true) {
      size_t end = received.find("\r\n\r\n");
      while (end == std::string::npos) {
        const ssize_t got = ::read(connection, buffer.data(), buffer.size());
        if (got <= 0) break;
        received.append(buffer, 0, static_cast<size_t>(got));
        end = received.find("\r\n\r\n");
      }
      if (end == std::string::npos) break;
      const std::string head = received.substr(0, end);
      received.erase(0, end + 4);
      uint64_t left = number_behind(head, "Content-Length: ");
      wait(left);
      const uint64_t at_hand = std::min<uint64_t>(left, received.size());
      received.erase(0, at_hand);
      for (left -= at_hand; left > 0;) {
        const ssize_t got = ::read(connection, buffer.data(), std::min<uint64_t>(buffer.size(), left));
        if (got <= 0) break;
        left -= static_cast<uint64_t>(got);
      }
      if (!answer(connection, head)) break;
    }
    ::close(connection);
  }

  bool answer(int connection, const std::string& head) const {
    std::this_thread::sleep_for(kLatency);
    if (head.starts_with("HEAD")) {
      return send(connection,
                  "HTTP/1.1 200 OK\r\nETag: e\r\nContent-Length: " + std::to_string(kFileBytes) + "\r\n\r\n");
    }
    if (head.starts_with("GET")) {
      const uint64_t begin = number_behind(head, "range: bytes=");
      const uint64_t last = number_behind(head, "range: bytes=" + std::to_string(begin) + "-");
      const std::string body(last - begin + 1, 'x');
      wait(body.size());
      return send(connection, "HTTP/1.1 206 Partial Content\r\nContent-Length: " +
                                  std::to_string(body.size()) + "\r\n\r\n") &&
             send(connection, body);
    }
    const std::string body =
        head.find("?uploads") != std::string::npos ? "<A><UploadId>u</UploadId></A>" : "<A/>";
    return send(connection, "HTTP/1.1 200 OK\r\nETag: e\r\nContent-Length: " + std::to_string(body.size()) +
                                "\r\n\r\n" + body);
  }

  // Until so many bytes have come through.
  static void wait(uint64_t bytes) {
    std::this_thread::sleep_for(std::chrono::milliseconds(bytes / kBytesPerMillisecond));
  }

  static bool send(int connection, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  const int socket_;
  int port_ = 0;
};

const SlowS3& slow_s3() {
  static const SlowS3 server;
  return server;
}

void BM_S3Read(benchmark::State& state) {
  const S3FileSystem s3(slow_s3().options(static_cast<size_t>(state.range(0))));
  std::string buffer(1 << 20, '\0');
  for (auto _ : state) {
    const auto file = *s3.open("bucket/file");
    uint64_t bytes = 0;
    while (true) {
      const Result<size_t> got = file->read(buffer.data(), buffer.size());
      require(got.status());
      if (*got == 0) break;
      bytes += *got;
    }
    if (bytes != kFileBytes) std::abort();
  }
  state.SetBytesProcessed(static_cast<int64_t>(kFileBytes) * state.iterations());
}

void BM_S3Write(benchmark::State& state) {
  const S3FileSystem s3(slow_s3().options(static_cast<size_t>(state.range(0))));
  const std::string text(1 << 20, 'x');
  for (auto _ : state) {
    const auto file = *s3.create("bucket/file");
    for (uint64_t bytes = 0; bytes < kFileBytes; bytes += text.size()) require(file->append(text));
    require(file->commit());
  }
  state.SetBytesProcessed(static_cast<int64_t>(kFileBytes) * state.iterations());
}

// One request at a time is the baseline.
BENCHMARK(BM_S3Read)
    ->Arg(1)
    ->Arg(8)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->Repetitions(5)
    ->UseRealTime();
BENCHMARK(BM_S3Write)
    ->Arg(1)
    ->Arg(8)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->Repetitions(5)
    ->UseRealTime();

}  // namespace
}  // namespace quipu::bench
