// The driver in the caller's own process: LocalConnection and LocalNetworks implement Connection
// and Networks on a root folder of this host. Each method is defined in the file of its group:
// define.cc, life.cc, networks.cc and so on. driver/connection.hh and driver/networks.hh say what
// the methods do. Nothing is cached between calls, as other programs may change the same root at
// any time: every method reads the files and asks the locks anew.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hh"
#include "driver/connection.hh"
#include "driver/network/definitions.hh"
#include "driver/networks.hh"
#include "driver/program.hh"
#include "driver/store/root.hh"

namespace lxvirt::driver {

// Implements Networks; a LocalConnection owns the only instance.
class LocalNetworks final : public Networks {
  public:
    // Borrows `root`, which has to outlive this object.
    LocalNetworks(const Root& root, bool read_only) : root_(root), read_only_(read_only) {}

    [[nodiscard]] NetworkRef lookup_by_name(const std::string& name) const override;
    [[nodiscard]] NetworkRef lookup_by_uuid(const std::string& uuid) const override;
    [[nodiscard]] std::vector<NetworkSummary> list(const NetworkFilter& filter) const override;
    [[nodiscard]] NetworkSummary info(const NetworkRef& network) const override;
    [[nodiscard]] std::vector<std::string> foreign_drops(const NetworkRef& network) const override;
    DefinedNetwork define_xml(std::string_view text, const std::string& file,
                              DefineFlags flags) override;
    DefinedNetwork create_xml(std::string_view text, const std::string& file,
                              DefineFlags flags) override;
    void undefine(const NetworkRef& network) override;
    DefinedNetwork define_default() override;
    [[nodiscard]] std::string checked_xml(std::string_view text, const std::string& file,
                                          const std::vector<std::string>& bridges) const override;
    [[nodiscard]] std::string xml_desc(const NetworkRef& network, XmlFlags flags) const override;
    [[nodiscard]] bool autostart(const NetworkRef& network) const override;
    void set_autostart(const NetworkRef& network, bool on) override;
    std::vector<std::string> update(const NetworkRef& network, xml::UpdateCommand command,
                                    xml::UpdateSection section, int parent_index,
                                    std::string_view fragment, Affect flags) override;
    std::vector<std::string> follow(const NetworkRef& network, std::string_view before,
                                    std::string_view after) override;
    std::vector<std::string> start(const NetworkRef& network) override;
    void destroy(const NetworkRef& network, bool force) override;
    [[nodiscard]] DhcpLeases dhcp_leases(const NetworkRef& network,
                                         const std::optional<std::string>& mac) const override;
    [[nodiscard]] std::vector<std::string> ports(const NetworkRef& network) const override;
    [[nodiscard]] std::string port_xml(const NetworkRef& network,
                                       const std::string& uuid) const override;
    std::string create_port(const NetworkRef& network, std::string_view text,
                            const std::string& file, DefineFlags flags) override;
    void delete_port(const NetworkRef& network, const std::string& uuid) override;

  private:
    // Throws operation_denied, with libvirt's name of the call, if the connection is read-only.
    void require_write(std::string_view libvirt_call) const;
    // Stores a definition, marked for autostart if it is new and `starts`.
    DefinedNetwork store(GivenNetwork given, const std::string& file, bool starts);
    const Root& root_;
    bool read_only_;
};

// Implements Connection. Closing it ends the containers that it started with
// StartFlags::autodestroy.
class LocalConnection final : public Connection {
  public:
    // Opens the root that `uri` names, or default_uri() if `uri` is empty. Throws as
    // open_connection() does.
    explicit LocalConnection(const std::string& uri, bool read_only = false);

    [[nodiscard]] const std::string& uri() const override;
    [[nodiscard]] bool read_only() const override;
    [[nodiscard]] std::string hostname() const override;
    [[nodiscard]] Version version() const override;
    [[nodiscard]] NodeInfo node_info() const override;
    [[nodiscard]] std::string capabilities() const override;
    [[nodiscard]] std::string sysinfo() const override;
    [[nodiscard]] DomainRef lookup_by_name(const std::string& name) const override;
    [[nodiscard]] DomainRef lookup_by_uuid(const std::string& uuid) const override;
    [[nodiscard]] DomainRef lookup_by_id(int id) const override;
    [[nodiscard]] std::vector<DomainSummary> list_all_domains(
        const ListFilter& filter) const override;
    Defined define_xml(std::string_view xml, const std::string& file, DefineFlags flags) override;
    void define_all(const std::vector<DefinitionChange>& changes,
                    const DefinitionDone& done) override;
    Defined create_xml(std::string_view text, const std::string& file, StartFlags flags,
                       ConsoleStream* console) override;
    void undefine(const DomainRef& domain, UndefineFlags flags) override;
    void rename(const DomainRef& domain, const std::string& new_name) override;
    [[nodiscard]] std::string xml_desc(const DomainRef& domain, XmlFlags flags) const override;
    [[nodiscard]] bool autostart(const DomainRef& domain) const override;
    void set_autostart(const DomainRef& domain, bool on) override;
    [[nodiscard]] std::string metadata(const DomainRef& domain, MetadataType type,
                                       const std::string& uri, Affect flags) const override;
    void set_metadata(const DomainRef& domain, const MetadataChange& change, Affect flags) override;
    void set_notes(const DomainRef& domain, const DomainNotes& notes, Affect flags) override;
    std::vector<std::string> start(const DomainRef& domain, StartFlags flags,
                                   ConsoleStream* console) override;
    void destroy(const DomainRef& domain, DestroyFlags flags) override;
    std::string shutdown(const DomainRef& domain, StopFlags flags) override;
    std::string reboot(const DomainRef& domain, StopFlags flags) override;
    void suspend(const DomainRef& domain) override;
    void resume(const DomainRef& domain) override;
    [[nodiscard]] bool wait_stopped(const DomainRef& domain, double seconds) const override;
    [[nodiscard]] DomainStatus status(const DomainRef& domain) const override;
    [[nodiscard]] DomainInfo info(const DomainRef& domain) const override;
    [[nodiscard]] std::string plan(const DomainRef& domain) const override;
    [[nodiscard]] std::vector<InterfaceAddresses> interface_addresses(
        const DomainRef& domain, AddressSource source) const override;
    [[nodiscard]] std::string guest_hostname(const DomainRef& domain,
                                             AddressSource source) const override;
    [[nodiscard]] InterfaceStats interface_stats(const DomainRef& domain,
                                                 const std::string& device) const override;
    [[nodiscard]] std::optional<bool> interface_up(const DomainRef& domain,
                                                   const std::string& device,
                                                   Affect flags) const override;
    void set_interface_up(const DomainRef& domain, const std::string& device, bool up,
                          Affect flags) override;
    void publish(const DomainRef& domain, const PublicationChange& change, Affect flags) override;
    std::vector<std::string> attach_device(const DomainRef& domain, std::string_view xml,
                                           const DeviceOptions& options) override;
    std::vector<std::string> detach_device(const DomainRef& domain, std::string_view xml,
                                           const DeviceOptions& options) override;
    std::vector<std::string> detach_device_alias(const DomainRef& domain, const std::string& alias,
                                                 const DeviceOptions& options) override;
    std::vector<std::string> update_device(const DomainRef& domain, std::string_view xml,
                                           const DeviceOptions& options) override;
    [[nodiscard]] BlockStats block_stats(const DomainRef& domain,
                                         const std::string& disk) const override;
    [[nodiscard]] BlockInfo block_info(const DomainRef& domain,
                                       const std::string& disk) const override;
    [[nodiscard]] ConsoleStream open_console(const DomainRef& domain, const std::string& device,
                                             ConsoleFlags flags) override;
    [[nodiscard]] std::string console_path(const DomainRef& domain,
                                           const std::string& device) const override;
    [[nodiscard]] std::unique_ptr<EnteredProgram> enter(const DomainRef& domain,
                                                        const EnterRequest& request) override;
    [[nodiscard]] FromNative xml_from_native(const std::string& format,
                                             const NativeSource& source) const override;
    [[nodiscard]] ToNative xml_to_native(const std::string& format, std::string_view xml,
                                         const std::string& file, bool autostart) const override;
    [[nodiscard]] std::vector<NativeContainer> list_native(
        const std::string& format, const std::string& folder) const override;
    [[nodiscard]] Networks& networks() const override;
    [[nodiscard]] std::unique_ptr<EventStream> events() const override;
    [[nodiscard]] std::optional<std::string> stored_text(ObjectKind kind,
                                                         const std::string& name) const override;
    [[nodiscard]] std::string stored_place(ObjectKind kind, const std::string& name) const override;
    [[nodiscard]] std::string live_place(ObjectKind kind, const std::string& name) const override;
    [[nodiscard]] std::string applied(ObjectKind kind) const override;
    void set_applied(ObjectKind kind, const std::string& record) override;
    [[nodiscard]] std::string applied_place(ObjectKind kind) const override;
    [[nodiscard]] std::unique_ptr<Held> lock_apply() override;

  private:
    // Throws operation_denied, with libvirt's name of the call, if the connection is read-only.
    void require_write(std::string_view libvirt_call) const;

    std::string uri_;
    bool read_only_;
    Root root_;
    // LocalNetworks has no state that a const method could change, so networks() may be const.
    mutable LocalNetworks networks_;
    // One socket for each start; not valid unless the start had autodestroy. A helper ends its
    // container when the other end of its socket closes, also if this process is killed.
    std::vector<base::UniqueFd> autodestroy_;
};

}  // namespace lxvirt::driver
