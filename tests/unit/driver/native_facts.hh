// A host for tests of configurations of lxc-tools: what convert() asks of it, and texts without
// what is made by chance.
#pragma once

#include <regex>
#include <string>

#include "base/error.hh"
#include "driver/native/convert.hh"
#include "tests/support/golden.hh"

namespace lxvirt::driver::native {

inline Facts test_facts() {
    Facts made;
    made.kind = [](const std::string& path) {
        if (path.ends_with(".img") || path.ends_with(".seccomp") || path == "/etc/hosts")
            return 'f';
        if (path.starts_with("/dev/mapper/") || path.starts_with("/dev/vg") ||
            path.starts_with("/dev/sd") || path.starts_with("/dev/vd"))
            return 'b';
        if (path == "/dev/kvm" || path == "/dev/fuse" || path == "/dev/net/tun" ||
            path.starts_with("/dev/dri/"))
            return 'c';
        return path.starts_with("/absent") ? '\0' : 'd';
    };
    made.number = [](const std::string& path) -> std::optional<std::string> {
        if (path == "/dev/fuse") return "c 10:229";
        if (path == "/dev/net/tun") return "c 10:200";
        if (path == "/dev/kvm") return "c 10:232";
        if (path == "/dev/sda") return "b 8:0";
        return std::nullopt;
    };
    made.block_path = [](const std::string& number) -> std::optional<std::string> {
        if (number == "8:0") return "/dev/sda";
        return std::nullopt;
    };
    made.text = [](const std::string& path) {
        if (path != "/var/lib/lxc/box/fstab") base::fail_with(ENOENT, "open '{}'", path);
        return std::string(
            "# what the container sees\n"
            "proc proc proc nodev,noexec,nosuid 0 0\n"
            "/srv/share srv/share none bind 0 0\n"
            "/srv/my\\040files home/files none bind,ro 0 0\n");
    };
    made.address = [](const std::string& link, bool v6) -> std::optional<std::string> {
        if (link != "lxcbr0") return std::nullopt;
        return v6 ? "fd00::1" : "10.0.3.1";
    };
    return made;
}

// Without what is made by chance.
inline std::string stable(std::string text) {
    const std::string folder = xml::tests_folder();
    for (std::size_t at; (at = text.find(folder)) != std::string::npos;)
        text.replace(at, folder.size(), "TESTS");
    text = std::regex_replace(text, std::regex("<uuid>[^<]*"), "<uuid>UUID");
    return std::regex_replace(text, std::regex("<mac address='52:54:00:[^']*"),
                              "<mac address='MAC");
}

// What an account says, without the exact lines and the files' folders.
inline std::string told(const Conversion& made) {
    std::string text;
    for (Entry entry : made.verdicts.entries) {
        entry.file = xml::basename_of(entry.file);
        if (entry.verdict != Verdict::exact) text += entry.message() + "\n";
    }
    return stable(text + made.verdicts.summary() + "\n");
}

}  // namespace lxvirt::driver::native
