#include <algorithm>

#include "base/error.hh"
#include "base/text/text.hh"
#include "driver/apply/live.hh"
#include "xml/device/device.hh"
#include "xml/domain/parse.hh"

namespace lxvirt::driver {

namespace {

using xml::Device;

// Returns the device of `domain` that `wanted` names (by target, hardware address or port); nullopt
// if there is none.
std::optional<Device> find(const xml::Domain& domain, const Device& wanted) {
    try {
        return find_device(domain, wanted);
    } catch (const base::Error&) {
        return std::nullopt;
    }
}

// Returns the device's XML as a definition has it, without what a start adds.
std::string plain_text(const Device& device) {
    return xml::format_device(device);
}

// Returns the names of the children of <domain> in which two canonical texts differ: "memory,
// vcpu". Canonical texts indent such children by two blanks.
std::string changed_elements(const std::string& before, const std::string& after) {
    const auto elements = [](const std::string& text) {
        std::vector<std::pair<std::string, std::string>> found;
        for (const std::string_view line : base::split(text, '\n')) {
            if (line.starts_with("  <") && !line.starts_with("  </"))
                found.emplace_back(line.substr(3, line.find_first_of(" />", 3) - 3), "");
            if (!found.empty()) found.back().second.append(line).append("\n");
        }
        return found;
    };
    const auto old_ones = elements(before), new_ones = elements(after);
    std::vector<std::string> names;
    const auto compare = [&](const auto& ones, const auto& others) {
        for (const auto& one : ones)
            if (std::find(others.begin(), others.end(), one) == others.end() &&
                std::find(names.begin(), names.end(), one.first) == names.end())
                names.push_back(one.first);
    };
    compare(new_ones, old_ones);
    compare(old_ones, new_ones);
    return fmt::format("{}", fmt::join(names, ", "));
}

// One call of change_live(); collects the lines for the user.
class LiveDomainChange {
  public:
    LiveDomainChange(Connection& connection, const DomainRef& domain)
        : connection_(connection), domain_(domain) {}

    std::vector<std::string> run(const xml::Domain& before, const xml::Domain& after) {
        const std::vector<Device> old_ones = devices_of(before), new_ones = devices_of(after);
        // Devices are detached in reverse order: of consoles only the last can be detached.
        for (auto device = old_ones.rbegin(); device != old_ones.rend(); ++device)
            if (!find(after, *device)) change_device(*device, [&] { return detach(*device); });
        for (const Device& device : new_ones) {
            const auto was = find(before, device);
            if (!was || plain_text(*was) != plain_text(device))
                change_device(device, [&] { return bring(device); });
        }
        change_notes(before, after);
        // What is left when the live changes are taken out has to wait for the next start.
        xml::Domain rest = before;
        rest.disks = after.disks;
        rest.controllers = after.controllers;
        rest.filesystems = after.filesystems;
        rest.interfaces = after.interfaces;
        rest.hostdevs = after.hostdevs;
        rest.consoles = after.consoles;
        take_notes(rest, after);
        const std::string have = xml::format_domain(rest), want = xml::format_domain(after);
        if (have != want) notices_.push_back("at next start: " + changed_elements(have, want));
        return std::move(notices_);
    }

  private:
    // Copies title, description and metadata.
    static void take_notes(xml::Domain& domain, const xml::Domain& from) {
        domain.title = from.title;
        domain.description = from.description;
        domain.metadata = from.metadata;
    }

    // Calls `act`, which returns what it did or nothing, and turns the result or the error into a
    // line.
    template <typename Act>
    void change_device(const Device& device, Act&& act) {
        try {
            if (const std::string done = act(); !done.empty())
                notices_.push_back(fmt::format("live: {} {}", device_label(device), done));
        } catch (const base::Exception& error) {
            notices_.push_back(
                fmt::format("at next start: {}: {}", device_label(device), error.message()));
        }
    }

    // Returns the device as it runs now; nullopt if the running domain does not have it.
    [[nodiscard]] std::optional<Device> running(const Device& device) const {
        const std::string text = connection_.xml_desc(domain_);
        return find(
            xml::parse_domain(text, {.file = domain_.name, .defaults = false, .live = true}).domain,
            device);
    }

    // Detaches the device. Returns an empty text if the running domain does not have it any more.
    std::string detach(const Device& device) {
        if (!running(device)) return {};
        add(connection_.detach_device(domain_, plain_text(device), {}));
        return "detached";
    }

    // Attaches the device, or changes the one that runs. Returns an empty text if it runs as
    // wanted.
    std::string bring(const Device& device) {
        const auto have = running(device);
        // changed_device() keeps the names that the start gave, so equal texts mean that nothing is
        // to be done.
        if (have && plain_text(*have) == plain_text(changed_device(*have, device))) return {};
        if (!have) {
            add(connection_.attach_device(domain_, plain_text(device), {}));
            return "attached";
        }
        add(connection_.update_device(domain_, plain_text(device), {}));
        return "changed";
    }

    void add(const std::vector<std::string>& notices) {
        notices_.insert(notices_.end(), notices.begin(), notices.end());
    }

    void change_notes(const xml::Domain& before, const xml::Domain& after) {
        if (before.title == after.title && before.description == after.description &&
            before.metadata == after.metadata)
            return;
        connection_.set_notes(
            domain_,
            {.title = after.title, .description = after.description, .metadata = after.metadata},
            Affect::live);
        notices_.emplace_back("live: title, description and metadata changed");
    }

    Connection& connection_;
    const DomainRef& domain_;
    std::vector<std::string> notices_;
};

}  // namespace

std::vector<std::string> change_live(Connection& connection, const DomainRef& domain,
                                     const xml::Domain& before, const xml::Domain& after) {
    return LiveDomainChange(connection, domain).run(before, after);
}

}  // namespace lxvirt::driver
