// The hypervisor driver's API: one method for each of libvirt's calls, for one set of domains and
// networks. It is abstract: driver/api/ implements it in the caller's own process, on a root folder
// of this host (lxc:///, or lxc:///embed?root=DIR); a client of a server implements it by messages.
//
// A connection owns no process and keeps no state but what is on disk, so any number of them, in
// any number of processes, may work side by side.
//
// Every method that fails throws base::Error or base::SystemError, whose message() is libvirt's
// sentence, and leaves everything as it was: one call is one change. A method that changes anything
// throws operation_denied on a read-only connection. A method throws invalid_arg for flags that it
// does not take.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/native_types.hh"
#include "driver/networks.hh"
#include "driver/types.hh"

namespace lxvirt::driver {

class EnteredProgram;
struct EnterRequest;

// Holds a lock as long as it lives.
class Held {
  public:
    virtual ~Held() = default;
};

// One set of domains and networks.
class Connection {
  public:
    Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    virtual ~Connection() = default;

    // --- the host

    // Returns the URI that the connection was opened with, or the default's.
    [[nodiscard]] virtual const std::string& uri() const = 0;
    [[nodiscard]] virtual bool read_only() const = 0;
    [[nodiscard]] virtual std::string hostname() const = 0;
    [[nodiscard]] virtual Version version() const = 0;
    [[nodiscard]] virtual NodeInfo node_info() const = 0;
    // Returns libvirt's <capabilities> document.
    [[nodiscard]] virtual std::string capabilities() const = 0;
    // Returns libvirt's <sysinfo> document. Throws config_unsupported on a host without SMBIOS.
    [[nodiscard]] virtual std::string sysinfo() const = 0;

    // --- look-up. These throw no_domain: "no domain with matching name 'x'".

    [[nodiscard]] virtual DomainRef lookup_by_name(const std::string& name) const = 0;
    [[nodiscard]] virtual DomainRef lookup_by_uuid(const std::string& uuid) const = 0;
    [[nodiscard]] virtual DomainRef lookup_by_id(int id) const = 0;
    // Lists what passes `filter`: running domains by id, then the others by name. Reads no
    // definition unless titles or uuids are asked for, so that 1000 domains list in milliseconds.
    [[nodiscard]] virtual std::vector<DomainSummary> list_all_domains(
        const ListFilter& filter) const = 0;

    // --- definitions

    // Stores a definition, or replaces the one of the same name and uuid. `file` names the document
    // in errors and notices.
    virtual Defined define_xml(std::string_view xml, const std::string& file,
                               DefineFlags flags = DefineFlags::none) = 0;
    // Stores many definitions of domains, each as define_xml() would and only if it is still as it
    // was when the change was decided. Waits for the disk once. Calls `done` for each with the
    // error that kept it from being stored, or nullopt.
    virtual void define_all(const std::vector<DefinitionChange>& changes,
                            const DefinitionDone& done) = 0;
    // Starts a domain that has no stored definition and is forgotten when it ends. `console` is as
    // in start().
    virtual Defined create_xml(std::string_view xml, const std::string& file,
                               StartFlags flags = StartFlags::none,
                               ConsoleStream* console = nullptr) = 0;
    // Removes the stored definition; a running domain runs on without one. Throws operation_invalid
    // for a transient domain.
    virtual void undefine(const DomainRef& domain, UndefineFlags flags = UndefineFlags::none) = 0;
    // Throws operation_invalid if the domain runs or the new name is taken.
    virtual void rename(const DomainRef& domain, const std::string& new_name) = 0;
    // Returns the live definition of a running domain, else the stored one.
    [[nodiscard]] virtual std::string xml_desc(const DomainRef& domain,
                                               XmlFlags flags = XmlFlags::none) const = 0;
    [[nodiscard]] virtual bool autostart(const DomainRef& domain) const = 0;
    virtual void set_autostart(const DomainRef& domain, bool on) = 0;
    // Throws no_domain_metadata where the domain has none of this type.
    [[nodiscard]] virtual std::string metadata(const DomainRef& domain, MetadataType type,
                                               const std::string& uri, Affect flags) const = 0;
    virtual void set_metadata(const DomainRef& domain, const MetadataChange& change,
                              Affect flags) = 0;
    // Replaces title, description and all application metadata at once.
    virtual void set_notes(const DomainRef& domain, const DomainNotes& notes, Affect flags) = 0;

    // --- life

    // Returns once the container's init has been executed. Returns notices for the user. A `console`
    // is connected with the first console before the init writes anything; its stream is not valid
    // where the domain has no console.
    virtual std::vector<std::string> start(const DomainRef& domain,
                                           StartFlags flags = StartFlags::none,
                                           ConsoleStream* console = nullptr) = 0;
    // Kills the container, and returns once everything of it is gone.
    virtual void destroy(const DomainRef& domain, DestroyFlags flags = DestroyFlags::none) = 0;
    // These return once the init was asked; wait_stopped() tells whether it acted. They return what
    // was sent, "SIGTERM to its init 'sh'", or nothing where an implementation does not know.
    virtual std::string shutdown(const DomainRef& domain, StopFlags flags = StopFlags::none) = 0;
    virtual std::string reboot(const DomainRef& domain, StopFlags flags = StopFlags::none) = 0;
    // Freezes and thaws the container's processes (the cgroup freezer).
    virtual void suspend(const DomainRef& domain) = 0;
    virtual void resume(const DomainRef& domain) = 0;
    // Waits for the domain's end. Returns false if it still runs after `seconds`.
    [[nodiscard]] virtual bool wait_stopped(const DomainRef& domain, double seconds) const = 0;

    // --- facts

    [[nodiscard]] virtual DomainStatus status(const DomainRef& domain) const = 0;
    [[nodiscard]] virtual DomainInfo info(const DomainRef& domain) const = 0;
    // Returns as text what `start` would hand to the helper; makes nothing.
    [[nodiscard]] virtual std::string plan(const DomainRef& domain) const = 0;

    // --- network interfaces. `device` is a name on the host, a name inside or a hardware address.

    [[nodiscard]] virtual std::vector<InterfaceAddresses> interface_addresses(
        const DomainRef& domain, AddressSource source) const = 0;
    [[nodiscard]] virtual std::string guest_hostname(const DomainRef& domain,
                                                     AddressSource source) const = 0;
    // Returns the counters as the container sees them.
    [[nodiscard]] virtual InterfaceStats interface_stats(const DomainRef& domain,
                                                         const std::string& device) const = 0;
    // Returns whether the link is up, or nullopt if the definition meant by `flags` (one of live,
    // config, current) has no such interface.
    [[nodiscard]] virtual std::optional<bool> interface_up(const DomainRef& domain,
                                                           const std::string& device,
                                                           Affect flags) const = 0;
    virtual void set_interface_up(const DomainRef& domain, const std::string& device, bool up,
                                  Affect flags) = 0;

    // Publishes a port of the host, or ends that (<lx:publish>). Throws operation_failed where another
    // program or container has the port.
    virtual void publish(const DomainRef& domain, const PublicationChange& change,
                         Affect flags) = 0;

    // --- devices. These return notices for the user.

    virtual std::vector<std::string> attach_device(const DomainRef& domain, std::string_view xml,
                                                   const DeviceOptions& options) = 0;
    virtual std::vector<std::string> detach_device(const DomainRef& domain, std::string_view xml,
                                                   const DeviceOptions& options) = 0;
    virtual std::vector<std::string> detach_device_alias(const DomainRef& domain,
                                                         const std::string& alias,
                                                         const DeviceOptions& options) = 0;
    virtual std::vector<std::string> update_device(const DomainRef& domain, std::string_view xml,
                                                   const DeviceOptions& options) = 0;

    // `disk` is a target or a source; an empty one means all devices together.
    [[nodiscard]] virtual BlockStats block_stats(const DomainRef& domain,
                                                 const std::string& disk) const = 0;
    [[nodiscard]] virtual BlockInfo block_info(const DomainRef& domain,
                                               const std::string& disk) const = 0;

    // --- consoles. `device` is an alias ("console0"); an empty one means the first.

    [[nodiscard]] virtual ConsoleStream open_console(const DomainRef& domain,
                                                     const std::string& device,
                                                     ConsoleFlags flags = ConsoleFlags::none) = 0;
    // Returns the path of the console's terminal on the host.
    [[nodiscard]] virtual std::string console_path(const DomainRef& domain,
                                                   const std::string& device) const = 0;

    // --- programs inside (driver/program.hh)

    [[nodiscard]] virtual std::unique_ptr<EnteredProgram> enter(const DomainRef& domain,
                                                                const EnterRequest& request) = 0;

    // --- configurations of other programs; `format` is "lxc-tools"

    // Converts a configuration to domain XML and reports on each of its lines. Stores nothing.
    [[nodiscard]] virtual FromNative xml_from_native(const std::string& format,
                                                     const NativeSource& source) const = 0;
    // Converts domain XML to a configuration. `file` names the XML in errors.
    [[nodiscard]] virtual ToNative xml_to_native(const std::string& format, std::string_view xml,
                                                 const std::string& file, bool autostart) const = 0;
    // Lists the containers that another program keeps in `folder`, sorted by name.
    [[nodiscard]] virtual std::vector<NativeContainer> list_native(
        const std::string& format, const std::string& folder) const = 0;

    // --- networks. The reference lives as long as the connection.

    [[nodiscard]] virtual Networks& networks() const = 0;

    // --- events

    // Returns a reader of the events from now on.
    [[nodiscard]] virtual std::unique_ptr<EventStream> events() const = 0;

    // --- definitions in version control (driver/apply/)

    // Returns the text of a definition as it is stored, also one that cannot be parsed; nullopt if
    // there is none or it cannot be read.
    [[nodiscard]] virtual std::optional<std::string> stored_text(ObjectKind kind,
                                                                 const std::string& name) const = 0;
    // Return where the stored and the live definition of an object are, for people to read.
    [[nodiscard]] virtual std::string stored_place(ObjectKind kind,
                                                   const std::string& name) const = 0;
    [[nodiscard]] virtual std::string live_place(ObjectKind kind,
                                                 const std::string& name) const = 0;
    // Returns the record of what `apply` has brought, as set_applied() got it; empty at first.
    [[nodiscard]] virtual std::string applied(ObjectKind kind) const = 0;
    virtual void set_applied(ObjectKind kind, const std::string& record) = 0;
    // Returns the name by which errors call that record.
    [[nodiscard]] virtual std::string applied_place(ObjectKind kind) const = 0;
    // Keeps every other `apply` out. Throws operation_timeout naming who holds the lock.
    [[nodiscard]] virtual std::unique_ptr<Held> lock_apply() = 0;
};

// Opens the driver in this process. `uri` is "lxc:///", "lxc:///system",
// "lxc:///embed?root=/abs/dir", or empty for the default. Throws no_connect for any other,
// operation_denied if the caller is not root and `read_only` is false.
[[nodiscard]] std::unique_ptr<Connection> open_connection(const std::string& uri,
                                                          bool read_only = false);

// Returns the URI that an empty one stands for: LIBVIRT_DEFAULT_URI, else "lxc:///".
[[nodiscard]] std::string default_uri();

}  // namespace lxvirt::driver
