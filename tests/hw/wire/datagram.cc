#include "hw/wire/datagram.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace ronchi::hw::wire {
namespace {

TEST(Datagram, IsAnsweredOrNot) {
  const int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  ASSERT_EQ(bind(s, reinterpret_cast<sockaddr*>(&at), sizeof(at)), 0);
  socklen_t size = sizeof(at);
  getsockname(s, reinterpret_cast<sockaddr*>(&at), &size);
  const Address to = {"there", "127.0.0.1", ntohs(at.sin_port)};
  std::string come;
  std::thread answers([&] {
    std::array<char, 64> word;
    sockaddr_in from = {};
    socklen_t n = sizeof(from);
    const ssize_t got =
        recvfrom(s, word.data(), word.size(), 0, reinterpret_cast<sockaddr*>(&from), &n);
    come.assign(word.data(), size_t(std::max<ssize_t>(got, 0)));
    sendto(s, "Stopped", 7, 0, reinterpret_cast<sockaddr*>(&from), n);
  });
  const auto answer = AskByDatagram(to, "PyClientStopAcq", 60);
  answers.join();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(*answer, "Stopped");
  EXPECT_EQ(come, "PyClientStopAcq");
  EXPECT_TRUE(absl::IsDeadlineExceeded(AskByDatagram(to, "x", 0.01).status()));
  close(s);
  EXPECT_FALSE(AskByDatagram(to, "x", 60).ok()) << "nobody is there, which the loopback tells";
}

}  // namespace
}  // namespace ronchi::hw::wire
