#include "hw/server/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <boost/asio.hpp>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"

namespace ronchi::hw {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = Outbox::Clock;

constexpr size_t kReadBytes = 64 << 10;

class Served;

// What a session pushes into; it may outlive the connection.
class Sending final : public Outbox {
 public:
  explicit Sending(size_t most) : most_(most) {}
  absl::Status Push(std::string bytes, Clock::time_point until) override;

  void Append(std::string bytes) {  // an answer: no more than one request's
    const std::lock_guard<std::mutex> lock(mutex_);
    unsent_ += bytes.size();
    queue_.push_back(std::move(bytes));
  }
  std::optional<std::string> Take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (queue_.empty()) return std::nullopt;
    std::string bytes = std::move(queue_.front());
    queue_.pop_front();
    return bytes;
  }
  size_t unsent() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return unsent_;
  }
  void Sent(size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    unsent_ -= bytes;
    room_.notify_all();
  }
  void End() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
    room_.notify_all();
  }
  std::function<void()> wake;  // set before a session is opened

 private:
  const size_t most_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::deque<std::string> queue_;
  size_t unsent_ = 0;
  bool ended_ = false;
};

absl::Status Sending::Push(std::string bytes, Clock::time_point until) {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto room = [&] { return ended_ || unsent_ == 0 || unsent_ + bytes.size() <= most_; };
    if (!room_.wait_until(lock, until, room)) {
      return absl::DeadlineExceededError("the other side takes too little");
    }
    if (ended_) return absl::UnavailableError("the other side has gone");
    unsent_ += bytes.size();
    queue_.push_back(std::move(bytes));
  }
  wake();
  return absl::OkStatus();
}

}  // namespace

// All but Sending and the sessions runs on one thread, that of `io_`.
class Server::Impl {
 public:
  Impl(std::vector<Port> ports, const ServerOptions& options)
      : options_(options), ports_(std::move(ports)), workers_(options.threads) {}
  ~Impl() { Stop(); }

  absl::Status Start();
  int port(size_t i) const { return listeners_[i].local_endpoint().port(); }
  size_t connections() const { return count_; }

 private:
  struct One : std::enable_shared_from_this<One> {
    One(tcp::socket s, size_t most) : socket(std::move(s)), out(std::make_shared<Sending>(most)) {}
    tcp::socket socket;
    std::shared_ptr<Sending> out;
    std::unique_ptr<Session> session;  // of the worker, while `working`
    std::array<char, kReadBytes> bytes;
    bool reading = false, working = false, writing = false, ending = false;
    double silent_s = 0;
    Clock::time_point heard = Clock::now(), moved = Clock::now();
    std::string chunk;  // that is being written
  };
  using Shared = std::shared_ptr<One>;

  size_t Allowed() const;
  void Accept(size_t i);
  void Begin(size_t i, tcp::socket socket);
  void Read(const Shared& one);
  void Work(const Shared& one, size_t n);
  void Write(const Shared& one);
  void End(const Shared& one);
  void Look();  // once a second: who is silent, who is stuck
  void Stop();

  const ServerOptions options_;
  const std::vector<Port> ports_;
  asio::io_context io_;
  asio::thread_pool workers_;
  std::vector<tcp::acceptor> listeners_;
  asio::steady_timer second_{io_};
  std::list<Shared> all_;
  size_t most_ = 0;
  std::atomic<size_t> count_ = 0;
  std::thread thread_;
};

// How many connections the system lets us have, less what else is open.
size_t Server::Impl::Allowed() const {
  rlimit files = {};
  constexpr rlim_t kOthers = 64;
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return options_.most_connections;
  const rlim_t wanted = std::min<rlim_t>(files.rlim_max, options_.most_connections + kOthers);
  if (files.rlim_cur < wanted) {
    files.rlim_cur = wanted;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    (void)getrlimit(RLIMIT_NOFILE, &files);
  }
  const rlim_t left = files.rlim_cur > kOthers ? files.rlim_cur - kOthers : 1;
  return std::min<size_t>(options_.most_connections, left);
}

absl::Status Server::Impl::Start() {
  most_ = Allowed();
  for (const Port& p : ports_) {
    boost::system::error_code ec;
    tcp::resolver resolver(io_);
    const auto found = resolver.resolve(p.address.host, std::to_string(p.address.port),
                                        tcp::resolver::passive, ec);
    if (ec) return absl::NotFoundError(absl::StrCat(p.address.name, ": ", ec.message()));
    tcp::acceptor a(io_);
    const tcp::endpoint at = found.begin()->endpoint();
    a.open(at.protocol(), ec);
    if (!ec) a.set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec) a.bind(at, ec);
    if (!ec) a.listen(1024, ec);
    if (ec) {
      const std::string why = absl::StrCat(p.address.name, ": cannot listen: ", ec.message());
      return ec == boost::system::errc::address_not_available ? absl::NotFoundError(why)
                                                              : absl::UnavailableError(why);
    }
    listeners_.push_back(std::move(a));
  }
  for (size_t i = 0; i < listeners_.size(); ++i) Accept(i);
  Look();
  thread_ = std::thread([this] { io_.run(); });
  return absl::OkStatus();
}

void Server::Impl::Accept(size_t i) {
  listeners_[i].async_accept([this, i](boost::system::error_code ec, tcp::socket socket) {
    if (ec == asio::error::operation_aborted) return;
    if (!ec) Begin(i, std::move(socket));
    if (ec != asio::error::no_descriptors) return Accept(i);
    // None is free: until one is.
    auto later = std::make_shared<asio::steady_timer>(io_, std::chrono::milliseconds(100));
    later->async_wait([this, i, later](boost::system::error_code stop) {
      if (!stop) Accept(i);
    });
  });
}

void Server::Impl::Begin(size_t i, tcp::socket socket) {
  if (all_.size() >= most_) {
    const auto idle =
        std::min_element(all_.begin(), all_.end(), [](const Shared& a, const Shared& b) {
          return std::pair(a->working, a->heard) < std::pair(b->working, b->heard);
        });
    if (idle == all_.end() || (*idle)->working) return;  // all work: the new one ends
    End(*idle);
  }
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  auto one = std::make_shared<One>(std::move(socket), options_.most_unsent);
  one->out->wake = [this, weak = std::weak_ptr<One>(one)] {
    asio::post(io_, [this, weak] {
      if (const Shared there = weak.lock()) Write(there);
    });
  };
  one->silent_s = ports_[i].protocol.silent_s;
  one->session = ports_[i].protocol.open(one->out);
  all_.push_back(one);
  count_ = all_.size();
  Read(one);
}

void Server::Impl::Read(const Shared& one) {
  if (one->reading || one->working || one->ending) return;
  // Who takes no answers is asked for no more questions: Write goes on here.
  if (one->out->unsent() > options_.pause_unsent) return;
  one->reading = true;
  one->socket.async_read_some(asio::buffer(one->bytes),
                              [this, one](boost::system::error_code ec, size_t n) {
                                one->reading = false;
                                if (ec) return End(one);
                                one->heard = Clock::now();
                                Work(one, n);
                              });
}

void Server::Impl::Work(const Shared& one, size_t n) {
  one->working = true;
  asio::post(workers_, [this, one, n] {
    std::string answer;
    absl::Status s;
    try {
      s = one->session->Take({one->bytes.data(), n}, &answer);
    } catch (const std::exception& e) {
      s = absl::InternalError(e.what());
    }
    asio::post(io_, [this, one, ok = s.ok(), answer = std::move(answer)]() mutable {
      one->working = false;
      one->heard = Clock::now();
      one->ending |= !ok;
      if (!answer.empty()) one->out->Append(std::move(answer));
      Write(one);
      Read(one);
    });
  });
}

void Server::Impl::Write(const Shared& one) {
  if (one->writing || !one->socket.is_open()) return;
  std::optional<std::string> next = one->out->Take();
  if (!next) {
    if (one->ending && !one->working) End(one);
    return;
  }
  one->writing = true;
  one->moved = Clock::now();
  one->chunk = *std::move(next);
  asio::async_write(
      one->socket, asio::buffer(one->chunk),
      [one](boost::system::error_code ec, size_t) {
        one->moved = Clock::now();
        return ec ? 0 : kReadBytes;
      },
      [this, one](boost::system::error_code ec, size_t) {
        one->writing = false;
        one->out->Sent(one->chunk.size());
        if (ec) return End(one);
        Write(one);
        Read(one);
      });
}

void Server::Impl::End(const Shared& one) {
  boost::system::error_code ignored;
  one->ending = true;
  one->out->End();
  one->socket.shutdown(tcp::socket::shutdown_both, ignored);
  one->socket.close(ignored);
  all_.remove(one);
  count_ = all_.size();
}

void Server::Impl::Look() {
  second_.expires_after(std::chrono::seconds(1));
  second_.async_wait([this](boost::system::error_code ec) {
    if (ec) return;
    const auto before = [](double s) {
      return Clock::now() - std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double>(std::min(s, 1e6)));
    };
    for (const Shared& one : std::vector<Shared>(all_.begin(), all_.end())) {
      if ((one->writing && one->moved < before(options_.stuck_s)) ||
          (!one->writing && !one->working && one->heard < before(one->silent_s))) {
        End(one);
      }
    }
    Look();
  });
}

void Server::Impl::Stop() {
  if (!thread_.joinable()) return;
  asio::post(io_, [this] {
    for (tcp::acceptor& a : listeners_) a.close();
    second_.cancel();
    for (const Shared& one : std::vector<Shared>(all_.begin(), all_.end())) End(one);
  });
  workers_.join();  // first: what they post last is still run
  thread_.join();
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

absl::StatusOr<std::unique_ptr<Server>> Server::Start(std::vector<Port> ports,
                                                      const ServerOptions& options) {
  auto impl = std::make_unique<Impl>(std::move(ports), options);
  RONCHI_RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

int Server::port(size_t i) const { return impl_->port(i); }
size_t Server::connections() const { return impl_->connections(); }

}  // namespace ronchi::hw
