// The nftables table of one network, by libnftables in this process. The table belongs to the netlink
// socket that libnftables keeps open in its context: no other program can change or flush it, and the
// kernel removes it when the process ends. The routing rules (netd/routing.hh) then keep the bridge from
// forwarding anything.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/fd.hh"

namespace lxvirt::netd {

// Makes, lists and removes tables of family inet; apply() takes any text of nft.
class Firewall {
  public:
    // Loads libnftables and opens its socket, in the caller's network namespace. Throws
    // Error(operation_failed) if the library is missing.
    Firewall();

    // Applies a text in one transaction: all of it takes effect, or none. Throws
    // Error(operation_failed) with the message of nft.
    void apply(const std::string& text);
    // Returns the table as nft prints it, without counters; empty if there is none.
    [[nodiscard]] std::string list(const std::string& table);
    // Removes the table; that there is none is no error. Throws Error(operation_failed), also where
    // the table belongs to another process.
    void remove(const std::string& table);

  private:
    struct Library;
    // Runs a text; returns nft's message, empty on success.
    std::string run(const std::string& text);
    std::shared_ptr<Library> library_;
};

// A table as the kernel's messages name it.
struct WatchedTable {
    int family = 0;  // NFPROTO_*
    std::string name;
    friend bool operator==(const WatchedTable&, const WatchedTable&) = default;
};

// Listens to the kernel's notifications about tables (NFNLGRP_NFTABLES).
class TableWatch {
  public:
    // Begins to listen. A new rule whose message has the text `passed_over` does not count. Throws
    // SystemError.
    explicit TableWatch(std::vector<WatchedTable> tables, std::string passed_over = {});
    [[nodiscard]] base::Fd fd() const { return socket_; }
    // Reads the waiting notifications. Returns true if one of them is about a table, or if some
    // were lost.
    [[nodiscard]] bool changed();

  private:
    std::vector<WatchedTable> tables_;
    std::string passed_over_;
    base::UniqueFd socket_;
};

}  // namespace lxvirt::netd
