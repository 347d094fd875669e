// Publishes a port of the host for a domain, or ends that, in the running container and in the
// definition. The function takes the domain's operation lock.
//
// A change of a running container is recorded first (`pending`, driver/store/live.hh). A publication
// that is cut short before its last step is undone; its end is finished, since nobody can promise
// that the port is still free when it has to be put back.
#pragma once

#include <string>

#include "driver/store/live.hh"
#include "driver/store/root.hh"
#include "driver/types.hh"

namespace lxvirt::driver {

// Carries out the change. Throws with everything as it was: no_domain, operation_invalid (the domain
// does not run, has no definition, or has published the port already), device_missing,
// config_unsupported, operation_failed (somebody else has the port).
void publish(const Root& root, const DomainRef& domain, const PublicationChange& change,
             Affect flags);

// Finishes or undoes a change that was cut short. Does nothing if `pending` is another operation's
// record.
void settle_publication(const Root& root, const std::string& name, const Pending& pending);

}  // namespace lxvirt::driver
