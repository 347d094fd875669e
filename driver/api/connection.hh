// The hypervisor driver's API: one method per libvirt call, as virsh uses them, for one root
// (lxc:///, or lxc:///embed?root=DIR). It owns no process and keeps no state between calls but what
// is on disk: any number of Connections, in any number of processes, may work on the same root.
//
// Every method throws base::Error or base::SystemError; their message() is libvirt's sentence.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hh"
#include "driver/api/networks.hh"
#include "driver/types.hh"

namespace lxvirt::driver {

class EnteredProgram;
class Root;
struct EnterRequest;

class Connection {
  public:
    // `uri`: "lxc:///", "lxc:///system", "lxc:///embed?root=/abs/dir", or empty for the default.
    // Throws no_connect for any other, operation_denied where the caller is not root and
    // `read_only` is false.
    explicit Connection(const std::string& uri, bool read_only = false);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // --- the host
    [[nodiscard]] const std::string& uri() const;
    [[nodiscard]] bool read_only() const;
    [[nodiscard]] std::string hostname() const;
    [[nodiscard]] Version version() const;
    [[nodiscard]] NodeInfo node_info() const;
    [[nodiscard]] std::string capabilities() const;  // XML
    [[nodiscard]] std::string sysinfo() const;       // XML; config_unsupported without SMBIOS

    // --- look-up. Throw no_domain: "no domain with matching name 'x'".
    [[nodiscard]] DomainRef lookup_by_name(const std::string& name) const;
    [[nodiscard]] DomainRef lookup_by_uuid(const std::string& uuid) const;
    [[nodiscard]] DomainRef lookup_by_id(int id) const;
    // Without titles and uuids it reads no definition, so that 1000 of them list in milliseconds.
    [[nodiscard]] std::vector<DomainSummary> list_all_domains(const ListFilter& filter) const;

    // --- definitions
    // `file` names the document in errors and notices.
    Defined define_xml(std::string_view xml, const std::string& file, bool validate = false);
    Defined create_xml(std::string_view xml, const std::string& file, const StartOptions& options,
                       bool validate = false);
    void undefine(const DomainRef& domain);
    void rename(const DomainRef& domain, const std::string& new_name);
    [[nodiscard]] std::string xml_desc(const DomainRef& domain, const XmlOptions& options) const;
    [[nodiscard]] bool autostart(const DomainRef& domain) const;
    void set_autostart(const DomainRef& domain, bool on);
    [[nodiscard]] std::string metadata(const DomainRef& domain, MetadataType type,
                                       const std::string& uri, Affect affect) const;
    // Nothing in `value` removes it.
    void set_metadata(const DomainRef& domain, MetadataType type,
                      const std::optional<std::string>& value, const std::string& key,
                      const std::string& uri, Affect affect);

    // --- life
    void start(const DomainRef& domain, const StartOptions& options);
    void destroy(const DomainRef& domain);
    // Returns once the signal is sent; wait_stopped() tells whether it worked.
    void shutdown(const DomainRef& domain, const std::vector<StopMode>& modes);
    void reboot(const DomainRef& domain, const std::vector<StopMode>& modes);
    void suspend(const DomainRef& domain);
    void resume(const DomainRef& domain);
    // False when `seconds` went by and it still runs.
    [[nodiscard]] bool wait_stopped(const DomainRef& domain, double seconds) const;

    // --- facts
    [[nodiscard]] DomainStatus status(const DomainRef& domain) const;
    [[nodiscard]] DomainInfo info(const DomainRef& domain) const;
    // What `start` would hand to the helper, as text; makes nothing.
    [[nodiscard]] std::string plan(const DomainRef& domain) const;

    // --- network interfaces; `device` is a name on the host, a name inside or a mac address
    [[nodiscard]] std::vector<InterfaceAddresses> interface_addresses(const DomainRef& domain,
                                                                      AddressSource source) const;
    [[nodiscard]] std::string guest_hostname(const DomainRef& domain, AddressSource source) const;
    // As the container sees them.
    [[nodiscard]] InterfaceStats interface_stats(const DomainRef& domain,
                                                 const std::string& device) const;
    // Of the link of the running container, else of the definition; nothing where there is none.
    [[nodiscard]] std::optional<bool> interface_up(const DomainRef& domain,
                                                   const std::string& device, bool config) const;
    void set_interface_up(const DomainRef& domain, const std::string& device, bool up,
                          Affect affect);

    // --- devices. They return remarks for the user, and throw with all as it was.
    std::vector<std::string> attach_device(const DomainRef& domain, std::string_view xml,
                                           const DeviceOptions& options);
    std::vector<std::string> detach_device(const DomainRef& domain, std::string_view xml,
                                           const DeviceOptions& options);
    std::vector<std::string> detach_device_alias(const DomainRef& domain, const std::string& alias,
                                                 const DeviceOptions& options);
    std::vector<std::string> update_device(const DomainRef& domain, std::string_view xml,
                                           const DeviceOptions& options);

    // `disk` is a target or a source; empty means all devices together.
    [[nodiscard]] BlockStats block_stats(const DomainRef& domain, const std::string& disk) const;
    [[nodiscard]] BlockInfo block_info(const DomainRef& domain, const std::string& disk) const;

    // --- consoles
    // `device` is an alias ("console0"), or empty for the first.
    [[nodiscard]] ConsoleStream open_console(const DomainRef& domain, const std::string& device,
                                             const ConsoleOptions& options);
    [[nodiscard]] std::string console_path(const DomainRef& domain,
                                           const std::string& device) const;

    // --- programs inside; see driver/life/enter.hh
    [[nodiscard]] EnteredProgram enter(const DomainRef& domain, const EnterRequest& request);

    // --- networks
    [[nodiscard]] Networks networks() const { return {*root_, read_only_}; }

    // --- events
    // A reader of the journal from now on; see event_stream.hh.
    [[nodiscard]] std::unique_ptr<EventStream> events() const;

    [[nodiscard]] const Root& root() const { return *root_; }

  private:
    void require_write(std::string_view libvirt_call) const;
    std::unique_ptr<Root> root_;
    // Closed with this connection, they end the containers that were started with autodestroy.
    std::vector<base::UniqueFd> autodestroy_;
    std::string uri_;
    bool read_only_;
};

}  // namespace lxvirt::driver
