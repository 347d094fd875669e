// The published ports of a running network. Each is held by a socket that is bound to it and never
// read: no other program can take the port, and one that another program has is refused. A
// publication ends with its container: when the file of the container's port is removed, or the
// container's supervisor dies.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/event_loop.hh"
#include "netd/plan.hh"

namespace lxvirt::netd {

class PublishedPorts {
  public:
    // Borrows the loop, from which alone it calls: `ended` after publications were taken out of
    // held(), `log` with a line.
    PublishedPorts(base::EventLoop& loop, std::function<void()> ended,
                   std::function<void(const std::string&)> log);
    ~PublishedPorts();
    PublishedPorts(const PublishedPorts&) = delete;
    PublishedPorts& operator=(const PublishedPorts&) = delete;

    // Holds these and no others. Throws Error(operation_failed), with the former ones held, where one
    // cannot be had; with `forgiving` it is left out instead, and a line logged.
    void hold(const std::vector<Publication>& publications, bool forgiving = false);
    // Returns those that are held, in the order in which they were given.
    [[nodiscard]] std::vector<Publication> held() const;

  private:
    struct Held {
        Publication publication;
        std::shared_ptr<base::UniqueFd> socket;
        std::shared_ptr<base::UniqueFd> owner;  // a pidfd; null if nobody owns the port
    };
    [[nodiscard]] Held take(const Publication& publication) const;
    void watch_folder(const std::string& file);
    void drop_ended();
    void commit(std::vector<Held> next);

    base::EventLoop& loop_;
    std::function<void()> ended_;
    std::function<void(const std::string&)> log_;
    base::UniqueFd files_;  // inotify(7) of the folder of ports; opened when there is one to hold
    std::vector<Held> held_;
};

}  // namespace lxvirt::netd
