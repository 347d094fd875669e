// A root of a test's own with definitions and live state written by hand, so that nothing needs to
// run.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <functional>
#include <string>

#include "base/error.hh"
#include "base/file/clock.hh"
#include "base/file/file.hh"
#include "base/file/lock.hh"
#include "driver/store/root.hh"
#include "tests/support/child.hh"
#include "tests/support/folder.hh"

namespace lxvirt::driver {

class RootTest : public testing::Test {
  protected:
    RootTest() : root(folder.path()) { root.make_folders(); }

    // The sentence that `act` throws; empty where it does not.
    static std::string message_of(const std::function<void()>& act) {
        try {
            act();
        } catch (const base::Exception& error) {
            return error.message();
        }
        return {};
    }

    static std::string definition(const std::string& name, const std::string& uuid) {
        return "<domain type='lxc'>\n  <name>" + name + "</name>\n  <uuid>" + uuid +
               "</uuid>\n  <title>T &amp; " + name +
               "</title>\n  <memory unit='KiB'>65536</memory>\n"
               "  <os>\n    <type arch='x86_64'>exe</type>\n    <init>/sbin/init</init>\n  </os>\n"
               "  <devices>\n    <console type='pty'/>\n  </devices>\n</domain>\n";
    }

    // A uuid that ends in `number`.
    static std::string uuid(int number) {
        return fmt::format("00000000-0000-4000-8000-{:012}", number);
    }

    void write_definition(const std::string& name, int number) const {
        base::write_atomic(root.definition(name), definition(name, uuid(number)), 0600,
                           base::Durability::volatile_);
    }

    void write_live_text(const std::string& name, int number, const std::string& state,
                         const std::string& boot = base::boot_id()) const {
        base::make_folders(root.domain(name), 0700);
        base::write_atomic(root.live(name),
                           "<domstatus version='1' state='" + state + "' pid='0' boot='" + boot +
                               "' root='" + root.id() +
                               "' autodestroy='no'>\n  <cgroup path='machine/x'/>\n  " +
                               definition(name, uuid(number)) + "</domstatus>\n",
                           0600, base::Durability::volatile_);
    }

    // A process that holds the domain's alive lock, as a helper does.
    [[nodiscard]] std::unique_ptr<tests::ChildProcess> hold_alive(const std::string& name) const {
        auto helper = std::make_unique<tests::ChildProcess>([&](const auto& ready) {
            const auto lock = base::RecordLock::try_acquire(root.alive_lock(name));
            if (!lock) return 1;
            ready();
            ::pause();
            return 0;
        });
        EXPECT_TRUE(helper->wait_ready());
        return helper;
    }

    tests::TemporaryFolder folder;
    Root root;
};

}  // namespace lxvirt::driver
