// libFuzzer target for configurations of lxc-tools: whatever the bytes, they become a domain that
// the schema accepts, with an account of each line; and what is written of that domain comes back
// as it. Of the host only what is here is known. Built with -Dfuzzing=true (clang);
// tests/unit/driver replays corpus/native and all goldens through it.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/error.hh"
#include "base/file/file.hh"
#include "driver/native/write.hh"
#include "xml/domain/parse.hh"

namespace {

using namespace lxvirt;
namespace native = driver::native;

native::Facts facts(const std::string& fstab) {
    native::Facts made;
    made.kind = [](const std::string& path) {
        return path.starts_with("/dev/") ? 'c' : path.ends_with(".img") ? 'f' : 'd';
    };
    made.block_path = [](const std::string& number) -> std::optional<std::string> {
        if (number == "8:0") return "/dev/sda";
        return std::nullopt;
    };
    made.number = [](const std::string& path) -> std::optional<std::string> {
        if (path == "/dev/net/tun") return "c 10:200";
        return std::nullopt;
    };
    made.text = [fstab](const std::string&) { return fstab; };
    made.address = [](const std::string&, bool v6) -> std::optional<std::string> {
        return v6 ? "fd00::1" : "10.0.3.1";
    };
    return made;
}

// A file of memory that has `text`, by a path.
class MemoryFile {
  public:
    explicit MemoryFile(std::string_view text) : fd_(::memfd_create("config", MFD_CLOEXEC)) {
        base::write_all(fd_, text, "config");
    }
    [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }

  private:
    base::UniqueFd fd_;
};

native::Conversion convert(std::string_view text) {
    const MemoryFile file(text);
    native::ConvertOptions options;
    if (text.find("rootfs") == std::string_view::npos) options.rootfs = "/srv/root";
    return native::convert(file.path(), options, facts(std::string(text)));
}

void stop(const std::string& one, const std::string& other) {
    std::fprintf(stderr, "--- went in\n%s\n--- came back\n%s\n", one.c_str(), other.c_str());
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    // The machine's files are no part of the input.
    if (text.find("lxc.include") != std::string_view::npos) return 0;
    native::Conversion made;
    try {
        made = convert(text);
    } catch (const base::Error& error) {
        // Any other is a domain that was made and then refused: it ends the run.
        if (error.message().find("names no root") == std::string::npos) throw;
        return 0;
    }
    if (made.verdicts.json().empty()) std::abort();
    (void)xml::parse_domain(xml::format_domain(made.domain), {.validate = true});
    const native::Written written = native::write_config(made.domain, {}, facts({}));
    native::Conversion again = convert(written.text);
    again.domain.uuid = written.domain.uuid;
    const std::string out = xml::format_domain(written.domain);
    const std::string back = xml::format_domain(again.domain);
    if (out != back) stop(out, back);
    return 0;
}
