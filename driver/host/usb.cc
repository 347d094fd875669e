#include "driver/host/usb.hh"

#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "base/error.hh"
#include "base/file/file.hh"
#include "base/text/text.hh"

namespace lxvirt::driver {

namespace {

// Reads a number in a file of sysfs; nothing where the file is absent.
std::optional<unsigned> number_in(const std::string& path, int base) {
    const auto text = base::try_read_file(path);
    if (!text) return std::nullopt;
    return base::parse_number<unsigned>(base::trim(*text), base);
}

// Says whether a folder of sysfs is the device that is meant.
bool is_meant(const std::string& device, const xml::UsbSource& source) {
    if (source.bus && source.device)
        return number_in(device + "/busnum", 10) == source.bus &&
               number_in(device + "/devnum", 10) == source.device;
    return number_in(device + "/idVendor", 16) == source.vendor &&
           number_in(device + "/idProduct", 16) == source.product;
}

// Returns the device's address or identity for a message.
std::string text_of(const xml::UsbSource& source) {
    if (source.bus && source.device)
        return fmt::format("on bus {} with number {}", *source.bus, *source.device);
    return fmt::format("{:04x}:{:04x}", source.vendor.value_or(0), source.product.value_or(0));
}

// Adds the device file of a folder in sysfs, if it has one: the DEVNAME of its uevent.
void add_file(const std::string& folder, std::vector<std::string>& files) {
    const auto text = base::try_read_file(folder + "/uevent");
    if (!text || text->find("MAJOR=") == std::string::npos) return;
    constexpr std::string_view key = "DEVNAME=";
    for (const std::string_view line : base::split(*text, '\n'))
        if (line.starts_with(key)) files.push_back(fmt::format("/dev/{}", line.substr(key.size())));
}

// lstat(2): the folders of sysfs are connected by links, which would lead in circles.
bool is_folder(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// Adds the files of everything below a device, but not of another USB device that is plugged into
// it, which a hub has below its ports.
void add_files(const std::string& folder, std::vector<std::string>& files) {
    add_file(folder, files);
    for (const std::string& name : base::list_folder(folder)) {
        const std::string below = folder + "/" + name;
        if (is_folder(below) && !base::exists(below + "/idVendor")) add_files(below, files);
    }
}

}  // namespace

std::vector<std::string> usb_device_files(const xml::UsbSource& source, const std::string& folder) {
    std::vector<std::string> found;
    for (const std::string& name : base::list_folder(folder))
        if (is_meant(folder + "/" + name, source)) found.push_back(folder + "/" + name);
    // Two devices with the same vendor and product cannot be told apart by these.
    if (found.size() != 1)
        base::fail(base::ErrorCode::config_unsupported, "{} USB devices {} on this host{}",
                   found.size(), text_of(source),
                   found.empty() ? "" : "; name one by <address bus= device=/>");
    std::vector<std::string> files;
    add_files(found.front(), files);
    return files;
}

}  // namespace lxvirt::driver
